"""What a try tells, with the names that people gave in place of the keys that flows hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from routing.engine.conditions import label
from routing.simulator.bench import Bench
from routing.simulator.expectation import title_of

_QUOTED = re.compile("“([^”]{1,100})”")


def named(trace: Iterable[Mapping[str, Any]], bench: Bench) -> list[dict[str, Any]]:
    """The trace with each data source and each variable by its name."""
    return [
        {**entry, "saw": [_seen(seen, bench) for seen in entry["saw"]]} if entry.get("saw") else dict(entry)
        for entry in trace
    ]


def _seen(seen: Mapping[str, Any], bench: Bench) -> dict[str, Any]:
    match seen.get("what"):
        case "fetch":
            return {**seen, "source": name_of("source", str(seen.get("source", "")), bench)}
        case "set":
            return {**seen, "name": label(str(seen.get("name", "")))}
    return dict(seen)


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
