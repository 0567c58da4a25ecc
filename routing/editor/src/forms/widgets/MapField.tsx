/// Names with a value each, as rows. A name that is there twice, or not yet, stays in its row until it is mended.

import { useState } from "react";
import type { Json, Schema } from "../../api/types";
import { Icon } from "../../shell/Icon";
import { t } from "../../t";
import { key, useForm } from "../context";
import { Faults } from "../Faults";
import type { WidgetProps } from "../widget";
import { emptyOf, getIn, type Path, resolve } from "../schema";
import { useKnownNames } from "./known";

interface Row {
  id: number;
  name: string;
  value: Json;
}

let freshRow = 0;

function rowsOf(value: Json | undefined): Row[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([name, one]) => ({ id: ++freshRow, name, value: one }));
}

/** The rows as an object: of two of one name the first, and none without a name. */
function asObject(rows: Row[]): Record<string, Json> {
  const made: Record<string, Json> = {};
  for (const row of rows) if (row.name.trim() !== "" && !(row.name in made)) made[row.name] = row.value;
  return made;
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  const sorted = (value: Json | undefined) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)) : [];
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

export function MapField({ id, value, set, schema, path, title }: WidgetProps) {
  const form = useForm();
  const inner: Schema =
    typeof schema.additionalProperties === "object" ? resolve(schema.additionalProperties, form.root) : { type: "string" };
  const values: Schema = { ...inner, ...(schema.template === true ? { template: true } : {}), ...(schema.multiline === true ? { multiline: true } : {}) };
  const [rows, setRows] = useState(() => rowsOf(value));
  // Undone, or changed by somebody else: what is stored goes before what is shown. Values always come from there.
  const stored = same(asObject(rows), value) ? rows : sameNames(rows, value) ? refreshed(rows, value) : rowsOf(value);
  if (stored !== rows) setRows(stored);
  const change = (next: Row[]) => {
    setRows(next);
    const made = asObject(next);
    if (!same(made, value)) set(made);
  };
  const keyTitle = t(typeof schema.key_title === "string" ? schema.key_title : "Name");
  const known = useKnownNames(schema, path);
  const missing = known.filter((name) => !stored.some((row) => row.name === name));
  const add = (name: string) => change([...stored, { id: ++freshRow, name, value: emptyOf(values, form.root) }]);
  return (
    <>
      {stored.length ? (
        <ul className="f-rows">
          {stored.map((row, index) => (
            <MapRow
              key={row.id}
              row={row}
              id={`${id}-row${row.id}`}
              path={path}
              title={title}
              keyTitle={keyTitle}
              values={values}
              twice={stored.findIndex((other) => other.name === row.name) !== index && row.name !== ""}
              keep={(next) => change(stored.map((other) => (other === row ? { ...row, value: next ?? "" } : other)))}
              rename={(name) => change(stored.map((other) => (other === row ? { ...row, name } : other)))}
              remove={() => change(stored.filter((other) => other !== row))}
            />
          ))}
        </ul>
      ) : (
        <p className="f-none">{t("Nothing yet.")}</p>
      )}
      {form.readOnly ? null : (
        <div className="f-suggestions">
          {missing.map((name) => (
            <button type="button" key={name} className="f-suggestion" onClick={() => add(name)} aria-label={t("Add %(value)s to %(title)s", { value: name, title })}>
              + {name}
            </button>
          ))}
          <button type="button" className="f-add" onClick={() => add("")} aria-label={t("Add a row to %(title)s", { title })}>
            + {t("Add a row")}
          </button>
        </div>
      )}
    </>
  );
}

function sameNames(rows: Row[], value: Json | undefined): boolean {
  const names = Object.keys(asObject(rows)).sort();
  const others = typeof value === "object" && value !== null ? Object.keys(value).sort() : [];
  return JSON.stringify(names) === JSON.stringify(others);
}

function refreshed(rows: Row[], value: Json | undefined): Row[] {
  return rows.map((row) => ({ ...row, value: getIn(value, [row.name]) ?? row.value }));
}

interface MapRowProps {
  row: Row;
  id: string;
  path: Path;
  title: string;
  keyTitle: string;
  values: Schema;
  twice: boolean;
  keep: (value: Json | undefined) => void;
  rename: (name: string) => void;
  remove: () => void;
}

function MapRow({ row, id, path, title, keyTitle, values, twice, keep, rename, remove }: MapRowProps) {
  const form = useForm();
  const at = [...path, row.name];
  const own = twice ? [{ message: t("This name is there twice; only the first counts."), level: "error" as const, path: at }] : [];
  return (
    <li className="f-row" data-field={key(at)}>
      <span className="f-row-key">
        <label className="f-hidden" htmlFor={id}>
          {t("%(key)s of %(title)s", { key: keyTitle, title })}
        </label>
        <input
          id={id}
          type="text"
          autoComplete="off"
          spellCheck={false}
          className="f-input"
          placeholder={keyTitle}
          value={row.name}
          disabled={form.readOnly}
          aria-invalid={twice || undefined}
          aria-describedby={own.length ? `${id}-faults` : undefined}
          onChange={(event) => rename(event.target.value)}
        />
      </span>
      <span className="f-row-value">
        {row.name.trim() === "" || twice ? (
          <span className="f-none">{t("Give it a name first.")}</span>
        ) : (
          <form.Field schema={values} path={at} title={t("%(name)s in %(title)s", { name: row.name, title })} required quiet held={{ value: row.value, set: keep }} />
        )}
      </span>
      {form.readOnly ? null : (
        <button type="button" className="f-tool" aria-label={t("Remove %(name)s from %(title)s", { name: row.name || keyTitle, title })} onClick={remove}>
          <Icon name="delete" />
        </button>
      )}
      <Faults id={`${id}-faults`} faults={own} />
    </li>
  );
}
