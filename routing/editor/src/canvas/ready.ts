/// Steps that are set already: whoever types the name of a queue, a data source, opening hours or a flow finds them.

import type { Catalog, PaletteItem } from "../api/types";
import type { Choice } from "../shell/SearchList";
import { t } from "../t";
import { iconOf, kindName } from "./kinds";

/** What a kind of step is called after, such as its queue: the setting, and what may be chosen. */
export function namesake(item: PaletteItem): { setting: string; choices: string } | undefined {
  for (const [setting, schema] of Object.entries(item.schema.properties ?? {})) {
    if (typeof schema.titled === "string" && typeof schema.choices === "string") return { setting, choices: schema.choices };
  }
  return undefined;
}

/** Only shown to whoever searches: `new:<type>:<key>`. */
export function readySet(items: PaletteItem[], catalog: Catalog, group?: string): Choice[] {
  return items.flatMap((item) => {
    const after = namesake(item);
    return (after ? (catalog[after.choices] ?? []) : []).map((entry) => ({
      id: `new:${item.type}:${entry.key}`,
      label: t("%(step)s → %(name)s", { step: item.title, name: entry.name }),
      icon: iconOf(item.type, item.kind),
      kind: item.kind,
      group,
      words: `${kindName(item.kind)} ${entry.key} ${t("new")}`,
      quiet: true,
    }));
  });
}
