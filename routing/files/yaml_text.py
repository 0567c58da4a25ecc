"""YAML as a file holds it: what JSON can say and nothing more.

Read from the parser's events, so that nothing is ever constructed: no tags, no anchors, no aliases that multiply.
What is not in quotation marks is a number, true, false or null where JSON would write it so, and text otherwise:
dates stay text, `no` and `on` stay words, +4930901820 and 007 keep all their signs. Written with every text quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml

from routing.engine.faults import DefinitionInvalid, Fault

Path: TypeAlias = tuple[str | int, ...]

DEPTH = 100
_PARTS = 200_000
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_WORDS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}
_NUMBER_CHARS = 400
# Keys that need no quotation marks, and the words among them that older readers take for something else.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_TAKEN = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
# Signs that a JSON text may hold as they are and a YAML text may not.
_HIDDEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# The parser in C, where PyYAML was built with it: a hundred times as fast.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(slots=True)
class _Open:
    """An object or list that is being read."""

    path: Path
    value: dict[str, Any] | list[Any]
    key: str | None = None

    @property
    def here(self) -> Path:
        return (*self.path, len(self.value) if isinstance(self.value, list) else str(self.key))


def read(text: str) -> Any:
    """Raises DefinitionInvalid with each fault and where it is."""
    return _read(text)[0]


def places(text: str) -> dict[Path, tuple[int, int]]:
    """Path of each part to the line and column (from 1) where it begins; of a member of an object, where its key does."""
    return _read(text)[1]


def _read(text: str) -> tuple[Any, dict[Path, tuple[int, int]]]:
    reading = _Reading()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reading.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        message = f"This is no YAML: {error.problem or error.context}."
        if mark and "\t" in _at(text, mark.index):
            message = "Here stands a tab: lines of YAML begin with blanks only."
        raise DefinitionInvalid([*reading.faults, Fault(message, line=line, column=column)]) from None
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        reason = "it holds a character that YAML does not know"
        if isinstance(error, RecursionError):
            reason = "it is nested too deeply"
        raise DefinitionInvalid([Fault(f"The file cannot be read as YAML: {reason}.")]) from None
    if reading.faults:
        raise DefinitionInvalid(reading.faults)
    return reading.result, reading.places


def _at(text: str, index: int) -> str:
    """The line as far as this character, and the character."""
    return text[text.rfind("\n", 0, index) + 1 : index + 1]


class _Reading:
    """Builds plain data from events, without recursion."""

    def __init__(self) -> None:
        self.result: Any = None
        self.places: dict[Path, tuple[int, int]] = {}
        self.faults: list[Fault] = []
        self.stack: list[_Open] = []
        self.documents = 0
        self.parts = 0

    def take(self, event: Any) -> None:
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents == 2:
                    self._complain("A file holds one flow: the lines from here on begin another.", place)
            case yaml.AliasEvent():
                self._complain(f"“*{event.anchor}” repeats another part; write it out.", place)
                self._put(None, place)
            case yaml.ScalarEvent():
                self._check(event, place)
                inside = self.stack[-1] if self.stack else None
                if inside is not None and isinstance(inside.value, dict) and inside.key is None:
                    self._take_key(inside, event.value, place)
                else:
                    self._put(event.value if event.style else _plain(event.value), place)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._check(event, place)
                self._open({} if isinstance(event, yaml.MappingStartEvent) else [], place)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close()

    def _check(self, event: Any, place: tuple[int, int]) -> None:
        if event.anchor:
            self._complain(
                f"“&{event.anchor}” names a part so that others can repeat it; that is not taken here.", place
            )
        if event.tag not in {None, "!"}:
            self._complain(f"“{event.tag}” says what kind of value this is; that is not taken here.", place)

    def _complain(self, message: str, place: tuple[int, int]) -> None:
        path = self.stack[-1].here if self.stack else ()
        self.faults.append(Fault(message, path, line=place[0], column=place[1]))
        if len(self.faults) >= 100:
            raise DefinitionInvalid(self.faults)

    def _take_key(self, inside: _Open, key: str, place: tuple[int, int]) -> None:
        inside.key = key
        if key in inside.value:
            self._complain(f"The key “{key}” is there twice in one object.", place)
        self.places.setdefault(inside.here, place)

    def _open(self, value: dict[str, Any] | list[Any], place: tuple[int, int]) -> None:
        inside = self.stack[-1] if self.stack else None
        if inside is not None and isinstance(inside.value, dict) and inside.key is None:
            self._complain("A key is a word, not a list or an object.", place)
            raise DefinitionInvalid(self.faults)
        if len(self.stack) >= DEPTH:
            self._complain(f"This is nested too deeply: more than {DEPTH} levels.", place)
            raise DefinitionInvalid(self.faults)
        path = inside.here if inside is not None else ()
        self.places.setdefault(path, place)
        self.stack.append(_Open(path, value))

    def _close(self) -> None:
        closed = self.stack.pop()
        self._put(closed.value, None)

    def _put(self, value: Any, place: tuple[int, int] | None) -> None:
        self.parts += 1
        if self.parts > _PARTS:
            raise DefinitionInvalid([*self.faults, Fault(f"More than {_PARTS} values: this is no flow.")])
        inside = self.stack[-1] if self.stack else None
        if inside is None:
            if place is not None:
                self.places.setdefault((), place)
            self.result = value
            return
        if place is not None:
            self.places.setdefault(inside.here, place)
        if isinstance(inside.value, list):
            inside.value.append(value)
        else:
            inside.value[str(inside.key)] = value
            inside.key = None


def _plain(text: str) -> Any:
    """A value without quotation marks."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _NUMBER_CHARS or not _NUMBER.fullmatch(text):
        return text
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def write(data: Any) -> str:
    """In the order that `data` has; the same bytes for the same data whichever library is installed."""
    return "".join(f"{line}\n" for line in _lines(data))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _member(f"{_key(key)}:", part)
    elif isinstance(value, list | tuple) and value and not _is_point(value):
        for part in value:
            inner = list(_lines(part))
            yield f"- {inner[0]}"
            yield from (f"  {line}" for line in inner[1:])
    else:
        yield _scalar(value)


def _member(head: str, part: Any) -> Iterator[str]:
    if part and isinstance(part, dict | list | tuple) and not _is_point(part):
        yield head
        yield from (f"  {line}" for line in _lines(part))
    else:
        yield f"{head} {_scalar(part)}"


def _is_point(value: Any) -> bool:
    """A few numbers stand in one line: the places of steps."""
    return (
        isinstance(value, list | tuple)
        and 0 < len(value) <= 4
        and all(isinstance(part, int | float) and not isinstance(part, bool) for part in value)
    )


def _key(key: str) -> str:
    return key if _PLAIN.fullmatch(key) and key.lower() not in _TAKEN else _quoted(key)


def _scalar(value: Any) -> str:
    match value:
        case str():
            return _quoted(value)
        case dict():
            return "{}"
        case list() | tuple():
            return f"[{', '.join(map(_scalar, value))}]"
        case _:
            return json.dumps(value)


def _quoted(text: str) -> str:
    # A text of JSON is one of YAML, but for a few signs.
    escape: Callable[[re.Match[str]], str] = lambda found: f"\\u{ord(found[0]):04x}"  # noqa: E731
    return _HIDDEN.sub(escape, json.dumps(text, ensure_ascii=False))
