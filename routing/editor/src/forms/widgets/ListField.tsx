/// Lists of things: added, removed, copied, and put in order by buttons or Alt with the arrow keys.

import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import type { Json, Schema, Step } from "../../api/types";
import { Icon } from "../../shell/Icon";
import { t } from "../../t";
import { asGroup, groupWords, operatorsOf } from "../conditions/model";
import { type FormApi, idOf, key, startsWith, useFaults, useForm } from "../context";
import { Faults } from "../Faults";
import type { WidgetProps } from "../widget";
import { either, emptyOf, getIn, type Path, plain, properties, resolve, setIn, slug, unique, words } from "../schema";
import { pathWords } from "../variables/picks";
import { ExitName, exitFields, exitText } from "./ExitField";
import { ObjectFields } from "./ObjectField";

let freshId = 0;
const FOLDED_FROM = 3;

/** A name for each item that stays with it when the order changes, so that inputs keep what is typed into them. */
function useItemIds(count: number): [number[], (ids: number[]) => void] {
  const [ids, setIds] = useState<number[]>(() => Array.from({ length: count }, () => ++freshId));
  if (ids.length === count) return [ids, setIds];
  const next = ids.length > count ? ids.slice(0, count) : [...ids, ...Array.from({ length: count - ids.length }, () => ++freshId)];
  setIds(next);
  return [next, setIds];
}

