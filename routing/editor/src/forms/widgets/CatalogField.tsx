/// A queue, a data source or whatever else the house has, by its name.

import { useCallback, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { t } from "../../t";
import { key, useForm } from "../context";
import type { WidgetProps } from "../widget";
import { choose } from "../usual";
import { PickList } from "./PickList";

export function CatalogField({ id, value, path, schema, title, describedBy, invalid }: WidgetProps) {
  const form = useForm();
  const kind = String(schema.choices);
  const entries = form.catalog[kind] ?? [];
  const chosen = typeof value === "string" ? value : "";
  const entry = entries.find((one) => one.key === chosen);
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const [making, setMaking] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  const set = (chosen: string) =>
    form.act(t("Change “%(field)s”", { field: title }), (step) => choose(step, form.item, form.catalog, path, chosen), `set:${key(path)}`);
  const maker = form.readOnly ? undefined : form.makers[kind];
  const make = maker ? (
    <button
      type="button"
      className="f-quiet"
      onClick={() => {
        close();
        setMaking(true);
      }}
    >
      + {maker.label}
    </button>
  ) : null;
  const addUrl = form.addUrls[kind];
  const add = addUrl ? (
    <a href={addUrl} target="_blank" rel="noreferrer">
      {t("Create one in the admin")} ↗
    </a>
  ) : null;
  const gone = chosen !== "" && !entry;
  return (
    <div className="f-catalog">
      <button
        ref={button}
        id={id}
        type="button"
        className={`f-input f-opener${invalid ? " f-invalid-box" : ""}${gone ? " f-gone" : ""}`}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-describedby={describedBy}
        aria-label={`${title}: ${entry?.name ?? (chosen || t("not chosen"))}`}
        disabled={form.readOnly}
        onClick={() => setOpen(!open)}
      >
        {entry ? entry.name : chosen || <span className="f-placeholder">{t("Choose…")}</span>}
        {gone ? <span className="f-badge">{t("no longer there")}</span> : null}
      </button>
      {entry ? (
        <a className="f-link" href={entry.url} target="_blank" rel="noreferrer" aria-label={t("Open %(name)s in the admin", { name: entry.name })}>
          {t("Open")} ↗
        </a>
      ) : null}
      {entries.length === 0 && !form.readOnly ? (
        <p className="f-help">
          {t("There is none yet.")} {make ?? add}
        </p>
      ) : null}
      {open ? (
        <PickList
          anchor={button}
          title={title}
          chosen={chosen}
          picks={entries.map((one) => ({ value: one.key, label: one.name, also: one.key }))}
          empty={t("There is none yet.")}
          foot={make ?? add}
          choose={set}
          close={close}
        />
      ) : null}
      {making && maker
        ? // Outside of this form: a form within a form would be the outer one's.
          createPortal(
            <maker.Dialog
              close={(made) => {
                setMaking(false);
                if (made) {
                  // The catalog of this moment does not have it yet.
                  const catalog = { ...form.catalog, [kind]: [...entries, made] };
                  form.act(t("Change “%(field)s”", { field: title }), (step) => choose(step, form.item, catalog, path, made.key));
                }
                setTimeout(() => button.current?.focus(), 0);
              }}
            />,
            document.getElementById("flow-editor") ?? document.body,
          )
        : null}
    </div>
  );
}
