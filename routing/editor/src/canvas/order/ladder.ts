/// The longest way runs straight down, and what branches off stands close beside where it does.

import { saidOf } from "../../state/said";
import type { Analysis, Point, Step } from "../../api/types";
import { GAP_ACROSS, GAP_ALONG, STEP_WIDTH, heightOf, widthOf } from "../sizes";
import { type Line, type Levels, deepened, levelsOf } from "./levels";

/** A step and all that hangs below it: how far it reaches to both sides on each level, seen from the step's middle. */
interface Bough {
  id: string;
  half: number;
  left: number[];
  right: number[];
  boughs: Bough[];
  /** Where its middle is, seen from that of the step above, and how many levels below that it stands. */
  at: number;
  below: number;
}

// So many levels deeper than any other, and a way is the one that runs straight.
const CLEARLY = 2;
// A way may wait so many levels for what stands beside it.
const MOST_PUSH = 4;
// A line that passes by a level takes so much of it to both sides.
const LINE = 12;

/** A place for each step. Lines to steps that hang elsewhere are not looked at: how well it reads is seen afterwards. */
export function asLadder(steps: Step[], analysis: Analysis): Record<string, Point> {
  const halves = new Map(steps.map((step) => [step.id, widthOf(saidOf(step, analysis).exits.length) / 2]));
  const plain = levelsOf(steps, analysis);
  // Once to see which ways have to wait, and once more with all that hangs below them put down as far.
  const waits = new Map<string, number>();
  grownFrom(steps, plain, halves, (bough, levels) => waits.set(bough.id, levels));
  const levels = waits.size ? deepened(plain, waits) : plain;
  const tops = grownFrom(steps, levels, halves);
  side(tops, 1);

  const heights: number[] = [];
  for (const step of steps) {
    const level = levels.levels.get(step.id) ?? 0;
    heights[level] = Math.max(heights[level] ?? 0, heightOf(step, analysis));
  }
  const tall: number[] = [0];
  for (let level = 0; level < heights.length; level++) tall.push((tall.at(-1) ?? 0) + (heights[level] ?? 0) + GAP_ALONG);
  const found: Record<string, Point> = {};
  const todo = tops.map((bough) => ({ bough, middle: bough.at }));
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { bough, middle } = next;
    found[bough.id] = [middle - bough.half, tall[levels.levels.get(bough.id) ?? 0] ?? 0];
    for (const one of bough.boughs) todo.push({ bough: one, middle: middle + one.at });
  }
  return found;
}

/** What nothing leads to, with all that hangs below it. `onWait` is told of what has to wait, and for how many levels. */
function grownFrom(steps: Step[], { levels, lines }: Levels, halves: Map<string, number>, onWait?: (bough: Bough, levels: number) => void): Bough[] {
  const level = (id: string) => levels.get(id) ?? 0;
  const { below, isHung } = hung(lines, level);
  const boughs = new Map<string, Bough>();
  for (const { id } of [...steps].sort((a, b) => level(b.id) - level(a.id))) {
    const own = (below.get(id) ?? []).flatMap((one) => boughs.get(one) ?? []);
    for (const bough of own) lower(bough, level(bough.id) - level(id));
    boughs.set(id, grown(id, halves.get(id) ?? 0, own, onWait));
  }
  return steps.filter((step) => !isHung.has(step.id)).flatMap((step) => boughs.get(step.id) ?? []);
}

/** What hangs below each step, in the order of its exits: each by the shortest line. */
function hung(lines: Line[], level: (id: string) => number): { below: Map<string, string[]>; isHung: Set<string> } {
  const above = new Map<string, string>();
  for (const [source, , target] of lines) {
    const known = above.get(target);
    if (known === undefined || level(source) > level(known)) above.set(target, source);
  }
  const below = new Map<string, string[]>();
  const isHung = new Set<string>();
  for (const [source, , target] of lines) {
    if (isHung.has(target) || above.get(target) !== source) continue;
    isHung.add(target);
    below.set(source, [...(below.get(source) ?? []), target]);
  }
  return { below, isHung };
}

/** Stands so many levels below the step above; its line passes by those between. */
function lower(bough: Bough, below: number): void {
  for (; bough.below < below; bough.below++) {
    bough.left.unshift(-LINE);
    bough.right.unshift(LINE);
  }
}

function grown(id: string, half: number, boughs: Bough[], onWait?: (bough: Bough, levels: number) => void): Bough {
  const [longest, next] = [...boughs].sort((a, b) => b.left.length - a.left.length);
  if (longest && longest.left.length >= (next?.left.length ?? 0) + CLEARLY) {
    const middle = boughs.indexOf(longest);
    const [before, after] = [boughs.slice(0, middle).reverse(), boughs.slice(middle + 1)];
    const aside = () => {
      side([longest, ...after], 1);
      side([longest, ...before], -1);
      return Math.max(...boughs.map((bough) => Math.abs(bough.at)));
    };
    let far = aside();
    const stood = longest.below;
    const near = boughs.length > 1 && onWait ? nearest(half, before, after) : far;
    // Room below costs less than room aside: the screen scrolls that way.
    while (far > near + STEP_WIDTH / 2 && longest.below - stood < Math.min(MOST_PUSH, next?.left.length ?? 0)) {
      lower(longest, longest.below + 1);
      far = aside();
    }
    if (longest.below > stood) onWait?.(longest, longest.below - stood);
  } else {
    side(boughs, 1);
    const turned = ((boughs[0]?.at ?? 0) + (boughs.at(-1)?.at ?? 0)) / 2;
    for (const bough of boughs) bough.at -= turned;
  }
  const { left, right } = reach(boughs);
  return { id, half, left: [-half, ...left], right: [half, ...right], boughs, at: 0, below: 1 };
}

/** How far aside the farthest would stand beside a mere step. */
function nearest(half: number, before: Bough[], after: Bough[]): number {
  const alone: Bough = { id: "", half, left: [-half], right: [half], boughs: [], at: 0, below: 1 };
  side([alone, ...after], 1);
  side([alone, ...before], -1);
  return Math.max(...[...before, ...after].map((bough) => Math.abs(bough.at)));
}

/** Sets each beside those before it, as near as their steps let it come; the first stays where it is. */
function side(boughs: Bough[], to: 1 | -1): void {
  const outer = (bough: Bough) => (to === 1 ? bough.right : bough.left);
  const inner = (bough: Bough) => (to === 1 ? bough.left : bough.right);
  const edge: number[] = [];
  boughs.forEach((bough, index) => {
    bough.at = 0;
    if (index > 0) {
      const gaps = inner(bough).flatMap((near, level) => {
        const taken = edge[level];
        return taken === undefined ? [] : [to * (taken - near) + GAP_ACROSS];
      });
      bough.at = to * Math.max(...gaps);
    }
    outer(bough).forEach((far, level) => {
      const taken = edge[level];
      edge[level] = taken === undefined ? bough.at + far : to * Math.max(to * taken, to * (bough.at + far));
    });
  });
}

function reach(boughs: Bough[]): { left: number[]; right: number[] } {
  const left: number[] = [];
  const right: number[] = [];
  for (const bough of boughs) {
    bough.left.forEach((x, level) => {
      left[level] = Math.min(left[level] ?? Infinity, bough.at + x);
      right[level] = Math.max(right[level] ?? -Infinity, bough.at + (bough.right[level] ?? 0));
    });
  }
  return { left, right };
}
