/// Reads JSON schemas as pydantic writes them, so that forms know kinds of values and no type of step.

import type { Json, Schema } from "../api/types";

export type Path = (string | number)[];

export interface Named {
  name: string;
  schema: Schema;
  required: boolean;
}

/** The schema behind a reference, with what stands beside it; `X | null` is X that may be missing. */
export function resolve(schema: Schema, root: Schema): Schema {
  let found = schema;
  for (let depth = 0; found.$ref !== undefined && depth < 20; depth++) {
    const { $ref, ...beside } = found;
    const target = { ...root.$defs?.[$ref.replace("#/$defs/", "")] };
    // A widget of its own says itself what it is for; its type's description is for programmers.
    if (target.widget !== undefined) delete target.description;
    // The text of the field goes before that of its type.
    found = { ...target, ...beside };
  }
  if (found.allOf?.length === 1) {
    const { allOf, ...beside } = found;
    found = { ...resolve(allOf[0] ?? {}, root), ...beside };
  }
  const members = found.anyOf;
  if (members?.some((one) => one.type === "null")) {
    const others = members.filter((one) => one.type !== "null");
    const beside = { ...found };
    delete beside.anyOf;
    const inner = others.length === 1 ? resolve(others[0] ?? {}, root) : { anyOf: others };
    found = { ...inner, ...beside, nullable: true };
  }
  return found;
}

export function properties(schema: Schema, root: Schema): Named[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, one]) => ({
    name,
    schema: resolve(one, root),
    required: required.has(name),
  }));
}

export function titleOf(schema: Schema, name: string): string {
  return schema.title ?? words(name);
}

