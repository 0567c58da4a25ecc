"""Where cuts lie on the curve of a snapshot, and the curve as lines of a picture. No database."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

WIDTH: Final = 720
HEIGHT: Final = 360
LEFT: Final = 52
RIGHT: Final = 16
TOP: Final = 16
BOTTOM: Final = 40
# Told apart without color.
DASHES: Final = ("", "8 4", "2 4", "10 3 2 3", "4 2", "1 3")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cut lies: the customers and the revenue up to it, and the least of their amounts."""

    customers: int
    revenue: Decimal
    amount: Decimal | None


def place_of(percent: Decimal, points: Sequence[Sequence[Any]]) -> Place:
    """As the policy cuts: equal amounts are never parted. Between the snapshot's points it is a close guess."""
    if not points or percent <= 0:
        return Place(0, Decimal(0), None)
    total = Decimal(points[-1][1])
    wanted = total * percent / 100
    at = bisect_left(points, wanted, key=lambda point: Decimal(point[1]))
    at = min(at, len(points) - 1)
    reach, upto, value = points[at]
    upto, value = Decimal(upto), Decimal(value)
    before, above = (points[at - 1][0], Decimal(points[at - 1][1])) if at else (0, Decimal(0))
    count, brought = reach - before, upto - above
    if abs(value * count - brought) <= Decimal("0.01") * count or wanted >= upto:
        return Place(reach, upto, value)
    part = (wanted - above) / brought
    more = int((part * count).to_integral_value(ROUND_CEILING))
    return Place(before + more, above + brought * more / count, value)


def is_thinned(points: Sequence[Sequence[Any]]) -> bool:
    """Whether different amounts lie between two of the points: then a place between them is a guess."""
    reach, upto = 0, Decimal(0)
    for upper, revenue, value in points:
        count, brought = upper - reach, Decimal(revenue) - upto
        if abs(Decimal(value) * count - brought) > Decimal("0.01") * count:
            return True
        reach, upto = upper, Decimal(revenue)
    return False


def x_of(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 2)


def y_of(share: float) -> float:
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 2)


def curve(points: Sequence[Sequence[Any]], customers: int) -> str:
    """The line through all points, from nobody to everybody, for a path of SVG."""
    if not points or not customers:
        return ""
    total = float(points[-1][1]) or 1.0
    steps = [(0.0, 0.0), *((reach / customers, float(upto) / total) for reach, upto, _value in points), (1.0, 1.0)]
    return "M" + "L".join(f"{x_of(x)} {y_of(y)}" for x, y in steps)


def short(value: Decimal) -> Decimal:
    """Without zeros that say nothing, and without an exponent: 50.00 is 50, and never 5E+1."""
    return Decimal(f"{value.normalize():f}")
