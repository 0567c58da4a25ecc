"""Which variables a contact can have when it reaches a step: certainly, on every way there, or only on some."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from pydantic import ValidationError

from routing.engine import limits
from routing.engine.checks.backward import lines_back
from routing.engine.checks.samples import sample_of
from routing.engine.definition import Definition
from routing.engine.steps import BY_TYPE
from routing.engine.steps.end import End
from routing.engine.steps.fetch import FetchVariables
from routing.engine.steps.step import Step
from routing.engine.steps.subflow import Subflow
from routing.engine.values import JSON

Group: TypeAlias = Literal["contact", "customer", "synced", "fetched", "set", "step", "now"]


@dataclass(frozen=True, slots=True)
class Field:
    """A value that something outside of the flow brings."""

    name: str
    type: str = "text"
    sample: JSON = None
    suggestions: tuple[str, ...] = ()
    label: str = ""
    """What people call it, where they gave it a name."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known of the house: fields of customers, and of the answers of data sources by their key."""

    contact: tuple[Field, ...] = ()
    customer: tuple[Field, ...] = ()
    synced: tuple[Field, ...] = ()
    sources: Mapping[str, tuple[Field, ...]] = field(default_factory=lambda: MappingProxyType({}))
    flows: Mapping[str, Definition] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that a step may read."""

    path: str
    type: str
    sample: JSON
    group: Group
    from_step: str = ""
    """Id of the step that sets it; empty if it is there from the start."""
    maybe: bool = False
    """Only on some of the ways to the step."""
    suggestions: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Edge:
    """A way from one step to the next, and what changes on it: sets of variables, as bits."""

    target: str
    certain: int = 0
    possible: int = 0
    clears: frozenset[str] = frozenset()
    """First parts of variables that are not certain any more: a fetch puts its answer in place of an earlier one."""


@dataclass(slots=True)
class _Graph:
    """Steps of one flow and the ways between them. Variables are bits of whole numbers: 500 steps stay quick."""

    outside: Outside
    variables: dict[str, Variable] = field(default_factory=dict)
    bits: dict[str, int] = field(default_factory=dict)
    makers: dict[str, set[str]] = field(default_factory=dict)
    """Path to the steps that set it."""
    edges: dict[str, list[_Edge]] = field(default_factory=dict)
    ends: list[tuple[str, str, _Edge]] = field(default_factory=list)
    """Where a sub-flow goes back to its caller: step, the result it names, and what is set last."""
    triggers: list[str] = field(default_factory=list)

    def bit(self, variable: Variable) -> int:
        self.variables.setdefault(variable.path, variable)
        if variable.from_step:
            self.makers.setdefault(variable.path, set()).add(variable.from_step)
        return self.bits.setdefault(variable.path, 1 << len(self.bits))

    def below(self, spaces: frozenset[str]) -> int:
        """The variables whose path begins with one of these."""
        return sum(bit for path, bit in self.bits.items() if path.partition(".")[0] in spaces) if spaces else 0

    def mask(self, variables: Iterator[Variable]) -> int:
        found = 0
        for variable in variables:
            found |= self.bit(variable)
        return found


@dataclass(frozen=True, slots=True)
class _Node:
    id: str
    step: Step | None
    """None: its settings cannot be read at this moment."""
    exits: Mapping[str, str]


def variables_at(data: object, step_id: str, outside: Outside) -> tuple[Variable, ...]:
    """What a contact that comes to this step may know. `data` is parsed JSON and need not be valid.

    At a step that nothing leads to, everything that any step sets is possible.
    """
    nodes = _read(data)
    graph = _Graph(outside)
    start = tuple(_from_the_start(outside))
    base = graph.mask(iter(start))
    _connect(graph, nodes, ())
    reached = _flow(graph, dict.fromkeys(graph.triggers, (base, base)))
    if step_id in reached:
        certain, possible = reached[step_id]
    else:
        certain, possible = base, (1 << len(graph.bits)) - 1
    near = _nearness(graph, step_id)
    found = []
    for path, variable in graph.variables.items():
        bit = graph.bits[path]
        if possible & bit:
            makers = sorted(graph.makers.get(path, ()), key=lambda maker: (near.get(maker, len(near) + 1), maker))
            found.append(
                Variable(
                    path,
                    variable.type,
                    variable.sample,
                    variable.group,
                    makers[0] if makers else "",
                    not certain & bit,
                    variable.suggestions,
                    variable.label,
                )
            )
    return tuple(found)


def sample_scope(variables: tuple[Variable, ...]) -> dict[str, Any]:
    """The samples as a flow would hold them, so that texts can be rendered: `loyalty.plan` lies in `loyalty`."""
    scope: dict[str, Any] = {}
    for variable in variables:
        here = scope
        *outer, last = variable.path.split(".")
        for part in outer:
            inner = here.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            here = inner
        else:
            here.setdefault(last, variable.sample)
    return scope


def _read(data: object) -> list[_Node]:
    steps = data.get("steps") if isinstance(data, dict) else None
    nodes: dict[str, _Node] = {}
    for raw in (steps if isinstance(steps, list) else [])[: limits.STEPS]:
        if not isinstance(raw, dict) or not isinstance(raw.get("id"), str):
            continue
        exits = raw.get("exits")
        named = exits.items() if isinstance(exits, dict) else ()
        targets = {name: target for name, target in named if isinstance(target, str)}
        step_type = BY_TYPE.get(raw["type"]) if isinstance(raw.get("type"), str) else None
        step = None
        if step_type is not None:
            try:
                step = step_type.model_validate(raw.get("settings", {}))
            except ValidationError:
                step = None
        nodes.setdefault(raw["id"], _Node(raw["id"], step, targets))
    known = nodes.keys()
    return [
        _Node(node.id, node.step, {name: target for name, target in node.exits.items() if target in known})
        for node in nodes.values()
    ]


def _from_the_start(outside: Outside) -> Iterator[Variable]:
    groups: tuple[tuple[Group, str, tuple[Field, ...]], ...] = (
        ("contact", "contact", outside.contact),
        ("customer", "customer", outside.customer),
        ("synced", "customer", outside.synced),
    )
    for group, space, fields in groups:
        for one in fields:
            yield _variable(f"{space}.{one.name}", one, group, "")
    yield Variable("now", "datetime", sample_of("now", "datetime"), "now")


def _variable(path: str, one: Field, group: Group, from_step: str) -> Variable:
    sample = sample_of(one.name, one.type) if one.sample is None else one.sample
    return Variable(path, one.type, sample, group, from_step, suggestions=one.suggestions, label=one.label)


def _connect(graph: _Graph, nodes: list[_Node], within: tuple[str, ...], prefix: str = "") -> None:
    """Adds the steps to the graph. Those of a sub-flow stand under the id of the step that walks into it."""
    for node in nodes:
        edges = graph.edges.setdefault(prefix + node.id, [])
        if node.step is None:
            # What its exits mean is not known; the ways behind it stay.
            edges.extend(_Edge(prefix + target) for target in node.exits.values())
            continue
        if node.step.kind == "trigger":
            graph.triggers.append(prefix + node.id)
        own = prefix.partition("/")[0] or node.id
        through, clears = _through(graph, node.step, within, own)
        for exit_ in node.step.exits():
            target = node.exits.get(exit_.name) or node.exits.get(exit_.otherwise)
            certain, possible = through.get(exit_.name, (0, 0))
            edge = _edge(graph, node, node.step, exit_.name, own)
            edge = replace(edge, certain=edge.certain | certain, possible=edge.possible | possible)
            edge = replace(edge, clears=edge.clears | clears)
            if target is not None:
                edges.append(replace(edge, target=prefix + target))
            elif exit_.optional:
                graph.ends.append((prefix + node.id, "", edge))
        if isinstance(node.step, End) and not node.step.hang_up and not node.step.reject:
            graph.ends.append((prefix + node.id, node.step.result, _Edge("")))


def _edge(graph: _Graph, node: _Node, step: Step, exit_name: str, own: str) -> _Edge:
    """What is set when a contact leaves this step by this exit. `own` is the step of this flow to name as its maker."""
    certain = possible = 0
    clears: frozenset[str] = frozenset()
    given = set(step.gives(exit_name))
    for path in step.provides():
        about = step.about(path)
        full = path if "." in path else f"steps.{node.id}.{path}"
        group: Group = "set" if full.startswith("vars.") else "contact" if full.startswith("contact.") else "step"
        sample = sample_of(full.rpartition(".")[2], about.type) if about.sample is None else about.sample
        # What a trigger brings is there from the start, wherever it came from.
        maker = "" if group == "contact" else own
        bit = graph.bit(Variable(full, about.type, sample, group, maker, suggestions=about.suggestions))
        possible |= bit
        certain |= bit if path in given else 0
    if isinstance(step, FetchVariables):
        fields = {one.name: one for one in graph.outside.sources.get(step.source, ())}
        for name, default in step.defaults.items():
            kind = "boolean" if isinstance(default, bool) else "text" if isinstance(default, str) else "number"
            fields.setdefault(name, Field(name, kind, default))
        answers = graph.mask(_variable(f"{step.save_as}.{one.name}", one, "fetched", own) for one in fields.values())
        clears = frozenset({step.save_as})
        if exit_name == "found":
            certain, possible = certain | answers, possible | answers
        elif exit_name == "not_found":
            possible |= answers
    return _Edge("", certain, possible, clears)


def _through(
    graph: _Graph, step: Step, within: tuple[str, ...], own: str
) -> tuple[dict[str, tuple[int, int]], frozenset[str]]:
    """For each exit of a sub-flow step, what is certainly and what is possibly set inside; and what it may replace."""
    definition = graph.outside.flows.get(step.flow) if isinstance(step, Subflow) else None
    if definition is None or not isinstance(step, Subflow):
        return {}, frozenset()
    if step.flow in within or len(within) >= limits.SUBFLOW_DEPTH:
        return {}, frozenset()
    inner = _Graph(graph.outside, graph.variables, graph.bits, graph.makers)
    _connect(inner, _read(definition.model_dump(mode="json")), (*within, step.flow), f"{own}/")
    reached = _flow(inner, dict.fromkeys(inner.triggers, (0, 0)))
    names = {exit_.name for exit_ in step.exits()}
    found: dict[str, tuple[int, int]] = {}
    for at, result, last in inner.ends:
        if at not in reached:
            continue
        certain, possible = _after(inner, reached[at], last)
        name = result if result in names else "done"
        before = found.get(name)
        found[name] = (certain, possible) if before is None else (before[0] & certain, before[1] | possible)
    every = [edge for edges in inner.edges.values() for edge in edges] + [edge for _, _, edge in inner.ends]
    return found, frozenset().union(*(edge.clears for edge in every))


def _after(graph: _Graph, known: tuple[int, int], edge: _Edge) -> tuple[int, int]:
    return (known[0] & ~graph.below(edge.clears)) | edge.certain, known[1] | edge.possible


def _flow(
    graph: _Graph, start: Mapping[str, tuple[int, int]], *, but: AbstractSet[tuple[str, str]] = frozenset()
) -> dict[str, tuple[int, int]]:
    """Step to what is certain and what is possible there, for every step that can be reached; not by lines of `but`."""
    reached = dict(start)
    todo = deque(start)
    while todo:
        here = todo.popleft()
        for edge in graph.edges.get(here, ()):
            if (here, edge.target) in but:
                continue
            certain, possible = _after(graph, reached[here], edge)
            before = reached.get(edge.target)
            after = (certain, possible) if before is None else (before[0] & certain, before[1] | possible)
            if after != before:
                reached[edge.target] = after
                todo.append(edge.target)
    return reached


def _nearness(graph: _Graph, step_id: str) -> dict[str, int]:
    """How many steps before this one each other stands."""
    into: dict[str, list[str]] = {}
    for source, edges in graph.edges.items():
        for edge in edges:
            into.setdefault(edge.target, []).append(source)
    near = {step_id: 0}
    todo = deque([step_id])
    while todo:
        here = todo.popleft()
        for source in into.get(here, ()):
            if source not in near:
                near[source] = near[here] + 1
                todo.append(source)
    return near


@dataclass(frozen=True, slots=True)
class Known:
    """Which variables can be known, step by step. Of a fetch that is unsure which, see `Outside.sources`."""

    graph: _Graph
    reached: Mapping[str, tuple[int, int]]
    first: Mapping[str, tuple[int, int]]
    """The same without the ways that lead back to where a contact has been: what is known the first time."""
    titles: Mapping[str, str]

    @property
    def anywhere(self) -> AbstractSet[str]:
        """Every variable that is there from the start or that any step sets."""
        return self.graph.bits.keys()

    @property
    def spaces(self) -> AbstractSet[str]:
        """First parts of variables."""
        return {path.partition(".")[0] for path in self.graph.bits}

    def at(self, step_id: str) -> _Paths:
        """What may be known at this step: all of it, where nothing leads."""
        _certain, possible = self.reached.get(step_id, (0, -1))
        return _Paths(self.graph, possible)

    def at_first(self, step_id: str) -> _Paths:
        """What may be known at this step by whoever comes to it for the first time."""
        _certain, possible = self.first.get(step_id, (0, -1))
        return _Paths(self.graph, possible)

    def names_at(self, step_id: str) -> list[str]:
        """The variables that may be known at this step."""
        here = self.at(step_id)
        return [path for path in self.graph.bits if path in here]

    def makers(self, path: str) -> list[str]:
        """Titles of the steps that set it."""
        return [self.titles.get(maker, maker) for maker in sorted(self.graph.makers.get(path, ()))]


@dataclass(frozen=True, slots=True)
class _Paths:
    graph: _Graph
    possible: int

    def __contains__(self, path: str) -> bool:
        return bool(self.graph.bits.get(path, 0) & self.possible)


def known_everywhere(data: object, outside: Outside) -> Known:
    """The same as `variables_at`, of all steps at once."""
    graph = _Graph(outside)
    base = graph.mask(_from_the_start(outside))
    nodes = _read(data)
    _connect(graph, nodes, ())
    start = dict.fromkeys(graph.triggers, (base, base))
    reached = _flow(graph, start)
    back = lines_back({source: [edge.target for edge in edges] for source, edges in graph.edges.items()}, list(start))
    first = _flow(graph, start, but=back) if back else reached
    steps = data.get("steps") if isinstance(data, dict) else None
    titles = {
        raw["id"]: str(raw.get("title") or _usual_title(raw))
        for raw in (steps if isinstance(steps, list) else [])
        if isinstance(raw, dict) and isinstance(raw.get("id"), str)
    }
    return Known(graph, reached, first, titles)


def _usual_title(raw: Mapping[str, Any]) -> str:
    step_type = BY_TYPE.get(raw["type"]) if isinstance(raw.get("type"), str) else None
    return step_type.title if step_type is not None else str(raw["id"])
