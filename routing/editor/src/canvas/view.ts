/// Where one looks: what the canvas shows when it opens, and how it comes to a step.

import type { ReactFlowInstance, Viewport } from "@xyflow/react";
import type { Point } from "../api/types";
import type { Box } from "./around";
import { STEP_WIDTH } from "./sizes";
import type { AnyNode, LineEdge } from "./model";

export interface Size {
  width: number;
  height: number;
}

const MARGIN = 32;
// The buttons over the canvas' left edge.
const BUTTONS = 28;
// The bar over its upper edge, which says what is looked at.
const BAR = 56;
const NARROW = 600;
const NICE = 0.85;
const LEAST = 0.75;
// So far from the edge a step is shown, with the beginning of what follows.
const EDGE = 40;

/** All of it, if that stays readable; else its beginning at a size that does. */
export function openingView(all: Box, first: Box | null, size: Size): Viewport {
  if (!all.width || !size.width) return { x: MARGIN, y: MARGIN, zoom: 1 };
  if (size.width < NARROW) {
    // On a telephone, as wide as it is: one sees where it goes, and what to come nearer to.
    const zoom = Math.min(1, Math.max(0.25, (size.width - 24) / all.width));
    const whole = all.width * zoom <= size.width;
    const middle = whole || !first ? all.x + all.width / 2 : first.x + first.width / 2;
    return { x: size.width / 2 - middle * zoom, y: MARGIN + 24 - all.y * zoom, zoom };
  }
  const fits = Math.min((size.width - 2 * MARGIN - 2 * BUTTONS) / all.width, (size.height - BAR - MARGIN) / all.height);
  if (fits >= LEAST) {
    const zoom = Math.min(1, fits);
    return {
      x: (size.width - all.width * zoom) / 2 - all.x * zoom,
      y: Math.max(BAR, (size.height - all.height * zoom) / 2) - all.y * zoom,
      zoom,
    };
  }
  const begin = first ?? all;
  // Across all of it if it is narrow enough, else across its beginning.
  const across = all.width * NICE <= size.width - 2 * MARGIN ? all : begin;
  return { x: size.width / 2 - (across.x + across.width / 2) * NICE, y: BAR - begin.y * NICE, zoom: NICE };
}

let instance: ReactFlowInstance<AnyNode, LineEdge> | null = null;
let pane: HTMLElement | null = null;

export function setView(found: ReactFlowInstance<AnyNode, LineEdge> | null, element: HTMLElement | null): void {
  instance = found;
  pane = element;
}

export function paneElement(): HTMLElement | null {
  return pane;
}

/** Motion only for those who want it. */
function unhurried(): number {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 220;
}

/** Where a new step goes when nothing says where: the middle of what is seen. */
export function middle(): Point {
  if (!instance || !pane) return [0, 0];
  const box = pane.getBoundingClientRect();
  const point = instance.screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 });
  return [point.x - STEP_WIDTH / 2, point.y - 50];
}

/** Where the first step goes: at the top, so that what follows is seen, too. */
export function beginningPlace(): Point {
  if (!instance || !pane) return [0, 0];
  const box = pane.getBoundingClientRect();
  const point = instance.screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + BAR });
  return [point.x - STEP_WIDTH / 2, point.y];
}

export function onCanvas(x: number, y: number): Point {
  const point = instance?.screenToFlowPosition({ x, y });
  return point ? [point.x, point.y] : [0, 0];
}

export function boxOf(id: string): Box | null {
  const node = instance?.getInternalNode(id);
  if (!node) return null;
  const { x, y } = node.internals.positionAbsolute;
  return { x, y, width: node.measured.width ?? STEP_WIDTH, height: node.measured.height ?? 100 };
}

/** Whether some of a step can be seen. */
export function isSeen(id: string): boolean {
  const box = boxOf(id);
  if (!instance || !pane || !box) return false;
  const { x, y, zoom } = instance.getViewport();
  const size = pane.getBoundingClientRect();
  const [left, top] = [box.x * zoom + x, box.y * zoom + y];
  return left < size.width && top < size.height && left + box.width * zoom > 0 && top + box.height * zoom > 0;
}

