/// Puts steps in order from top to bottom, so that ways are short and cross little; and how large steps are.

import dagre from "@dagrejs/dagre";
import { saidOf } from "../state/said";
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

type Line = [source: string, exit: string, target: string];

function nearest(lines: Line[], levels: Map<string, number>, target: string): number {
  const to = levels.get(target) ?? 0;
  return Math.min(...lines.filter((line) => line[2] === target).map((line) => to - (levels.get(line[0]) ?? 0)));
}

/** How deep each step stands, and the lines that lead down: those that lead back to a step before are left out. */
function levelsOf(steps: Step[], analysis: Analysis): { levels: Map<string, number>; lines: Line[] } {
  const byId = new Map(steps.map((step) => [step.id, step]));
  // In the order of the exits on the step, or lines cross for nothing.
  const exits = new Map<string, Line[]>(
    steps.map((step) => [
      step.id,
      saidOf(step, analysis).exits.flatMap((exit): Line[] => {
        const target = step.exits?.[exit.name];
        return target !== undefined && byId.has(target) ? [[step.id, exit.name, target]] : [];
      }),
    ]),
  );
  const led = new Set([...exits.values()].flat().map((line) => line[2]));
  const starts = [...steps.filter((step) => !led.has(step.id)), ...steps];
  const state = new Map<string, "open" | "done">();
  const lines: Line[] = [];
  const fromBelow: string[] = [];
  for (const start of starts) {
    if (state.has(start.id)) continue;
    state.set(start.id, "open");
    const stack: { id: string; at: number }[] = [{ id: start.id, at: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const line = exits.get(top.id)?.[top.at++];
      if (!line) {
        state.set(top.id, "done");
        fromBelow.push(top.id);
        stack.pop();
      } else if (state.get(line[2]) !== "open") {
        lines.push(line);
        if (!state.has(line[2])) {
          state.set(line[2], "open");
          stack.push({ id: line[2], at: 0 });
        }
      }
    }
  }
  const levels = new Map(steps.map((step) => [step.id, 0]));
  const down = new Map<string, string[]>();
  for (const [source, , target] of lines) down.set(source, [...(down.get(source) ?? []), target]);
  for (const id of fromBelow.reverse()) {
    for (const target of down.get(id) ?? []) levels.set(target, Math.max(levels.get(target) ?? 0, (levels.get(id) ?? 0) + 1));
  }
  return { levels, lines };
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
