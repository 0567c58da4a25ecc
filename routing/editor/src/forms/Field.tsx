/// One setting: its label, its widget by its schema, its help, and what is wrong with it.

import type { ReactNode } from "react";
import type { Json, Schema } from "../api/types";
import { t } from "../t";
import { idOf, key, useFaults, useForm } from "./context";
import { Faults } from "./Faults";
import { getIn, resolve, titleOf, widgetOf } from "./schema";
import { ConditionsField } from "./conditions/ConditionsField";
import { ExpressionField } from "./conditions/ExpressionField";
import { PromptField } from "./prompts/PromptField";
import { CatalogField } from "./widgets/CatalogField";
import { ChecksField } from "./widgets/ChecksField";
import { ChipsField } from "./widgets/ChipsField";
import { DurationField, NumberField } from "./widgets/NumberField";
import { EnumField } from "./widgets/EnumField";
import { ExitField } from "./widgets/ExitField";
import { ListField, TupleField } from "./widgets/ListField";
import { MapField } from "./widgets/MapField";
import { ObjectField } from "./widgets/ObjectField";
import { MomentField, TextField } from "./widgets/TextField";
import { SwitchField } from "./widgets/SwitchField";
import { TemplateField } from "./variables/TemplateField";
import { UnionField } from "./widgets/UnionField";
import { ValueField } from "./widgets/ValueField";
import { VariableField } from "./variables/VariableField";
import type { FieldProps, WidgetProps } from "./widget";

type Widget = (props: WidgetProps) => ReactNode;

/** One input: label above, help and faults below. */
const SIMPLE: Record<string, Widget> = {
  catalog: CatalogField,
  duration: DurationField,
  exit: ExitField,
  expression: ExpressionField,
  moment: MomentField,
  number: NumberField,
  template: TemplateField,
  text: TextField,
  value: ValueField,
  variable: VariableField,
  chips: ChipsField,
};

/** Several inputs under one heading, each with what is wrong with it. */
const GROUPS: Record<string, Widget> = {
  checks: ChecksField,
  conditions: ConditionsField,
  enum: EnumField,
  list: ListField,
  map: MapField,
  object: ObjectField,
  prompt: PromptField,
  tuple: TupleField,
  union: UnionField,
};
const OWN_FAULTS_ONLY = new Set(["conditions", "list", "map", "object", "prompt", "tuple", "union"]);

export function Field(props: FieldProps) {
  const form = useForm();
  const schema = resolve(props.schema, form.root);
  const widget = widgetOf(schema, form.root);
  const title = props.title ?? titleOf(schema, String(props.path.at(-1) ?? ""));
  const id = idOf(form, props.path);
  const faults = useFaults(props.path, !OWN_FAULTS_ONLY.has(widget));
  const help = schema.description && !props.quiet ? `${id}-help` : undefined;
  const describedBy = [help, faults.length ? `${id}-faults` : undefined].filter(Boolean).join(" ") || undefined;
  const set = (value: Json | undefined) => {
    if (props.held && getIn(form.settings, props.path) === undefined) {
      props.held.set(value);
      return;
    }
    const isDefault = !props.required && schema.default !== undefined && same(value, schema.default);
    form.set(props.path, isDefault ? undefined : value, title);
  };
  const given = getIn(form.settings, props.path) ?? props.held?.value;
  const passed: WidgetProps = {
    ...props,
    schema,
    title,
    id,
    describedBy,
    invalid: faults.some((fault) => fault.level === "error"),
    value: given === undefined && schema.default !== null ? schema.default : given,
    set,
  };
  if (widget === "constant") return null;
  const place = { "data-field": key(props.path), "data-widget": widget };
  const foot = (
    <>
      {help ? (
        <p className="f-help" id={help}>
          {schema.description}
        </p>
      ) : null}
      <Faults id={`${id}-faults`} faults={faults} />
    </>
  );
  if (widget === "switch") {
    return (
      <div className="f-field" {...place}>
        <SwitchField {...passed} />
        {foot}
      </div>
    );
  }
  const Simple = SIMPLE[widget];
  if (Simple) {
    return (
      <div className={`f-field${passed.invalid ? " f-invalid" : ""}`} {...place}>
        <label htmlFor={id} className={props.quiet ? "f-hidden" : "f-label"}>
          {title}{" "}
          {props.required || props.quiet ? null : <Optional schema={schema} />}
        </label>
        <Simple {...passed} />
        {foot}
      </div>
    );
  }
  const Group = GROUPS[widget];
  if (!Group) return null;
  return (
    <div role="group" aria-labelledby={`${id}-title`} aria-describedby={describedBy} className="f-field f-group" {...place}>
      <span id={`${id}-title`} className={props.quiet ? "f-hidden" : "f-label"}>
        {title}
      </span>
      {schema.description && !props.quiet ? (
        <p className="f-help" id={`${id}-help`}>
          {schema.description}
        </p>
      ) : null}
      <Group {...passed} />
      <Faults id={`${id}-faults`} faults={faults} />
    </div>
  );
}

function Optional({ schema }: { schema: Schema }) {
  return schema.nullable === true || schema.default === "" ? <span className="f-optional">{t("optional")}</span> : null;
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
