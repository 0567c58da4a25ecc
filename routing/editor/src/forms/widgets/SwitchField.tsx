/// Yes or no.

import { useForm } from "../context";
import type { WidgetProps } from "../widget";

export function SwitchField({ id, value, set, title, describedBy, invalid }: WidgetProps) {
  const form = useForm();
  return (
    <label className="f-switch" htmlFor={id}>
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={value === true}
        aria-checked={value === true}
        disabled={form.readOnly}
        aria-describedby={describedBy}
        aria-invalid={invalid || undefined}
        onChange={(event) => set(event.target.checked)}
      />
      <span className="f-slider" aria-hidden="true" />
      <span className="f-switch-title">{title}</span>
    </label>
  );
}
