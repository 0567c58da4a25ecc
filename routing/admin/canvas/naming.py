"""What a try tells, with the names that people gave in place of the keys that flows hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from routing.engine.conditions import label
from routing.simulator.bench import Bench
from routing.simulator.expectation import title_of
from routing.simulator.scenario import Scenario

_QUOTED = re.compile("“([^”]{1,100})”")


_ANSWERED = {"made_up": "answered what was made up for this try", "recorded": "answered as it did before"}


def named(trace: Iterable[Mapping[str, Any]], bench: Bench, scenario: Scenario) -> list[dict[str, Any]]:
    """The trace with each data source and each variable by its name; who was not really asked just now is not said to be."""
    return [
        {**entry, "saw": [_seen(seen, bench, scenario, str(entry.get("step", ""))) for seen in entry["saw"]]}
        if entry.get("saw")
        else dict(entry)
        for entry in trace
    ]


def _seen(seen: Mapping[str, Any], bench: Bench, scenario: Scenario, path: str) -> dict[str, Any]:
    match seen.get("what"):
        case "fetch":
            source = str(seen.get("source", ""))
            rung = seen.get("rung")
            told = _asked(scenario, path, source) or rung if rung == "fresh" else rung
            return {**seen, "source": name_of("source", source, bench), "rung": told}
        case "set":
            return {**seen, "name": label(str(seen.get("name", "")))}
    return dict(seen)


def _asked(scenario: Scenario, path: str, source: str) -> str:
    """What stood in for asking the data source; empty: it was really asked."""
    said = scenario.answer_of(path, source)
    if said is None or said.answer == "real":
        return ""
    return "recorded" if said.answer == "recorded" else "made_up"


def truly(why: str, trace: Iterable[Mapping[str, Any]], scenario: Scenario) -> str:
    """A sentence of the engine that does not say of a made-up answer that somebody was asked for it."""
    for entry in trace:
        for seen in entry.get("saw", ()):
            source = str(seen.get("source", ""))
            words = _ANSWERED.get(_asked(scenario, str(entry.get("step", "")), source)) if source else None
            if seen.get("what") == "fetch" and words:
                why = why.replace(f"“{source}” was asked just now", f"“{source}” {words}")
    return why


def in_names(sentence: str, bench: Bench, *, sources: Iterable[str]) -> str:
    """A sentence of the engine: quoted keys of `sources`, and of queues in a reason, become names."""
    asked = frozenset(sources)

    def name(found: re.Match[str]) -> str:
        key = found[1]
        if key in asked:
            return f"“{name_of('source', key, bench)}”"
        return f"“{bench.queue_name(key)}”" if key in bench.around.world.queues else found[0]

    return _QUOTED.sub(name, sentence)


def name_of(kind: str, key: str, bench: Bench) -> str:
    """The key itself, where nothing has it."""
    return bench.catalog.name_of(kind, key) if bench.catalog else key


def known_words(known: Mapping[str, str], bench: Bench) -> dict[str, str]:
    """What was known, by names that tell it apart: “status”, or “status (loyalty)” where there are two."""
    names = {path: _name(path, bench) for path in known}
    short = list(names.values())
    return {f"{name} ({_first(path)})" if short.count(name) > 1 else name: known[path] for path, name in names.items()}


def _name(path: str, bench: Bench) -> str:
    match path.split("."):
        case ["steps", step, *_rest]:
            return _("answer to “%(step)s”") % {"step": title_of(step, bench.plan)}
    return label(path)


def _first(path: str) -> str:
    return path.split(".", maxsplit=1)[0].replace("_", " ")
