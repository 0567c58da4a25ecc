"""What steps are called where several of them stand side by side: in lists, on buttons, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from routing.engine.checks.catalog import Catalog
from routing.engine.steps import BY_TYPE
from routing.engine.steps.step import Step

_GIST_CHARS = 40


def gist_of(step: Step, catalog: Catalog) -> str:
    """What a step does, with names in place of keys: managers know the queue as “VIP”."""
    gist = step.gist()
    for reference in step.references():
        name = catalog.name_of(reference.kind, reference.key)
        if gist == reference.key:
            gist = name
        elif gist.startswith(f"{reference.key} "):
            gist = name + gist.removeprefix(reference.key)
    return gist


def usual_title(step_type: type[Step], settings: object, catalog: Catalog) -> str:
    """What a step is called that nobody gave a name: after the queue that it names, if there is one."""
    for name, field in step_type.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and isinstance(titled := extra.get("titled"), str) and isinstance(settings, Mapping):
            key, kind = settings.get(name), str(extra.get("choices"))
            if isinstance(key, str) and key in catalog.keys(kind):
                return titled.format(name=catalog.name_of(kind, key))[:100]
    return step_type.title


def names_of(nodes: Iterable[Mapping[str, Any]], steps: Mapping[str, Step], catalog: Catalog) -> dict[str, str]:
    """A name for each step by its id, no two alike: its title, what it does where that says too little, a number."""
    titles = {node["id"]: _title(node) for node in nodes}
    counts = Counter(titles.values())
    plain = {step_type.title for step_type in BY_TYPE.values()}
    found: dict[str, str] = {}
    for step_id, title in titles.items():
        step = steps.get(step_id)
        gist = gist_of(step, catalog).strip("“”") if step is not None else ""
        if gist and gist != title and (counts[title] > 1 or title in plain):
            short = gist if len(gist) <= _GIST_CHARS else f"{gist[: _GIST_CHARS - 1]}…"
            found[step_id] = f"{title} · {short}"
        else:
            found[step_id] = title
    seen: Counter[str] = Counter()
    for step_id, name in found.items():
        seen[name] += 1
        if seen[name] > 1:
            found[step_id] = f"{name} ({seen[name]})"
    return found


def _title(node: Mapping[str, Any]) -> str:
    step_type = BY_TYPE.get(str(node.get("type")))
    return str(node.get("title") or (step_type.title if step_type else node["id"]))
