/// Conditions as the engine has them, and what its schema says of operators: nothing here knows any operator by name.

import type { Json, Schema } from "../../api/types";
import { t } from "../../t";
import { properties, resolve } from "../schema";
import { readNumber } from "../widgets/NumberField";
import { pathWords } from "../variables/picks";

export interface Condition {
  variable: string;
  operator: string;
  value?: Json;
}

export interface Group {
  match: "all" | "any";
  conditions: (Condition | Group)[];
}

export type ValueKind = "none" | "list" | "range" | "pattern" | "number" | "moment" | "time" | "text";

export interface Operators {
  all: string[];
  labels: Record<string, string>;
  fits: Record<string, string[]>;
  values: Record<string, ValueKind>;
}

export function isGroup(part: Json | Condition | Group | undefined): part is Group {
  return typeof part === "object" && part !== null && "conditions" in part && Array.isArray(part.conditions);
}

/** The group in what is stored, whatever that is. */
export function asGroup(value: Json | undefined): Group {
  if (!isGroup(value)) return { match: "all", conditions: [] };
  const parts = value.conditions.filter((one) => typeof one === "object" && one !== null);
  return { match: value.match === "any" ? "any" : "all", conditions: parts.map((one) => (isGroup(one) ? asGroup(one as unknown as Json) : whole(one))) };
}

/** A condition written by hand may lack anything. */
function whole(part: Condition): Condition {
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return { ...part, variable: text(part.variable), operator: text(part.operator) };
}

const NO_OPERATORS: Operators = { all: [], labels: {}, fits: {}, values: {} };

/** The operators in the schema of a group. */
export function operatorsOf(schema: Schema, root: Schema): Operators {
  const items = resolve(resolve(schema.properties?.conditions ?? {}, root).items ?? {}, root);
  for (const member of items.anyOf ?? [items]) {
    const condition = resolve(member, root);
    const operator = properties(condition, root).find((field) => field.name === "operator")?.schema;
    if (!operator?.enum) continue;
    return {
      all: operator.enum.map(String),
      labels: (operator.labels ?? {}) as Record<string, string>,
      fits: (operator.fits ?? {}) as Record<string, string[]>,
      values: (operator.values ?? {}) as Record<string, ValueKind>,
    };
  }
  return NO_OPERATORS;
}

export function operatorWords(operators: Operators, operator: string): string {
  return t(operators.labels[operator] ?? operator.replace(/_/g, " "));
}

/** Operators that fit a variable of this type, and all others. */
export function sorted(operators: Operators, type: string | undefined): [string[], string[]] {
  const fitting = (type === undefined ? undefined : operators.fits[type])?.filter((one) => operators.all.includes(one)) ?? [];
  return [fitting, operators.all.filter((one) => !fitting.includes(one))];
}

function written(value: Json | undefined): string {
  if (value === undefined || value === null || value === "") return "…";
  if (typeof value === "string") {
    const counted = /^([+-])\s*(\d+)\s*([a-z]+)$/.exec(value.trim());
    if (counted) return t(counted[1] === "-" ? "%(amount)s %(unit)s ago" : "%(amount)s %(unit)s from now", { amount: counted[2] ?? "", unit: counted[3] ?? "" });
    const sole = /^\s*\{\{-?\s*([\w.-]+)\s*-?\}\}\s*$/.exec(value);
    return sole?.[1] === undefined ? value : pathWords(sole[1]);
  }
  return typeof value === "object" ? "…" : typeof value === "boolean" ? (value ? t("yes") : t("no")) : String(value);
}

/** One condition as a sentence: "loyalty status is one of gold or platinum". */
export function conditionWords(condition: Condition, operators: Operators, label: (path: string) => string): string {
  const start = `${condition.variable === "" ? "…" : label(condition.variable)} ${operatorWords(operators, condition.operator)}`;
  const kind = operators.values[condition.operator] ?? "text";
  if (kind === "none") return start;
  const { value } = condition;
  if (!Array.isArray(value)) return `${start} ${written(value)}`;
  if (!value.length) return `${start} …`;
  const listed = value.map(written);
  const last = listed.pop() ?? "";
  return `${start} ${listed.length ? `${listed.join(", ")} ${kind === "range" ? t("and") : t("or")} ${last}` : last}`;
}

export function groupWords(group: Group, operators: Operators, label: (path: string) => string): string {
  if (!group.conditions.length) return t("no condition yet");
  const joint = group.match === "any" ? t("or") : t("and");
  return group.conditions
    .map((part) => (isGroup(part) ? (part.conditions.length > 1 ? `(${groupWords(part, operators, label)})` : groupWords(part, operators, label)) : conditionWords(part, operators, label)))
    .join(` ${joint} `);
}

/** A value that was given for one kind of comparison, as another kind wants it. Of several, one thing is compared with the first. */
export function adapted(value: Json | undefined, to: ValueKind, type: string | undefined): Json | undefined {
  const items = Array.isArray(value) ? value : value === undefined || value === null || value === "" ? [] : [value];
  switch (to) {
    case "none":
      return undefined;
    case "list":
      return Array.isArray(value) || typeof value !== "string" ? items : splitList(value).map((one) => typed(one, type));
    case "range":
      return [items[0] ?? "", items[1] ?? ""];
    case "number": {
      const first = items[0];
      return typeof first === "string" ? (readNumber(first) ?? "") : (first ?? "");
    }
    default:
      return items[0] ?? "";
  }
}

/** A template, or the path of a list, is one thing; everything else is split at its commas. */
export function splitList(text: string): string[] {
  if (/\{\{|\{%/.test(text)) return text.trim() === "" ? [] : [text];
  return text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

/** What is typed for a variable of this type. Codes such as 007 stay text. */
export function typed(text: string, type: string | undefined): Json {
  if (type !== "number" || /^-?0\d/.test(text.trim())) return text;
  return readNumber(text) ?? text;
}

export function count(group: Group): number {
  return group.conditions.reduce((sum, part) => sum + (isGroup(part) ? count(part) : 1), 0);
}

/** The comparison that a row begins with, before its variable is chosen. */
export function firstOperator(operators: Operators): string {
  return operators.fits.text?.[0] ?? operators.all[0] ?? "";
}
