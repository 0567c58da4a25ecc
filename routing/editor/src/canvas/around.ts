/// Where a line that leads back goes up: beside the steps between, by the shortest way around.

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

/** The x at which a line from `from` (a lower exit) up to `to` (a step's upper edge) passes every box. */
export function laneAround(boxes: Box[], from: Point, to: Point, apart = 0): number {
  const top = to[1] - TURN;
  const bottom = from[1] + TURN;
  const between = boxes.filter((box) => box.y < bottom && box.y + box.height > top);
  const wishes = [from[0], to[0], ...between.flatMap((box) => [box.x - BESIDE - apart, box.x + box.width + BESIDE + apart])];
  let best = Math.max(from[0], to[0], ...between.map((box) => box.x + box.width + BESIDE)) + apart;
  let least = Infinity;
  for (const x of wishes) {
    const cost = Math.abs(from[0] - x) + Math.abs(to[0] - x);
    if (cost < least && !between.some((box) => x > box.x - CLEAR && x < box.x + box.width + CLEAR)) [best, least] = [x, cost];
  }
  return best;
}

/** Down from the exit, across, up the lane, across, down into the step; with round corners. */
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
