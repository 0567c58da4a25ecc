/// A value that may be a text, a number or yes and no.

import { useState } from "react";
import type { Json } from "../../api/types";
import { t } from "../../t";
import { useForm } from "../context";
import type { WidgetProps } from "../widget";
import { members, plain } from "../schema";
import { readNumber, useNumberText } from "./NumberField";

type Kind = "string" | "number" | "boolean";
const NAMES: Record<Kind, string> = { string: "Text", number: "Number", boolean: "Yes or no" };

function kindOf(value: Json | undefined): Kind {
  return typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : "string";
}

export function ValueField({ id, value, set, schema, title, describedBy, invalid }: WidgetProps) {
  const form = useForm();
  const types = members(schema, form.root).map((one) => (one.type === "integer" ? "number" : one.type));
  const kinds = (["string", "number", "boolean"] as const).filter((one) => types.length === 0 || types.includes(one));
  // What is typed into a number may be none for a moment; the kind stays what was chosen.
  const [picked, setPicked] = useState(() => kindOf(value));
  const kind = typeof value === "string" && picked === "number" ? "number" : kindOf(value);
  const [text, setText] = useNumberText(value);
  const shared = { id, disabled: form.readOnly, "aria-describedby": describedBy, "aria-invalid": invalid || undefined, className: "f-input" };
  const change = (next: Kind) => {
    setPicked(next);
    const shown = typeof value === "boolean" ? "" : plain(value);
    const number = readNumber(shown);
    set(next === "boolean" ? true : next === "number" ? (typeof number === "number" ? number : 0) : shown);
  };
  return (
    <span className="f-value">
      {kinds.length > 1 ? (
        <select className="f-input f-select f-kind" aria-label={t("Kind of %(title)s", { title })} value={kind} disabled={form.readOnly} onChange={(event) => change(event.target.value as Kind)}>
          {kinds.map((one) => (
            <option key={one} value={one}>
              {t(NAMES[one])}
            </option>
          ))}
        </select>
      ) : null}
      {kind === "boolean" ? (
        <select {...shared} className="f-input f-select" value={plain(value)} onChange={(event) => set(event.target.value === "true")}>
          <option value="true">{t("yes")}</option>
          <option value="false">{t("no")}</option>
        </select>
      ) : kind === "number" ? (
        <input
          {...shared}
          type="text"
          inputMode="decimal"
          autoComplete="off"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setPicked("number");
            set(readNumber(event.target.value) ?? "");
          }}
        />
      ) : (
        <input {...shared} type="text" autoComplete="off" value={plain(value)} onChange={(event) => set(event.target.value)} />
      )}
    </span>
  );
}
