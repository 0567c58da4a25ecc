/// A search field over a list: arrow keys choose, Enter takes, the mouse does both.

import { useId, useMemo, useRef, useState } from "react";
import { t } from "../t";
import { Icon } from "./Icon";

export interface Choice {
  id: string;
  label: string;
  detail?: string;
  icon?: string;
  kind?: string;
  group?: string;
  /** More words that find it. */
  words?: string;
  /** Only shown to whoever searches. */
  quiet?: boolean;
}

export function SearchList({
  choices,
  label,
  placeholder,
  onPick,
  onLook,
  autoFocus = false,
}: {
  choices: Choice[];
  label: string;
  placeholder?: string;
  onPick: (choice: Choice) => void;
  /** The choice that the keys stand on. */
  onLook?: (choice: Choice) => void;
  autoFocus?: boolean;
}) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const found = useMemo(() => search(choices, query), [choices, query]);
  const current = Math.min(at, found.length - 1);
  const step = (by: number) => {
    if (!found.length) return;
    const next = (current + by + found.length) % found.length;
    setAt(next);
    onLook?.(found[next] as Choice);
    list.current?.querySelector(`[id="${id}-${next}"]`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <div className="fe-search">
      <div className="fe-search-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label={label}
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length ? `${id}-${current}` : undefined}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          placeholder={placeholder ?? t("Search")}
          value={query}
          autoFocus={autoFocus}
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") step(1);
            else if (event.key === "ArrowUp") step(-1);
            else if (event.key === "Enter" && found[current]) onPick(found[current]);
            else return;
            event.preventDefault();
          }}
        />
      </div>
      <div className="fe-search-list" id={`${id}-list`} role="listbox" aria-label={label} ref={list}>
        {found.map((choice, index) => (
          <ChoiceRow
            key={choice.id}
            id={`${id}-${index}`}
            choice={choice}
            heading={choice.group !== found[index - 1]?.group ? choice.group : undefined}
            current={index === current}
            onPick={onPick}
          />
        ))}
      </div>
      {!found.length && <p className="fe-muted fe-search-none">{t("Nothing found.")}</p>}
    </div>
  );
}

function ChoiceRow({
  id,
  choice,
  heading,
  current,
  onPick,
}: {
  id: string;
  choice: Choice;
  heading: string | undefined;
  current: boolean;
  onPick: (choice: Choice) => void;
}) {
  return (
    <>
      {heading && (
        <div className="fe-search-group" role="presentation">
          {heading}
        </div>
      )}
      {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the keys are the search field's */}
      <div id={id} role="option" aria-selected={current} className={`fe-choice ${choice.kind ? `kind-${choice.kind}` : ""}`} onClick={() => onPick(choice)}>
        {choice.icon && <Icon name={choice.icon} />}
        <span className="fe-choice-label">{choice.label}</span>
        {choice.detail && <span className="fe-choice-detail">{choice.detail}</span>}
      </div>
    </>
  );
}

/** Every word must be there somewhere; what is called so comes first, then what begins so. */
export function search(choices: Choice[], query: string): Choice[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return choices.filter((choice) => !choice.quiet);
  const text = (choice: Choice) => `${choice.label} ${choice.detail ?? ""} ${choice.words ?? ""} ${choice.group ?? ""}`.toLowerCase();
  const found = choices.filter((choice) => words.every((word) => text(choice).includes(word)));
  return found.sort((a, b) => farFrom(a.label, query) - farFrom(b.label, query));
}

/** 0 is the very name. */
export function farFrom(label: string, query: string): number {
  const [name, wanted] = [label.toLowerCase(), query.trim().toLowerCase()];
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  if (` ${name}`.includes(` ${wanted}`)) return 2;
  const words = wanted.split(/\s+/);
  if (name.startsWith(words[0] ?? "")) return 3;
  return words.some((word) => name.includes(word)) ? 4 : 5;
}
