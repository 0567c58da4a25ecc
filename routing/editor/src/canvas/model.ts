/// The definition as the boxes and lines that React Flow draws; what did not change stays the same object.

import type { Edge, Node } from "@xyflow/react";
import type { Analysis, Definition, Fault, Kind, Note, Other, Overlay, PaletteItem, Point, Step, StepAnalysis, StepExit, Tone } from "../api/types";
import { saidOf } from "../state/said";
import { initialsOf } from "../state/names";
import { placed } from "../state/steps";
import { type Box, laneAround, runsBehind } from "./around";
import { heightOf, widthOf } from "./sizes";
import { t } from "../t";

/** A step that begins less than this below an exit is led back to. */
export const BACK = 16;
// Beyond that, lines share their lane.
const MOST_APART = 60;

export interface ShownExit extends StepExit {
  target: string | undefined;
  /** What is wrong with it, in a sentence. */
  fault: string;
}

export interface StepData extends Record<string, unknown> {
  step: Step;
  kind: Kind | undefined;
  typeTitle: string;
  said: StepAnalysis;
  exits: ShownExit[];
  faults: Fault[];
  overlay: Overlay["steps"][string] | undefined;
  /** Something is laid over the flow, but not over this step. */
  faded: boolean;
  others: string;
  /** Of those. */
  initials: string;
  readOnly: boolean;
}

export interface NoteData extends Record<string, unknown> {
  note: Note;
  index: number;
  readOnly: boolean;
}

export type StepNode = Node<StepData, "step">;
export type NoteNode = Node<NoteData, "note">;
export type AnyNode = StepNode | NoteNode;

export interface LineData extends Record<string, unknown> {
  source: string;
  exit: string;
  tone: Tone | undefined;
  label: string;
  weight: number;
  faded: boolean;
  readOnly: boolean;
  onClick: (() => void) | undefined;
  /** Where a line that leads back, or would run behind steps, goes beside them. */
  lane: number | undefined;
}
export type LineEdge = Edge<LineData, "line">;

export interface Shown {
  definition: Definition;
  analysis: Analysis;
  selection: string[];
  edgeSelection: string[];
  noteSelection: number[];
  overlay: Overlay | null;
  others: Other[];
  palette: PaletteItem[];
  readOnly: boolean;
}

interface Kept {
  parts: unknown[];
  node: AnyNode;
}

/** Draws definitions one after another; a step that is as it was before is the same object as before. */
export class Drawing {
  #nodes = new Map<string, Kept>();
  #edges = new Map<string, { parts: unknown[]; edge: LineEdge }>();
  #lanes: { definition?: Definition; analysis?: Analysis; found: Map<string, number> } = { found: new Map() };
  #said = new Map<string, { parts: unknown[]; said: StepAnalysis }>();

