/// Puts steps in order from top to bottom, so that ways are short and cross little; and how large steps are.

import dagre from "@dagrejs/dagre";
import { saidOf } from "../state/steps";
import type { Analysis, Definition, Point, Step } from "../api/types";

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

/** Places for all steps, or for those in `only` (which stay about where they were). */
export function layoutOf(definition: Definition, analysis: Analysis, only?: string[]): Record<string, Point> {
  const chosen = only ? new Set(only) : null;
  const steps = definition.steps.filter((step) => !chosen || chosen.has(step.id));
  if (!steps.length) return {};
  // Exits in their order read best; only where that makes the lines cross much more, dagre may reorder.
  const plain = arranged(steps, analysis, true);
  const best = arranged(steps, analysis, false);
  const [few, many] = [crossings(steps, analysis, best), crossings(steps, analysis, plain)];
  const found = many <= few * 1.3 + 1 ? plain : best;
  let left = Infinity;
  let top = Infinity;
  for (const [x, y] of Object.values(found)) {
    left = Math.min(left, x);
    top = Math.min(top, y);
  }
  const there = new Set(steps.map((step) => step.id));
  const origin = only ? originOf(definition, analysis, there) : ([0, 0] satisfies Point);
  for (const [id, [x, y]] of Object.entries(found)) {
    found[id] = [onGrid(x - left + origin[0]), onGrid(y - top + origin[1])];
  }
  return found;
}

function arranged(steps: Step[], analysis: Analysis, inOrder: boolean): Record<string, Point> {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: GAP_ACROSS, ranksep: GAP_ALONG, edgesep: 16, ranker: "network-simplex" });
  graph.setDefaultEdgeLabel(() => ({}));
  const there = new Set(steps.map((step) => step.id));
  for (const step of steps) {
    const width = widthOf(saidOf(step, analysis).exits.length);
    graph.setNode(step.id, { width, height: heightOf(step, analysis) });
  }
  for (const step of steps) {
    // In the order of the exits on the step, or lines cross for nothing.
    for (const exit of saidOf(step, analysis).exits) {
      const target = step.exits?.[exit.name];
      if (target && there.has(target) && target !== step.id) graph.setEdge(step.id, target, { weight: 1 }, exit.name);
    }
  }
  dagre.layout(graph, { disableOptimalOrderHeuristic: inOrder });
  const found: Record<string, Point> = {};
  for (const step of steps) {
    const node = graph.node(step.id) as { x: number; y: number; width: number; height: number };
    found[step.id] = [node.x - node.width / 2, node.y - node.height / 2];
  }
  return found;
}

const TOO_MANY_TO_COUNT = 900;

/** How often lines cross, drawn straight from their exit to their step. */
function crossings(steps: Step[], analysis: Analysis, places: Record<string, Point>): number {
  const lines: [Point, Point][] = [];
  for (const step of steps) {
    const at = places[step.id];
    const { exits } = saidOf(step, analysis);
    if (!at) continue;
    const column = widthOf(exits.length) / Math.max(1, exits.length);
    const bottom = at[1] + heightOf(step, analysis);
    exits.forEach((exit, index) => {
      const id = step.exits?.[exit.name];
      const target = id === undefined ? undefined : places[id];
      if (target) lines.push([[at[0] + column * (index + 0.5), bottom], [target[0] + STEP_WIDTH / 2, target[1]]]);
    });
  }
  if (lines.length > TOO_MANY_TO_COUNT) return 0;
  let count = 0;
  for (let a = 0; a < lines.length; a++) {
    for (let b = a + 1; b < lines.length; b++) if (cross(lines[a] as [Point, Point], lines[b] as [Point, Point])) count++;
  }
  return count;
}

function cross([a, b]: [Point, Point], [c, d]: [Point, Point]): boolean {
  const side = (p: Point, q: Point, r: Point) => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** Where chosen steps begin: their own corner, or below all others if they have no places yet. */
function originOf(definition: Definition, analysis: Analysis, chosen: Set<string>): Point {
  const layout = definition.layout ?? {};
  const own = [...chosen].map((id) => layout[id]).filter((point): point is Point => point !== undefined);
  if (own.length) return [Math.min(...own.map((point) => point[0])), Math.min(...own.map((point) => point[1]))];
  let below = 0;
  let left = Infinity;
  for (const step of definition.steps) {
    const point = layout[step.id];
    if (!point) continue;
    left = Math.min(left, point[0]);
    below = Math.max(below, point[1] + heightOf(step, analysis) + GAP_ACROSS);
  }
  return [Number.isFinite(left) ? left : 0, below];
}

export function onGrid(value: number): number {
  return Math.round(value / GRID) * GRID;
}
