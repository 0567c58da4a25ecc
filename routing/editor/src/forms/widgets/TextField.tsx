/// Plain text on one line or several, and dates and times.

import { useForm } from "../context";
import type { WidgetProps } from "../widget";
import { plain } from "../schema";

const LONG = 300;

export function TextField({ id, value, set, schema, describedBy, invalid, required }: WidgetProps) {
  const form = useForm();
  const text = plain(value);
  const shared = {
    id,
    value: text,
    disabled: form.readOnly,
    "aria-describedby": describedBy,
    "aria-invalid": invalid || undefined,
    "aria-required": required || undefined,
    className: "f-input",
    onChange: (event: { target: { value: string } }) => set(event.target.value),
  };
  if (schema.multiline === true || (schema.maxLength ?? 0) > LONG) return <textarea {...shared} rows={rowsOf(text)} />;
  return <input type={schema.format === "password" ? "password" : "text"} autoComplete="off" spellCheck={schema.pattern ? false : undefined} {...shared} />;
}

export function rowsOf(text: string, least = 2): number {
  const lines = text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 44)), 0);
  return Math.min(14, Math.max(least, lines));
}

const KINDS: Record<string, string> = { date: "date", time: "time", "date-time": "datetime-local" };

export function MomentField({ id, value, set, schema, describedBy, invalid }: WidgetProps) {
  const form = useForm();
  const text = typeof value === "string" ? value : "";
  const kind = KINDS[schema.format ?? ""] ?? "text";
  // The browser's input would show nothing for what it cannot read, and what was typed is never lost.
  const readable = text === "" || /^(\d{4}-\d\d-\d\d)?(T?\d\d:\d\d(:\d\d)?)?$/.test(text);
  return (
    <input
      id={id}
      type={readable ? kind : "text"}
      className="f-input f-short"
      value={text}
      disabled={form.readOnly}
      aria-describedby={describedBy}
      aria-invalid={invalid || undefined}
      onChange={(event) => set(event.target.value === "" ? undefined : event.target.value)}
    />
  );
}
