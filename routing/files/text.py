"""The text of a file as plain data, whatever of JSON and YAML it is written in, and where in the text each part stands."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

from routing.engine import limits
from routing.engine.faults import DefinitionInvalid, Fault
from routing.files import json_text, yaml_text

Form: TypeAlias = Literal["json", "yaml"]
Path: TypeAlias = tuple[str | int, ...]
# The envelope, white space and test cases beside the definition itself.
FILE_CHARS = 4 * limits.DEFINITION_BYTES


@dataclass(frozen=True)
class Source:
    """Data that was read from a text. Nothing in it is anything but text, numbers, truth, lists, and objects of these."""

    text: str
    form: Form
    data: Any

    @cached_property
    def _places(self) -> Mapping[Path, tuple[int, int]]:
        return json_text.places(self.text) if self.form == "json" else yaml_text.places(self.text)

    def located(self, fault: Fault) -> Fault:
        """The fault with its line and column: those of the nearest part around it that is there."""
        if fault.line:
            return fault
        path = fault.where
        while path and path not in self._places:
            path = path[:-1]
        line, column = self._places.get(path, (1, 1))
        return replace(fault, line=line, column=column)


def read_source(text: str, *, name: str = "") -> Source:
    """The data of a file; `name` is what it is called, if known. Raises DefinitionInvalid with each fault and where it is."""
    if len(text) > FILE_CHARS:
        raise DefinitionInvalid([Fault(f"{len(text)} characters; a file of a flow has at most {FILE_CHARS}.")])
    if not text.strip("\ufeff \t\r\n"):
        raise DefinitionInvalid([Fault("The file is empty.", line=1, column=1)])
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        message = "This is a web page or XML, and no flow: a flow is JSON or YAML."
        raise DefinitionInvalid([Fault(message, line=1, column=1)])
    text = _out_of_code(text.removeprefix("\ufeff"))
    form = form_of(text, name)
    data = json_text.read(text) if form == "json" else yaml_text.read(text)
    source = Source(text, form, data)
    if faults := unstorable(data):
        raise DefinitionInvalid([source.located(fault) for fault in faults])
    return source


# JSON that a repository keeps as a script: `module.exports = {…};`, `const flow = {…}; export default flow;`.
_CODE_BEFORE = re.compile(
    r"\s*(?:(?:export\s+)?(?:const|let|var)\s+\w+\s*=|export\s+default|module\.exports\s*=(?:\s*\w+\s*=)?)\s*(?=\{)"
)
_CODE_AFTER = re.compile(r"(?<=\})\s*;?\s*(?:(?:module\.exports\s*=|export\s+default)\s*\w+\s*;?)?\s*\Z")


def _out_of_code(text: str) -> str:
    """The text with blanks in place of a script around it, so that every part stays in its line and column."""
    before = _CODE_BEFORE.match(text)
    after = _CODE_AFTER.search(text, max(0, len(text) - 500)) if before else None
    if before is None or after is None:
        return text
    return _blank(before[0]) + text[before.end() : after.start()] + _blank(after[0])


def _blank(text: str) -> str:
    return "".join(char if char == "\n" else " " for char in text)


def form_of(text: str, name: str = "") -> Form:
    """By the end of its name, else by how it begins: a flow in JSON is an object."""
    suffix = name.rpartition(".")[2].lower()
    if suffix in {"yaml", "yml"}:
        return "yaml"
    if suffix == "json":
        return "json"
    return (
        "json"
        if suffix in {"js", "mjs", "cjs", "ts"}
        or not text.strip()
        or text.lstrip()[0] in '{["'
        or text.strip() == "null"
        else "yaml"
    )


def unstorable(data: Any, where: Path = ()) -> list[Fault]:
    """Texts that a file may hold and PostgreSQL may not: the character U+0000, and halves of surrogate pairs."""
    faults: list[Fault] = []
    todo: list[tuple[Any, Path]] = [(data, where)]
    while todo:
        value, path = todo.pop()
        if isinstance(value, dict):
            todo.extend((part, (*path, str(key))) for key, part in value.items())
            texts = [str(key) for key in value]
        elif isinstance(value, list | tuple):
            todo.extend((part, (*path, index)) for index, part in enumerate(value))
            texts = []
        else:
            texts = [value] if isinstance(value, str) else []
            if isinstance(value, float) and not math.isfinite(value):
                faults.append(Fault("This number is too large.", path))
        for text in texts:
            if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
                faults.append(Fault("This text holds a character that cannot be kept.", path))
    return faults
