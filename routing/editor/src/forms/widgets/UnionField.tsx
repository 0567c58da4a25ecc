/// One of several kinds of things: its kind is chosen first. What another kind held is there again when it is chosen back.

import { useRef } from "react";
import type { Json, Schema } from "../../api/types";
import { t } from "../../t";
import { useForm } from "../context";
import type { WidgetProps } from "../widget";
import { emptyOf, fits, members, plain, properties, resolve, words } from "../schema";

export function UnionField({ id, value, set, schema, path, title }: WidgetProps) {
  const form = useForm();
  const kinds = members(schema, form.root);
  const kept = useRef<Record<number, Json>>({});
  const found = kinds.findIndex((one) => fits(one, form.root, value));
  const current = found >= 0 ? found : kinds.findIndex((one) => sameDiscriminator(one, form.root, value));
  const chosen = kinds[current];
  const choose = (index: number) => {
    if (value !== undefined && current >= 0) kept.current[current] = value;
    const kind = kinds[index];
    set(kind === undefined ? undefined : (kept.current[index] ?? emptyOf(kind, form.root)));
  };
  return (
    <div className="f-nested">
      <div className="f-field">
        <label className="f-hidden" htmlFor={id}>
          {t("Kind of %(title)s", { title })}
        </label>
        <select id={id} className="f-input f-select" value={current} disabled={form.readOnly} onChange={(event) => choose(Number(event.target.value))}>
          {current < 0 || schema.nullable === true ? <option value={-1}>{schema.nullable === true ? t("None") : t("Choose…")}</option> : null}
          {kinds.map((one, index) => (
            <option key={index} value={index}>
              {kindName(one, form.root)}
            </option>
          ))}
        </select>
      </div>
      {chosen ? <form.Field key={current} schema={{ ...chosen, nullable: undefined }} path={path} title={kindName(chosen, form.root)} required quiet /> : null}
    </div>
  );
}

/** An object that is not whole yet is still of the kind that its constant says. */
function sameDiscriminator(schema: Schema, root: Schema, value: Json | undefined): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const fixed = properties(schema, root).filter((field) => field.schema.const !== undefined);
  return fixed.length > 0 && fixed.every((field) => value[field.name] === field.schema.const);
}

const PLAIN: Record<string, string> = { string: "Text", number: "Number", integer: "Whole number", boolean: "Yes or no", array: "List", object: "Values" };

function kindName(given: Schema, root: Schema): string {
  const schema = resolve(given, root);
  if (schema.title) return words(schema.title.replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ").toLowerCase());
  const fixed = properties(schema, root).find((field) => field.schema.const !== undefined);
  if (fixed) return words(plain(fixed.schema.const));
  return t(PLAIN[String(schema.type)] ?? "Something else");
}
