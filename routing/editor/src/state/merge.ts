/// Two people changed one draft: what each changed is put together step by step, and what both changed is asked.

import type { Definition, Note, Point, Step } from "../api/types";
import { same } from "./share";

/** A step that both changed, or that one changed and the other deleted (null). */
export interface Conflict {
  step: string;
  base: Step | null;
  mine: Step | null;
  theirs: Step | null;
}

export interface Merged {
  definition: Definition;
  conflicts: Conflict[];
  /** Steps that only they changed, added or deleted. */
  theirs: string[];
  /** Steps that only I did. */
  mine: string[];
  /** Steps that both moved; mine stay where I put them. */
  moved: string[];
}

/** `mine` and `theirs` both began with `base`. In `definition` conflicts are as `choices` says, else as I have them. */
export function merge(
  base: Definition,
  mine: Definition,
  theirs: Definition,
  choices: Record<string, "mine" | "theirs"> = {},
): Merged {
  const bases = byId(base.steps);
  const mines = byId(mine.steps);
  const others = byId(theirs.steps);
  const result: Merged = { definition: theirs, conflicts: [], theirs: [], mine: [], moved: [] };
  const kept = new Map<string, Step | null>();
  for (const id of new Set([...others.keys(), ...mines.keys(), ...bases.keys()])) {
    const was = bases.get(id) ?? null;
    const my = mines.get(id) ?? null;
    const their = others.get(id) ?? null;
    if (same(my, their)) {
      kept.set(id, their);
    } else if (same(was, my)) {
      kept.set(id, their);
      result.theirs.push(id);
    } else if (same(was, their)) {
      kept.set(id, my);
      result.mine.push(id);
    } else {
      result.conflicts.push({ step: id, base: was, mine: my, theirs: their });
      kept.set(id, choices[id] === "theirs" ? their : my);
    }
  }
  for (const conflict of result.conflicts) leadBackTo(conflict, kept, conflict.mine ? mines : others, bases);
  const steps: Step[] = [];
  for (const step of kept.values()) if (step) steps.push(step);
  const layout = mergeLayout(base, mine, theirs, result.moved);
  for (const id of Object.keys(layout)) if (!kept.get(id)) delete layout[id];
  result.definition = {
    ...theirs,
    steps,
    notes: mergeNotes(base.notes ?? [], mine.notes ?? [], theirs.notes ?? []),
    layout,
  };
  return result;
}

/** A step that one deleted and that stays all the same is led to as it was: deleting it took those lines along. */
function leadBackTo({ step: id, mine, theirs }: Conflict, kept: Map<string, Step | null>, keeper: Map<string, Step>, bases: Map<string, Step>): void {
  if ((mine && theirs) || !kept.get(id)) return;
  for (const [source, step] of kept) {
    for (const [exit, target] of Object.entries(keeper.get(source)?.exits ?? {})) {
      if (target !== id || bases.get(source)?.exits?.[exit] !== id) continue;
      const now = kept.get(source) ?? step;
      if (now && now.exits?.[exit] !== id) kept.set(source, { ...now, exits: { ...now.exits, [exit]: id } });
    }
  }
}

/** What leads from `from` to `to`, done to `onto`; where both touched a step, `to` decides. */
export function mergeTaking(from: Definition, to: Definition, onto: Definition): Definition {
  return merge(from, to, onto).definition;
}

function byId(steps: Step[]): Map<string, Step> {
  return new Map(steps.map((step) => [step.id, step]));
}

function mergeLayout(base: Definition, mine: Definition, theirs: Definition, moved: string[]): Record<string, Point> {
  const was = base.layout ?? {};
  const my = mine.layout ?? {};
  const their = theirs.layout ?? {};
  const layout: Record<string, Point> = { ...their };
  for (const [id, point] of Object.entries(my)) {
    const iMoved = !same(was[id], point);
    if (iMoved && !same(was[id], their[id]) && !same(point, their[id]) && their[id] && was[id]) moved.push(id);
    if (iMoved || !their[id]) layout[id] = point;
  }
  return layout;
}

/** Notes have no names: one that both rewrote is there twice, and nothing is lost. */
function mergeNotes(base: Note[], mine: Note[], theirs: Note[]): Note[] {
  if (same(mine, theirs) || same(base, mine)) return theirs;
  if (same(base, theirs)) return mine;
  const has = (notes: Note[], note: Note) => notes.some((other) => same(other, note));
  const theirKept = theirs.filter((note) => has(mine, note) || !has(base, note));
  const myOwn = mine.filter((note) => !has(base, note) && !has(theirKept, note));
  return [...theirKept, ...myOwn];
}
