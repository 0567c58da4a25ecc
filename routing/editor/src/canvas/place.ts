/// Finds room for a step where nothing else stands.

import { saidOf } from "../state/said";
import type { Analysis, Definition, Point } from "../api/types";
import { GAP_ALONG, STEP_WIDTH, heightOf, widthOf } from "./layout";
import { boxOf } from "./view";

const GAP = 24;
const NEW_HEIGHT = 120;

/** `wish`, or the next place to the right of it that is free. */
export function freePlace(definition: Definition, analysis: Analysis, places: Record<string, Point>, wish: Point, size: Point = [STEP_WIDTH, NEW_HEIGHT]): Point {
  const boxes = definition.steps.flatMap((step) => {
    const at = places[step.id];
    const width = widthOf(saidOf(step, analysis).exits.length);
    return at ? [{ x: at[0], y: at[1], width, height: boxOf(step.id)?.height ?? heightOf(step, analysis) }] : [];
  });
  let x = wish[0];
  const y = wish[1];
  for (let round = 0; round < 200; round++) {
    const hit = boxes.find(
      (box) => x < box.x + box.width + GAP && box.x < x + size[0] + GAP && y < box.y + box.height + GAP && box.y < y + size[1] + GAP,
    );
    if (!hit) break;
    x = hit.x + hit.width + GAP;
  }
  return [Math.round(x), Math.round(y)];
}

/** Below a step, under one of its exits. */
export function besideExit(definition: Definition, analysis: Analysis, places: Record<string, Point>, source: string, exit: string, width = STEP_WIDTH): Point {
  const step = definition.steps.find((one) => one.id === source);
  const at = places[source] ?? [0, 0];
  if (!step) return freePlace(definition, analysis, places, at);
  const { exits } = saidOf(step, analysis);
  const index = Math.max(
    0,
    exits.findIndex((one) => one.name === exit),
  );
  const middle = (widthOf(exits.length) * (index + 0.5)) / Math.max(1, exits.length);
  const height = boxOf(source)?.height ?? heightOf(step, analysis);
  return freePlace(definition, analysis, places, [at[0] + middle - width / 2, at[1] + height + GAP_ALONG], [width, NEW_HEIGHT]);
}
