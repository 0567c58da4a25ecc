"""Conditions written as one CEL expression, for those who want it: compiled once, bounded, never an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import cel

from routing.engine import limits
from routing.engine.patterns import found, pattern
from routing.engine.values import JSON, MISSING, look_up, show

# Strings first, so that nothing inside them is taken for a name or a bracket.
_TOKENS = re.compile(
    r"""(?P<string>[bBrR]{0,2}(?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
    |(?P<comment>//[^\n]*)
    |(?P<path>\.?\s*[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)
    |(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<plus>\+)|(?P<comma>,)""",
    re.VERBOSE,
)
_BOUND = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,")
_PATTERN = re.compile(r"""\(\s*(?:r?"(?P<one>[^"]*)"|r?'(?P<two>[^']*)')\s*\)""")
_MACROS: Final = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map"})
_BUILT_IN: Final = frozenset(
    {"size", "contains", "startsWith", "endsWith", "has", "timestamp", "duration", "int", "uint", "double", "string"}
    | {"bytes", "type", "dyn", "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"}
    | {"getHours", "getMinutes", "getSeconds", "getMilliseconds"}
)
_SYNTAX = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")
_NOTHING: Final[Mapping[str, JSON]] = {}


def _linear_matches(text: str, wanted: str) -> bool:
    compiled = pattern(wanted, ignore_case=False)
    return not isinstance(compiled, str) and found(compiled, text)


# CEL's own `matches` compiles its pattern again each time, which a macro can stretch to minutes; ours goes by this name.
_MATCHES = "matches_in_linear_time"
_FUNCTIONS: Final[dict[str, Callable[..., JSON]]] = {
    _MATCHES: _linear_matches,
    "lowerAscii": str.lower,
    "upperAscii": str.upper,
    "trim": str.strip,
}


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
    """A program with the paths it reads, those of names that a macro binds among them."""

    program: cel.Program
    paths: tuple[tuple[str, ...], ...]
    bound: frozenset[str]
    functions: tuple[str, ...]
    shape: _Shape


@dataclass(slots=True)
class _Shape:
    """What an expression is made of, as far as its cost goes."""

    macros: int = 0
    maps: int = 0
    nesting: int = 0
    depth: int = 0
    plus: int = 0
    commas: int = 0


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Compiled | str:
    """The program, or the sentence that says why there is none."""
    if not text.strip():
        return "The expression is empty."
    if len(text) > limits.EXPRESSION_CHARS:
        return f"The expression is longer than {limits.EXPRESSION_CHARS} characters."
    shape, chains, source, fault = _read(text)
    if fault:
        return fault
    if shape.depth > limits.EXPRESSION_DEPTH:
        return f"The expression is nested more than {limits.EXPRESSION_DEPTH} deep."
    if shape.macros > limits.EXPRESSION_MACROS:
        return f"The expression has more than {limits.EXPRESSION_MACROS} of {', '.join(sorted(_MACROS))}."
    try:
        program = cel.compile(source)
        names = frozenset(program.variables())
        called = frozenset(name for name in program.functions() if name[0].isalpha())
    except (ValueError, RuntimeError, TypeError, RecursionError) as error:
        return f"The expression cannot be read: {_first_line(error)}."
    if unknown := sorted(called - _BUILT_IN - _FUNCTIONS.keys()):
        return f"There is no function {unknown[0]}()."
    paths = sorted({chain for chain in chains if chain and chain[0] in names})
    functions = tuple(sorted(called & _FUNCTIONS.keys()))
    return Compiled(program, tuple(paths), frozenset(_BOUND.findall(text)), functions, shape)


def _read(text: str) -> tuple[_Shape, list[tuple[str, ...]], str, str]:
    """The shape, the paths, the source for CEL, and a fault if there is one."""
    shape = _Shape()
    chains: list[tuple[str, ...]] = []
    source: list[str] = []
    opened: list[bool] = []
    copied = 0
    macro = False
    for token in _TOKENS.finditer(text):
        match token.lastgroup:
            case "open":
                opened.append(macro)
                shape.depth = max(shape.depth, len(opened))
                shape.nesting = max(shape.nesting, sum(opened))
            case "close":
                if opened:
                    opened.pop()
            case "plus":
                shape.plus += 1
            case "comma":
                shape.commas += 1
            case "path":
                parts = tuple(part.strip() for part in token["path"].split("."))
                called = text[token.end() :].lstrip().startswith("(")
                macro = called and parts[-1] in _MACROS
                shape.macros += macro
                shape.maps += macro and parts[-1] == "map"
                if called and parts[-1] == "matches":
                    written = _PATTERN.match(text, token.end())
                    if written is None:
                        return shape, chains, "", "The pattern of matches() must be written out as text."
                    compiled = pattern(written["one"] or written["two"] or "", ignore_case=False)
                    if isinstance(compiled, str):
                        return shape, chains, "", compiled
                    source += text[copied : token.end() - len("matches")], _MATCHES
                    copied = token.end()
                # What begins with a dot goes on from a call or an index: the root has been seen.
                if parts[0]:
                    chains.append(parts[:-1] if called else parts)
                continue
        macro = False
    return shape, chains, "".join((*source, text[copied:])), ""


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
    seen = tuple(
        (name, show(look_up(scope, name)))
        for name in map(".".join, (path for path in compiled.paths if path[0] not in compiled.bound))
        if name != "now"
    )
    if (compiled.shape.macros or compiled.shape.plus) and (refusal := _too_much(compiled.shape, handed)):
        return Judgement(False, refusal, seen)
    functions = {name: _FUNCTIONS[name] for name in compiled.functions}
    try:
        answer = compiled.program.execute(cel.Context(handed, functions) if functions else handed)
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
            if not last:
                return
            # So that `has(loyalty.tier)` is false, and not an error, where there is no `loyalty` at all.
            value = _NOTHING
        if not last or not isinstance(value, Mapping):
            into[part] = value
            return
        known = into.get(part)
        if known is value:
            return  # another path has handed over all of it
        into = into.setdefault(part, {})
        here = value


def _too_much(shape: _Shape, handed: Mapping[str, JSON]) -> str:
    """Why these values are too many for the expression; "" if they are not."""
    longest, weight = _measure(handed)
    longest = max(longest, shape.commas + 1)
    if shape.macros and longest > limits.EXPRESSION_LIST_ITEMS:
        return f"a list or object of {longest} items is too long to be searched"
    # Each plus may join two lists, so that the next copies more and the macro has more rounds.
    # What `map` has collected is copied in each round, and each item of it may be as large as all there is.
    rounds = (longest * (1 + shape.plus)) ** (shape.nesting + shape.maps)
    if rounds * (1 + shape.plus) ** 2 * (weight + shape.commas) > limits.EXPRESSION_WORK:
        return "there is too much to search for one expression"
    return ""


def _measure(value: JSON) -> tuple[int, int]:
    """The longest list or object, and how much there is to copy; text is copied fast."""
    if isinstance(value, str):
        return 0, 1 + len(value) // 100
    if not isinstance(value, Mapping | list | tuple):
        return 0, 1
    longest, weight = len(value), 1  # macros go through the keys of an object as well
    for item in value.values() if isinstance(value, Mapping) else value:
        inner, more = _measure(item)
        longest, weight = max(longest, inner), weight + more
    return longest, weight


def _note(error: Exception, compiled: Compiled, scope: Mapping[str, JSON]) -> str:
    """CEL's errors in words for managers."""
    if isinstance(error, KeyError) or "ndefined variable" in str(error):
        key = str(error.args[0]).strip("'\"") if isinstance(error, KeyError) and error.args else ""
        for path in compiled.paths:
            if path[0] in compiled.bound or path == ("now",) or (key and key not in path):
                continue
            if look_up(scope, ".".join(path)) is MISSING:
                return f"{'.'.join(path)} is missing"
        return f"{key or 'a value'} is missing"
    if isinstance(error, TypeError):
        return "values of unlike kinds cannot be put together or compared"
    if isinstance(error, IndexError):
        return "a list has fewer items than that"
    if isinstance(error, ZeroDivisionError):
        return "nothing can be divided by zero"
    return _first_line(error)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    if found_at := _SYNTAX.search(text):
        what = found_at[3].partition(" expecting ")[0].replace("<EOF>", "the end")
        return f"{what} (line {found_at[1]}, column {found_at[2]})"
    return (text or type(error).__name__).splitlines()[0][: limits.SEEN_CHARS].rstrip(".")
