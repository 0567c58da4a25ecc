/// One of a few: as radio buttons while they are few, else as a list.

import type { Json, Schema } from "../../api/types";
import { t } from "../../t";
import { useForm } from "../context";
import type { WidgetProps } from "../widget";
import { plain, words } from "../schema";

const FEW = 4;

export function labelOf(schema: Schema, value: Json): string {
  const labels = schema.labels as Record<string, string> | undefined;
  return t(labels?.[plain(value)] ?? (value === "" ? "None" : words(plain(value))));
}

export function EnumField({ id, value, set, schema, title, describedBy, invalid }: WidgetProps) {
  const form = useForm();
  const options = schema.enum ?? [];
  const unknown = value !== undefined && value !== null && !options.includes(value);
  const shown = [...(schema.nullable === true ? [null] : []), ...options, ...(unknown ? [value] : [])];
  const label = (one: Json) =>
    one === null ? t("None") : unknown && one === value ? t("%(value)s (no longer possible)", { value: plain(one) }) : labelOf(schema, one);
  if (shown.length <= FEW) {
    return (
      <div className="f-radios" role="radiogroup" aria-label={title} aria-describedby={describedBy}>
        {shown.map((one) => (
          <label key={plain(one)} className="f-radio">
            <input
              type="radio"
              name={id}
              checked={one === (value ?? null)}
              disabled={form.readOnly}
              onChange={() => set(one ?? undefined)}
            />
            {label(one)}
          </label>
        ))}
      </div>
    );
  }
  return (
    <select
      id={id}
      className="f-input f-select"
      aria-label={title}
      value={JSON.stringify(value ?? null)}
      disabled={form.readOnly}
      aria-describedby={describedBy}
      aria-invalid={invalid || undefined}
      onChange={(event) => set((JSON.parse(event.target.value) as Json) ?? undefined)}
    >
      {value === undefined ? <option value="null">{t("Choose…")}</option> : null}
      {shown.map((one) => (
        <option key={plain(one)} value={JSON.stringify(one)}>
          {label(one)}
        </option>
      ))}
    </select>
  );
}
