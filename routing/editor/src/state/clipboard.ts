/// Steps as text on the system's clipboard, to be put into this flow again or into another one.

import type { Definition, Note, Point, Step } from "../api/types";
import { freshId } from "./steps";

/** What lies on the clipboard, as JSON. */
export interface Clip {
  pareto_steps: 1;
  steps: Step[];
  notes: Note[];
  layout: Record<string, Point>;
}

/** Chosen steps and notes as text. Lines among them come along; lines that lead out of them do not. */
export function copied(definition: Definition, places: Record<string, Point>, ids: string[], notes: number[]): string {
  const chosen = new Set(ids);
  const clip: Clip = { pareto_steps: 1, steps: [], notes: [], layout: {} };
  for (const step of definition.steps) {
    if (!chosen.has(step.id)) continue;
    const exits = Object.fromEntries(Object.entries(step.exits ?? {}).filter(([, target]) => chosen.has(target)));
    clip.steps.push({ ...step, exits });
    clip.layout[step.id] = places[step.id] ?? [0, 0];
  }
  for (const index of notes) {
    const note = definition.notes?.[index];
    if (note) clip.notes.push(note);
  }
  return JSON.stringify(clip, null, 2);
}

/** The steps in a text from the clipboard; null if it holds none. A whole flow as a file is taken, too. */
export function readClip(text: string): Clip | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(found)) return null;
  const holder = isRecord(found.definition) ? found.definition : found;
  if (!Array.isArray(holder.steps)) return null;
  const steps = (holder.steps as unknown[]).filter(isStep).map(cleaned);
  const notes = (Array.isArray(holder.notes) ? (holder.notes as unknown[]) : []).filter(isNote);
  if (!steps.length && !notes.length) return null;
  const layout: Record<string, Point> = {};
  if (isRecord(holder.layout)) {
    for (const [id, point] of Object.entries(holder.layout)) if (isPoint(point)) layout[id] = point;
  }
  return { pareto_steps: 1, steps, notes, layout };
}

/** Puts the steps in, under ids of their own, their corner at `at`. Returns the new ids and the places of new notes. */
export function paste(draft: Definition, clip: Clip, at: Point): { ids: string[]; notes: number[] } {
  const taken = new Set(draft.steps.map((step) => step.id));
  const renamed = new Map<string, string>();
  for (const step of clip.steps) {
    const id = freshId(step.id, taken);
    taken.add(id);
    renamed.set(step.id, id);
  }
  const corner = cornerOf(clip);
  const layout = { ...draft.layout };
  clip.steps.forEach((step, index) => {
    const id = renamed.get(step.id) as string;
    const exits: Record<string, string> = {};
    for (const [exit, target] of Object.entries(step.exits ?? {})) {
      const there = renamed.get(target);
      if (there) exits[exit] = there;
    }
    draft.steps.push({ ...structuredClone(step), id, exits });
    const point = clip.layout[step.id] ?? [corner[0] + index * 32, corner[1] + index * 32];
    layout[id] = [Math.round(at[0] + point[0] - corner[0]), Math.round(at[1] + point[1] - corner[1])];
  });
  draft.layout = layout;
  const first = draft.notes?.length ?? 0;
  const notes = clip.notes.map((note) => ({
    text: note.text,
    at: [Math.round(at[0] + note.at[0] - corner[0]), Math.round(at[1] + note.at[1] - corner[1])] as Point,
  }));
  draft.notes = [...(draft.notes ?? []), ...notes];
  return { ids: [...renamed.values()], notes: notes.map((_note, index) => first + index) };
}

export function cornerOf(clip: Clip): Point {
  const points = [...clip.steps.map((step) => clip.layout[step.id]), ...clip.notes.map((note) => note.at)].filter(
    (point): point is Point => point !== undefined,
  );
  if (!points.length) return [0, 0];
  return [Math.min(...points.map((point) => point[0])), Math.min(...points.map((point) => point[1]))];
}

function cleaned(step: Step): Step {
  const { id, type, title, settings, exits } = step;
  return {
    id,
    type,
    title: typeof title === "string" ? title : "",
    settings: isRecord(settings) ? settings : {},
    exits: isRecord(exits) ? Object.fromEntries(Object.entries(exits).filter(([, target]) => typeof target === "string")) : {},
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStep(value: unknown): value is Step {
  return isRecord(value) && typeof value.id === "string" && typeof value.type === "string";
}

function isNote(value: unknown): value is Note {
  return isRecord(value) && typeof value.text === "string" && isPoint(value.at);
}

function isPoint(value: unknown): value is Point {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "number" && Number.isFinite(part));
}
