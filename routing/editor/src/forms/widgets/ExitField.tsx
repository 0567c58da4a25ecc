/// The name of a way out: what people call it is typed, the short name follows, and the line on the canvas stays.

import { useRef, useState } from "react";
import type { Json, Schema, Step } from "../../api/types";
import { t } from "../../t";
import { type FormApi, useForm } from "../context";
import type { WidgetProps } from "../widget";
import { getIn, type Path, plain, properties, setIn, slug, unique, words } from "../schema";

interface ExitFields {
  name: string;
  label: string | undefined;
}

/** The fields of an object that name an exit, if it has any. */
export function exitFields(schema: Schema, root: Schema): ExitFields | undefined {
  let name: string | undefined;
  let label: string | undefined;
  for (const field of properties(schema, root)) {
    if (field.schema.exit === "name") name = field.name;
    if (field.schema.exit === "label") label = field.name;
  }
  return name === undefined ? undefined : { name, label };
}

/** Names that other exits of the step have, apart from the one at `path`. */
export function takenNames(form: FormApi, path: Path): Set<string> {
  const own = getIn(form.settings, path);
  return new Set(form.exits.map((exit) => exit.name).filter((name) => name !== own));
}

/** Moves the line of an exit along with its name. */
export function renameExit(step: Step, from: string, to: string): void {
  if (from === to || from === "") return;
  const target = step.exits?.[from];
  if (target === undefined || !step.exits) return;
  delete step.exits[from];
  step.exits[to] = target;
}

/** The label as it is typed; without a label field, the name in words. */
export function exitText(item: Json | undefined, fields: ExitFields): string {
  const name = getIn(item, [fields.name]);
  const label = fields.label === undefined ? undefined : getIn(item, [fields.label]);
  if (typeof label === "string" && label !== "") return label;
  return typeof name === "string" ? words(name) : "";
}

interface ExitNameProps {
  path: Path;
  fields: ExitFields;
  noun: string;
  id: string;
  describedBy: string | undefined;
  invalid: boolean;
}

/** Name and label of one item of a list, as one field. */
export function ExitName({ path, fields, noun, id, describedBy, invalid }: ExitNameProps) {
  const form = useForm();
  const item = getIn(form.settings, path);
  const namePath = [...path, fields.name];
  const name = plain(getIn(form.settings, namePath));
  const { label: labelField } = fields;
  const label = labelField === undefined ? "" : plain(getIn(item, [labelField]));
  const inWords = name.replace(/_/g, " ");
  // While somebody types, the field holds what was typed, nothing included; otherwise it says how the exit is called.
  const [typed, setTyped] = useState<string | null>(null);
  const following = useRef(false);
  const shown = typed ?? (label || words(inWords));
  const change = (text: string) => {
    // A name that somebody chose on purpose stays; one that was made of the label follows it, from the first letter on.
    if (typed === null) following.current = labelField === undefined || label === "" || isMadeOf(name, label) || isMadeOf(name, noun);
    const follows = following.current;
    setTyped(text);
    const next = follows && text.trim() !== "" ? unique(slug(text, slug(noun, "exit")), takenNames(form, namePath)) : name;
    form.act(
      t("Rename “%(name)s”", { name: shown || name }),
      (step) => {
        const settings = (step.settings ??= {});
        if (labelField !== undefined) setIn(settings, [...path, labelField], text === "" ? undefined : text);
        setIn(settings, namePath, next);
        renameExit(step, name, next);
      },
      `exit:${JSON.stringify(path)}`,
    );
  };
  return (
      <input
        id={id}
        type="text"
        autoComplete="off"
        className="f-input"
        value={shown}
        placeholder={words(inWords) || words(noun)}
        onBlur={() => setTyped(null)}
        disabled={form.readOnly}
        aria-describedby={describedBy}
        aria-invalid={invalid || undefined}
        onChange={(event) => change(event.target.value)}
      />
  );
}

function isMadeOf(name: string, label: string): boolean {
  const base = slug(label, "exit");
  return name === base || (name.startsWith(`${base}_`) && /^\d+$/.test(name.slice(base.length + 1)));
}

/** A field that names an exit and stands alone. */
export function ExitField({ id, value, path, title, describedBy, invalid }: WidgetProps) {
  const form = useForm();
  const name = typeof value === "string" ? value : "";
  const [typed, setTyped] = useState<string | null>(null);
  const change = (text: string) => {
    setTyped(text);
    const next = text === "" ? "" : unique(slug(text, "exit"), takenNames(form, path));
    form.act(
      t("Rename “%(name)s”", { name: name || title }),
      (step) => {
        setIn((step.settings ??= {}), path, next);
        renameExit(step, name, next);
      },
      `exit:${JSON.stringify(path)}`,
    );
  };
  return (
    <input
      id={id}
      type="text"
      autoComplete="off"
      className="f-input"
      value={typed ?? name.replace(/_/g, " ")}
      onBlur={() => setTyped(null)}
      disabled={form.readOnly}
      aria-describedby={describedBy}
      aria-invalid={invalid || undefined}
      onChange={(event) => change(event.target.value)}
    />
  );
}
