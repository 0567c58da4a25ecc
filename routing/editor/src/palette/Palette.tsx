/// The steps that there are, by kind: drag one onto the canvas, click it, or press Enter on it.

import { type KeyboardEvent, useState } from "react";
import type { PaletteItem } from "../api/types";
import { DRAGGED } from "../canvas/Canvas";
import { firstSentence } from "../canvas/ConnectDialog";
import { add } from "../canvas/commands";
import { KINDS, iconOf, kindName } from "../canvas/kinds";
import { readySet } from "../canvas/ready";
import { Icon } from "../shell/Icon";
import { farFrom, search } from "../shell/SearchList";
import { useEditor } from "../state/store";
import { t } from "../t";
import { Map } from "./Map";
import "./palette.css";

export function Palette({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const palette = useEditor((state) => state.document?.palette ?? NOTHING);
  const [query, setQuery] = useState("");
  const catalog = useEditor((state) => state.document?.catalog);
  const all = palette.filter((item) => fits(item, query));
  // Enter adds the first one, so what is called like that comes first, with its kind.
  const found = query.trim() ? all.sort((a, b) => farFrom(a.title, query) - farFrom(b.title, query)) : all;
  // By the name of a queue or the like: the step is set already.
  const ready = query.trim() && catalog ? search(readySet(palette, catalog), query).slice(0, READY) : [];
  const kinds = [...new Set([...(query.trim() ? [] : KINDS), ...found.map((item) => item.kind)])];
  const put = (type: string, key?: string) => {
    add(type, undefined, key);
    onAdded();
  };
  return (
    <section className="fe-palette" aria-label={t("Steps to add")}>
      <div className="fe-palette-head">
        <div className="fe-search-field">
          <Icon name="search" />
          <input
            id="fe-palette-search"
            type="text"
            aria-label={t("Search the steps to add")}
            placeholder={t("Add a step")}
            value={query}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (found[0] ?? ready[0])) {
                if (found[0]) put(found[0].type);
                else put(...typeAndKey(ready[0]?.id ?? ""));
                setQuery("");
              } else if (event.key === "ArrowDown") stepTo(event.currentTarget, 1);
              else if (event.key === "Escape") {
                setQuery("");
                document.querySelector<HTMLElement>(".fe-canvas")?.focus();
              } else return;
              event.preventDefault();
            }}
          />
        </div>
        <button type="button" className="fe-icon-button" aria-label={t("Hide the steps to add")} title={t("Hide the steps to add")} onClick={onClose}>
          <Icon name="left_panel_close" />
        </button>
      </div>
      <div className="fe-palette-list">
        {kinds.map((kind) => {
          const items = found.filter((item) => item.kind === kind);
          if (!items.length) return null;
          return (
            <div key={kind} role="group" aria-label={kindName(kind)}>
              <h2 className="fe-palette-kind">{kindName(kind)}</h2>
              {items.map((item) => (
                <button
                  key={item.type}
                  type="button"
                  className={`fe-palette-item kind-${item.kind}`}
                  title={firstSentence(item.doc)}
                  draggable
                  onDragStart={(event) => {
                    event.dataTransfer.setData(DRAGGED, item.type);
                    event.dataTransfer.effectAllowed = "copy";
                  }}
                  onClick={() => put(item.type)}
                  onKeyDown={walks}
                >
                  <Icon name={iconOf(item.type, item.kind)} />
                  <span>{item.title}</span>
                </button>
              ))}
            </div>
          );
        })}
        {ready.length > 0 && (
          <div role="group" aria-label={t("By name")}>
            <h2 className="fe-palette-kind">{t("By name")}</h2>
            {ready.map((choice) => (
              <button
                key={choice.id}
                type="button"
                className={`fe-palette-item kind-${choice.kind ?? ""}`}
                draggable
                onDragStart={(event) => {
                  event.dataTransfer.setData(DRAGGED, choice.id.slice("new:".length));
                  event.dataTransfer.effectAllowed = "copy";
                }}
                onClick={() => put(...typeAndKey(choice.id))}
                onKeyDown={walks}
              >
                <Icon name={choice.icon ?? ""} />
                <span>{choice.label}</span>
              </button>
            ))}
          </div>
        )}
        {!found.length && !ready.length && <p className="fe-muted">{t("No step is called that.")}</p>}
      </div>
      <Map />
    </section>
  );
}

const NOTHING: PaletteItem[] = [];
const READY = 12;

export function fits(item: PaletteItem, query: string): boolean {
  const text = `${item.title} ${item.doc} ${kindName(item.kind)} ${item.type}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Of a step that is set already: its type, and the key of what it is called after. */
function typeAndKey(id: string): [string, string | undefined] {
  const [, type = "", ...key] = id.split(":");
  return [type, key.length ? key.join(":") : undefined];
}

function walks(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  stepTo(event.currentTarget, event.key === "ArrowDown" ? 1 : -1);
}

/** To the next thing in the list, or back to the search field above it. */
function stepTo(from: HTMLElement, by: 1 | -1): void {
  const all = [...(from.closest(".fe-palette")?.querySelectorAll<HTMLElement>("#fe-palette-search, .fe-palette-item") ?? [])];
  all[all.indexOf(from) + by]?.focus();
}
