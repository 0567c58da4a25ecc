/// Text with {{ variables }}: those that nothing sets are marked inside the text, and a button puts one in.

import { type ReactNode, useCallback, useLayoutEffect, useRef, useState } from "react";
import { t } from "../../t";
import { useForm, type Scope } from "../context";
import type { WidgetProps } from "../widget";
import { isKnown } from "../scope";
import { PickList } from "../widgets/PickList";
import { rowsOf } from "../widgets/TextField";
import { doubt, emptyText, picksOf } from "./picks";
import { typedPath } from "./VariableField";
import { plain } from "../schema";

export function TemplateField({ id, value, set, schema, title, describedBy, invalid }: WidgetProps) {
  const text = plain(value);
  return (
    <TemplateText
      id={id}
      value={text}
      change={set}
      title={title}
      lines={schema.multiline === true ? 3 : 1}
      describedBy={describedBy}
      invalid={invalid}
    />
  );
}

interface TemplateTextProps {
  id: string;
  value: string;
  title: string;
  lines?: number;
  placeholder?: string | undefined;
  describedBy?: string | undefined;
  invalid?: boolean;
  lang?: string | undefined;
  change: (text: string) => void;
}

export function TemplateText({ id, value, title, lines = 1, placeholder, describedBy, invalid, lang, change }: TemplateTextProps) {
  const form = useForm();
  const field = useRef<HTMLTextAreaElement>(null);
  const behind = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  // Where the variable goes: the cursor as it was before the picker took the focus.
  const cursor = useRef<[number, number] | null>(null);
  const close = useCallback(() => setOpen(false), []);
  const parts = split(value);
  const doubts = parts.flatMap((part) => (part.path === undefined ? [] : [doubt(form.scope, part.path, isKnown(form.scope, part.path))])).filter(Boolean);

  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    // As high as the text, so that nothing has to be scrolled to.
    area.style.height = "auto";
    if (area.scrollHeight) area.style.height = `${Math.min(area.scrollHeight + 2, 320)}px`;
  }, [value]);

  const insert = (path: string) => {
    const [from, to] = cursor.current ?? [value.length, value.length];
    const variable = `{{ ${path} }}`;
    change(value.slice(0, from) + variable + value.slice(to));
    setTimeout(() => {
      field.current?.focus();
      field.current?.setSelectionRange(from + variable.length, from + variable.length);
    }, 0);
  };
  const remember = () => {
    const area = field.current;
    if (area) cursor.current = [area.selectionStart, area.selectionEnd];
  };
  return (
    <div className="f-template-box">
      <div className="f-template">
        <div className="f-behind f-input" ref={behind} aria-hidden="true">
          {parts.map((part, index) => (
            <Part key={index} part={part} scope={form.scope} />
          ))}
          {"\u200b"}
        </div>
        <textarea
          ref={field}
          id={id}
          className="f-input f-front"
          rows={lines > 1 ? rowsOf(value, lines) : 1}
          value={value}
          lang={lang}
          placeholder={placeholder}
          disabled={form.readOnly}
          aria-describedby={[doubts.length ? `${id}-doubt` : "", describedBy].filter(Boolean).join(" ") || undefined}
          aria-invalid={invalid || undefined}
          onChange={(event) => change(lines > 1 ? event.target.value : event.target.value.replace(/\n/g, " "))}
          onBlur={remember}
          onSelect={remember}
          onKeyDown={(event) => {
            if (lines === 1 && event.key === "Enter") event.preventDefault();
          }}
          onScroll={(event) => {
            if (behind.current) behind.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
        {form.readOnly ? null : (
          <button
            ref={button}
            type="button"
            className="f-insert"
            aria-haspopup="dialog"
            aria-expanded={open}
            aria-label={t("Insert a variable into %(title)s", { title })}
            title={t("Insert a variable")}
            onClick={() => setOpen(!open)}
          >
            {"{{ }}"}
          </button>
        )}
      </div>
      {doubts.length ? (
        <p className="f-doubt" id={`${id}-doubt`}>
          {[...new Set(doubts)].join(" ")}
        </p>
      ) : null}
      {open ? (
        <PickList
          anchor={button}
          title={t("Insert a variable")}
          picks={picksOf(form.scope)}
          free={typedPath}
          empty={emptyText(form.scope)}
          choose={insert}
          close={close}
        />
      ) : null}
    </div>
  );
}

interface TextPart {
  text: string;
  /** Of the variable that these braces read, if it is a plain one. */
  path?: string;
  braces?: boolean;
}

const BRACES = /\{\{.*?\}\}|\{%.*?%\}/gs;
const LITERALS = new Set(["true", "false", "nil", "null", "empty", "blank"]);

/** The text in pieces, those in braces by themselves. */
export function split(text: string): TextPart[] {
  const parts: TextPart[] = [];
  // What the text itself sets is known, wherever it stands.
  const own = new Set([...text.matchAll(/\{%-?\s*(?:assign|capture|for)\s+([\w-]+)/g)].map((match) => match[1]));
  let end = 0;
  for (const match of text.matchAll(BRACES)) {
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    const path = /^\{\{-?\s*([\p{L}_][\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+|\[\d+\])*)/u.exec(match[0])?.[1]?.replace(/\[(\d+)\]/g, ".$1");
    const reads = path !== undefined && !LITERALS.has(path) && !own.has(path.split(".")[0]);
    parts.push({ text: match[0], braces: true, ...(reads ? { path: path.replace(/\.(size|first|last)$/, "") } : {}) });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

function Part({ part, scope }: { part: TextPart; scope: Scope }): ReactNode {
  if (!part.braces) return part.text;
  const known = part.path === undefined || isKnown(scope, part.path);
  return <mark className={known ? "f-braces" : "f-braces f-unknown"}>{part.text}</mark>;
}