export function ListField({ value, schema, path, title, id }: WidgetProps) {
  const form = useForm();
  const items = Array.isArray(value) ? value : [];
  const item = resolve(schema.items ?? {}, form.root);
  const noun = typeof item.noun === "string" ? item.noun : t("item");
  const exits = exitFields(item, form.root);
  const rest = typeof schema.rest === "string" ? schema.rest : undefined;
  const [ids, setIds] = useItemIds(items.length);
  const [added, setAdded] = useState(0);
  const list = useRef<HTMLOListElement>(null);
  const most = schema.maxItems ?? Infinity;

  const focusItem = (place: number, what: string) =>
    setTimeout(() => list.current?.children[place]?.querySelector<HTMLElement>(what)?.focus(), 0);

  const change = (what: string, next: Json[], nextIds: number[], more?: (step: Step) => void) => {
    setIds(nextIds);
    form.act(what, (step) => {
      setIn((step.settings ??= {}), path, next);
      more?.(step);
    });
  };
  const add = (given?: Json, at = items.length) => {
    const made = given === undefined ? emptyOf(item, form.root) : structuredClone(given);
    if (exits && typeof made === "object" && made !== null && !Array.isArray(made)) {
      const name = typeof made[exits.name] === "string" ? plain(made[exits.name]) : "";
      made[exits.name] = unique(name.replace(/_\d+$/, "") || slug(noun, "exit"), form.exits.map((exit) => exit.name));
      if (exits.label !== undefined && given !== undefined) {
        made[exits.label] = t("Copy of %(name)s", { name: exitText(given, exits) });
        made[exits.name] = unique(slug(plain(made[exits.label]), slug(noun, "exit")), form.exits.map((exit) => exit.name));
      }
    }
    count(made, item, items, form);
    const fresh = ++freshId;
    setAdded(fresh);
    const label = given === undefined ? t("Add %(noun)s", { noun }) : t("Copy %(noun)s", { noun });
    change(label, [...items.slice(0, at), made, ...items.slice(at)], [...ids.slice(0, at), fresh, ...ids.slice(at)]);
    focusItem(at, "input, textarea, select, button.f-opener");
  };
  const remove = (index: number) => {
    const gone = exits ? getIn(items[index], [exits.name]) : undefined;
    change(
      t("Remove %(noun)s", { noun }),
      items.filter((_, place) => place !== index),
      ids.filter((_, place) => place !== index),
      (step) => {
        if (typeof gone === "string" && step.exits) delete step.exits[gone];
      },
    );
    setTimeout(() => {
      const beside = list.current?.children[Math.min(index, items.length - 2)];
      (beside?.querySelector<HTMLElement>("input, button") ?? document.getElementById(`${id}-add`))?.focus();
    }, 0);
  };
  const move = (from: number, to: number) => {
    const held = document.activeElement;
    if (to < 0 || to >= items.length) return;
    const order = items.map((_, place) => place);
    order.splice(to, 0, ...order.splice(from, 1));
    change(
      t("Move %(noun)s", { noun }),
      order.map((place) => items[place] as Json),
      order.map((place) => ids[place] as number),
    );
    // The item is the same element at another place; a move takes the focus from it.
    setTimeout(() => {
      if (!(held instanceof HTMLElement)) return;
      const other = held.matches(":disabled") ? held.parentElement?.querySelector<HTMLElement>("button:not(:disabled)") : held;
      other?.focus();
    }, 0);
  };
  return (
    <>
      <ol className="f-list" ref={list}>
        {items.map((one, index) => {
          const onKeyDown = (event: KeyboardEvent) => {
            if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown") || form.readOnly) return;
            event.preventDefault();
            event.stopPropagation();
            move(index, index + (event.key === "ArrowUp" ? -1 : 1));
          };
          const name = exits ? exitText(one, exits) : "";
          const named = t("%(noun)s %(number)s", { noun: words(noun), number: index + 1 });
          return (
            // Alt with the arrow keys moves the item from wherever the focus is inside; buttons do the same.
            // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
            <li key={ids[index]} className="f-item" onKeyDown={onKeyDown} aria-label={name ? `${named}: ${name}` : named}>
              <div className="f-item-head">
                <span className="f-item-name">{named}</span>
                {form.readOnly ? null : (
                  <span className="f-item-tools">
                    <Tool label={t("Move %(name)s up", { name: name || named })} sign="arrow_upward" name="up" disabled={index === 0} run={() => move(index, index - 1)} />
                    <Tool label={t("Move %(name)s down", { name: name || named })} sign="arrow_downward" name="down" disabled={index === items.length - 1} run={() => move(index, index + 1)} />
                    <Tool label={t("Copy %(name)s", { name: name || named })} sign="content_copy" name="copy" disabled={items.length >= most} run={() => add(one, index + 1)} />
                    <Tool label={t("Remove %(name)s", { name: name || named })} sign="delete" name="remove" run={() => remove(index)} />
                  </span>
                )}
              </div>
              {exits && either(item).length ? (
                <Folding path={[...path, index]} open={items.length < FOLDED_FROM || added === ids[index]} name={name} schema={item}>
                  <Item schema={item} path={[...path, index]} title={named} noun={noun} form={form} />
                </Folding>
              ) : (
                <Item schema={item} path={[...path, index]} title={named} noun={noun} form={form} />
              )}
            </li>
          );
        })}
      </ol>
      {rest === undefined ? null : <Rest name={rest} form={form} />}
      {form.readOnly ? null : (
        <button type="button" id={`${id}-add`} className="f-add" disabled={items.length >= most} onClick={() => add()} aria-label={t("Add %(noun)s to %(title)s", { noun, title })}>
          + {t("Add %(noun)s", { noun })}
        </button>
      )}
    </>
  );
}

/** An item that is read more often than changed: its name and what it says, opened to be changed. */
function Folding({ path, open, name, schema, children }: { path: Path; open: boolean; name: string; schema: Schema; children: ReactNode }) {
  const form = useForm();
  const [isOpen, setOpen] = useState(open);
  const broken = form.faults.some((fault) => fault.level === "error" && startsWith(fault.path, path));
  const group = properties(schema, form.root).find((field) => field.schema.widget === "conditions");
  const held = group ? getIn(form.settings, [...path, group.name]) : undefined;
  const label = (variable: string) => form.scope.byPath.get(variable)?.label ?? pathWords(variable);
  const other = either(schema)
    .map((field) => getIn(form.settings, [...path, field]))
    .find((value) => typeof value === "string" && value !== "");
  const gist = group && held ? groupWords(asGroup(held), operatorsOf(group.schema, form.root), label) : plain(other);
  return (
    <details className="f-fold" open={isOpen || broken} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{name}</strong>
        {isOpen || broken || !gist ? null : <span className="f-fold-gist">{t("If %(sentence)s", { sentence: gist })}</span>}
      </summary>
      {children}
    </details>
  );
}

