/// Names that the thing chosen in another field knows: the placeholders of a data source, the results of a sub-flow.

import type { CatalogEntry, Json, Schema } from "../../api/types";
import { useForm } from "../context";
import { getIn, type Path, plain } from "../schema";

export function useKnownNames(schema: Schema, path: Path): string[] {
  const form = useForm();
  const from = schema.keys as { field?: string; list?: string } | undefined;
  if (!from?.field || !from.list) return [];
  const beside = form.root.properties?.[from.field];
  const chosen = getIn(form.settings, [...path.slice(0, -1), from.field]);
  const entries = form.catalog[String(beside?.choices ?? from.field)] ?? [];
  const entry = entries.find((one) => one.key === chosen) as (CatalogEntry & Record<string, unknown>) | undefined;
  const found = entry?.[from.list];
  if (!Array.isArray(found)) return [];
  return found.map((one) => (typeof one === "string" ? one : plain((one as { name?: Json }).name))).filter(Boolean);
}
