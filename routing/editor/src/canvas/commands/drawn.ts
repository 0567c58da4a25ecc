/// What stands on the canvas now: places, sizes, what kind of step something is.

import type { PaletteItem, Point, Step } from "../../api/types";
import { saidOf } from "../../state/said";
import { placed } from "../../state/steps";
import { useEditor } from "../../state/store";
import { boxOf } from "../view";

// About as high as a step.
export const NEW_HEIGHT = 112;

export const now = () => useEditor.getState();

export function places(): Record<string, Point> {
  return placed(now().definition, now().analysis);
}

export function itemOf(type: string): PaletteItem | undefined {
  return now().document?.palette.find((item) => item.type === type);
}

export function exitsOf(step: Step): string[] {
  return saidOf(step, now().analysis, itemOf(step.type)).exits.map((exit) => exit.name);
}

/** Whether a step is drawn at all; pure questions of the canvas ask this in tests. */
export function isDrawn(id: string): boolean {
  return boxOf(id) !== null;
}
