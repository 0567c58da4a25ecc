/// A short list of texts or numbers: Enter or a comma adds one, Backspace in the empty field takes the last away.

import { type KeyboardEvent, useId, useRef, useState } from "react";
import type { Json } from "../../api/types";
import { t } from "../../t";
import { useForm } from "../context";
import type { WidgetProps } from "../widget";
import { useKnownNames } from "./known";
import { plain, resolve, setIn, slug } from "../schema";
import { readNumber } from "./NumberField";

export function ChipsField({ id, value, set, schema, title, path, describedBy, invalid }: WidgetProps) {
  const form = useForm();
  const items = resolve(schema.items ?? {}, form.root);
  const isNumber = items.type === "number" || items.type === "integer";
  const suggestions = useKnownNames(schema, path);
  const isExit = schema.exit === "name";
  const chips = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  const read = (text: string): Json => (isNumber ? (readNumber(text) ?? text) : isExit ? slug(text, "result") : text);
  const change = (next: Json[], gone?: Json) => {
    if (!isExit || gone === undefined) return set(next);
    form.act(t("Remove “%(name)s”", { name: plain(gone) }), (step) => {
      setIn((step.settings ??= {}), path, next);
      if (step.exits) delete step.exits[plain(gone)];
    });
  };
  return (
    <Chips
      id={id}
      title={title}
      chips={chips}
      describedBy={describedBy}
      invalid={invalid}
      disabled={form.readOnly}
      suggestions={suggestions}
      read={read}
      change={change}
    />
  );
}

interface ChipsProps {
  id: string;
  title: string;
  chips: Json[];
  read: (text: string) => Json;
  change: (next: Json[], gone?: Json) => void;
  suggestions?: string[];
  describedBy?: string | undefined;
  invalid?: boolean;
  disabled?: boolean;
}

export function Chips({ id, title, chips, read, change, suggestions = [], describedBy, invalid, disabled }: ChipsProps) {
  const [text, setText] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const left = suggestions.filter((one) => !chips.some((chip) => plain(chip) === one));
  const add = (typed: string) => {
    const found = typed
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "")
      .map(read);
    setText("");
    const fresh = found.filter((one, index) => !chips.includes(one) && found.indexOf(one) === index);
    if (fresh.length) change([...chips, ...fresh]);
  };
  const remove = (index: number) => {
    change(
      chips.filter((_, place) => place !== index),
      chips[index],
    );
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if ((event.key === "Enter" || event.key === ",") && text.trim() !== "") {
      event.preventDefault();
      add(text);
    } else if (event.key === "Enter") {
      event.preventDefault();
    } else if (event.key === "Backspace" && text === "" && chips.length) {
      event.preventDefault();
      remove(chips.length - 1);
    }
  };
  return (
    <div className="f-chips-box">
      <div className={`f-chips f-input${disabled ? " f-disabled" : ""}`}>
        {chips.map((chip, index) => (
          <span className="f-chip" key={`${index}-${plain(chip)}`}>
            {plain(chip)}
            {disabled ? null : (
              <button type="button" aria-label={t("Remove %(value)s from %(title)s", { value: plain(chip), title })} onClick={() => remove(index)}>
                ×
              </button>
            )}
          </span>
        ))}
        {disabled ? null : (
          <input
            ref={input}
            id={id}
            type="text"
            autoComplete="off"
            value={text}
            list={left.length ? listId : undefined}
            placeholder={chips.length ? undefined : t("Type, then Enter")}
            aria-describedby={describedBy}
            aria-invalid={invalid || undefined}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKeyDown}
            onBlur={() => add(text)}
            onPaste={(event) => {
              const pasted = event.clipboardData.getData("text");
              if (!/[\n,;\t]/.test(pasted)) return;
              event.preventDefault();
              add(pasted.replace(/[\n;\t]+/g, ","));
            }}
          />
        )}
      </div>
      {left.length && !disabled ? (
        <>
          <datalist id={listId}>
            {left.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
          <div className="f-suggestions">
            {left.slice(0, 6).map((one) => (
              <button type="button" key={one} className="f-suggestion" aria-label={t("Add %(value)s to %(title)s", { value: one, title })} onClick={() => change([...chips, read(one)])}>
                + {one}
              </button>
            ))}
          </div>
        </>
      ) : null}
    </div>
  );
}
