"""Ways to mend a fault: labelled patches of the definition, each of which removes the fault and adds no error."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from routing.engine.checks.catalog import Catalog
from routing.engine.drawing import mending_fields as fields
from routing.engine.drawing import mending_settings as settings
from routing.engine.drawing import mending_ways as ways
from routing.engine.drawing.patches import Look, Mend
from routing.engine.faults import Fault

# More buttons than these help nobody.
_MOST = 5
# A flow with more faults than these is not mended one by one, and looking for mends costs time.
FAULTS_WITH_MENDS = 60
# Where taking the step out is a way.
_REMOVABLE = frozenset({"reference", "unknown_type", "recursion", "calls_only", "settings", "placeholder"})


def mends_of(fault: Fault, data: object, catalog: Catalog, *, key: str = "", look: Look | None = None) -> list[Mend]:
    """The ways to mend this fault of `data`, the likeliest first. `look` saves looking at `data` again."""
    look = look or Look.at(data, catalog)
    if look is None or (fault.step and fault.step not in look.index):
        return []
    found: list[Mend] = []
    for mend in _mends(fault, look, data, catalog, key):
        if len(found) < _MOST and mend not in found:
            found.append(mend)
    return found


def _mends(fault: Fault, look: Look, data: object, catalog: Catalog, key: str) -> Iterator[Mend]:
    place = fault.where[1] if len(fault.where) > 1 and isinstance(fault.where[1], int) else -1
    ways_of: dict[str, Callable[[], Iterator[Mend]]] = {
        "settings": lambda: fields.of_settings(fault, look, catalog, key=key),
        "reference": lambda: settings.of_reference(fault, look, catalog, key=key),
        "silent_queue": lambda: settings.of_reference(fault, look, catalog, key=key),
        "unknown_variable": lambda: settings.of_variable(fault, look, data, catalog),
        "missing_input": lambda: settings.of_input(fault, look),
        "unknown_result": lambda: settings.of_result(fault, look),
        "lost_result": lambda: settings.of_result(fault, look),
        "same_rule": lambda: settings.of_same_rule(fault, look),
        "same_id": lambda: settings.of_same_id(fault, look),
        "unreachable": lambda: ways.to_unreachable(fault, look),
        "open_exit": lambda: ways.of_open_exit(fault, look, catalog),
        "asked_for_ever": lambda: ways.of_open_exit(fault, look, catalog),
        "circle": lambda: ways.of_circle(fault, look),
        "ring": lambda: ways.of_ring(fault, look),
        "rung_twice": lambda: ways.of_rung_twice(fault, look),
        "spoken_before": lambda: ways.of_spoken_before(fault, look),
        "voicemail_loop": lambda: ways.of_voicemail_loop(fault, look),
        "calls_only": lambda: ways.of_calls_only(fault, look, catalog),
        "no_such_target": lambda: ways.of_lost_line(fault, look),
        "stray_exit": lambda: ways.of_lost_line(fault, look),
        "no_trigger": lambda: ways.of_no_trigger(look),
        "second_trigger": lambda: ways.without(look, fault.step, place, "Remove this trigger"),
    }
    smaller = False
    for mend in ways_of[fault.code]() if fault.code in ways_of else ():
        smaller = smaller or not mend.is_whole
        yield mend
    if fault.code in _REMOVABLE and place >= 0 and not (fault.code == "settings" and smaller):
        yield from ways.without(look, fault.step, place)
