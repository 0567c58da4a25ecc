/// The right side of a condition: what it is depends on the operator and on the kind of the variable.

import type { Json } from "../../api/types";
import { t } from "../../t";
import { useForm } from "../context";
import { TemplateText } from "../variables/TemplateField";
import { Chips } from "../widgets/ChipsField";
import { readNumber, useNumberText } from "../widgets/NumberField";
import { splitList, typed, type ValueKind } from "./model";
import { plain } from "../schema";

export interface ValueInputProps {
  id: string;
  title: string;
  kind: ValueKind;
  /** Of the variable. */
  type: string | undefined;
  value: Json | undefined;
  suggestions: string[];
  describedBy: string | undefined;
  invalid: boolean;
  set: (value: Json | undefined) => void;
}

export function ValueInput(props: ValueInputProps) {
  const { kind, type, value } = props;
  const hasTemplate = typeof value === "string" && value.includes("{{");
  switch (kind) {
    case "none":
      return null;
    case "list":
      return <ListValue {...props} />;
    case "range":
      return <RangeValue {...props} />;
    case "time":
      return hasTemplate ? <TextValue {...props} /> : <PlainInput {...props} kindOf="time" />;
    case "moment":
      return <MomentValue {...props} />;
    case "number":
      return <NumberValue {...props} />;
    case "pattern":
      return <PlainInput {...props} kindOf="text" code />;
    default:
      if (type === "boolean" && !hasTemplate) return <TruthValue {...props} />;
      if (type === "date" && !hasTemplate) return <MomentValue {...props} />;
      if (type === "number") return <NumberValue {...props} />;
      return <TextValue {...props} />;
  }
}

function aria({ id, title, describedBy, invalid }: ValueInputProps) {
  return { id, "aria-label": title, "aria-describedby": describedBy, "aria-invalid": invalid || undefined };
}

function TextValue({ id, title, value, suggestions, describedBy, invalid, set }: ValueInputProps) {
  const form = useForm();
  const text = plain(value);
  const left = form.readOnly ? [] : suggestions.filter((one) => one !== text).slice(0, 6);
  return (
    <div className="f-grow">
      <LabelFor id={id} title={title} />
      <TemplateText id={id} value={text} title={title} placeholder={t("Value")} describedBy={describedBy} invalid={invalid} change={set} />
      {text === "" && left.length ? (
        <div className="f-suggestions">
          {left.map((one) => (
            <button key={one} type="button" className="f-suggestion" onClick={() => set(one)}>
              {one}
            </button>
          ))}
        </div>
      ) : null}
    </div>
  );
}

function LabelFor({ id, title }: { id: string; title: string }) {
  return (
    <label className="f-hidden" htmlFor={id}>
      {title}
    </label>
  );
}

