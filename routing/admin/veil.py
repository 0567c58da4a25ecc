"""Telephone numbers for people who may not see customers: enough to find a contact, too little to call anybody."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import TypeVar

T = TypeVar("T")

_NUMBER = re.compile(r"\+?\d[\d ()./-]{5,}\d")


def veiled(text: str) -> str:
    """`+4915100000001` becomes `+49…01`, wherever it stands in a text."""

    def cut(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match[0])
        return match[0] if len(digits) < 8 or len(digits) > 20 else f"{match[0][:3]}…{digits[-2:]}"

    return _NUMBER.sub(cut, text)


def veiled_all(value: T, *, but: Container[str] = ()) -> T:
    """Every text in plain JSON, as `veiled` has it, except what stands under the names in `but`."""
    if isinstance(value, str):
        return veiled(value)  # type: ignore[return-value]
    if isinstance(value, dict):
        return {name: one if name in but else veiled_all(one, but=but) for name, one in value.items()}  # type: ignore[return-value]
    if isinstance(value, list):
        return [veiled_all(one, but=but) for one in value]  # type: ignore[return-value]
    return value
