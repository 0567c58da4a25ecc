/// Variables as the picker shows them: in words, in groups, with a sample.

import { t } from "../../t";
import type { Json } from "../../api/types";
import type { KnownVariable, Scope } from "../context";
import type { Pick } from "../widgets/PickList";

export function picksOf(scope: Scope): Pick[] {
  return scope.variables.map((one) => ({
    value: one.path,
    label: one.label,
    hint: one.path,
    group: one.group,
    detail: [one.maybe ? t("on some ways only") : "", sampleText(one)].filter(Boolean).join(" · "),
    also: `${one.type} ${one.from_title ?? ""}`,
  }));
}

export function sampleText(one: KnownVariable): string {
  const text = written(one.sample);
  return text === "" ? "" : t("such as %(sample)s", { sample: text });
}

function written(value: Json | undefined): string {
  if (value === undefined || value === null || value === "") return "";
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (Array.isArray(value)) return value.map(written).join(", ");
  if (typeof value === "object") return "";
  const text = String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

const VAGUE = new Set(["from", "to", "id", "name", "status", "type", "value", "total", "count", "key", "code", "number"]);

/** `loyalty.loyalty_status` in words, as the engine says it: "loyalty status". */
export function pathWords(path: string): string {
  const parts = path.split(".").filter(Boolean);
  let start = Math.max(0, parts.length - 1);
  while (start > 0 && (/^\d+$/.test(parts[start] ?? "") || VAGUE.has((parts[start] ?? "").toLowerCase()))) start--;
  return parts
    .slice(start)
    .map((part) => part.replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ").replace(/[_-]/g, " ").toLowerCase())
    .join(" ");
}

/** Why a variable may be empty at this step; nothing if it is certain. */
export function doubt(scope: Scope, path: string, known: boolean): string {
  if (scope.state !== "ready" || path === "") return "";
  if (!known) return t("Nothing before this step sets “%(path)s”.", { path });
  const found = scope.byPath.get(path);
  if (!found?.maybe) return "";
  return t("“%(label)s” is not known on every way to this step.", { label: found.label });
}

/** Why the list is empty or not whole. */
export function emptyText(scope: Scope): string {
  if (scope.state === "loading") return t("Looking for what is known here…");
  if (scope.state === "failed") return t("The server did not say what is known here. Type the name of a variable.");
  return t("Nothing is known here yet.");
}
