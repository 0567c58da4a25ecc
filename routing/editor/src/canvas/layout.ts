/// Puts steps in order from left to right, so that ways are short and cross little.

import dagre from "@dagrejs/dagre";
import { saidOf } from "../state/steps";
import type { Analysis, Definition, Point, Step } from "../api/types";

export const STEP_WIDTH = 248;
const HEAD = 42;
const GIST_LINE = 19;
const EXIT_ROW = 27;
const GIST_CHARS_A_LINE = 32;
const GAP_ACROSS = 40;
const GAP_ALONG = 88;
const GRID = 8;

/** About as high as the step is drawn; the browser knows exactly, but not before it drew. */
export function heightOf(step: Step, analysis: Analysis): number {
  const said = saidOf(step, analysis);
  const lines = said.gist ? Math.min(3, Math.ceil(said.gist.length / GIST_CHARS_A_LINE)) : 0;
  return HEAD + lines * GIST_LINE + (lines ? 12 : 0) + Math.max(1, said.exits.length) * EXIT_ROW + 8;
}

/** Places for all steps, or for those in `only` (which stay about where they were). */
export function layoutOf(definition: Definition, analysis: Analysis, only?: string[]): Record<string, Point> {
  const chosen = only ? new Set(only) : null;
  const steps = definition.steps.filter((step) => !chosen || chosen.has(step.id));
  if (!steps.length) return {};
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: GAP_ACROSS, ranksep: GAP_ALONG, edgesep: 16, ranker: "network-simplex" });
  graph.setDefaultEdgeLabel(() => ({}));
  const there = new Set(steps.map((step) => step.id));
  for (const step of steps) graph.setNode(step.id, { width: STEP_WIDTH, height: heightOf(step, analysis) });
  for (const step of steps) {
    // In the order of the exits on the step, or lines cross for nothing.
    for (const exit of saidOf(step, analysis).exits) {
      const target = step.exits?.[exit.name];
      if (target && there.has(target) && target !== step.id) graph.setEdge(step.id, target, { weight: 1 }, exit.name);
    }
  }
  dagre.layout(graph);
  const found: Record<string, Point> = {};
  let left = Infinity;
  let top = Infinity;
  for (const step of steps) {
    const node = graph.node(step.id) as { x: number; y: number; width: number; height: number };
    found[step.id] = [node.x - node.width / 2, node.y - node.height / 2];
    left = Math.min(left, node.x - node.width / 2);
    top = Math.min(top, node.y - node.height / 2);
  }
  const origin = only ? originOf(definition, analysis, there) : ([0, 0] satisfies Point);
  for (const id of Object.keys(found)) {
    const [x, y] = found[id] as Point;
    found[id] = [onGrid(x - left + origin[0]), onGrid(y - top + origin[1])];
  }
  return found;
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

function onGrid(value: number): number {
  return Math.round(value / GRID) * GRID;
}
