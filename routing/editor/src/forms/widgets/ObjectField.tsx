/// Several settings together: what must be given first, and everything else folded away.

import { useRef, useState } from "react";
import type { Json, Schema } from "../../api/types";
import { t } from "../../t";
import { startsWith, useForm } from "../context";
import type { WidgetProps } from "../widget";
import { brief, either, emptyOf, getIn, type Named, type Path, properties, titleOf, widgetOf } from "../schema";

export function ObjectField({ schema, path }: WidgetProps) {
  return (
    <div className="f-nested">
      <ObjectFields schema={schema} path={path} flat />
    </div>
  );
}

interface ObjectFieldsProps {
  schema: Schema;
  path: Path;
  without?: string[];
  /** Nothing is folded away: for small things inside others. */
  flat?: boolean;
}

export function ObjectFields({ schema, path, without = [], flat = false }: ObjectFieldsProps) {
  const form = useForm();
  const choice = either(schema);
  const fields = properties(schema, form.root).filter(
    (field) => !without.includes(field.name) && !choice.includes(field.name) && widgetOf(field.schema, form.root) !== "constant",
  );
  const isMain = (field: Named) => field.required || field.schema.main === true;
  const folds = !flat && fields.some(isMain) && fields.some((field) => !isMain(field));
  const main = folds ? fields.filter(isMain) : fields;
  const more = folds ? fields.filter((field) => !isMain(field)) : [];
  const show = (field: Named) => <form.Field key={field.name} schema={field.schema} path={[...path, field.name]} required={field.required} />;
  return (
    <>
      {main.map(show)}
      {choice.length ? <Either schema={schema} path={path} names={choice} /> : null}
      {more.length ? <More fields={more} path={path} show={show} /> : null}
    </>
  );
}

function More({ fields, path, show }: { fields: Named[]; path: Path; show: (field: Named) => React.ReactNode }) {
  const form = useForm();
  const differing = fields.filter((field) => differs(field, getIn(form.settings, [...path, field.name])));
  const broken = fields.some((field) => form.faults.some((fault) => startsWith(fault.path, [...path, field.name])));
  const [open, setOpen] = useState(false);
  return (
    <details className="f-more" open={open || broken} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span>{t("More settings")}</span>
        {differing.map((field) => (
          <span key={field.name} className="f-differs">
            {titleOf(field.schema, field.name)}: {brief(getIn(form.settings, [...path, field.name]))}
            {typeof field.schema.unit === "string" ? ` ${t(field.schema.unit)}` : ""}
          </span>
        ))}
      </summary>
      <div className="f-more-fields">{fields.map(show)}</div>
    </details>
  );
}

function differs(field: Named, value: Json | undefined): boolean {
  if (value === undefined || value === null) return false;
  if (field.schema.default === undefined) return typeof value === "object" ? Object.keys(value).length > 0 : true;
  return JSON.stringify(value) !== JSON.stringify(field.schema.default);
}

/** Fields of which one is filled in: which one is chosen first. */
function Either({ schema, path, names }: { schema: Schema; path: Path; names: string[] }) {
  const form = useForm();
  const fields = properties(schema, form.root).filter((field) => names.includes(field.name));
  const filled = fields.find((field) => {
    const value = getIn(form.settings, [...path, field.name]);
    return value !== undefined && value !== null && value !== "";
  });
  const [wanted, setWanted] = useState(filled?.name ?? fields[0]?.name ?? "");
  const current = filled?.name ?? wanted;
  const kept = useRef<Record<string, Json | undefined>>({});
  const field = fields.find((one) => one.name === current);
  const group = `${form.id}-${path.join("-")}-either`;
  const choose = (name: string) => {
    kept.current[current] = getIn(form.settings, [...path, current]);
    const other = fields.find((one) => one.name === name);
    setWanted(name);
    form.act(t("Change to %(title)s", { title: titleOf(other?.schema ?? {}, name) }), (step) => {
      let here: Json | undefined = (step.settings ??= {});
      here = getIn(here, path);
      if (typeof here !== "object" || here === null || Array.isArray(here)) return;
      for (const one of fields) delete here[one.name];
      const made = kept.current[name] ?? emptyOf({ ...other?.schema, default: undefined }, form.root);
      if (made !== null && made !== "") here[name] = made;
    });
  };
  return (
    <div className="f-either">
      <div className="f-radios f-segments" role="radiogroup" aria-label={t("How")}>
        {fields.map((one) => (
          <label key={one.name} className="f-radio">
            <input type="radio" name={group} checked={one.name === current} disabled={form.readOnly} onChange={() => choose(one.name)} />
            {titleOf(one.schema, one.name)}
          </label>
        ))}
      </div>
      {field ? <form.Field schema={field.schema} path={[...path, field.name]} required quiet={widgetOf(field.schema, form.root) === "conditions"} /> : null}
    </div>
  );
}
