/// Whether chosen steps can become a flow of their own; routing/engine/drawing/collapse.py has the last word.

import type { Analysis, Definition, PaletteItem } from "../api/types";
import { saidOf } from "../state/said";
import { t } from "../t";
import { stepNames } from "./names";

export interface Refusal {
  sentence: string;
  /** The lines that are in the way, in words. */
  lines: string[];
}

const NONE: string[] = [];
let last: { parts: unknown[]; found: Refusal | null } = { parts: [], found: null };

/** Null: they can. Asked again for the same, it gives the same object. */
export function cannotCollapse(definition: Definition, analysis: Analysis, palette: PaletteItem[], ids: string[]): Refusal | null {
  const parts = [definition, analysis, palette, ids];
  if (!parts.every((part, index) => part === last.parts[index])) last = { parts, found: refusal(definition, analysis, palette, ids) };
  return last.found;
}

function refusal(definition: Definition, analysis: Analysis, palette: PaletteItem[], ids: string[]): Refusal | null {
  const chosen = new Set(ids);
  const triggers = new Set(palette.filter((item) => item.kind === "trigger").map((item) => item.type));
  if (definition.steps.some((step) => chosen.has(step.id) && triggers.has(step.type))) {
    return { sentence: t("A trigger stays in this flow: choose only the steps behind it."), lines: NONE };
  }
  const names = stepNames(definition, analysis, palette);
  const items = new Map(palette.map((item) => [item.type, item]));
  const entries = new Set<string>();
  const lines: string[] = [];
  for (const step of definition.steps) {
    if (chosen.has(step.id)) continue;
    for (const [exit, target] of Object.entries(step.exits ?? {})) {
      if (!chosen.has(target)) continue;
      entries.add(target);
      const label = saidOf(step, analysis, items.get(step.type)).exits.find((one) => one.name === exit)?.label ?? exit;
      lines.push(t("“%(source)s”, exit “%(exit)s”, leads to “%(target)s”", { source: names[step.id] ?? step.id, exit: label, target: names[target] ?? target }));
    }
  }
  if (entries.size === 1) return null;
  if (entries.size > 1) return { sentence: t("More than one way leads into these steps, and a sub-flow begins with one of them:"), lines };
  const within = new Set(definition.steps.filter((step) => chosen.has(step.id)).flatMap((step) => Object.values(step.exits ?? {})));
  const firsts = ids.filter((id) => !within.has(id));
  if (firsts.length === 1) return null;
  return firsts.length
    ? { sentence: t("These steps do not hang together, and a sub-flow begins with one of them:"), lines: firsts.map((id) => t("nothing leads to “%(step)s”", { step: names[id] ?? id })) }
    : { sentence: t("These steps lead round in a circle, so no one of them is the first."), lines: NONE };
}
