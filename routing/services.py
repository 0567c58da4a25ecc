"""Writes about flows: drafts, publishing, rolling back, and flows from files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from auditlog.context import disable_auditlog
from auditlog.models import LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Max

from customers.enrichment.creating import create_source, extend_source
from routing.catalog import catalog, subflow_keys
from routing.engine.checks.validation import validate
from routing.engine.definition import read_definition
from routing.engine.faults import DefinitionInvalid, Fault
from routing.engine.steps import BY_TYPE
from routing.files import FlowFile, Form, unstorable, write_file
from routing.files.foreign import Foreign, Wish
from routing.importing import Reading, in_file, read_import
from routing.live import LiveFlow, live_flows
from routing.models import Flow, FlowCase, FlowVersion
from routing.selectors import last_writer
from routing.simulator.bench import bench_of
from routing.simulator.cases import CaseResult, CasesDiffer, files_of, replace_cases, run_cases

# So long one person's saves of a draft are one line of the log.
ONE_LINE_FOR = timedelta(minutes=10)
_LINES_LOOKED_AT = 20


class DraftIsStale(Exception):
    """Somebody saved the draft since it was opened; `by` is who (empty if nobody is known) and `at` when."""

    def __init__(self, *, by: str, at: datetime, revision: int) -> None:
        super().__init__(f"{by or 'Somebody'} saved this draft at {at:%Y-%m-%d %H:%M} UTC.")
        self.by = by
        self.at = at
        self.revision = revision


class FlowIsNotPublished(Exception):
    """The flow has no live version."""


class FlowHasNoSuchVersion(Exception):
    """The version belongs to another flow, or to none."""


class FlowNameIsTaken(Exception):
    """Another flow has this name."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of a file. Nothing is written unless `ok`."""

    key: str = ""
    name: str = ""
    flow_id: int | None = None
    created: bool = False
    changed: bool = False
    published: int | None = None
    """Number of the version that is live now, if publishing was asked for."""
    faults: tuple[Fault, ...] = ()
    cases: tuple[CaseResult, ...] = ()
    """Test cases that would not end as expected, and that kept it from being published."""
    foreign: Foreign | None = None
    """What became of a flow of another system."""
    sources: tuple[str, ...] = ()
    """Keys of the data sources that were made for it."""
    extended: tuple[str, ...] = ()
    """Keys of those that bring more values than before."""
    held: bool = False
    """It was to be published, but has errors: it is kept as the draft."""

    @property
    def ok(self) -> bool:
        return self.flow_id is not None


@transaction.atomic
def create_flow(
    *,
    key: str,
    name: str,
    definition: Mapping[str, Any],
    by: AbstractBaseUser | None,
    now: datetime,
    description: str = "",
) -> Flow:
    """A new flow with a draft. Raises DefinitionInvalid; the database refuses a key or name that is taken."""
    _check_form(definition)
    flow = Flow(key=key, name=name, description=description, draft=dict(definition))
    changes = {"key": ["", key], "name": ["", name], "draft": ["", "revision 1"]}
    _save(flow, by=by, now=now, action=LogEntry.Action.CREATE, changes=changes)
    return flow


@transaction.atomic
def save_draft(
    *, flow_id: int, definition: Mapping[str, Any], revision: int, by: AbstractBaseUser | None, now: datetime
) -> Flow:
    """Keeps a draft, finished or not. `revision` is the one that was opened.

    Raises DraftIsStale if somebody else saved since, and DefinitionInvalid if it is no flow at all: then
    nothing is saved. A definition equal to the draft changes nothing.
    """
    flow = Flow.objects.select_for_update().get(pk=flow_id)
    if flow.draft_revision != revision:
        raise DraftIsStale(by=last_writer(flow), at=flow.updated_at, revision=flow.draft_revision)
    _check_form(definition, known=flow.draft)
    if flow.draft != definition:
        _replace_draft(flow, definition, by=by, now=now)
    return flow


