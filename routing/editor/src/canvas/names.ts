/// What steps are called where several of them stand side by side: no two alike.

import type { Analysis, Definition, PaletteItem } from "../api/types";
import { saidOf } from "../state/said";

const GIST_CHARS = 40;

/** By the id of the step: its title, what it does where that says too little, a number. The server's buttons call it the same. */
export function stepNames(definition: Definition, analysis: Analysis, palette: PaletteItem[]): Record<string, string> {
  const items = new Map(palette.map((item) => [item.type, item]));
  const plain = new Set(palette.map((item) => item.title));
  const said = definition.steps.map((step) => ({ id: step.id, ...saidOf(step, analysis, items.get(step.type)) }));
  const counts = new Map<string, number>();
  for (const one of said) counts.set(one.title, (counts.get(one.title) ?? 0) + 1);
  const seen = new Map<string, number>();
  const found: Record<string, string> = {};
  for (const { id, title, gist } of said) {
    const what = gist.replace(/^“|”$/g, "");
    const says = what !== "" && what !== title && ((counts.get(title) ?? 0) > 1 || plain.has(title));
    const name = says ? `${title} · ${what.length > GIST_CHARS ? `${what.slice(0, GIST_CHARS - 1)}…` : what}` : title;
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    found[id] = times > 1 ? `${name} (${times})` : name;
  }
  return found;
}
