"""JSON as a file holds it: every key once, no constants that JSON does not have, and where each part stands."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from routing.engine.faults import DefinitionInvalid, Fault

Path: TypeAlias = tuple[str | int, ...]

_CONSTANTS = frozenset({"NaN", "Infinity", "-Infinity"})
# What no flow needs; how deep the parser goes differs from machine to machine.
_DEPTH = 100
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def read(text: str) -> Any:
    """Raises DefinitionInvalid."""
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        """JSON would silently keep the last of two equal keys."""
        if len(kept := dict(found)) < len(found):
            twice.extend(name for name, times in Counter(name for name, _ in found).items() if times > 1)
        return kept

    try:
        data = json.loads(text, object_pairs_hook=pairs, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        fault = Fault(f"This is no JSON: {error.msg}.", line=error.lineno, column=error.colno)
        raise DefinitionInvalid([fault]) from None
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        reason = "it is nested too deeply" if deep else str(error)
        line, column = _first(text, _is_too_deep() if deep else lambda token: token in _CONSTANTS)
        message = f"The file cannot be read as JSON: {reason}."
        raise DefinitionInvalid([Fault(message, line=line, column=column)]) from None
    if twice:
        raise DefinitionInvalid(
            [
                Fault(f"The key “{key}” is there twice in one object.", path, line=line, column=column)
                for path, key, (line, column) in _doubles(text)
            ]
        )
    return data


def _first(text: str, is_it: Callable[[str], bool]) -> tuple[int, int]:
    """Line and column of the first token that is the one; of none: no line."""
    for token in _TOKEN.finditer(text):
        if is_it(token[0]):
            start = token.start()
            return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return 0, 0


def _is_too_deep() -> Callable[[str], bool]:
    depth = 0

    def is_too_deep(part: str) -> bool:
        nonlocal depth
        depth += (part in "{[") - (part in "}]")
        return depth > _DEPTH

    return is_too_deep


def write(data: Any) -> str:
    """Indented, in the order that `data` has, with every letter as it is."""
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def places(text: str) -> dict[Path, tuple[int, int]]:
    """Path of each part to the line and column (from 1) where it begins; of a member of an object, where its key does."""
    found: dict[Path, tuple[int, int]] = {}
    for path, _key, place in _parts(text):
        found.setdefault(path, place)
    return found


def _doubles(text: str) -> Iterator[tuple[Path, str, tuple[int, int]]]:
    """The second and every further key of the same name."""
    seen: set[Path] = set()
    for path, key, place in _parts(text):
        if key is not None and path in seen:
            yield path, key, place
        seen.add(path)


@dataclass(slots=True)
class _Open:
    """An object or list that the scanner is inside of."""

    path: Path
    index: int
    """Of a list; -1: an object."""
    key: str | None = None


def _parts(text: str) -> Iterator[tuple[Path, str | None, tuple[int, int]]]:
    """Each part with its path; `text` is valid. Without recursion, as it may be as deep as the parser takes it."""
    stack: list[_Open] = []
    line, line_start, done = 1, 0, 0
    for token in _TOKEN.finditer(text):
        start = token.start()
        line += text.count("\n", done, start)
        line_start = text.rfind("\n", done, start) + 1 or line_start
        done, place = start, (line, start - line_start + 1)
        inside = stack[-1] if stack else None
        match token[0]:
            case "}" | "]":
                stack.pop()
            case ",":
                if inside is not None:
                    inside.key = None
                    inside.index += inside.index >= 0
            case ":":
                continue
            case word:
                if inside is not None and inside.index < 0 and inside.key is None:
                    inside.key = json.loads(word)
                    yield (*inside.path, inside.key), inside.key, place
                    continue
                path: Path = ()
                if inside is not None:
                    path = (*inside.path, inside.index if inside.index >= 0 else str(inside.key))
                if inside is None or inside.index >= 0:
                    yield path, None, place
                if word in "{[":
                    stack.append(_Open(path, 0 if word == "[" else -1))
