/// A condition as one expression, for those who want it; variables are put in by name.

import { useCallback, useRef, useState } from "react";
import { t } from "../../t";
import { useForm } from "../context";
import type { WidgetProps } from "../widget";
import { emptyText, picksOf } from "../variables/picks";
import { PickList } from "../widgets/PickList";
import { rowsOf } from "../widgets/TextField";

export function ExpressionField({ id, value, set, schema, describedBy, invalid }: WidgetProps) {
  const form = useForm();
  const text = typeof value === "string" ? value : "";
  const field = useRef<HTMLTextAreaElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const cursor = useRef<[number, number] | null>(null);
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  const remember = () => {
    const area = field.current;
    if (area) cursor.current = [area.selectionStart, area.selectionEnd];
  };
  const insert = (path: string) => {
    const [from, to] = cursor.current ?? [text.length, text.length];
    set(text.slice(0, from) + path + text.slice(to));
    setTimeout(() => {
      field.current?.focus();
      field.current?.setSelectionRange(from + path.length, from + path.length);
    }, 0);
  };
  return (
    <div className="f-template">
      <textarea
        ref={field}
        id={id}
        className="f-input f-code"
        rows={rowsOf(text)}
        spellCheck={false}
        value={text}
        maxLength={schema.maxLength}
        disabled={form.readOnly}
        aria-describedby={describedBy}
        aria-invalid={invalid || undefined}
        onChange={(event) => set(event.target.value)}
        onBlur={remember}
        onSelect={remember}
      />
      {form.readOnly ? null : (
        <button ref={button} type="button" className="f-insert" aria-haspopup="dialog" aria-expanded={open} aria-label={t("Insert a variable into the expression")} title={t("Insert a variable")} onClick={() => setOpen(!open)}>
          {"{ }"}
        </button>
      )}
      {open ? <PickList anchor={button} title={t("Insert a variable")} picks={picksOf(form.scope)} empty={emptyText(form.scope)} choose={insert} close={close} /> : null}
    </div>
  );
}
