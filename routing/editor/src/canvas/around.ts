/// Where a line goes that would run behind steps: in a lane beside them, by the shortest way around.

import type { Point } from "../api/types";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How far below its exit a line turns, and above its step. */
export const TURN = 22;
const CLEAR = 12;
const BESIDE = 24;
// To run behind a step on the way to its lane is worse than any way around.
const BEHIND = 5_000;
// How finely a curve is looked at.
const PARTS = 24;

/** The x at which a line from `from` (a lower exit) to `to` (a step's upper edge), up or down, passes every box. */
export function laneAround(boxes: Box[], from: Point, to: Point, apart = 0): number {
  const [out, into] = [from[1] + TURN, to[1] - TURN];
  const [top, bottom] = [Math.min(out, into), Math.max(out, into)];
  const between = boxes.filter((box) => box.y < bottom && box.y + box.height > top);
  const inTheWay = (y: number) => boxes.filter((box) => box.y - 2 < y && y < box.y + box.height + 2);
  const [below, above] = [inTheWay(out), inTheWay(into)];
  let best = Math.max(from[0], to[0]) + BESIDE + apart;
  let least = Infinity;
  for (const x of [from[0], to[0], ...gaps(between).flatMap(([left, right]) => besides(left, right, apart))]) {
    const behind = crossed(below, from[0], x) + crossed(above, to[0], x);
    const cost = Math.abs(from[0] - x) + Math.abs(to[0] - x) + BEHIND * behind;
    if (cost < least && !between.some((box) => x > box.x - CLEAR && x < box.x + box.width + CLEAR)) [best, least] = [x, cost];
  }
  return best;
}

/** Between which x nothing stands, from left to right. */
function gaps(boxes: Box[]): [number, number][] {
  const found: [number, number][] = [];
  let right = -Infinity;
  for (const box of [...boxes].sort((a, b) => a.x - b.x)) {
    if (box.x > right) found.push([right, box.x]);
    right = Math.max(right, box.x + box.width);
  }
  return [...found, [right, Infinity]];
}

/** Lanes of a gap: beside what stands to the left, and to the right. */
function besides(left: number, right: number, apart: number): number[] {
  return [left + BESIDE + apart, right - BESIDE - apart].filter(Number.isFinite);
}

function crossed(boxes: Box[], a: number, b: number): number {
  const [left, right] = [Math.min(a, b), Math.max(a, b)];
  return boxes.filter((box) => box.x < right && box.x + box.width > left).length;
}

/** Whether the curve that a line is drawn as runs behind one of the boxes. */
export function runsBehind(boxes: Box[], from: Point, to: Point): boolean {
  const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  const near = boxes.filter((box) => box.x < right + 1 && box.x + box.width > left - 1 && box.y < to[1] && box.y + box.height > from[1]);
  for (let part = 1; near.length && part < PARTS; part++) {
    const t = part / PARTS;
    // A Bézier curve whose handles lie half of the way below and above its ends.
    const x = from[0] + (to[0] - from[0]) * t * t * (3 - 2 * t);
    const y = from[1] + (to[1] - from[1]) * t * (1.5 - 1.5 * t + t * t);
    if (near.some((box) => x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height)) return true;
  }
  return false;
}

/** Down from the exit, across, along the lane, across, down into the step; with round corners. */
export function pathAround(from: Point, to: Point, lane: number, radius: number): string {
  const points: Point[] = [from, [from[0], from[1] + TURN], [lane, from[1] + TURN], [lane, to[1] - TURN], [to[0], to[1] - TURN], to];
  let path = `M${from[0]},${from[1]}`;
  for (let at = 1; at < points.length - 1; at++) {
    const [before, here, after] = [points[at - 1] as Point, points[at] as Point, points[at + 1] as Point];
    const size = Math.min(radius, distance(before, here) / 2, distance(here, after) / 2);
    const [a, b] = [towards(here, before, size), towards(here, after, size)];
    path += `L${a[0]},${a[1]}Q${here[0]},${here[1]} ${b[0]},${b[1]}`;
  }
  return `${path}L${to[0]},${to[1]}`;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function towards(from: Point, to: Point, by: number): Point {
  const length = distance(from, to) || 1;
  return [from[0] + ((to[0] - from[0]) * by) / length, from[1] + ((to[1] - from[1]) * by) / length];
}
