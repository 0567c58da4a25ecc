/// What the server says and is told. routing/admin/canvas/ speaks this; change both together.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Settings = Record<string, Json>;
export type Point = [number, number];
export type Kind = "trigger" | "say" | "ask" | "data" | "decide" | "hand_over" | "end";

// --- the definition, as routing/engine/definition.py has it -----------------------------------
export interface Step {
  id: string;
  type: string;
  title?: string;
  settings?: Settings;
  exits?: Record<string, string>;
}

export interface Note {
  text: string;
  at: Point;
}

export interface Definition {
  format: number;
  steps: Step[];
  notes?: Note[];
  layout?: Record<string, Point>;
}

// --- what the server thinks of it -------------------------------------------------------------
export interface Patch {
  op: "set" | "remove";
  path: (string | number)[];
  value?: Json;
}

export interface Mend {
  label: string;
  patch: Patch[];
}

export interface Fault {
  message: string;
  where: (string | number)[];
  step: string;
  level: "error" | "warning";
  mends: Mend[];
}

export interface StepExit {
  name: string;
  label: string;
  optional: boolean;
}

export interface StepAnalysis {
  title: string;
  gist: string;
  exits: StepExit[];
  provides: string[];
  reads: string[];
}

export interface Analysis {
  faults: Fault[];
  steps: Record<string, StepAnalysis>;
}

// --- JSON schema, as far as pydantic writes it ------------------------------------------------
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Json;
  enum?: Json[];
  const?: Json;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  prefixItems?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
  propertyNames?: Schema;
  choices?: string;
  [more: string]: unknown;
}

export interface PaletteItem {
  type: string;
  title: string;
  kind: Kind;
  /** The docstring: its first line says in a sentence what the step does. */
  doc: string;
  schema: Schema;
  /** Settings that are valid, to begin with. */
  sample: Settings;
  asks: boolean;
  /** Ways out of the sample, so that a new step has its exits before the server was asked. */
  exits?: StepExit[];
}

// --- what a flow may refer to -----------------------------------------------------------------
export interface CatalogEntry {
  key: string;
  name: string;
  url: string;
}

export interface CatalogField {
  name: string;
  type: string;
  sample: Json;
}

export interface CatalogSource extends CatalogEntry {
  inputs: string[];
  fields: CatalogField[];
}

export interface Catalog {
  queue: CatalogEntry[];
  source: CatalogSource[];
  hours: CatalogEntry[];
  flow: CatalogEntry[];
  [kind: string]: CatalogEntry[];
}

// --- GET document/ ----------------------------------------------------------------------------
export interface FlowInfo {
  id: number;
  key: string;
  name: string;
  description: string;
  revision: number;
  updated_at: string;
  updated_by: string;
  live: { id: number; number: number } | null;
  differs_from_live: boolean;
  numbers: FlowNumber[];
}

/** A number or address of ours that starts the flow. */
export interface FlowNumber {
  id: number;
  address: string;
  /** Switched off, it starts nothing. */
  active: boolean;
  url: string;
}

/** Every address below `…/canvas/`, and pages of the admin. */
export interface Urls {
  document: string;
  draft: string;
  analyse: string;
  scope: string;
  publish: string;
  versions: string;
  roll_back: string;
  compare: string;
  presence: string;
  subflow: string;
  try: string;
  cases: string;
  traffic: string;
  contacts: string;
  contact: string;
  listen: string;
  naming: string;
  numbers: string;
  /** Pages: the flow as text, its file, its name and description, all flows. */
  text: string;
  export: string;
  list: string;
  all_numbers: string;
  [more: string]: string;
}

export interface FlowDocument {
  flow: FlowInfo;
  definition: Definition;
  analysis: Analysis;
  palette: PaletteItem[];
  catalog: Catalog;
  languages: { code: string; name: string }[];
  may: { edit: boolean; publish: boolean; view_contacts: boolean; choose_numbers?: boolean };
  me: { name: string };
  urls: Urls;
}

// --- POST draft/ ------------------------------------------------------------------------------
export interface Saved {
  revision: number;
  analysis: Analysis;
  differs_from_live: boolean;
}

/** 409: somebody saved since. */
export interface Stale {
  error: string;
  by: string;
  at: string;
  revision: number;
  definition: Definition;
  analysis: Analysis;
}

// --- POST scope/ ------------------------------------------------------------------------------
export interface Variable {
  path: string;
  label: string;
  type: string;
  sample: Json;
  group: string;
  from_step: string | null;
  /** Known on some ways to the step only. */
  maybe?: boolean;
}

// --- versions ---------------------------------------------------------------------------------
export interface Version {
  id: number;
  number: number;
  at: string;
  by: string;
  note: string;
  live: boolean;
  contacts_open: number;
  used_by: string[];
}

export interface Published {
  version: { id: number; number: number };
  revision?: number;
  differs_from_live?: boolean;
}

export interface Looked {
  definition: Definition;
  analysis: Analysis;
  title: string;
}

/** `before` and `after` are words, with names in place of keys; empty: there was or is nothing. */
export interface StepChange {
  step: string;
  title: string;
  kind: "added" | "removed" | "changed" | "moved";
  fields: { label: string; path: (string | number)[]; before: string; after: string }[];
  exits: { name: string; label: string; before: string; after: string }[];
}

export interface Comparison {
  a: { title: string };
  b: { title: string };
  definition: Definition;
  analysis: Analysis;
  changes: StepChange[];
  other: string[];
  /** Contacts notice no difference. */
  same: boolean;
}

export interface Other {
  session: string;
  name: string;
  /** The name as it is, where `name` says it otherwise (“You, in another tab”). */
  real_name?: string;
  step: string;
  seconds_ago: number;
  /** Another tab of the same person. */
  own?: boolean;
}

export interface Presence {
  others: Other[];
  revision: number;
  updated_by: string;
  flow: Pick<FlowInfo, "name" | "description" | "live" | "differs_from_live">;
  /** Of another version that is live than this tab knew: how that came about. */
  went_live: { by: string; at: string; note: string; back_to: number | null } | null;
}

// --- what other panels lay over the canvas ----------------------------------------------------
export type Tone = "path" | "good" | "warn" | "bad" | "added" | "removed" | "changed" | "dim";

export interface Overlay {
  title: string;
  steps: Record<string, { tone: Tone; badge?: string; detail?: string }>;
  /** Key: `${stepId}:${exit}`. `weight` is 0..1 and becomes the width of the line. */
  edges: Record<string, { tone: Tone; label?: string; weight?: number; onClick?: () => void }>;
}