function Tool({ label, sign, name, disabled, run }: { label: string; sign: string; name: string; disabled?: boolean; run: () => void }) {
  return (
    <button type="button" className="f-tool" data-tool={name} aria-label={label} title={label} disabled={disabled} onClick={run}>
      <Icon name={sign} />
    </button>
  );
}

/** Keys and the like go on where those of the other items end. */
function count(made: Json, item: Schema, items: Json[], form: FormApi): void {
  if (typeof made !== "object" || made === null || Array.isArray(made)) return;
  for (const { name, schema } of properties(item, form.root)) {
    if (schema.counts !== true || !items.every((one) => /^\d$/.test(plain(getIn(one, [name]))))) continue;
    const taken = new Set(items.map((one) => plain(getIn(one, [name]))));
    const next = [..."1234567890"].find((digit) => !taken.has(digit));
    if (next !== undefined) made[name] = next;
  }
}

function Item({ schema, path, title, noun, form }: { schema: Schema; path: Path; title: string; noun: string; form: FormApi }) {
  const fields = schema.properties ? exitFields(schema, form.root) : undefined;
  const isObject = schema.type === "object" && schema.properties !== undefined && schema.widget === undefined;
  if (!isObject) return <form.Field schema={schema} path={path} title={title} required quiet />;
  return (
    <div data-field={key(path)}>
      {fields ? <ExitRow path={path} fields={fields} noun={noun} form={form} /> : null}
      <ItemFaults path={path} />
      <ObjectFields schema={schema} path={path} without={fields ? [fields.name, ...(fields.label ? [fields.label] : [])] : []} flat />
    </div>
  );
}

function ItemFaults({ path }: { path: Path }) {
  const form = useForm();
  return <Faults id={`${idOf(form, path)}-faults`} faults={useFaults(path, false)} />;
}

function ExitRow({ path, fields, noun, form }: { path: Path; fields: { name: string; label: string | undefined }; noun: string; form: FormApi }) {
  const id = idOf(form, [...path, fields.name]);
  const ofName = useFaults([...path, fields.name]);
  const ofLabel = useFaults([...path, fields.label ?? fields.name]);
  const faults = fields.label === undefined ? ofName : [...ofName, ...ofLabel];
  const name = plain(getIn(form.settings, [...path, fields.name]));
  const target = form.leadsTo[name];
  return (
    <div className="f-field" data-field={key([...path, fields.name])}>
      <label className="f-label" htmlFor={id}>
        {t("Name of the exit")}
      </label>
      <span className="f-exit">
        <ExitName path={path} fields={fields} noun={noun} id={id} describedBy={`${id}-leads${faults.length ? ` ${id}-faults` : ""}`} invalid={faults.length > 0} />
        <span className={`f-leads${target ? "" : " f-nowhere"}`} id={`${id}-leads`}>
          → {target ?? t("leads nowhere yet")}
        </span>
      </span>
      <Faults id={`${id}-faults`} faults={faults} />
    </div>
  );
}

/** The way of everybody whom none of the items takes; always the last. */
function Rest({ name, form }: { name: string; form: FormApi }) {
  const exit = form.exits.find((one) => one.name === name);
  const target = form.leadsTo[name];
  return (
    <div className="f-item f-rest">
      <span className="f-item-name">{exit?.label ?? words(name)}</span>
      <span className={`f-leads${target ? "" : " f-nowhere"}`}>→ {target ?? t("leads nowhere yet")}</span>
    </div>
  );
}

/** A fixed number of values side by side. */
export function TupleField({ schema, path, title }: WidgetProps) {
  const form = useForm();
  return (
    <div className="f-tuple">
      {(schema.prefixItems ?? []).map((one, index) => (
        <form.Field key={index} schema={one} path={[...path, index]} title={one.title ?? `${title} ${index + 1}`} required quiet={one.title === undefined} />
      ))}
    </div>
  );
}
