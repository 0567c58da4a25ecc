/// What one data source answers in a try: values, nothing, a failure, what it last said, or what it says now.

import { useId } from "react";
import type { Json } from "../api/types";
import { useEditor } from "../state/store";
import { t } from "../t";
import { type AnswerKind, answerWords, type FetchAnswer, type FetchSetup, samples } from "./model";
import { change, useTry } from "./state";
import { ValueField } from "./ValueField";

/** `among` others that ask the same source, the step says which of them it is. */
export function FetchForm({ setup, said, among }: { setup: FetchSetup; said: FetchAnswer | undefined; among: boolean }) {
  const id = useId();
  const mayAsk = useEditor((state) => state.document?.may.edit ?? false);
  const answer = said?.answer ?? "typed";
  const set = (changes: Partial<FetchAnswer>) => {
    const { scenario } = useTry.getState();
    if (!scenario) return;
    const asksAnew = "answer" in changes;
    change({
      fetches: { ...scenario.fetches, [setup.path]: { ...said, ...changes } },
      ...(asksAnew ? { replies: (scenario.replies ?? []).filter((reply) => reply.source !== setup.source) } : {}),
    });
  };
  const known = said?.last_known;
  const kinds: [AnswerKind, string][] = [
    ["typed", t("These values")],
    ["not_found", t("It does not know the caller")],
    ["fails", t("The API fails")],
    ["recorded", t("What it last answered")],
    ["real", t("Really ask it now")],
  ];
  const isSlow = (said?.after_s ?? 0) > setup.patience_s;
  return (
    <details className="tr-fetch" open={said === undefined || undefined}>
      <summary>
        {among && <b>{t("“%(step)s”: ", { step: setup.title })}</b>}
        {said ? answerWords(setup, said) : t("%(name)s: nothing said, so it fails", { name: setup.source_name })}
      </summary>
      <div className="tr-fetch-inside">
        <p className="tr-muted">{t("Asked by “%(step)s”", { step: setup.title })}</p>
        <label className="tr-field" htmlFor={id}>
          {t("Answer")}
        </label>
        <select id={id} className="tr-input" value={said ? answer : ""} onChange={(event) => set(firstOf(event.target.value as AnswerKind, setup, said))}>
          {!said && <option value="">{t("nothing said")}</option>}
          {kinds.map(([kind, label]) => (
            <option key={kind} value={kind} disabled={kind === "real" && !mayAsk}>
              {label}
            </option>
          ))}
        </select>
        {said && answer === "typed" && (
          <Fields setup={setup} values={said.values ?? {}} set={(values) => set({ values })} />
        )}
        {answer === "fails" && (
          <>
            <label className="tr-check">
              <input type="checkbox" checked={known !== null && known !== undefined} onChange={(event) => set({ last_known: event.target.checked ? (said?.values ?? samples(setup.fields)) : null })} />
              {t("It had answered before")}
            </label>
            {known && <Fields setup={setup} values={known} set={(values) => set({ last_known: values })} />}
          </>
        )}
        {answer === "real" && <p className="tr-muted">{t("The API is asked once, as for a real contact; what it says is kept for this try.")}</p>}
        {answer !== "real" && answer !== "recorded" && said && (
          <label className="tr-field is-beside">
            {t("after (seconds)")}
            <input
              type="number"
              className="tr-input"
              min={0}
              max={3600}
              step={0.1}
              value={said.after_s ?? 0.2}
              onChange={(event) => {
                const seconds = event.target.valueAsNumber;
                if (seconds >= 0 && seconds <= 3600) set({ after_s: seconds });
              }}
            />
          </label>
        )}
        {isSlow && <p className="tr-muted">{t("That is too late: the step waits for %(seconds)s seconds.", { seconds: setup.patience_s })}</p>}
      </div>
    </details>
  );
}

function firstOf(answer: AnswerKind, setup: FetchSetup, said: FetchAnswer | undefined): Partial<FetchAnswer> {
  return answer === "typed" && !Object.keys(said?.values ?? {}).length ? { answer, values: samples(setup.fields) } : { answer };
}

function Fields({ setup, values, set }: { setup: FetchSetup; values: Record<string, Json>; set: (values: Record<string, Json>) => void }) {
  const named = new Set(setup.fields.map((field) => field.name));
  const others = Object.keys(values).filter((name) => !named.has(name));
  const fields = [...setup.fields, ...others.map((name) => ({ name, type: typeof values[name] === "number" ? "number" : "text", sample: null, suggestions: [] }))];
  return (
    <>
      {fields.map((field) => (
        <ValueField key={field.name} field={field} from={t("answer of %(source)s", { source: setup.source_name })} value={values[field.name]} set={(value) => set({ ...values, [field.name]: value })} />
      ))}
    </>
  );
}