/** `loyalty_status` as "Loyalty status". */
export function words(name: string): string {
  const text = name.replace(/[_-]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const SCALARS = new Set(["string", "integer", "number", "boolean"]);

export function isScalar(schema: Schema): boolean {
  return typeof schema.type === "string" && SCALARS.has(schema.type) && schema.enum === undefined;
}

/** The members of a union; one of whole numbers and one of numbers are the same to people. */
export function members(schema: Schema, root: Schema): Schema[] {
  const all = (schema.oneOf ?? schema.anyOf ?? []).map((one) => resolve(one, root));
  const hasNumber = all.some((one) => one.type === "number" && one.enum === undefined);
  return all.filter((one) => !(hasNumber && one.type === "integer" && one.enum === undefined));
}

export type WidgetName =
  | "prompt"
  | "conditions"
  | "variable"
  | "expression"
  | "catalog"
  | "exit"
  | "enum"
  | "checks"
  | "switch"
  | "duration"
  | "number"
  | "moment"
  | "template"
  | "text"
  | "chips"
  | "list"
  | "tuple"
  | "map"
  | "object"
  | "value"
  | "union"
  | "constant";

const HINTED = new Set<WidgetName>(["prompt", "conditions", "variable", "expression"]);

/** Which widget a value of this (resolved) schema gets. */
export function widgetOf(schema: Schema, root: Schema): WidgetName {
  const hint = schema.widget as WidgetName | undefined;
  if (hint !== undefined && HINTED.has(hint)) return hint;
  if (typeof schema.choices === "string") return "catalog";
  if (schema.const !== undefined) return "constant";
  if (schema.enum) return schema.enum.length === 1 ? "constant" : "enum";
  if (schema.oneOf ?? schema.anyOf) return members(schema, root).every(isScalar) ? "value" : "union";
  switch (schema.type) {
    case "boolean":
      return "switch";
    case "integer":
    case "number":
      return schema.unit === "seconds" && (schema.maximum ?? 0) >= 300 ? "duration" : "number";
    case "string":
      if (schema.exit === "name") return "exit";
      if (schema.template === true) return "template";
      return ["date", "time", "date-time"].includes(schema.format ?? "") ? "moment" : "text";
    case "array": {
      if (schema.prefixItems) return "tuple";
      const items = resolve(schema.items ?? {}, root);
      if (items.enum && schema.uniqueItems) return "checks";
      return isScalar(items) && items.type !== "boolean" && items.template !== true ? "chips" : "list";
    }
    case "object":
      return schema.properties ? "object" : "map";
    default:
      return "value";
  }
}

/** What a new value begins with: the default, else as little as there can be. */
export function emptyOf(given: Schema, root: Schema, depth = 0): Json {
  const schema = resolve(given, root);
  if (schema.default !== undefined && schema.default !== null) return structuredClone(schema.default);
  if (schema.const !== undefined) return schema.const;
  if (depth > 6) return null;
  if (schema.widget === "conditions") return { match: "all", conditions: [{ variable: "", operator: "is_one_of", value: [] }] };
  if (schema.enum) return schema.enum[0] ?? "";
  const union = schema.oneOf ?? schema.anyOf;
  if (union) return union[0] ? emptyOf(union[0], root, depth + 1) : "";
  switch (schema.type) {
    case "boolean":
      return false;
    case "integer":
    case "number":
      return schema.minimum ?? (schema.exclusiveMinimum === undefined ? 0 : schema.exclusiveMinimum + 1);
    case "array":
      if (schema.prefixItems) return schema.prefixItems.map((one) => emptyOf(one, root, depth + 1));
      return schema.minItems ? [emptyOf(schema.items ?? {}, root, depth + 1)] : [];
    case "object": {
      const made: Record<string, Json> = {};
      for (const field of properties(schema, root)) {
        // A constant tells the members of a union apart, even where it may be left out.
        if (field.required || field.schema.const !== undefined) made[field.name] = emptyOf(field.schema, root, depth + 1);
      }
      const first = either(schema)[0];
      const inner = first === undefined ? undefined : schema.properties?.[first];
      if (first !== undefined && inner) made[first] = emptyOf(inner, root, depth + 1);
      return made;
    }
    default:
      return "";
  }
}

/** Names of fields of which one is filled in and the others are left out. */
export function either(schema: Schema): string[] {
  return Array.isArray(schema.either) ? (schema.either as string[]) : [];
}

/** Whether the value could be one of this schema: kind, constants and what must be there. */
export function fits(given: Schema, root: Schema, value: Json | undefined): boolean {
  const schema = resolve(given, root);
  if (value === undefined || value === null) return schema.nullable === true || schema.type === "null";
  if (schema.const !== undefined) return schema.const === value;
  if (schema.enum) return schema.enum.includes(value);
  const union = schema.oneOf ?? schema.anyOf;
  if (union) return union.some((one) => fits(one, root, value));
  switch (schema.type) {
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return typeof value === "number" && Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    case "array":
      return Array.isArray(value);
    case "object":
      if (typeof value !== "object" || Array.isArray(value)) return false;
      return properties(schema, root).every((field) => {
        const inner = value[field.name];
        if (inner === undefined) return !field.required;
        return field.schema.const === undefined || field.schema.const === inner;
      });
    default:
      return true;
  }
}

/** What a person reads of a value in half a line. */
export function brief(value: Json | undefined): string {
  if (value === undefined || value === null || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object") return Array.isArray(value) ? String(value.length) : String(Object.keys(value).length);
  const text = String(value);
  return text.length > 30 ? `${text.slice(0, 29)}…` : text;
}

/** The value at a path, or undefined. */
export function getIn(value: Json | undefined, path: Path): Json | undefined {
  let here: Json | undefined = value;
  for (const part of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<string | number, Json>)[part];
  }
  return here;
}

/** Puts a value at a path of a draft that may be changed; undefined takes it away. What is missing on the way is made. */
export function setIn(holder: Record<string, Json>, path: Path, value: Json | undefined): void {
  const last = path.at(-1);
  if (last === undefined) return;
  let here = holder as Record<string | number, Json>;
  path.slice(0, -1).forEach((part, index) => {
    const inner = here[part];
    if (typeof inner !== "object" || inner === null) here[part] = typeof path[index + 1] === "number" ? [] : {};
    here = here[part] as Record<string | number, Json>;
  });
  if (value !== undefined) here[last] = value;
  else if (Array.isArray(here)) here.splice(Number(last), 1);
  else delete here[last];
}

/** A name as the engine wants exits and variables: small letters, digits and _. */
export function slug(text: string, otherwise: string): string {
  const found = text
    .replace(/ß/g, "ss")
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "")
    .slice(0, 36)
    .replace(/_+$/, "");
  return found || otherwise;
}

/** `wish`, or with the first number behind it that nobody has. */
export function unique(wish: string, taken: Iterable<string>): string {
  const all = new Set(taken);
  if (!all.has(wish)) return wish;
  for (let count = 2; ; count++) if (!all.has(`${wish}_${count}`)) return `${wish}_${count}`;
}

/** A stored value as text for an input, whatever it is: something is always there to be mended. */
export function plain(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