@transaction.atomic
def publish_flow(
    *,
    flow_id: int,
    by: AbstractBaseUser | None,
    now: datetime,
    note: str = "",
    revision: int | None = None,
    despite_cases: bool = False,
) -> FlowVersion:
    """Makes the draft the live version, together with the live versions of its sub-flows, and theirs.

    Raises DefinitionInvalid with every fault if one is an error, and DraftIsStale unless the draft is still the one
    that was seen, if `revision` says which; CasesDiffer if its test cases would end otherwise than expected, unless
    `despite_cases`. A draft that is what is live already is not published again. Contacts under way stay on the
    version that they began with.
    """
    flow = Flow.objects.select_for_update().get(pk=flow_id)
    if revision is not None and flow.draft_revision != revision:
        raise DraftIsStale(by=last_writer(flow), at=flow.updated_at, revision=flow.draft_revision)
    return _publish(flow, by=by, note=note, now=now, despite_cases=despite_cases)


@transaction.atomic
def roll_back(
    *,
    flow_id: int,
    version_id: int,
    by: AbstractBaseUser | None,
    now: datetime,
    note: str = "",
    despite_cases: bool = False,
    keep_draft: bool = False,
    revision: int | None = None,
) -> FlowVersion:
    """Publishes an old definition as a new version, and makes it the draft unless `keep_draft`.

    Its sub-flows are those that are live today. Raises DefinitionInvalid if it refers to what is no longer there,
    CasesDiffer as publishing does, FlowHasNoSuchVersion, and DraftIsStale if the draft that it would replace is not
    the one that was seen, if `revision` says which.
    """
    flow = Flow.objects.select_for_update().get(pk=flow_id)
    if revision is not None and not keep_draft and flow.draft_revision != revision:
        raise DraftIsStale(by=last_writer(flow), at=flow.updated_at, revision=flow.draft_revision)
    old = FlowVersion.objects.filter(pk=version_id, flow=flow).first()
    if old is None:
        raise FlowHasNoSuchVersion(f"“{flow.name}” has no such version.")
    if flow.draft != old.definition and not keep_draft:
        _replace_draft(flow, old.definition, by=by, now=now)
    note = note or f"Back to version {old.number}"
    return _publish(flow, by=by, note=note, now=now, despite_cases=despite_cases, back_to=old)


@transaction.atomic
def rename_flow(*, flow_id: int, name: str, description: str, by: AbstractBaseUser | None, now: datetime) -> Flow:
    """Another name and description; the draft and what is live stay. Raises FlowNameIsTaken."""
    flow = Flow.objects.select_for_update().get(pk=flow_id)
    wanted = {"name": name, "description": description}
    changes = {field: [getattr(flow, field), value] for field, value in wanted.items() if value != getattr(flow, field)}
    if not changes:
        return flow
    if Flow.objects.filter(name=name).exclude(pk=flow_id).exists():
        raise FlowNameIsTaken(f"Another flow is called “{name}”.")
    flow.name, flow.description = name, description
    _save(flow, by=by, now=now, changes=changes)
    return flow


def import_flow(
    *,
    text: str,
    publish: bool,
    by: AbstractBaseUser | None,
    now: datetime,
    name: str | None = None,
    despite_cases: bool = False,
    key: str = "",
    file_name: str = "",
) -> ImportReport:
    """Creates the flow that the file holds, or replaces the draft of the flow of its key.

    The report has every fault; with one of error level nothing is written, nor where its test cases keep it from
    being published. A flow of another system is kept as a draft all the same, if its faults only mark what is to be
    done here; then it is not published. `name` and `key` are taken instead of the file's.
    """
    reading = read_import(text, wish=Wish(key=key, name=name or "", file_name=file_name))
    return keep_reading(reading=reading, publish=publish, by=by, now=now, despite_cases=despite_cases)