  nodes(shown: Shown): AnyNode[] {
    const { definition, analysis, overlay, readOnly } = shown;
    const palette = new Map(shown.palette.map((item) => [item.type, item]));
    const places = placed(definition, analysis);
    const selected = new Set(shown.selection);
    const faults = byStep(analysis.faults);
    const kept = new Map<string, Kept>();
    for (const step of definition.steps) {
      if (kept.has(step.id)) continue; // Two steps of one id are a fault; one of them is drawn.
      const item = palette.get(step.type);
      const own = faults.get(step.id) ?? NO_FAULTS;
      const said = this.#saidOf(step, analysis, item);
      const at = places[step.id] ?? [0, 0];
      const people = shown.others.filter((other) => other.step === step.id);
      const here = [...new Set(people.map((other) => other.name))].join("; ");
      const initials = [...new Set(people.map((other) => initialsOf(other.real_name ?? other.name)))].join(" ");
      const parts = [step, said, item, faultsKey(own), at[0], at[1], selected.has(step.id), overlay?.steps[step.id], overlay !== null, here, readOnly];
      kept.set(step.id, this.#keep(step.id, parts, () => ({
        id: step.id,
        type: "step",
        position: { x: at[0], y: at[1] },
        selected: selected.has(step.id),
        data: {
          step,
          kind: item?.kind,
          typeTitle: item?.title ?? step.type,
          said,
          exits: said.exits.map((exit) => ({ ...exit, target: step.exits?.[exit.name], fault: exitFault(own, exit.name) })),
          faults: own,
          overlay: overlay?.steps[step.id],
          faded: overlay !== null && !overlay.steps[step.id],
          others: here,
          initials,
          readOnly,
        },
        draggable: !readOnly,
        connectable: !readOnly,
        deletable: false,
      })));
    }
    (definition.notes ?? []).forEach((note, index) => {
      const id = noteId(index);
      const chosen = shown.noteSelection.includes(index);
      kept.set(id, this.#keep(id, [note, chosen, readOnly], () => ({
        id,
        type: "note",
        position: { x: note.at[0], y: note.at[1] },
        selected: chosen,
        data: { note, index, readOnly },
        draggable: !readOnly,
        deletable: false,
        zIndex: -1,
      })));
    });
    this.#nodes = kept;
    return [...kept.values()].map((one) => one.node);
  }

  edges(shown: Shown): LineEdge[] {
    const { definition, overlay, readOnly } = shown;
    const there = new Set(definition.steps.map((step) => step.id));
    const chosen = new Set(shown.edgeSelection);
    const kept = new Map<string, { parts: unknown[]; edge: LineEdge }>();
    const lanes = this.#lanesOf(shown);
    for (const step of definition.steps) {
      for (const [exit, target] of Object.entries(step.exits ?? {})) {
        const id = lineId(step.id, exit);
        if (!there.has(target) || kept.has(id)) continue;
        const over = overlay?.edges[id];
        const name = this.#lineName(step.id, exit, target);
        const lane = lanes.get(id);
        const parts = [target, chosen.has(id), over, overlay !== null, readOnly, name, lane];
        const before = this.#edges.get(id);
        if (before && sameParts(before.parts, parts)) {
          kept.set(id, before);
          continue;
        }
        kept.set(id, {
          parts,
          edge: {
            id,
            type: "line",
            source: step.id,
            sourceHandle: exit,
            target,
            targetHandle: "in",
            selected: chosen.has(id),
            reconnectable: readOnly ? false : "target",
            deletable: false,
            focusable: false,
            ariaLabel: name,
            data: {
              source: step.id,
              exit,
              tone: over?.tone,
              label: over?.label ?? "",
              weight: over?.weight ?? 0,
              faded: overlay !== null && !over,
              readOnly,
              onClick: over?.onClick,
              lane,
            },
          },
        });
      }
    }
    this.#edges = kept;
    return [...kept.values()].map((one) => one.edge);
  }

  /** Lines that lead back, or would run behind steps, and where each goes beside them; near each other they keep apart. */
  #lanesOf({ definition, analysis }: Shown): Map<string, number> {
    if (this.#lanes.definition === definition && this.#lanes.analysis === analysis) return this.#lanes.found;
    const places = placed(definition, analysis);
    const boxes = new Map<string, Box>();
    for (const step of definition.steps) {
      const at = places[step.id];
      const said = this.#said.get(step.id)?.said ?? saidOf(step, analysis);
      if (at) boxes.set(step.id, { x: at[0], y: at[1], width: widthOf(said.exits.length), height: heightOf(step, analysis) });
    }
    const all = [...boxes.values()];
    const found = new Map<string, number>();
    const taken: Lane[] = [];
    for (const step of definition.steps) {
      const box = boxes.get(step.id);
      if (!box) continue;
      const names = (this.#said.get(step.id)?.said ?? saidOf(step, analysis)).exits.map((exit) => exit.name);
      for (const [exit, target] of Object.entries(step.exits ?? {})) {
        const goal = boxes.get(target);
        if (!goal) continue;
        const from: Point = [box.x + (box.width * (Math.max(0, names.indexOf(exit)) + 0.5)) / Math.max(1, names.length), box.y + box.height];
        const to: Point = [goal.x + goal.width / 2, goal.y];
        const others = all.filter((one) => one !== box && one !== goal);
        if (goal.y > box.y + box.height + BACK && !runsBehind(others, from, to)) continue;
        const lane = freeLane(all, taken, from, to, target);
        taken.push(lane);
        found.set(lineId(step.id, exit), lane.x);
      }
    }
    this.#lanes = { definition, analysis, found };
    return found;
  }

  /** As those who hear the page read a line. */
  #lineName(source: string, exit: string, target: string): string {
    const said = this.#said.get(source)?.said;
    return t("%(step)s, exit %(exit)s, leads to %(target)s", {
      step: said?.title ?? source,
      exit: said?.exits.find((one) => one.name === exit)?.label ?? exit,
      target: this.#said.get(target)?.said.title ?? target,
    });
  }

  #keep(id: string, parts: unknown[], make: () => AnyNode): Kept {
    const before = this.#nodes.get(id);
    return before && sameParts(before.parts, parts) ? before : { parts, node: make() };
  }

  #saidOf(step: Step, analysis: Analysis, item: PaletteItem | undefined): StepAnalysis {
    const parts = [step, analysis.steps[step.id], item];
    const before = this.#said.get(step.id);
    if (before && analysis.steps[step.id] && sameParts(before.parts, parts)) return before.said;
    const said = saidOf(step, analysis, item);
    this.#said.set(step.id, { parts, said });
    return said;
  }
}

