"""Reading JSON that somebody else wrote: what must be there, what may, and where it was not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from channels.messaging.inbound import Malformed

# More than any provider puts in one request; what is beyond was made to be beyond.
_MOST = 5_000


def part(holder: Any, name: str) -> dict[str, Any]:
    """An object that may be missing."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def items(holder: Any, name: str, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a list that may be missing, each with its place. Raises Malformed."""
    found = holder.get(name)
    if found is None:
        return
    if not isinstance(found, list):
        raise Malformed(f"{where}{name} is no list")
    if len(found) > _MOST:
        raise Malformed(f"{where}{name} has more than {_MOST} entries")
    for index, one in enumerate(found):
        place = f"{where}{name}[{index}]"
        if not isinstance(one, dict):
            raise Malformed(f"{place} is no object")
        yield f"{place}.", one
