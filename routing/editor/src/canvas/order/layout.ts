/// Puts steps in order from top to bottom, so that ways are short and cross little.

import dagre from "@dagrejs/dagre";
import { saidOf } from "../../state/said";
import type { Analysis, Definition, Point, Step } from "../../api/types";
import { GAP_ACROSS, GAP_ALONG, heightOf, onGrid, widthOf } from "../sizes";
import { asLadder } from "./ladder";
import { type Line, levelsOf } from "./levels";
import { untidiness } from "./untidiness";

/** Places for all steps, or for those in `only` (which stay about where they were). */
export function layoutOf(definition: Definition, analysis: Analysis, only?: string[]): Record<string, Point> {
  const chosen = only ? new Set(only) : null;
  const steps = definition.steps.filter((step) => !chosen || chosen.has(step.id));
  if (!steps.length) return {};
  const drawn = tidiest(steps, analysis);
  const corner = [0, 1].map((axis) => Math.min(...Object.values(drawn).map((point) => point[axis] as number))) as Point;
  const origin: Point = only ? originOf(definition, analysis, new Set(steps.map((step) => step.id))) : [0, 0];
  return Object.fromEntries(
    steps.map(({ id }) => {
      const [x, y] = drawn[id] ?? corner;
      return [id, [onGrid(x - corner[0] + origin[0]), onGrid(y - corner[1] + origin[1])] satisfies Point];
    }),
  );
}

// A way that runs straight and exits in their order read best; another drawing has to be this much tidier.
const CLEARLY = 1.3;

function tidiest(steps: Step[], analysis: Analysis): Record<string, Point> {
  const drawings = [asLadder(steps, analysis), arranged(steps, analysis, true), arranged(steps, analysis, false)];
  return drawings.reduce((best, other) => (untidiness(steps, analysis, other) * CLEARLY + 0.5 < untidiness(steps, analysis, best) ? other : best));
}

function arranged(steps: Step[], analysis: Analysis, inOrder: boolean): Record<string, Point> {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  const { levels, lines } = levelsOf(steps, analysis);
  // The levels are ours: a step stands below everything that leads to it, also by lines that dagre is not shown.
  const ranker = (ranked: InstanceType<typeof dagre.graphlib.Graph>) => {
    for (const id of ranked.nodes()) (ranked.node(id) as { rank: number }).rank = 2 * (levels.get(id) ?? -1);
  };
  graph.setGraph({
    rankdir: "TB",
    nodesep: GAP_ACROSS,
    ranksep: GAP_ALONG,
    edgesep: 16,
    ranker: ranker as unknown as string,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const step of steps) {
    const width = widthOf(saidOf(step, analysis).exits.length);
    graph.setNode(step.id, { width, height: heightOf(step, analysis) });
  }
  // A long line costs dagre as much as a step on each level, and a flow has hundreds to its “sorry”:
  // those are left out, save the one that ties a step to the others.
  for (const [source, exit, target] of lines) {
    const span = (levels.get(target) ?? 0) - (levels.get(source) ?? 0);
    if (span <= LONG || span === nearest(lines, levels, target)) graph.setEdge(source, target, { weight: span > 1 ? 1 : 2 }, exit);
  }
  dagre.layout(graph, { disableOptimalOrderHeuristic: inOrder });
  const found: Record<string, Point> = {};
  for (const step of steps) {
    const node = graph.node(step.id) as { x: number; y: number; width: number; height: number };
    found[step.id] = [node.x - node.width / 2, node.y - node.height / 2];
  }
  return found;
}

const LONG = 4;

function nearest(lines: Line[], levels: Map<string, number>, target: string): number {
  const to = levels.get(target) ?? 0;
  return Math.min(...lines.filter((line) => line[2] === target).map((line) => to - (levels.get(line[0]) ?? 0)));
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
