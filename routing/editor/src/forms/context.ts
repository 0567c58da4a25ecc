/// What every widget of a form can reach: the settings, what is wrong with them, and what is known of the house.

import { type ComponentType, createContext, useContext, useEffect } from "react";
import type { Catalog, CatalogEntry, Definition, Fault, Json, PaletteItem, Schema, Settings, Step, StepExit, Variable } from "../api/types";
import type { Path } from "./schema";
import type { FieldProps } from "./widget";

export interface SettingFault {
  message: string;
  level: "error" | "warning";
  path: Path;
  /** As the server said it, with its ways to mend it. */
  fault?: Fault;
}

/** A variable as the server describes it, with values it is likely to have. */
export interface KnownVariable extends Variable {
  from_title?: string;
  suggestions?: string[];
}

export interface Scope {
  state: "loading" | "ready" | "failed";
  variables: KnownVariable[];
  byPath: ReadonlyMap<string, KnownVariable>;
}

export const NO_SCOPE: Scope = { state: "loading", variables: [], byPath: new Map() };

/** Asks for what a new entry of the catalog needs, and gives it; null if it was not made after all. */
export interface Maker {
  label: string;
  Dialog: ComponentType<{ close: (made: CatalogEntry | null) => void }>;
}

export interface FormApi {
  /** Begins the id of every element of this form. */
  id: string;
  /** For widgets that hold fields: one cannot import the other, which holds it. */
  Field: ComponentType<FieldProps>;
  stepId: string;
  root: Schema;
  settings: Settings;
  exits: StepExit[];
  /** Exit to what people call the step it leads to. */
  leadsTo: Record<string, string>;
  faults: SettingFault[];
  readOnly: boolean;
  catalog: Catalog;
  /** The type of the step, as far as choices in its settings need it. */
  item: Pick<PaletteItem, "title" | "schema" | "sample">;
  /** Makes a new one of what a field chooses from; the kinds for which that is possible here. */
  makers: Record<string, Maker>;
  /** Where to make a new one of what a field chooses from, by its kind. */
  addUrls: Record<string, string>;
  languages: { code: string; name: string }[];
  /** Languages that other prompts of this flow speak, the most usual first. */
  spoken: string[];
  scope: Scope;
  definition: Definition;
  listenUrl: string;
  /** Changes one value; what is typed into one field is one undo. */
  set: (path: Path, value: Json | undefined, what: string) => void;
  /** Changes the step in one act, exits included. `merge` fuses acts of one kind. */
  act: (what: string, change: (step: Step) => void, merge?: string) => void;
  /** Mends a fault in the way of this label; absent where nothing can be mended. */
  mend?: (fault: Fault, label: string) => void;
  /** Says that a field for this path is on the screen; faults below it are its own if it is a leaf. */
  register: (path: Path, leaf: boolean) => () => void;
}

export const FormContext = createContext<FormApi | null>(null);

export function useForm(): FormApi {
  const form = useContext(FormContext);
  if (!form) throw new Error("This belongs into a form.");
  return form;
}

export function key(path: Path): string {
  return JSON.stringify(path);
}

export function idOf(form: FormApi, path: Path): string {
  return `${form.id}-${path.join("-").replace(/[^\w-]+/g, "_")}`;
}

/** Registers the field, and gives what is wrong with it: with all below it if nothing below it is a field of its own. */
export function useFaults(path: Path, leaf = true): SettingFault[] {
  const form = useForm();
  const { register } = form;
  const at = key(path);
  useEffect(() => register(JSON.parse(at) as Path, leaf), [at, leaf, register]);
  return form.faults.filter(
    (fault) => (leaf ? fault.path.length >= path.length : fault.path.length === path.length) && startsWith(fault.path, path),
  );
}

export function startsWith(path: Path, start: Path): boolean {
  return start.every((part, index) => String(path[index]) === String(part));
}
