"""Conditions written as one CEL expression, for those who want it: compiled once, bounded, never an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import cel

from routing.engine import limits
from routing.engine.values import JSON, MISSING, look_up, show

# Strings first, so that nothing inside them is taken for a name or a bracket.
_TOKENS = re.compile(
    r"""(?P<string>[bBrR]{0,2}(?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
    |(?P<comment>//[^\n]*)
    |(?P<path>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)
    |(?P<open>[(\[{])|(?P<close>[)\]}])""",
    re.VERBOSE,
)
_BOUND = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,")
_MACROS: Final = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map"})
_DEPTH = 20


class ExpressionFailed(Exception):
    """The expression cannot be compiled; says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the expression holds, the values it saw, and a note if it could not be decided."""

    matched: bool
    note: str = ""
    seen: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, JSON]:
        return {"matched": self.matched, "note": self.note, "seen": dict(self.seen)}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program and the paths it reads, those of names that a macro binds among them."""

    program: cel.Program
    paths: tuple[tuple[str, ...], ...]
    bound: frozenset[str]
    macros: int


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Compiled | str:
    """The program, or the sentence that says why there is none."""
    if not text.strip():
        return "The expression is empty."
    if len(text) > limits.EXPRESSION_CHARS:
        return f"The expression is longer than {limits.EXPRESSION_CHARS} characters."
    macros, depth, chains = 0, 0, []
    for found in _TOKENS.finditer(text):
        match found.lastgroup:
            case "open":
                depth += 1
                if depth > _DEPTH:
                    return f"The expression is nested more than {_DEPTH} deep."
            case "close":
                depth -= 1
            case "path":
                parts = tuple(part.strip() for part in found["path"].split("."))
                called = text[found.end() :].lstrip().startswith("(")
                if called and parts[-1] in _MACROS:
                    macros += 1
                chains.append(parts[:-1] if called else parts)
    if macros > limits.EXPRESSION_MACROS:
        return f"The expression has more than {limits.EXPRESSION_MACROS} of {', '.join(sorted(_MACROS))}."
    try:
        program = cel.compile(text)
        names = frozenset(program.variables())
    except (ValueError, RuntimeError, TypeError, RecursionError) as error:
        return f"The expression cannot be read: {_first_line(error)}."
    paths = sorted({chain for chain in chains if chain and chain[0] in names})
    return Compiled(program, tuple(paths), frozenset(_BOUND.findall(text)), macros)


def compile_expression(text: str) -> Compiled:
    """The compiled expression; raises `ExpressionFailed` with a sentence."""
    compiled = _compiled(text)
    if isinstance(compiled, str):
        raise ExpressionFailed(compiled)
    return compiled


def expression_fault(text: str) -> str | None:
    """What is wrong with the expression, as a sentence; None if nothing is."""
    compiled = _compiled(text)
    return compiled if isinstance(compiled, str) else None


def expression_variables(text: str) -> frozenset[str]:
    """The dotted paths that the expression reads, `now` and the names inside macros left out."""
    compiled = _compiled(text)
    if isinstance(compiled, str):
        return frozenset()
    return frozenset(".".join(path) for path in compiled.paths if path != ("now",) and path[0] not in compiled.bound)


def evaluate_expression(text: str, scope: Mapping[str, JSON], now: datetime) -> Judgement:
    """Whether it is true. A missing value, values of unlike kinds and an answer that is no boolean are false with a note."""
    compiled = _compiled(text)
    if isinstance(compiled, str):
        return Judgement(False, compiled)
    handed: dict[str, Any] = {}
    for path in compiled.paths:
        _hand_over(handed, scope, path)
    if "now" not in scope and any(path[0] == "now" for path in compiled.paths):
        handed["now"] = now
    seen = tuple((".".join(path), show(look_up(scope, ".".join(path)))) for path in compiled.paths if path[0] in scope)
    if compiled.macros and (longest := _longest(handed)) > limits.EXPRESSION_LIST_ITEMS:
        return Judgement(False, f"a list of {longest} items is too long to be searched", seen)
    try:
        answer = compiled.program.execute(handed)
    except KeyError as error:
        return Judgement(False, f"{str(error).strip(chr(39) + chr(34))} is missing", seen)
    except (RuntimeError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        return Judgement(False, _note(error, compiled, scope), seen)
    if not isinstance(answer, bool):
        return Judgement(False, f"it gives {show(answer)}, which is neither true nor false", seen)
    return Judgement(answer, "", seen)


def _hand_over(handed: dict[str, Any], scope: Mapping[str, JSON], path: tuple[str, ...]) -> None:
    """Copies only the branch that is read: converting a whole customer costs more than all the rest."""
    here: JSON = scope
    into = handed
    for last, part in enumerate(path, 1 - len(path)):
        if not isinstance(here, Mapping):
            return
        value = here.get(part, MISSING)
        if value is MISSING:
            return
        if not last or not isinstance(value, Mapping):
            into[part] = value
            return
        known = into.get(part)
        if known is value:
            return  # another path has handed over all of it
        into = into.setdefault(part, {})
        here = value


def _longest(value: JSON) -> int:
    if isinstance(value, Mapping):
        return max(map(_longest, value.values()), default=0)
    if isinstance(value, list | tuple):
        return max(len(value), *map(_longest, value)) if value else 0
    return 0


def _note(error: Exception, compiled: Compiled, scope: Mapping[str, JSON]) -> str:
    missing = [path for path in compiled.paths if path[0] not in {*scope, *compiled.bound, "now"}]
    if missing and "ndefined variable" in str(error):
        return f"{'.'.join(missing[0])} is missing"
    return _first_line(error)


def _first_line(error: Exception) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line[: limits.SEEN_CHARS].rstrip(".")