/** A number, or text with variables where no number was meant. */
function NumberValue(props: ValueInputProps) {
  const form = useForm();
  const { value, set } = props;
  const [text, setText] = useNumberText(value);
  if (typeof value === "string" && /\{\{|\{%/.test(value)) return <TextValue {...props} />;
  return (
    <span className="f-with-unit">
      <input
        {...aria(props)}
        type="text"
        inputMode="decimal"
        autoComplete="off"
        className="f-input f-number"
        placeholder={t("Number")}
        value={text}
        disabled={form.readOnly}
        onChange={(event) => {
          setText(event.target.value);
          set(readNumber(event.target.value) ?? "");
        }}
      />
      {form.readOnly || text !== "" ? null : (
        <button type="button" className="f-quiet" onClick={() => set("{{ ")}>
          {t("another variable")}
        </button>
      )}
    </span>
  );
}

function TruthValue(props: ValueInputProps) {
  const form = useForm();
  const { value, set } = props;
  const known = value === true || value === false;
  return (
    <select {...aria(props)} className="f-input f-select" disabled={form.readOnly} value={known ? String(value) : "other"} onChange={(event) => set(event.target.value === "true")}>
      {known ? null : <option value="other">{value === undefined || value === null || value === "" ? t("Choose…") : plain(value)}</option>}
      <option value="true">{t("yes")}</option>
      <option value="false">{t("no")}</option>
    </select>
  );
}

function PlainInput({ kindOf, code, ...props }: ValueInputProps & { kindOf: "time" | "text"; code?: boolean }) {
  const form = useForm();
  const text = plain(props.value);
  // A browser's field for times shows nothing for what is none.
  const readable = kindOf === "text" || text === "" || /^\d\d:\d\d(:\d\d)?$/.test(text);
  return (
    <input
      {...aria(props)}
      type={readable ? kindOf : "text"}
      autoComplete="off"
      spellCheck={false}
      className={`f-input${code ? " f-code" : " f-short"}`}
      value={text}
      disabled={form.readOnly}
      onChange={(event) => props.set(event.target.value)}
    />
  );
}

const RELATIVE = /^(now|today|([+-]\s*\d+)\s*(seconds?|minutes?|hours?|days?|weeks?))$/;
type Way = "day" | "relative" | "text";

/** A day, a moment counted from now, or whatever else the engine reads. */
function MomentValue(props: ValueInputProps) {
  const form = useForm();
  const { value, set, title } = props;
  const text = typeof value === "string" ? value : plain(value);
  const way: Way = text === "" || /^\d{4}-\d\d-\d\d$/.test(text) ? "day" : RELATIVE.test(text.trim()) ? "relative" : "text";
  const choose = (next: string) => set(next === "day" ? "" : next === "relative" ? "today" : "{{ ");
  return (
    <span className="f-value">
      <select className="f-input f-select f-kind" aria-label={t("Kind of %(title)s", { title })} value={way} disabled={form.readOnly} onChange={(event) => choose(event.target.value)}>
        <option value="day">{t("a day")}</option>
        <option value="relative">{t("relative")}</option>
        <option value="text">{t("other")}</option>
      </select>
      {way === "day" ? (
        <input {...aria(props)} type="date" className="f-input f-short" value={text} disabled={form.readOnly} onChange={(event) => set(event.target.value)} />
      ) : way === "relative" ? (
        <RelativeValue {...props} text={text} />
      ) : (
        <TextValue {...props} />
      )}
    </span>
  );
}

const UNITS = ["minutes", "hours", "days", "weeks"];

function RelativeValue({ text, set, ...props }: ValueInputProps & { text: string }) {
  const form = useForm();
  const found = /^([+-])\s*(\d+)\s*(\w+)$/.exec(text.trim());
  const moment = found ? (found[1] === "-" ? "ago" : "ahead") : text.trim();
  const amount = found?.[2] ?? "30";
  const given = (found?.[3] ?? "days").replace(/s?$/, "s");
  const unit = UNITS.includes(given) ? given : "days";
  const write = (when: string, number: string, of: string) => set(when === "now" || when === "today" ? when : `${when === "ago" ? "-" : "+"}${number.replace(/\D/g, "") || "0"} ${of}`);
  return (
    <>
      {moment === "ago" || moment === "ahead" ? (
        <>
          <input className="f-input f-number" inputMode="numeric" aria-label={t("How many")} value={amount} disabled={form.readOnly} onChange={(event) => write(moment, event.target.value, unit)} />
          <select className="f-input f-select f-kind" aria-label={t("Of what")} value={unit} disabled={form.readOnly} onChange={(event) => write(moment, amount, event.target.value)}>
            {UNITS.map((one) => (
              <option key={one} value={one}>
                {t(one)}
              </option>
            ))}
          </select>
        </>
      ) : null}
      <select {...aria({ ...props, set })} className="f-input f-select f-kind" value={moment} disabled={form.readOnly} onChange={(event) => write(event.target.value, amount, unit)}>
        <option value="now">{t("this moment")}</option>
        <option value="today">{t("today")}</option>
        <option value="ago">{t("ago")}</option>
        <option value="ahead">{t("from now")}</option>
      </select>
    </>
  );
}

function RangeValue(props: ValueInputProps) {
  const { value, type, set, title, id } = props;
  const ends = Array.isArray(value) ? value : [value ?? "", ""];
  const end = (index: 0 | 1) => ({
    ...props,
    id: index ? `${id}-most` : id,
    title: index ? t("%(title)s, highest", { title }) : t("%(title)s, lowest", { title }),
    value: ends[index] ?? "",
    kind: (type === "date" || type === "datetime" ? "moment" : "number") as ValueKind,
    set: (next: Json | undefined) => set(index ? [ends[0] ?? "", next ?? ""] : [next ?? "", ends[1] ?? ""]),
  });
  return (
    <span className="f-range">
      <ValueInput {...end(0)} />
      <span className="f-joint">{t("and")}</span>
      <ValueInput {...end(1)} />
    </span>
  );
}

function ListValue(props: ValueInputProps) {
  const form = useForm();
  const { id, title, value, type, suggestions, describedBy, invalid, set } = props;
  const isPath = typeof value === "string" && (value.includes("{{") || (/^[\w-]+(\.[\w-]+)+$/.test(value.trim()) && type !== "number"));
  if (isPath) {
    return (
      <div className="f-grow">
        <TextValue {...props} suggestions={[]} />
        {form.readOnly ? null : (
          <button type="button" className="f-quiet" onClick={() => set([])}>
            {t("Write a list instead")}
          </button>
        )}
      </div>
    );
  }
  const chips = Array.isArray(value) ? value : typeof value === "string" ? splitList(value) : value === undefined || value === null ? [] : [value];
  return (
    <div className="f-grow">
      <LabelFor id={id} title={title} />
      <Chips
        id={id}
        title={title}
        chips={chips}
        suggestions={suggestions}
        describedBy={describedBy}
        invalid={invalid}
        disabled={form.readOnly}
        read={(text) => typed(text, type)}
        change={set}
      />
    </div>
  );
}
