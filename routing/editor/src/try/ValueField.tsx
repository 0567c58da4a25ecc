/// One value of a customer or of an answer, by the kind that it has.

import { useId } from "react";
import type { Json } from "../api/types";
import { t } from "../t";
import { plain, type SetupField, typed } from "./model";

export function ValueField({ field, value, set, title, from }: { field: SetupField; value: Json | undefined; set: (value: Json) => void; title?: string; from?: string }) {
  const id = useId();
  const label = title ?? field.name.replaceAll("_", " ");
  return (
    <div className="tr-field is-beside">
      <label htmlFor={id}>
        {label}
        {from && <small className="tr-from"> {from}</small>}
      </label>
      {field.type === "boolean" ? (
        <select id={id} className="tr-input" value={plain(value)} onChange={(event) => set(typed(event.target.value, "boolean"))}>
          {value === undefined && <option value="">{t("not known")}</option>}
          <option value="true">{t("yes")}</option>
          <option value="false">{t("no")}</option>
        </select>
      ) : (
        <>
          <input
            id={id}
            className="tr-input"
            type={field.type === "date" ? "date" : "text"}
            inputMode={field.type === "number" ? "decimal" : undefined}
            list={field.suggestions.length ? `${id}-list` : undefined}
            autoComplete="off"
            placeholder={t("not known")}
            value={Array.isArray(value) ? value.map(plain).join(", ") : plain(value)}
            onChange={(event) => set(typed(event.target.value, field.type))}
          />
          {field.suggestions.length > 0 && (
            <datalist id={`${id}-list`}>
              {field.suggestions.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </>
      )}
    </div>
  );
}
