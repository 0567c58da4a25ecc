/// What people do to a flow, as changes of a draft: `edit(label, (draft) => act(draft, …))`.

import type { Definition, Point, Step } from "../api/types";
import { onGrid } from "../canvas/sizes";
import { freshId } from "./steps";

/** A step beside everything else. Its id is made of `wish`. */
export function addStep(
  draft: Definition,
  wish: { type: string; title: string; settings: Step["settings"] },
  at: Point,
): Step {
  const id = freshId(wish.title || wish.type, draft.steps.map((step) => step.id));
  const step: Step = { id, type: wish.type, title: wish.title, settings: structuredClone(wish.settings ?? {}), exits: {} };
  draft.steps.push(step);
  draft.layout = { ...draft.layout, [id]: [onGrid(at[0]), onGrid(at[1])] };
  return step;
}

export function connect(draft: Definition, source: string, exit: string, target: string | null): void {
  const step = draft.steps.find((one) => one.id === source);
  if (!step) return;
  const exits = { ...step.exits };
  if (target === null) delete exits[exit];
  else exits[exit] = target;
  step.exits = exits;
}

/** `step` comes between an exit and what it led to; it goes on there by `through`, its own exit. */
export function putOnEdge(draft: Definition, edge: { source: string; exit: string }, step: string, through: string | undefined): void {
  const source = draft.steps.find((one) => one.id === edge.source);
  const target = source?.exits?.[edge.exit];
  connect(draft, edge.source, edge.exit, step);
  if (target && through !== undefined && target !== step) connect(draft, step, through, target);
}

/** Moves `from` and everything that follows it down, so that a step has room before it. */
export function makeRoom(draft: Definition, from: string, by: number, but: string): void {
  const layout = draft.layout ?? {};
  const start = layout[from];
  if (!start) return;
  const behind = reachedFrom(draft, from);
  for (const [id, point] of Object.entries(layout)) {
    if (id !== but && behind.has(id) && point[1] >= start[1]) layout[id] = [point[0], point[1] + by];
  }
}

export function reachedFrom(definition: Definition, from: string): Set<string> {
  const exits = new Map(definition.steps.map((step) => [step.id, Object.values(step.exits ?? {})]));
  const reached = new Set<string>();
  const todo = [from];
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    todo.push(...(exits.get(id) ?? []));
  }
  return reached;
}

/** Away with them, and with every line to them. A step with a single way on lets its predecessors go on there. */
export function removeSteps(draft: Definition, ids: string[], hasOneExit: (step: Step) => boolean): void {
  const gone = new Set(ids);
  const bridges = new Map<string, string>();
  for (const step of draft.steps) {
    const targets = Object.values(step.exits ?? {});
    if (gone.has(step.id) && hasOneExit(step) && targets.length === 1) bridges.set(step.id, targets[0] as string);
  }
  draft.steps = draft.steps.filter((step) => !gone.has(step.id));
  for (const step of draft.steps) {
    for (const [exit, target] of Object.entries(step.exits ?? {})) {
      if (!gone.has(target)) continue;
      const next = beyond(target, gone, bridges);
      if (next && next !== step.id) connect(draft, step.id, exit, next);
      else connect(draft, step.id, exit, null);
    }
  }
  draft.layout = Object.fromEntries(Object.entries(draft.layout ?? {}).filter(([id]) => !gone.has(id)));
}

function beyond(id: string, gone: Set<string>, bridges: Map<string, string>): string | undefined {
  const seen = new Set<string>();
  let next: string | undefined = id;
  while (next !== undefined && gone.has(next) && !seen.has(next)) {
    seen.add(next);
    next = bridges.get(next);
  }
  return next !== undefined && gone.has(next) ? undefined : next;
}

export function removeNotes(draft: Definition, places: number[]): void {
  const gone = new Set(places);
  draft.notes = (draft.notes ?? []).filter((_note, index) => !gone.has(index));
}

export function moveBy(draft: Definition, ids: string[], notes: number[], by: Point): void {
  const layout = { ...draft.layout };
  for (const id of ids) {
    const point = layout[id];
    if (point) layout[id] = [point[0] + by[0], point[1] + by[1]];
  }
  draft.layout = layout;
  for (const index of notes) {
    const note = draft.notes?.[index];
    if (note) note.at = [note.at[0] + by[0], note.at[1] + by[1]];
  }
}
