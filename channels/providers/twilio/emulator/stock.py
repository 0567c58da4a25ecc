"""Numbers that the emulated carriers have in stock: made up, always the same, and reserved for fiction.

Nobody is reached by them: Bundesnetzagentur, numbers for films and television (Berlin 030 23125 000 to 999, mobile
0171 39200 00 to 99); NANPA, 555-0100 to 555-0199 in each area, 555-0199 behind toll-free codes; Ofcom, numbers for drama
(020 7946 0000 to 0999, 07700 900000 to 900999, 0808 157 0000 to 0999); ARCEP, 01 99 00 and 06 39 98 for audiovisual works.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_NORTH_AMERICA = {
    "US": {"212": "New York, NY", "312": "Chicago, IL", "415": "San Francisco, CA"},
    "CA": {"416": "Toronto, ON", "604": "Vancouver, BC"},
}
_TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")
# What the last two digits say: somebody else was faster, or the law wants an address first.
TAKEN, NEEDS_ADDRESS = "99", "98"


@dataclass(frozen=True, slots=True)
class Made:
    """A made-up number."""

    address: str
    place: str
    price: str
    currency: str
    sms: bool


def stock(country: str, kind: str) -> Iterator[Made]:
    """All of a country's numbers of a kind (local, mobile, toll_free), in order."""
    match country, kind:
        case "DE", "local":
            # Those from 900 on belong to somebody already, see `brought_along`.
            yield from (Made(f"+493023125{n:03}", "Berlin", "1.15", "EUR", sms=False) for n in range(100, 900))
        case "DE", "mobile":
            yield from (Made(f"+4917139200{n:02}", "", "14.00", "EUR", sms=True) for n in range(100))
        case (("US" | "CA"), "local"):
            for area, place in _NORTH_AMERICA[country].items():
                yield from (Made(f"+1{area}55501{n:02}", place, "1.15", "USD", sms=True) for n in range(100))
        case (("US" | "CA"), "toll_free"):
            yield from (Made(f"+1{code}5550199", "", "2.15", "USD", sms=True) for code in _TOLL_FREE)
        case "GB", "local":
            yield from (Made(f"+442079460{n:03}", "London", "1.15", "GBP", sms=False) for n in range(100, 1000))
        case "GB", "mobile":
            yield from (Made(f"+447700900{n:03}", "", "1.15", "GBP", sms=True) for n in range(100, 1000))
        case "GB", "toll_free":
            yield from (Made(f"+44808157{n:04}", "", "2.15", "GBP", sms=False) for n in range(100, 1000))
        case "FR", "local":
            yield from (Made(f"+3319900{n:04}", "Paris", "1.15", "EUR", sms=False) for n in range(100, 200))
        case "FR", "mobile":
            yield from (Made(f"+3363998{n:04}", "", "1.15", "EUR", sms=True) for n in range(100))


def brought_along(account: str) -> str:
    """The number that an account owned before it came to us, to be taken over."""
    return f"+493023125{900 + zlib.crc32(account.encode()) % 90:03}"


def country_and_kind(address: str) -> tuple[str, str] | None:
    """Where a number stands in stock; None if it does not."""
    for country in ("DE", "US", "CA", "GB", "FR"):
        for kind in ("local", "mobile", "toll_free"):
            if any(made.address == address for made in stock(country, kind)):
                return country, kind
    return None