def keep_reading(
    *, reading: Reading, publish: bool, by: AbstractBaseUser | None, now: datetime, despite_cases: bool = False
) -> ImportReport:
    """Keeps what was read from a file, as `import_flow` says."""
    file = reading.file
    if file is None or reading.is_refused:
        key, name = (file.key, file.name) if file else ("", "")
        return ImportReport(key=key, name=name, faults=reading.faults, foreign=reading.foreign)
    refused = ImportReport(key=file.key, name=file.name, faults=reading.faults, foreign=reading.foreign)
    goes_live = publish and reading.may_be_published
    # A second time, if somebody made a flow of the same key at this very moment: then it is theirs that changes.
    for last in (False, True):
        try:
            report = _import(reading, file, publish=goes_live, by=by, now=now, despite_cases=despite_cases)
        except CasesDiffer as differ:
            return replace(refused, cases=differ.failed)
        except DefinitionInvalid as invalid:
            # The world moved since it was validated: the transaction took everything back.
            return replace(refused, faults=tuple(map(in_file, invalid.faults)))
        except IntegrityError:
            if last:
                fault = Fault(f"Another flow is called “{file.name}” by now.", ("name",))
                return replace(refused, faults=(fault, *reading.faults))
        else:
            return replace(report, held=publish and not goes_live)
    raise AssertionError("unreachable")


def export_flow(*, flow: Flow, live: bool = False, form: Form = "json") -> str:
    """The draft, or what is live, as a file that `import_flow` takes back; the same bytes each time."""
    if live and flow.live is None:
        raise FlowIsNotPublished(f"“{flow.name}” has no live version yet.")
    definition = flow.live.definition if live and flow.live else flow.draft
    # Not validated: a draft may be unfinished, and leaves as it is.
    return write_file(
        FlowFile.model_construct(
            pareto_flow=1,
            key=flow.key,
            name=flow.name,
            description=flow.description,
            definition=definition,
            cases=files_of(flow),
        ),
        form,
    )


@transaction.atomic
def _import(
    reading: Reading,
    file: FlowFile,
    *,
    publish: bool,
    by: AbstractBaseUser | None,
    now: datetime,
    despite_cases: bool,
) -> ImportReport:
    # First, so that the flow finds them when it is published.
    made = tuple(one.source.key for one in reading.sources if create_source(one))
    extended = tuple(one.source.key for one in reading.sources if one.exists and extend_source(one))
    flow = Flow.objects.select_for_update().filter(key=file.key).first()
    created = flow is None
    changed = True
    if flow is None:
        flow = create_flow(
            key=file.key, name=file.name, description=file.description, definition=file.definition, by=by, now=now
        )
    else:
        changed = (flow.draft, flow.name, flow.description) != (file.definition, file.name, file.description)
        if changed:
            _replace_draft(flow, file.definition, by=by, now=now, name=file.name, description=file.description)
    if file.cases is not None:
        changed = replace_cases(flow=flow, files=file.cases, by=by, now=now) or changed
    note = "From a file"
    version = _publish(flow, by=by, note=note, now=now, despite_cases=despite_cases) if publish else None
    return ImportReport(
        key=flow.key,
        name=flow.name,
        flow_id=flow.pk,
        created=created,
        changed=changed,
        published=version.number if version else None,
        faults=reading.faults,
        foreign=reading.foreign,
        sources=made,
        extended=extended,
    )


def _publish(
    flow: Flow,
    *,
    by: AbstractBaseUser | None,
    note: str,
    now: datetime,
    despite_cases: bool,
    back_to: FlowVersion | None = None,
) -> FlowVersion:
    """The draft, or `back_to`, goes live. `flow` is locked by the caller."""
    definition = back_to.definition if back_to else flow.draft
    live = live_flows()
    faults = validate(definition, catalog(live), key=flow.key)
    if any(fault.level == "error" for fault in faults):
        raise DefinitionInvalid(faults)
    pins = _pins(flow, definition, live)
    if flow.live is not None and flow.live.definition == definition and flow.live.subflows == pins:
        return flow.live
    if not despite_cases:
        _check_cases(flow, definition, live)
    last = FlowVersion.objects.filter(flow=flow).aggregate(last=Max("number"))["last"] or 0
    version = FlowVersion(
        flow=flow,
        number=last + 1,
        definition=definition,
        subflows=pins,
        note=note[:500],
        published_at=now,
        published_by_id=by.pk if by else None,
    )
    with disable_auditlog():
        version.save(force_insert=True)
    changes = {"live": [str(flow.live_id or ""), str(version.pk)]}
    flow.live = version
    _save(flow, by=by, now=now, changes=changes, more={"back_to": back_to.number} if back_to else None)
    return version


