/// Finds room for a step where nothing else stands.

import { saidOf } from "../state/steps";
import type { Analysis, Definition, Point } from "../api/types";
import { STEP_WIDTH, heightOf } from "./layout";
import { boxOf } from "./view";

const GAP = 24;
const NEW_HEIGHT = 120;

/** `wish`, or the next place below it that is free. */
export function freePlace(definition: Definition, analysis: Analysis, places: Record<string, Point>, wish: Point): Point {
  const boxes = definition.steps.flatMap((step) => {
    const at = places[step.id];
    return at ? [{ x: at[0], y: at[1], height: boxOf(step.id)?.height ?? heightOf(step, analysis) }] : [];
  });
  const x = wish[0];
  let y = wish[1];
  for (let round = 0; round < 200; round++) {
    const hit = boxes.find(
      (box) => x < box.x + STEP_WIDTH + GAP && box.x < x + STEP_WIDTH + GAP && y < box.y + box.height + GAP && box.y < y + NEW_HEIGHT + GAP,
    );
    if (!hit) break;
    y = hit.y + hit.height + GAP;
  }
  return [Math.round(x), Math.round(y)];
}

/** To the right of a step, at the height of one of its exits. */
export function besideExit(definition: Definition, analysis: Analysis, places: Record<string, Point>, source: string, exit: string): Point {
  const step = definition.steps.find((one) => one.id === source);
  const at = places[source] ?? [0, 0];
  if (!step) return freePlace(definition, analysis, places, at);
  const index = Math.max(0, saidOf(step, analysis).exits.findIndex((one) => one.name === exit));
  return freePlace(definition, analysis, places, [at[0] + STEP_WIDTH + 88, at[1] + index * 40]);
}
