/// How hard a drawing is to follow: lines that cross, that run behind steps, and that go far aside.

import { saidOf } from "../../state/said";
import type { Analysis, Point, Step } from "../../api/types";
import { STEP_WIDTH, heightOf, widthOf } from "../sizes";

const TOO_MANY_TO_COUNT = 900;
// A line that runs behind a step hides where it goes, which is worse than a crossing; as bad as one is to go this far aside.
const BEHIND = 3;
const FAR_ASIDE = 4 * STEP_WIDTH;
// Up to here the eye follows without looking for it.
const NEAR = 2 * STEP_WIDTH;

type Drawn = { from: Point; to: Point; source: string; target: string };

/** About how many lines have to be looked for: each is drawn straight from its exit to its step. */
export function untidiness(steps: Step[], analysis: Analysis, places: Record<string, Point>): number {
  const exitsOf = new Map(steps.map((step) => [step.id, saidOf(step, analysis).exits.length]));
  const lines: Drawn[] = [];
  for (const step of steps) {
    const at = places[step.id];
    const { exits } = saidOf(step, analysis);
    if (!at) continue;
    const column = widthOf(exits.length) / Math.max(1, exits.length);
    const bottom = at[1] + heightOf(step, analysis);
    exits.forEach((exit, index) => {
      const id = step.exits?.[exit.name];
      const target = id === undefined ? undefined : places[id];
      if (id === undefined || !target) return;
      const to: Point = [target[0] + widthOf(exitsOf.get(id) ?? 0) / 2, target[1]];
      lines.push({ from: [at[0] + column * (index + 0.5), bottom], to, source: step.id, target: id });
    });
  }
  const aside = lines.reduce((sum, { from, to }) => sum + Math.max(0, Math.abs(from[0] - to[0]) - NEAR), 0) / FAR_ASIDE;
  if (lines.length > TOO_MANY_TO_COUNT) return aside;
  return crossings(lines) + BEHIND * behind(lines, steps, analysis, places) + aside;
}

function crossings(lines: Drawn[]): number {
  let count = 0;
  lines.forEach((a, index) => {
    for (const b of lines.slice(index + 1)) if (cross([a.from, a.to], [b.from, b.to])) count++;
  });
  return count;
}

function behind(lines: Drawn[], steps: Step[], analysis: Analysis, places: Record<string, Point>): number {
  let count = 0;
  for (const step of steps) {
    const at = places[step.id];
    if (!at) continue;
    const [left, top] = at;
    const right = left + widthOf(saidOf(step, analysis).exits.length);
    const bottom = top + heightOf(step, analysis);
    for (const { from, to, source, target } of lines) {
      if (source === step.id || target === step.id) continue;
      if ([top, (top + bottom) / 2, bottom].some((y) => isIn(along(from, to, y), left, right))) count++;
    }
  }
  return count;
}

function isIn(x: number | null, left: number, right: number): boolean {
  return x !== null && x > left && x < right;
}

/** Where a line is at some height: it leaves its exit downwards, and arrives so. Null where it is not at all. */
function along(from: Point, to: Point, y: number): number | null {
  const part = (y - from[1]) / (to[1] - from[1]);
  return part <= 0 || part >= 1 || to[1] <= from[1] ? null : from[0] + (to[0] - from[0]) * part * part * (3 - 2 * part);
}

function cross([a, b]: [Point, Point], [c, d]: [Point, Point]): boolean {
  const side = (p: Point, q: Point, r: Point) => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}
