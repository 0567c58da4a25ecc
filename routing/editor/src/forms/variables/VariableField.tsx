/// A field that holds a variable: a button in words that opens the picker.

import { useCallback, useRef, useState } from "react";
import { t } from "../../t";
import { useForm } from "../context";
import type { WidgetProps } from "../widget";
import { isKnown } from "../scope";
import { PickList } from "../widgets/PickList";
import { doubt, emptyText, pathWords, picksOf } from "./picks";

export function VariableField({ id, value, set, title, describedBy, invalid }: WidgetProps) {
  return <VariableButton id={id} value={typeof value === "string" ? value : ""} choose={set} title={title} describedBy={describedBy} invalid={invalid} />;
}

interface VariableButtonProps {
  id: string;
  value: string;
  title: string;
  describedBy?: string | undefined;
  invalid?: boolean;
  choose: (path: string) => void;
}

const PATH = /^[\p{L}_][\p{L}\p{N}_-]*(\.[\p{L}\p{N}_-]+)*$/u;

/** What is typed into the search, as a path; `{{ customer.tier }}` too. */
export function typedPath(text: string): { value: string; label: string } | null {
  const path = text.replace(/^\{\{-?\s*|\s*-?\}\}$/g, "").trim();
  return PATH.test(path) ? { value: path, label: t("Use “%(path)s”", { path }) } : null;
}

export function VariableButton({ id, value, title, describedBy, invalid, choose }: VariableButtonProps) {
  const form = useForm();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  const found = form.scope.byPath.get(value);
  const known = value === "" || isKnown(form.scope, value);
  const words = found?.label ?? pathWords(value);
  const why = doubt(form.scope, value, known);
  return (
    <>
      <button
        ref={button}
        id={id}
        type="button"
        className={`f-input f-opener f-variable${invalid ? " f-invalid-box" : ""}${known ? "" : " f-unknown"}${found?.maybe ? " f-maybe" : ""}`}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={`${title}: ${value === "" ? t("Choose a variable…") : `${words} ${value}`}`}
        aria-describedby={[why ? `${id}-doubt` : "", describedBy].filter(Boolean).join(" ") || undefined}
        title={value}
        disabled={form.readOnly}
        onClick={() => setOpen(!open)}
      >
        {value === "" ? (
          <span className="f-placeholder">{t("Choose a variable…")}</span>
        ) : (
          <>
            <span>{words}</span>{" "}
            <code className="f-path">{value}</code>
          </>
        )}
      </button>
      {why ? (
        <p className="f-doubt" id={`${id}-doubt`}>
          {why}
        </p>
      ) : null}
      {open ? (
        <PickList
          anchor={button}
          title={title}
          picks={picksOf(form.scope)}
          chosen={value}
          free={typedPath}
          empty={emptyText(form.scope)}
          choose={choose}
          close={close}
        />
      ) : null}
    </>
  );
}
