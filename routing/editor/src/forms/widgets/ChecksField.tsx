/// Some of a few.

import type { Json } from "../../api/types";
import { useForm } from "../context";
import type { WidgetProps } from "../widget";
import { plain, resolve } from "../schema";
import { labelOf } from "./EnumField";

export function ChecksField({ value, set, schema }: WidgetProps) {
  const form = useForm();
  const items = resolve(schema.items ?? {}, form.root);
  const chosen = Array.isArray(value) ? value : [];
  const options = items.enum ?? [];
  const change = (one: Json, on: boolean) => set(options.filter((option) => (option === one ? on : chosen.includes(option))));
  return (
    <div className="f-radios">
      {options.map((one) => (
        <label key={plain(one)} className="f-radio">
          <input
            type="checkbox"
            checked={chosen.includes(one)}
            disabled={form.readOnly}
            onChange={(event) => change(one, event.target.checked)}
          />
          {labelOf(items, one)}
        </label>
      ))}
    </div>
  );
}
