"""Reading JSON that somebody else wrote: what must be there, what may, and where it was not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from channels.messaging.inbound import Incoming, Malformed

Told: TypeAlias = Incoming | Malformed
"""Something that happened, or why it could not be read."""

# More than any provider puts in one request; what is beyond was made to be beyond.
_MOST = 5_000


def part(holder: Any, name: str) -> dict[str, Any]:
    """An object that may be missing."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def objects(holder: Any, name: str) -> Iterator[dict[str, Any]]:
    """The objects of a list that may be missing; what is none of them is read past."""
    found = holder.get(name) if isinstance(holder, dict) else None
    yield from (one for one in (found if isinstance(found, list) else [])[:_MOST] if isinstance(one, dict))


def each(
    holder: dict[str, Any], name: str, where: str, read: Callable[[dict[str, Any], str], Iterable[Told]]
) -> Iterator[Told]:
    """What `read` makes of each object of a list that may be missing, and of its place.

    One that cannot be read is told in its stead, and keeps nobody else out: what is refused comes again as a whole, and
    is refused again, and with it would be lost what other people wrote.
    """
    found = holder.get(name)
    if found is None:
        return
    if not isinstance(found, list):
        yield Malformed(f"{where}{name} is no list")
        return
    if len(found) > _MOST:
        yield Malformed(f"{where}{name} has more than {_MOST} entries")
        return
    for index, one in enumerate(found):
        place = f"{where}{name}[{index}]"
        if not isinstance(one, dict):
            yield Malformed(f"{place} is no object")
            continue
        try:
            # As a whole or not at all.
            told = list(read(one, f"{place}."))
        except Malformed as wrong:
            yield wrong
        else:
            yield from told
