/// Finds room for a step where nothing else stands.

import { saidOf } from "../state/said";
import type { Analysis, Definition, Point } from "../api/types";
import { GAP_ALONG, GRID, STEP_WIDTH, heightOf, onGrid, widthOf } from "./sizes";
import { boxOf } from "./view";

const GAP = 24;
const NEW_HEIGHT = 120;
// So near to straight that nobody means it crooked.
const STRAIGHT = 64;
const ROUNDS = 200;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function boxesOf(definition: Definition, analysis: Analysis, places: Record<string, Point>): Box[] {
  return definition.steps.flatMap((step) => {
    const at = places[step.id];
    const width = widthOf(saidOf(step, analysis).exits.length);
    return at ? [{ x: at[0], y: at[1], width, height: boxOf(step.id)?.height ?? heightOf(step, analysis) }] : [];
  });
}

/** `wish`, or the next place to the right of it that is free. */
export function freePlace(definition: Definition, analysis: Analysis, places: Record<string, Point>, wish: Point, size: Point = [STEP_WIDTH, NEW_HEIGHT]): Point {
  const boxes = boxesOf(definition, analysis, places);
  let x = wish[0];
  const y = wish[1];
  for (let round = 0; round < 200; round++) {
    const hit = hitBy(boxes, [x, y], size);
    if (!hit) break;
    x = hit.x + hit.width + GAP;
  }
  return [Math.round(x), Math.round(y)];
}

function hitBy(boxes: Box[], [x, y]: Point, size: Point): Box | undefined {
  return boxes.find((box) => x < box.x + box.width + GAP && box.x < x + size[0] + GAP && y < box.y + box.height + GAP && box.y < y + size[1] + GAP);
}

/** Where a step was dropped: straight below its exit when nearly so, and beside or below what it would cover. */
export function straightened(
  definition: Definition,
  analysis: Analysis,
  places: Record<string, Point>,
  wish: Point,
  width = STEP_WIDTH,
  from?: { source: string; exit: string },
): Point {
  let x = onGrid(wish[0]);
  const y = onGrid(wish[1]);
  const above = from && underExit(definition, analysis, places, from.source, from.exit);
  if (above && Math.abs(above[0] - width / 2 - x) <= STRAIGHT && y > above[1]) x = above[0] - width / 2;
  const boxes = boxesOf(definition, analysis, places);
  const size: Point = [width, NEW_HEIGHT];
  const first = hitBy(boxes, [x, y], size);
  if (!first) return [x, y];
  // The nearest free place: aside of what is in the way, or below it, and what is free there again.
  const found: Point[] = [];
  const seen = new Set<string>();
  const todo: { at: Point; rounds: number }[] = [{ at: [x, y], rounds: 0 }];
  for (let next = todo.shift(); next && seen.size < ROUNDS; next = todo.shift()) {
    const { at, rounds } = next;
    if (seen.has(at.join())) continue;
    seen.add(at.join());
    const hit = hitBy(boxes, at, size);
    if (!hit) {
      found.push(at);
      continue;
    }
    if (rounds > 5) continue;
    for (const to of [
      [onGrid(hit.x - width - GAP - GRID / 2), at[1]],
      [onGrid(hit.x + hit.width + GAP + GRID / 2), at[1]],
      [at[0], onGrid(hit.y + hit.height + GAP + GRID / 2)],
    ] satisfies Point[]) {
      todo.push({ at: to, rounds: rounds + 1 });
    }
  }
  const away = ([a, b]: Point) => Math.hypot(a - x, b - y);
  return found.sort((a, b) => away(a) - away(b))[0] ?? freePlace(definition, analysis, places, [x, y], size);
}

/** Where the steps go that `first` would cover: down, with whatever they would cover in turn. */
export function givingWay(definition: Definition, analysis: Analysis, places: Record<string, Point>, first: string): Record<string, Point> {
  const ids = definition.steps.filter((step) => places[step.id]).map((step) => step.id);
  const boxes = new Map(boxesOf(definition, analysis, places).map((box, index) => [ids[index] as string, box]));
  const moved: Record<string, Point> = {};
  const todo = [first];
  for (let rounds = 0; todo.length && rounds < 10 * ROUNDS; rounds++) {
    const id = todo.shift() as string;
    const box = boxes.get(id);
    for (const [other, its] of box ? boxes : []) {
      if (!box || other === id || !hitBy([its], [box.x, box.y], [box.width, box.height])) continue;
      // The lower one of two goes, and never the one that all this is for.
      const down = other === first || (id !== first && its.y < box.y) ? id : other;
      const [stays, goes] = down === id ? [its, box] : [box, its];
      goes.y = onGrid(stays.y + stays.height + GAP + GRID / 2);
      moved[down] = [goes.x, goes.y];
      todo.push(down);
    }
  }
  return moved;
}

/** Where a line from an exit comes out. */
function underExit(definition: Definition, analysis: Analysis, places: Record<string, Point>, source: string, exit: string): Point | undefined {
  const step = definition.steps.find((one) => one.id === source);
  const at = places[source];
  if (!step || !at) return undefined;
  const { exits } = saidOf(step, analysis);
  const index = Math.max(
    0,
    exits.findIndex((one) => one.name === exit),
  );
  return [at[0] + (widthOf(exits.length) * (index + 0.5)) / Math.max(1, exits.length), at[1] + (boxOf(source)?.height ?? heightOf(step, analysis))];
}

/** Below a step, under one of its exits. */
export function besideExit(definition: Definition, analysis: Analysis, places: Record<string, Point>, source: string, exit: string, width = STEP_WIDTH): Point {
  const out = underExit(definition, analysis, places, source, exit);
  if (!out) return freePlace(definition, analysis, places, places[source] ?? [0, 0]);
  return freePlace(definition, analysis, places, [out[0] - width / 2, out[1] + GAP_ALONG], [width, NEW_HEIGHT]);
}
