"""Telephone numbers and e-mails for those who may not see them: `+4915100000001` is `+49…01`, wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import Final, TypeVar

T = TypeVar("T")

# Ids are left whole, or nobody could look them up: a uuid, what carriers call a call or a message, digits inside a
# word; and so are days, which look like numbers with strokes in them.
_PERSONAL: Final = re.compile(
    r"""(?P<id>\b(?:[A-Z]{2})?[0-9a-f]{32}\b | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b
          | (?<![\d+])\d{4}-\d\d-\d\d(?!\d)(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)? | (?<![\d+])\d\d?\.\d\d?\.\d{4}(?!\d)
          | sips?:(?=[^\d+])[^\s"'<>\\]+ | (?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?![\d.]))
      | (?P<mail>[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,})
      | (?:\+|(?<![A-Za-z0-9]))\d[\d ()./-]{5,}\d(?![A-Za-z0-9])""",
    re.VERBOSE,
)
_FEWEST: Final = 8
_MOST: Final = 20


def masked(text: str, *, fewest_bare: int = _FEWEST, house: Container[str] = ()) -> str:
    """Enough to find somebody again, too little to call or write to them.

    Digits without + or 0 before them count as a number from `fewest_bare` on; those in `house` are our own.
    """

    def cut(match: re.Match[str]) -> str:
        if match["id"]:
            return match[0]
        if mail := match["mail"]:
            name, _at, host = mail.partition("@")
            return f"{name[:1]}…@{host}"
        digits = re.sub(r"\D", "", match[0])
        fewest = 7 if match[0][0] == "+" else fewest_bare if match[0].isdigit() and match[0][0] != "0" else _FEWEST
        if digits in house or not fewest <= len(digits) <= _MOST:
            return match[0]
        return f"{match[0][:3]}…{digits[-2:]}"

    return _PERSONAL.sub(cut, text)


def masked_all(value: T, *, but: Container[str] = (), mask: Callable[[str], str] = masked) -> T:
    """Every text in plain JSON, names of fields too, except what stands under the names in `but`."""
    if isinstance(value, str):
        return mask(value)  # type: ignore[return-value]
    if isinstance(value, dict):
        return {
            mask(str(name)): one if name in but else masked_all(one, but=but, mask=mask) for name, one in value.items()
        }  # type: ignore[return-value]
    if isinstance(value, list | tuple):
        return [masked_all(one, but=but, mask=mask) for one in value]  # type: ignore[return-value]
    return value