/** Moves only as far as the step needs to be seen whole; comes near enough to read it only if `near`. */
export function show(id: string, near = false): void {
  const box = boxOf(id);
  if (!instance || !pane || !box) return;
  const { x, y, zoom } = instance.getViewport();
  const size = pane.getBoundingClientRect();
  const left = box.x * zoom + x;
  const top = box.y * zoom + y;
  const inside =
    left >= 8 + (size.width < NARROW ? 0 : 2 * BUTTONS) && top >= (size.width < NARROW ? 8 : BAR - 8) && left + box.width * zoom <= size.width - 8 && top + box.height * zoom <= size.height - 8;
  const isFar = near && zoom < (size.width < NARROW ? 0 : 0.5);
  if (inside && !isFar) return;
  if (isFar) {
    void instance.setCenter(box.x + box.width / 2, box.y + box.height / 2, { zoom: NICE, duration: unhurried() });
    return;
  }
  const by = (low: number, length: number, room: number, edge: number) =>
    length > room - 2 * edge || low < edge ? edge - low : low + length > room - edge ? room - edge - low - length : 0;
  const view = { x: x + by(left, box.width * zoom, size.width, EDGE + 2 * BUTTONS), y: y + by(top, box.height * zoom, size.height, BAR), zoom };
  void instance.setViewport(view, { duration: unhurried() });
}

export function fit(ids?: string[]): void {
  void instance?.fitView({
    padding: { top: "56px", left: "64px", right: "24px", bottom: "24px" },
    maxZoom: 1,
    minZoom: 0.05,
    duration: unhurried(),
    nodes: ids?.length ? ids.map((id) => ({ id })) : undefined,
  });
}

export function zoomBy(factor: number): void {
  if (instance) void instance.zoomTo(instance.getZoom() * factor, { duration: unhurried() });
}

export function zoomTo(zoom: number): void {
  void instance?.zoomTo(zoom, { duration: unhurried() });
}

/** The canvas' left edge moved by so much: what is drawn stays where it is on the screen. */
export function stayPut(by: number): void {
  if (!instance || !by) return;
  const { x, y, zoom } = instance.getViewport();
  void instance.setViewport({ x: x + by, y, zoom });
}

/** What a panel covers moves beside it, as far as there is room between it and the buttons. */
export function makeRoom(): void {
  if (!instance || !pane) return;
  const { width } = pane.getBoundingClientRect();
  if (width < NARROW) return;
  const { x, y, zoom } = instance.getViewport();
  const by = coveredBy(instance.getNodesBounds(instance.getNodes()), { x, y, zoom }, width);
  if (by > 0) void instance.setViewport({ x: x - by, y, zoom }, { duration: unhurried() });
}

/** How far to the left makes the most of it seen. */
export function coveredBy(all: Box, view: Viewport, width: number): number {
  const left = all.x * view.zoom + view.x;
  const right = left + all.width * view.zoom;
  return Math.max(0, Math.min(right - (width - 16), left - (2 * BUTTONS + 16)));
}

/** To the beginning of the flow, at a readable size. */
export function open(ids: string[], first: string | undefined): void {
  if (!instance || !pane || !ids.length) return;
  const all = instance.getNodesBounds(ids);
  void instance.setViewport(openingView(all, first ? boxOf(first) : null, pane.getBoundingClientRect()));
}

/** Gives the keyboard to a step, or to the canvas itself; a step that is new is drawn in a moment only. */
export function focusStep(id: string | undefined): void {
  if (id === undefined) pane?.focus({ preventScroll: true });
  else focusSoon(() => pane?.querySelector<HTMLElement>(`[data-step="${CSS.escape(id)}"]`));
}

const FRAMES = 40;

/** Tries until what is wanted is there and can be seen: nothing hidden takes the keyboard. */
export function focusSoon(find: () => HTMLElement | null | undefined, frames = FRAMES): void {
  const wanted = find();
  wanted?.focus({ preventScroll: true });
  if (frames > 0 && (!wanted || document.activeElement !== wanted)) requestAnimationFrame(() => focusSoon(find, frames - 1));
}