def _check_cases(flow: Flow, definition: Mapping[str, Any], live: Mapping[str, LiveFlow]) -> None:
    """Raises CasesDiffer unless every test case ends as expected. The definition has passed the validator."""
    cases = list(FlowCase.objects.filter(flow=flow).order_by("position", "id"))
    if not cases:
        return
    bench = bench_of(flow, read_definition(definition), {key: one.definition for key, one in live.items()})
    results = run_cases(bench, cases)
    if not all(result.passes for result in results):
        raise CasesDiffer(results)


def _pins(flow: Flow, definition: Mapping[str, Any], live: Mapping[str, LiveFlow]) -> dict[str, int]:
    """The live version of every flow that `definition` walks through, directly or within another."""
    pins: dict[str, int] = {}
    todo = [(key, flow.key) for key in subflow_keys(read_definition(definition))]
    while todo:
        key, within = todo.pop()
        if key in pins:
            continue
        if key not in live:
            raise DefinitionInvalid([Fault(f"“{within}” walks through the flow “{key}”, which is not published.")])
        pins[key] = live[key].version_id
        todo.extend((inner, key) for inner in subflow_keys(live[key].definition))
    return dict(sorted(pins.items()))


def _check_form(definition: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> None:
    """Raises DefinitionInvalid unless it is a flow in outer form, of steps that there are, that the database can keep.

    Types of `known` may stay: a draft of a newer house must not be locked by an older one.
    """
    faults = unstorable(definition)
    if faults:
        raise DefinitionInvalid(faults)
    read = read_definition(definition)
    steps = (known or {}).get("steps")
    kept = {step.get("type") for step in steps if isinstance(step, dict)} if isinstance(steps, list) else set()
    strange = [
        Fault(f"There is no step type “{node.type}”.", ("steps", place, "type"), node.id, code="unknown_type")
        for place, node in enumerate(read.steps)
        if node.type not in BY_TYPE and node.type not in kept
    ]
    if strange:
        raise DefinitionInvalid(strange)


def _replace_draft(
    flow: Flow,
    definition: Mapping[str, Any],
    *,
    by: AbstractBaseUser | None,
    now: datetime,
    name: str | None = None,
    description: str | None = None,
) -> None:
    before = flow.draft_revision
    changes = {"draft": [f"revision {before}", f"revision {before + 1}"]}
    for field, value in (("name", name), ("description", description)):
        if value is not None and value != getattr(flow, field):
            changes[field] = [getattr(flow, field), value]
            setattr(flow, field, value)
    flow.draft = dict(definition)
    flow.draft_revision = before + 1
    _save(flow, by=by, now=now, changes=changes)


def _save(
    flow: Flow,
    *,
    by: AbstractBaseUser | None,
    now: datetime,
    changes: dict[str, list[str]],
    action: int = LogEntry.Action.UPDATE,
    more: dict[str, Any] | None = None,
) -> None:
    """Saves and says in the log who did it, in a line: whole definitions are kept by the versions."""
    with disable_auditlog():
        flow.save()
    if changes.keys() == {"draft"} and _goes_on(flow, changes["draft"][1], by=by, now=now):
        return
    LogEntry.objects.log_create(flow, action=action, changes=changes, actor=by, timestamp=now, additional_data=more)


def _goes_on(flow: Flow, revision: str, *, by: AbstractBaseUser | None, now: datetime) -> bool:
    """Whether a line of the log on the draft could be carried on: a canvas that saves itself writes one in ten minutes.

    A line begins anew for another person, and after the flow was published or renamed.
    """
    entries = LogEntry.objects.get_for_object(flow).filter(timestamp__gt=now - ONE_LINE_FOR)
    for entry in entries.order_by("-timestamp", "-id")[:_LINES_LOOKED_AT]:
        if entry.changes.keys() != {"draft"} or entry.action != LogEntry.Action.UPDATE:
            return False
        if entry.actor_id != (by.pk if by else None):
            continue
        since = (entry.additional_data or {}).get("since") or entry.timestamp.isoformat()
        if now - datetime.fromisoformat(since) > ONE_LINE_FOR:
            return False
        entry.changes = {"draft": [entry.changes["draft"][0], revision]}
        entry.additional_data = {"since": since}
        entry.timestamp = now
        entry.save(update_fields=["changes", "additional_data", "timestamp"])
        return True
    return False
