/// Questions about the steps of a definition: their places, their names.

import { layoutOf } from "../canvas/order/layout";
import type { Analysis, Definition, Point, Step } from "../api/types";

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
