/// Questions about the steps of a definition: their exits, their places, their names.

import { layoutOf } from "../canvas/layout";
import type { Analysis, Definition, PaletteItem, Point, Step, StepAnalysis, StepExit } from "../api/types";

// What the server said of steps of one type and settings: a copy of a step is drawn whole before it was asked again.
const known = new Map<string, StepAnalysis>();
const KNOWN_AT_MOST = 3000;

export function remember(definition: Definition, analysis: Analysis): void {
  if (known.size > KNOWN_AT_MOST) known.clear();
  for (const step of definition.steps) {
    const said = analysis.steps[step.id];
    if (said) known.set(likeness(step), said);
  }
}

function likeness(step: Step): string {
  return `${step.type}:${JSON.stringify(step.settings ?? {})}`;
}

/** What is said of this step: by the server, or of its like until the server was asked. */
export function saidOf(step: Step, analysis: Analysis, palette?: PaletteItem): StepAnalysis {
  const said = analysis.steps[step.id] ?? known.get(likeness(step));
  const exits = said?.exits ?? palette?.exits ?? [];
  return {
    title: step.title || said?.title || palette?.title || step.type,
    gist: said?.gist ?? "",
    exits: withStored(step, exits),
    provides: said?.provides ?? [],
    reads: said?.reads ?? [],
  };
}

/** Exits that lead somewhere are never lost, even where the step has them no more. */
function withStored(step: Step, exits: StepExit[]): StepExit[] {
  const names = new Set(exits.map((exit) => exit.name));
  const lost = Object.keys(step.exits ?? {}).filter((name) => !names.has(name));
  return lost.length ? [...exits, ...lost.map((name) => ({ name, label: name, optional: true }))] : exits;
}

const places = new WeakMap<Definition, { analysis: Analysis; places: Record<string, Point> }>();

/** Where every step stands: where it was put, else where the layout would put it. */
export function placed(definition: Definition, analysis: Analysis): Record<string, Point> {
  const layout = definition.layout ?? {};
  const missing = definition.steps.filter((step) => !layout[step.id]);
  if (!missing.length) return { ...layout };
  const found = places.get(definition);
  if (found && found.analysis === analysis) return { ...found.places };
  const all = layoutOf(definition, analysis, missing.length === definition.steps.length ? undefined : missing.map((one) => one.id));
  const result = { ...all, ...layout };
  places.set(definition, { analysis, places: result });
  return { ...result };
}

export function stepById(definition: Definition, id: string): Step | undefined {
  return definition.steps.find((step) => step.id === id);
}

/** An id that no step of `taken` has, made of what people would call it. */
export function freshId(wish: string, taken: Iterable<string>): string {
  const all = new Set(taken);
  const base =
    wish
      .normalize("NFKD")
      .replace(/[\u0300-\u036f]/g, "")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_")
      .replace(/^[^a-z]+|_+$/g, "")
      .slice(0, 34)
      .replace(/_+$/, "") || "step";
  if (!all.has(base)) return base;
  const stem = base.replace(/_\d+$/, "");
  for (let count = 2; ; count++) if (!all.has(`${stem}_${count}`)) return `${stem}_${count}`;
}
