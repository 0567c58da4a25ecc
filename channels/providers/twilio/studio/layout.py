"""Where steps stand: as the widgets did, with as much room between them as our steps need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# As large as the editor draws a step, with a gap; an exit needs so much of its width.
_WIDTH, _HEIGHT = 248, 176
_EXIT_WIDTH = 104
_GAP_ACROSS, _GAP_ALONG = 32, 40
_GRID = 8
_ACROSS, _DOWN = 320.0, 220.0
# Widgets are a little wider and lower than steps.
_SCALE = (1.0, 1.1)


def place(steps: Iterable[tuple[str, tuple[float, float], int]]) -> dict[str, list[int]]:
    """A place for each step: its id, where its widget stood, and how many exits it has. No two overlap."""
    wanted = sorted(
        (
            (_on_grid(y * _SCALE[1]), _on_grid(x * _SCALE[0]), order, name, exits)
            for order, (name, (x, y), exits) in enumerate(steps)
        )
    )
    left = min((x for _, x, *_ in wanted), default=0)
    top = min((y for y, *_ in wanted), default=0)
    placed: list[tuple[int, int, int]] = []
    found: dict[str, tuple[int, list[int]]] = {}
    for y, x, order, name, exits in wanted:
        across, along = x - left, y - top
        width = max(_WIDTH, exits * _EXIT_WIDTH)
        # Down, past whatever stands in the way: what was above stays above.
        while below := [
            there_y
            for there_x, there_y, there_width in placed
            if across < there_x + there_width + _GAP_ACROSS
            and there_x < across + width + _GAP_ACROSS
            and along < there_y + _HEIGHT + _GAP_ALONG
            and there_y < along + _HEIGHT + _GAP_ALONG
        ]:
            along = max(below) + _HEIGHT + _GAP_ALONG
        placed.append((across, along, width))
        found[name] = (order, [across, along])
    return {name: spot for name, (_order, spot) in sorted(found.items(), key=lambda item: item[1][0])}


def in_rows(first: Iterable[str], ways: Mapping[str, Iterable[str]]) -> dict[str, tuple[float, float]]:
    """A place for each state of a flow that says none: those that are as many ways from the start stand in one row."""
    row = list(dict.fromkeys(first))
    found: dict[str, tuple[float, float]] = {}
    depth = 0
    while row:
        found |= {name: (index * _ACROSS, depth * _DOWN) for index, name in enumerate(row)}
        row = list(dict.fromkeys(to for name in row for to in ways.get(name, ()) if to in ways and to not in found))
        depth += 1
    left = [name for name in ways if name not in found]
    return found | {name: (index * _ACROSS, depth * _DOWN) for index, name in enumerate(left)}


def _on_grid(value: float) -> int:
    return round(value / _GRID) * _GRID
