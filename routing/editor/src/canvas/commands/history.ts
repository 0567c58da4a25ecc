/// Undo and redo, with what they changed in sight.

import type { Definition } from "../../api/types";
import { placed } from "../../state/steps";
import { isSeen, show } from "../view";
import { now } from "./drawn";

export function undo(): void {
  inSight(now().undo);
}

export function redo(): void {
  inSight(now().redo);
}

function inSight(act: () => void): void {
  const before = now().definition;
  act();
  const after = now().definition;
  if (before === after) return;
  requestAnimationFrame(() => {
    const ids = changedSteps(before, after);
    if (ids[0] !== undefined && !ids.some(isSeen)) show(ids[0]);
  });
}

/** The steps of `after` that are new, say something else, lead elsewhere or stand elsewhere; else those that lost one. */
export function changedSteps(before: Definition, after: Definition): string[] {
  const { analysis } = now();
  const [from, to] = [placed(before, analysis), placed(after, analysis)];
  const known = new Map(before.steps.map((step) => [step.id, JSON.stringify(step)]));
  return after.steps.filter((step) => known.get(step.id) !== JSON.stringify(step) || String(from[step.id]) !== String(to[step.id])).map((step) => step.id);
}
