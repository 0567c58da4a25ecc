"""A file on its way to being a flow: read, whoever's it is, looked at with what is there today, and said in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from customers.enrichment.creating import Judged, judge
from routing.catalog import catalog
from routing.engine.checks.catalog import Catalog
from routing.engine.checks.validation import validate
from routing.engine.faults import DefinitionInvalid, Fault
from routing.files import FlowFile, Source, file_of, is_ours, read_source
from routing.files.foreign import Foreign, Wish, reader_for, systems
from routing.files.thorough import every_fault
from routing.models import Flow
from routing.vocabulary import fields_of

_KEY = re.compile(r"[-a-zA-Z0-9_]{1,50}")
# What another system's flow refers to and is not there yet marks a draft; it does not refuse the file.
_MARKS = frozenset({"reference", "settings", "circle", "no_trigger", "recursion", "second_trigger"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds and what would be wrong with it here. `file` is None if it is no flow at all."""

    file: FlowFile | None = None
    foreign: Foreign | None = None
    """Set for a flow of another system."""
    sources: tuple[Judged, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def errors(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if fault.level == "error")

    @property
    def is_refused(self) -> bool:
        """Nothing can be kept of it."""
        if self.file is None:
            return True
        return bool(self.errors) if self.foreign is None else any(fault.code not in _MARKS for fault in self.errors)

    @property
    def may_be_published(self) -> bool:
        return self.file is not None and not self.errors


def read_import(text: str, *, wish: Wish | None = None, may_create_sources: bool = True) -> Reading:
    """The flow in `text`, ours or another system's, with every fault and where it is. Writes nothing.

    Without `may_create_sources` what it asks is not there, unless somebody makes it.
    """
    wish = wish or Wish()
    if wish.key and not _KEY.fullmatch(wish.key):
        return Reading(faults=(Fault(f"“{wish.key}” is no key: letters, digits, - and _, at most 50.", ("key",)),))
    try:
        source = read_source(text, name=wish.file_name)
        found = catalog()
        reader = None if is_ours(source.data) else reader_for(source.data)
        if reader is None:
            return _ours(source, wish, found) if is_ours(source.data) else Reading(faults=(_nobodys(source),))
        unpublished = dict(Flow.objects.values_list("key", "name"))
        foreign = reader.read(source, wish=wish, catalog=found, unpublished=unpublished)
    except DefinitionInvalid as invalid:
        return Reading(faults=invalid.faults)
    sources = tuple(judge(one) for one in foreign.sources) if may_create_sources else ()
    faults = [*_of_name(foreign.file), *validate(foreign.file.definition, _with(found, sources), key=foreign.file.key)]
    return Reading(foreign.file, foreign, sources, tuple(faults))


def in_the_way(reading: Reading, wish: Wish) -> Flow | None:
    """The flow whose draft a translated one would take away, though it was not made from this file.

    The key is only made of what the other system calls the flow, and two of its flows may have one name. A flow is
    the file's own if it came from a file of this name, holds the same, or was named by its key.
    """
    file = reading.file
    if reading.foreign is None or file is None or wish.key:
        return None
    flow = Flow.objects.filter(key=file.key).first()
    if flow is None or flow.draft == file.definition or (wish.file_name and flow.description == file.description):
        return None
    return flow


def _ours(source: Source, wish: Wish, found: Catalog) -> Reading:
    try:
        file = file_of(source)
    except DefinitionInvalid as invalid:
        definition = source.data.get("definition")
        further = every_fault(definition, found) if isinstance(definition, dict) else []
        raise DefinitionInvalid([*invalid.faults, *(source.located(in_file(one)) for one in further)]) from None
    changes: dict[str, Any] = {name: value for name in ("key", "name") if (value := getattr(wish, name))}
    if changes:
        file = FlowFile.model_validate({**file.model_dump(), **changes})
    faults = [*_of_name(file), *(in_file(fault) for fault in every_fault(file.definition, found, key=file.key))]
    return Reading(file, faults=tuple(source.located(fault) for fault in faults))


def in_file(fault: Fault) -> Fault:
    """The fault with its path from the top of the file."""
    return replace(fault, where=("definition", *fault.where))


def _of_name(file: FlowFile) -> list[Fault]:
    namesake = Flow.objects.filter(name=file.name).exclude(key=file.key).first()
    if namesake is None:
        return []
    return [Fault(f"The flow “{namesake.key}” is called “{file.name}” already.", ("name",), code="name")]


def _nobodys(source: Source) -> Fault:
    """What it is instead, where that is plain."""
    others = "".join(f", nor one of {system}" for system in systems())
    message = f"This is no flow of Pareto{others}: an object with “pareto_flow”: 1 is expected."
    if isinstance(source.data, str):
        head = source.text.strip().partition("\n")[0]
        looks = "a table (CSV)" if "," in head or ";" in head or "\t" in head else "plain text"
        message = f"This is {looks}, and no flow: a flow is JSON or YAML, and begins with “pareto_flow”: 1."
    elif isinstance(source.data, list):
        message = f"{message} This is a list."
    return Fault(message, line=1, column=1)


def _with(found: Catalog, sources: tuple[Judged, ...]) -> Catalog:
    """The catalog as it will be, once the data sources are made."""
    asked = [one.source for one in sources if one.is_active and not one.exists]
    extended = [one for one in sources if one.exists and one.further]
    if not (asked or extended):
        return found
    outside = found.outside
    if outside is not None:
        fields = {one.key: fields_of(list(one.mapping)) for one in asked}
        for known in extended:
            key = known.source.key
            fields[key] = (*outside.sources.get(key, ()), *fields_of(list(known.further)))
        outside = replace(outside, sources=MappingProxyType({**outside.sources, **fields}))
    names: Mapping[str, str] = {**found.sources, **{one.key: one.name for one in asked}}
    return replace(found, sources=names, outside=outside)
