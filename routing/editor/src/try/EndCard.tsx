/// Where the contact stands: the queue, the outcome, the sentence of why; and keeping it as a test case.

import { useEffect, useId, useRef, useState } from "react";
import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t } from "../t";
import type { Expected, Result } from "./model";
import { keep, useTry } from "./state";
import { longWords } from "./when";

export function EndCard({ result, zone }: { result: Result; zone: string }) {
  const mayEdit = useEditor((state) => state.document?.may.edit ?? false);
  const problem = useTry((state) => state.problem);
  const { end } = result;
  const isOver = result.status !== "waiting";
  if (!end.why && !isOver) return mayEdit && !problem ? <Keep result={result} /> : null;
  return (
    <section className={`tr-end ${end.fell_back ? "is-bad" : isOver ? "is-over" : ""}`} aria-label={isOver ? t("How it ended") : t("Where it is")}>
      <h3>
        <Icon name={end.fell_back ? "warning" : end.queue ? "groups" : isOver ? "flag" : "call"} />
        <span>{end.queue ? end.queue.name : end.to || (end.outcome_label ? capital(end.outcome_label) : t("The end"))}</span>
        {end.outcome_label && (end.queue || end.to) && <small>{end.outcome_label}</small>}
      </h3>
      {end.why && <p className="tr-why">{end.why}</p>}
      {end.to && (
        <details>
          <summary>{t("What the team's telephone is told")}</summary>
          <dl>
            <div>
              <dt>{t("Dialled")}</dt>
              <dd>{end.to}</dd>
            </div>
            {Object.entries(end.headers).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {isOver && <p className="tr-muted">{t("It ended at %(time)s.", { time: longWords(result.clock, zone) })}</p>}
      {mayEdit && !problem && <Keep result={result} />}
    </section>
  );
}

function Keep({ result }: { result: Result }) {
  const [isOpen, setOpen] = useState(false);
  const open = useTry((state) => state.open);
  const cases = useTry((state) => state.cases);
  const caseProblem = useTry((state) => state.caseProblem);
  const found = cases?.find((one) => one.id === open);
  if (!isOpen) {
    return (
      <button type="button" className="fe-button is-small tr-keep-open" onClick={() => setOpen(true)}>
        <Icon name="bookmark_add" />
        {found ? t("Save or change the test case") : t("Save as test case")}
      </button>
    );
  }
  return <KeepForm key={found?.id ?? "new"} result={result} open={found?.name ?? null} problem={caseProblem} close={() => setOpen(false)} />;
}

/** `open` is the name of the test case that is open: it is never changed unless somebody says so. */
function KeepForm({ result, open, problem, close }: { result: Result; open: string | null; problem: string; close: () => void }) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  // It opens below what was read.
  useEffect(() => {
    form.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const words = result.expected_words;
  const [name, setName] = useState(open ?? "");
  const isOther = open !== null && name.trim() !== open;
  const [parts, setParts] = useState({ queue: true, outcome: true, end: true, path: false });
  const toggle = (part: keyof typeof parts) => setParts({ ...parts, [part]: !parts[part] });
  const expected: Expected = {
    ...(parts.queue ? { queue: result.expected.queue } : {}),
    ...(parts.outcome ? { outcome: result.expected.outcome } : {}),
    ...(parts.end ? { end: result.expected.end } : {}),
    ...(parts.path ? { path: result.path } : {}),
  };
  const send = (asNew: boolean) => void keep(name.trim(), expected, asNew).then((kept) => kept && close());
  const isEmpty = !Object.values(parts).some(Boolean);
  const rows: [keyof typeof parts, string, string][] = [
    ["queue", t("Queue"), words.queue],
    ["outcome", t("Outcome"), words.outcome],
    ["end", t("Last step"), words.end],
    ["path", t("Every step on the way"), ""],
  ];
  return (
    <form
      ref={form}
      className="tr-keep"
      onSubmit={(event) => {
        event.preventDefault();
        send(open === null || isOther);
      }}
    >
      <label className="tr-field" htmlFor={id}>
        {t("Name of the test case")}
      </label>
      <input id={id} className="tr-input" value={name} onChange={(event) => setName(event.target.value)} maxLength={100} placeholder={t("Such as: gold goes to VIP")} autoFocus required />
      <fieldset>
        <legend>{t("It must end like this")}</legend>
        {rows.map(([part, label, value]) => (
          <label key={part} className="tr-check">
            <input type="checkbox" checked={parts[part]} onChange={() => toggle(part)} />
            <span>
              {label}
              {value && <b>{value}</b>}
            </span>
          </label>
        ))}
      </fieldset>
      <p className="tr-muted">{t("Numbers, names and e-mail addresses are replaced by made-up ones before it is kept: a test case holds nobody real.")}</p>
      {open !== null && !isOther && <p className="tr-muted">{t("Another name saves it as another test case.")}</p>}
      {problem && (
        <p role="alert" className="fe-problem">
          {problem}
        </p>
      )}
      <div className="fe-buttons">
        <button type="button" className="fe-button is-small" onClick={close}>
          {t("Cancel")}
        </button>
        {isOther && (
          <button type="button" className="fe-button is-small" disabled={!name.trim() || isEmpty} onClick={() => send(false)}>
            {t("Rename and change “%(name)s”", { name: open })}
          </button>
        )}
        <button type="submit" className="fe-button is-small is-primary" disabled={isEmpty}>
          {open === null ? t("Save") : isOther ? t("Save as another test case") : t("Change “%(name)s”", { name: open })}
        </button>
      </div>
    </form>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
