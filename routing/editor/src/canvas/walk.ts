/// Which step the arrow keys come to: along the lines where there are any, else the nearest that way.

import type { Definition, Point } from "../api/types";

export type Direction = "left" | "right" | "up" | "down";

export function walk(definition: Definition, places: Record<string, Point>, from: string | undefined, to: Direction): string | undefined {
  if (from === undefined || !places[from]) return first(definition, places);
  if (to === "down") return onward(definition, from) ?? nearest(definition, places, from, to);
  if (to === "up") return back(definition, places, from) ?? nearest(definition, places, from, to);
  return sibling(definition, places, from, to) ?? nearest(definition, places, from, to);
}

/** The step at the very beginning: a step that nothing leads to, the topmost of them. */
export function first(definition: Definition, places: Record<string, Point>): string | undefined {
  const led = new Set(definition.steps.flatMap((step) => Object.values(step.exits ?? {})));
  const starts = definition.steps.filter((step) => !led.has(step.id));
  const all = starts.length ? starts : definition.steps;
  return [...all].sort((a, b) => order(places[a.id], places[b.id]))[0]?.id;
}

function order(a: Point | undefined, b: Point | undefined): number {
  if (!a || !b) return 0;
  return a[1] - b[1] || a[0] - b[0];
}

function onward(definition: Definition, from: string): string | undefined {
  const there = new Set(definition.steps.map((step) => step.id));
  const exits = definition.steps.find((step) => step.id === from)?.exits ?? {};
  return Object.values(exits).find((target) => there.has(target) && target !== from);
}

function back(definition: Definition, places: Record<string, Point>, from: string): string | undefined {
  const here = places[from];
  const sources = definition.steps.filter((step) => step.id !== from && Object.values(step.exits ?? {}).includes(from));
  return sources.sort((a, b) => distance(places[a.id], here) - distance(places[b.id], here))[0]?.id;
}

/** The next one that the same step leads to. */
function sibling(definition: Definition, places: Record<string, Point>, from: string, to: "left" | "right"): string | undefined {
  const here = places[from] as Point;
  const ids = new Set<string>();
  for (const step of definition.steps) {
    const targets = Object.values(step.exits ?? {});
    if (targets.includes(from)) for (const target of targets) ids.add(target);
  }
  const way = to === "right" ? 1 : -1;
  return [...ids]
    .filter((id) => id !== from && places[id] && ((places[id])[0] - here[0]) * way > 0)
    .sort((a, b) => ((places[a] as Point)[0] - (places[b] as Point)[0]) * way)[0];
}

function nearest(definition: Definition, places: Record<string, Point>, from: string, to: Direction): string | undefined {
  const here = places[from] as Point;
  const along = to === "left" || to === "right" ? 0 : 1;
  const way = to === "right" || to === "down" ? 1 : -1;
  let best: string | undefined;
  let least = Infinity;
  for (const step of definition.steps) {
    const point = places[step.id];
    if (!point || step.id === from) continue;
    const ahead = (point[along] - here[along]) * way;
    if (ahead <= 0) continue;
    const aside = Math.abs(point[1 - along] as number - (here[1 - along] as number));
    const cost = ahead + 2 * aside;
    if (cost < least) [best, least] = [step.id, cost];
  }
  return best;
}

function distance(a: Point | undefined, b: Point | undefined): number {
  return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : Infinity;
}
