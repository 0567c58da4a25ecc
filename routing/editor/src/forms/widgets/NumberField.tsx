/// Numbers with their units, and long times as minutes and seconds. What is no number stays as it was typed.

import { useState } from "react";
import type { Json } from "../../api/types";
import { t } from "../../t";
import { useForm } from "../context";
import type { WidgetProps } from "../widget";
import { plain } from "../schema";

/** The number a person means ("1,5" too), else the text itself; undefined for nothing. */
export function readNumber(text: string): number | string | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const dotted = /^-?\d+,\d+$/.test(trimmed) ? trimmed.replace(",", ".") : trimmed;
  return /^-?(\d+(\.\d+)?|\.\d+)$/.test(dotted) ? Number(dotted) : text;
}

/** The text of an input whose value is a number: "1." and "1.0" stay while they are typed. */
export function useNumberText(value: Json | undefined): [string, (text: string) => void] {
  const shown = plain(value);
  const [typed, setTyped] = useState(shown);
  const current = readNumber(typed);
  const same = current === value || (current === undefined && shown === "");
  return [same ? typed : shown, setTyped];
}

export function NumberField({ id, value, set, schema, describedBy, invalid, required }: WidgetProps) {
  const form = useForm();
  const [text, setText] = useNumberText(value);
  const unit = typeof schema.unit === "string" ? schema.unit : "";
  return (
    <span className="f-with-unit">
      <input
        id={id}
        type="text"
        inputMode={schema.type === "integer" ? "numeric" : "decimal"}
        autoComplete="off"
        className="f-input f-number"
        value={text}
        disabled={form.readOnly}
        placeholder={schema.nullable === true ? t("none") : undefined}
        aria-describedby={[unit ? `${id}-unit` : "", describedBy].filter(Boolean).join(" ") || undefined}
        aria-invalid={invalid || undefined}
        aria-required={required || undefined}
        onChange={(event) => {
          setText(event.target.value);
          set(readNumber(event.target.value));
        }}
      />
      {unit ? (
        <span className="f-unit" id={`${id}-unit`}>
          {t(unit)}
        </span>
      ) : null}
      <Bounds least={schema.minimum} most={schema.maximum} />
    </span>
  );
}

function Bounds({ least, most }: { least: number | undefined; most: number | undefined }) {
  if (least === undefined || most === undefined) return null;
  return <span className="f-bounds">{t("%(least)s to %(most)s", { least, most })}</span>;
}

/** Seconds as minutes and seconds; what is no number is left to a plain field. */
export function DurationField(props: WidgetProps) {
  const form = useForm();
  const { id, value, set, title, describedBy, invalid } = props;
  if (typeof value !== "number" || value < 0) return <NumberField {...props} />;
  const minutes = Math.floor(value / 60);
  const seconds = Math.round((value - minutes * 60) * 1000) / 1000;
  const part = (text: string) => Math.max(0, Number(text) || 0);
  const shared = {
    type: "number",
    min: 0,
    className: "f-input f-number",
    disabled: form.readOnly,
    "aria-describedby": describedBy,
    "aria-invalid": invalid || undefined,
  };
  return (
    <span className="f-with-unit">
      <input
        {...shared}
        id={id}
        value={minutes}
        aria-label={t("%(title)s, minutes", { title })}
        onChange={(event) => set(part(event.target.value) * 60 + seconds)}
      />
      <span className="f-unit">{t("min")}</span>
      <input
        {...shared}
        value={seconds}
        aria-label={t("%(title)s, seconds", { title })}
        onChange={(event) => set(minutes * 60 + part(event.target.value))}
      />
      <span className="f-unit">{t("s")}</span>
    </span>
  );
}
