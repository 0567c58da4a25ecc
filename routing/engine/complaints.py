"""pydantic's errors in the words of somebody who draws flows, one for each thing to mend."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pydantic import ValidationError

from routing.engine.values import show

Path: TypeAlias = tuple[str | int, ...]

# What pydantic puts into a path for the members of a union; no flow has keys of these names there.
_MEMBER = re.compile(r"function-\w+\[.*\]|(?:tuple|list)\[.*\]|constrained-\w+|str|int|float|bool|Condition|Group")
_PLAIN = frozenset({"str", "int", "float", "bool", "constrained-str"})

NOTHING_THERE = "Something is missing here."

_SENTENCES = {
    "missing": "“{last}” is missing.",
    "extra_forbidden": "“{last}” is not known here.",
    "enum": "{seen} is not possible here. Choose one of {expected}.",
    "literal_error": "{seen} is not possible here. Choose one of {expected}.",
    "string_pattern_mismatch": "{seen} has signs that cannot stand here. {rule}",
    "no_value": "{seen} cannot be a value here: write a text, a number, true or false, or a list of them.",
    "too_short": NOTHING_THERE,
    "string_too_short": NOTHING_THERE,
    "too_long": "This is too long: at most {max_length}.",
    "string_too_long": "This is too long: at most {max_length}.",
    "greater_than_equal": "This is too little: at least {ge}.",
    "greater_than": "This is too little: more than {gt}.",
    "less_than_equal": "This is too much: at most {le}.",
    "less_than": "This is too much: less than {lt}.",
}
_RULES = {
    "key": "A key is one to four digits, or *.",
    "flow": "The key of a flow has letters, digits, - and _, at most 50.",
    "name": "Names begin with a small letter and have small letters, digits and _.",
}
_KINDS = {
    "bool": "This must be true or false.",
    "dict": "This must be an object in braces.",
    "float": "This must be a number.",
    "int": "This must be a whole number.",
    "list": "This must be a list in square brackets.",
    "model": "This must be an object in braces.",
    "string": "This must be a text in quotation marks.",
    "tuple": "This must be a list in square brackets.",
}


def complaints(error: ValidationError) -> Iterator[tuple[Path, str]]:
    """Path inside the data, and a sentence. Of the members of a union only the one that fits best is heard."""
    found: list[dict[str, Any]] = [dict(one) for one in error.errors(include_url=False)]
    for one in _best_members(found):
        path = _without_members(one["loc"])
        if one["type"] == "too_short" and any(
            other["loc"][: len(one["loc"])] == one["loc"] and other is not one for other in found
        ):
            continue  # its items are there, and each of them is complained of
        yield path, _sentence(one)


def _is_member(part: str | int) -> bool:
    return isinstance(part, str) and _MEMBER.fullmatch(part) is not None


def _without_members(path: Path) -> Path:
    return tuple(part for part in path if not _is_member(part))


def _best_members(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Where a union stands, to each member, to the places that this one complains of.
    unions: dict[Path, dict[str | int, set[Path]]] = defaultdict(lambda: defaultdict(set))
    for one in errors:
        for index, part in enumerate(one["loc"]):
            if _is_member(part):
                unions[one["loc"][:index]][part].add(_without_members(one["loc"]))
    chosen: dict[Path, str | int] = {}
    for where, members in unions.items():
        chosen[where] = min(members, key=lambda member: len(members[member]))
    kept = [
        one
        for one in errors
        if all(chosen[one["loc"][:index]] == part for index, part in enumerate(one["loc"]) if _is_member(part))
    ]
    for one in kept:
        where, last = one["loc"][:-1], one["loc"][-1] if one["loc"] else ""
        if last in _PLAIN and len(unions[where]) > 1:
            one["type"] = "no_value"
    return kept


def _sentence(one: Mapping[str, Any]) -> str:
    kind, known = str(one["type"]), defaultdict(str, {str(key): value for key, value in one.get("ctx", {}).items()})
    if kind in _SENTENCES:
        known |= {"last": one["loc"][-1] if one["loc"] else "", "seen": show(one.get("input"))}
        rule = "flow" if "{1,50}" in known["pattern"] else "key" if known["last"] == "key" else "name"
        known["rule"] = _RULES[rule]
        return _SENTENCES[kind].format_map(known)
    if kind == "value_error":
        text = str(one["msg"]).removeprefix("Value error, ")
        return f"{text[:1].upper()}{text[1:].rstrip('.')}."
    if kind.endswith(("_type", "_parsing", "_from_float")) and (wanted := kind.split("_", maxsplit=1)[0]) in _KINDS:
        return _KINDS[wanted]
    return str(one["msg"])