/** Where a line runs beside the steps. */
interface Lane {
  x: number;
  top: number;
  bottom: number;
  target: string;
}

/** One that no line to another step runs in already; when there are too many, they share. */
function freeLane(boxes: Box[], taken: Lane[], from: Point, to: Point, target: string): Lane {
  const [top, bottom] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
  const near = taken.filter((other) => other.target !== target && other.top < bottom && other.bottom > top);
  let x = 0;
  for (let apart = 0; apart <= MOST_APART; apart += 10) {
    x = laneAround(boxes, from, to, apart);
    if (!near.some((other) => Math.abs(other.x - x) < 8)) break;
  }
  return { x, top, bottom, target };
}

const NO_FAULTS: Fault[] = [];

export function lineId(step: string, exit: string): string {
  return `${step}:${exit}`;
}

/** The step and the exit in the id of a line; ids of steps have no colon. */
export function lineParts(id: string): { source: string; exit: string } {
  const at = id.indexOf(":");
  return { source: id.slice(0, at), exit: id.slice(at + 1) };
}

export function noteId(index: number): string {
  return `note:${index}`;
}

export function noteIndex(id: string): number | null {
  return id.startsWith("note:") ? Number(id.slice(5)) : null;
}

export function placeOf(node: AnyNode): Point {
  return [Math.round(node.position.x), Math.round(node.position.y)];
}

function byStep(faults: Fault[]): Map<string, Fault[]> {
  const found = new Map<string, Fault[]>();
  for (const fault of faults) {
    if (!fault.step) continue;
    const list = found.get(fault.step);
    if (list) list.push(fault);
    else found.set(fault.step, [fault]);
  }
  return found;
}

function faultsKey(faults: Fault[]): string {
  return faults.map((fault) => `${fault.level}${fault.where.join(".")}${fault.message}`).join("\n");
}

function exitFault(faults: Fault[], exit: string): string {
  const found = faults.find((fault) => fault.where[2] === "exits" && fault.where[3] === exit);
  return found?.message ?? "";
}

function sameParts(a: unknown[], b: unknown[]): boolean {
  return a.length === b.length && a.every((part, index) => Object.is(part, b[index]));
}
