/// What follows of a choice: a step is called after the queue it names, an answer after its source, until somebody types another.

import type { Catalog, PaletteItem, Settings, Step } from "../api/types";
import { type Path, getIn, plain, setIn, slug } from "./schema";

/** What a step is called that nobody gave a name. */
export function usualTitle(item: Pick<PaletteItem, "title" | "schema">, settings: Settings, catalog: Catalog): string {
  for (const [name, schema] of Object.entries(item.schema.properties ?? {})) {
    if (typeof schema.titled !== "string" || typeof schema.choices !== "string") continue;
    const entry = catalog[schema.choices]?.find((one) => one.key === settings[name]);
    if (entry) return schema.titled.replace("{name}", entry.name).slice(0, 100);
  }
  return item.title;
}

/** Sets what was chosen, and what follows of it. */
export function choose(step: Step, item: Pick<PaletteItem, "title" | "schema" | "sample">, catalog: Catalog, path: Path, chosen: string): void {
  const settings = (step.settings ??= {});
  const before = usualTitle(item, settings, catalog);
  const old = plain(getIn(settings, path));
  setIn(settings, path, chosen);
  if (path.length === 1) {
    for (const [name, schema] of Object.entries(item.schema.properties ?? {})) {
      if (schema.follows !== path[0]) continue;
      const value = plain(settings[name]);
      if (value === "" || value === slug(old, "answer") || value === item.sample[name]) settings[name] = slug(chosen, "answer");
    }
  }
  if (!step.title || step.title === before || step.title === item.title) step.title = usualTitle(item, settings, catalog);
}
