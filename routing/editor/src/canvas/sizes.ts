/// How large steps are drawn, and how far apart.

import { saidOf } from "../state/said";
import type { Analysis, Step } from "../api/types";

export const STEP_WIDTH = 248;
export const GAP_ALONG = 56;
export const GAP_ACROSS = 32;
const EXIT_WIDTH = 104;
const HEAD = 46;
const GIST_LINE = 19;
const EXIT_LINE = 17;
const CHAR = 6.7;
export const GRID = 8;

/** Wide enough for all exits side by side. */
export function widthOf(exits: number): number {
  return Math.max(STEP_WIDTH, exits * EXIT_WIDTH);
}

/** About as high as the step is drawn; the browser knows exactly, but not before it drew. */
export function heightOf(step: Step, analysis: Analysis): number {
  const said = saidOf(step, analysis);
  const width = widthOf(said.exits.length);
  const lines = said.gist && said.gist !== said.title ? Math.min(3, Math.ceil((said.gist.length * CHAR) / (width - 24))) : 0;
  const column = width / Math.max(1, said.exits.length) - 12;
  const rows = Math.min(2, Math.max(0, ...said.exits.map((exit) => Math.ceil((exit.label.length * CHAR) / column))));
  return HEAD + (lines ? lines * GIST_LINE + 8 : 0) + (rows ? rows * EXIT_LINE + 17 : 0);
}

export function onGrid(value: number): number {
  return Math.round(value / GRID) * GRID;
}
