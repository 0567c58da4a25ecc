/// The panel of the chosen step: its name, its help, its settings, and where its exits lead.

import "./forms.css";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import type { Fault, Step } from "../api/types";
import { mendFault } from "../faults/mend";
import type { PanelProps } from "../panels/panel";
import { useAsking } from "../canvas/asking";
import { stepNames } from "../canvas/names";
import { Icon } from "../shell/Icon";
import { saidOf } from "../state/said";
import { useEditor } from "../state/store";
import { t, tn } from "../t";
import type { Maker } from "./context";
import { Doc } from "./Doc";
import { focusField } from "./focus";
import { NewQueue } from "./NewQueue";
import type { Path } from "./schema";
import { useScope } from "./scope";
import { StepForm } from "./StepForm";

const NO_MAKERS: Record<string, Maker> = {};
const NO_CATALOG = { queue: [], source: [], hours: [], flow: [] };

const mend = (fault: Fault, label: string) => void mendFault(fault, label);

export function SettingsPanel({ props }: PanelProps) {
  const selection = useEditor((state) => state.selection);
  const stepId = selection.at(-1);
  const step = useEditor((state) => state.definition.steps.find((one) => one.id === stepId));
  // Opened from a fault: each click makes new props, so the same fault can be asked for again.
  useEffect(() => {
    const path = props.where ?? props.path;
    if (Array.isArray(path) && path.length) focusField(path as Path);
  }, [props]);
  if (!step) return <p className="f-none">{t("Choose a step on the canvas to see its settings.")}</p>;
  return (
    <div className="f-panel-of-step">
      {selection.length > 1 ? (
        <p className="f-help">{tn("%(count)s step is chosen.", "%(count)s steps are chosen; these are the settings of the last one.", selection.length)}</p>
      ) : null}
      <StepSettings key={step.id} step={step} />
    </div>
  );
}

function StepSettings({ step }: { step: Step }) {
  const top = useRef<HTMLDivElement>(null);
  // Another step is read from its beginning, wherever one had come to with the one before.
  useLayoutEffect(() => {
    const scroller = top.current?.closest(".fe-panel-body");
    if (scroller) scroller.scrollTop = 0;
  }, []);
  const document = useEditor((state) => state.document);
  const definition = useEditor((state) => state.definition);
  const analysis = useEditor((state) => state.analysis);
  const readOnly = useEditor((state) => state.readOnly);
  const edit = useEditor((state) => state.edit);
  const item = document?.palette.find((one) => one.type === step.type);
  const said = useMemo(() => saidOf(step, analysis, item), [step, analysis, item]);
  const faults = useMemo(() => analysis.faults.filter((fault) => fault.step === step.id), [analysis, step.id]);
  const scope = useScope(document?.urls.scope ?? "", definition, step.id);
  const titles = useMemo(() => stepNames(definition, analysis, document?.palette ?? []), [definition, analysis, document]);
  const targets = useMemo(() => {
    const triggers = new Set(document?.palette.filter((one) => one.kind === "trigger").map((one) => one.type));
    return definition.steps.filter((one) => !triggers.has(one.type)).map((one) => ({ id: one.id, name: titles[one.id] ?? one.id }));
  }, [definition, document, titles]);
  const makers = useMemo<Record<string, Maker>>(
    () => (document?.urls.new_queue ? { queue: { label: t("New queue…"), Dialog: NewQueue } } : NO_MAKERS),
    [document],
  );
  const comesWritten = definition.steps.some((one) => one.type === "message");
  const leadsTo = useMemo(
    () => Object.fromEntries(Object.entries(step.exits ?? {}).map(([exit, target]) => [exit, titles[target] ?? target])),
    [step.exits, titles],
  );
  const addUrls = useMemo(
    () =>
      Object.fromEntries(
        Object.entries(document?.urls ?? {})
          .filter(([name]) => name.startsWith("add_"))
          .map(([name, url]) => [name.slice(4), url]),
      ),
    [document],
  );
  const { id } = step;
  const act = useCallback(
    (what: string, change: (draft: Step) => void, merge?: string) =>
      edit(
        what,
        (draft) => {
          const mine = draft.steps.find((one) => one.id === id);
          if (mine) change(mine);
        },
        merge === undefined ? undefined : { merge: `form:${id}:${merge}` },
      ),
    [edit, id],
  );
  return (
    <>
      <div className="f-field">
        <label className="f-label" htmlFor="f-step-title">
          {t("Name of the step")}
        </label>
        <input
          id="f-step-title"
          type="text"
          autoComplete="off"
          className="f-input"
          maxLength={100}
          value={step.title ?? ""}
          placeholder={item?.title ?? step.type}
          disabled={readOnly}
          onChange={(event) =>
            act(
              t("Rename the step"),
              (draft) => {
                if (event.target.value === "") delete draft.title;
                else draft.title = event.target.value;
              },
              "title",
            )
          }
        />
      </div>
      {item ? (
        <>
          <Doc doc={item.doc} />
          {comesWritten && typeof item.schema.written === "string" ? (
            <p className="f-written">
              <Icon name="chat" />
              <span>
                <strong>{t("For whoever writes:")}</strong> {item.schema.written}
              </span>
            </p>
          ) : null}
          <StepForm
            step={step}
            item={item}
            said={said}
            faults={faults}
            definition={definition}
            catalog={document?.catalog ?? NO_CATALOG}
            addUrls={addUrls}
            makers={makers}
            languages={document?.languages ?? []}
            leadsTo={leadsTo}
            scope={scope}
            listenUrl={document?.urls.listen ?? ""}
            readOnly={readOnly}
            mend={mend}
            act={act}
          />
          <Exits step={step} said={said.exits} targets={targets} faults={faults} readOnly={readOnly} act={act} />
        </>
      ) : (
        <p className="f-error">{t("There is no step of the kind “%(type)s” here. Its settings are kept as they are.", { type: step.type })}</p>
      )}
    </>
  );
}

// No step has such an id.
const NEW_STEP = "+";

interface ExitsProps {
  step: Step;
  said: { name: string; label: string; optional: boolean }[];
  targets: { id: string; name: string }[];
  faults: Fault[];
  readOnly: boolean;
  act: (what: string, change: (step: Step) => void, merge?: string) => void;
}

/** Where each exit leads, to be chosen without a mouse. */
function Exits({ step, said, targets, faults, readOnly, act }: ExitsProps) {
  if (!said.length) return null;
  const faultsOf = (exit: string) => faults.filter((fault) => fault.where[2] === "exits" && fault.where[3] === exit);
  return (
    <section className="f-exits" aria-label={t("Where it leads")}>
      <h3 className="f-label">{t("Where it leads")}</h3>
      {said.map((exit) => (
        <div className="f-exit-row" key={exit.name}>
          <label htmlFor={`f-exit-${exit.name}`}>{exit.label}</label>
          <select
            id={`f-exit-${exit.name}`}
            className="f-input f-select"
            value={step.exits?.[exit.name] ?? ""}
            disabled={readOnly}
            aria-describedby={faultsOf(exit.name).length ? `f-exit-${exit.name}-faults` : undefined}
            onChange={(event) => {
              if (event.target.value === NEW_STEP) {
                useAsking.setState({ ask: { kind: "connect", source: step.id, exit: exit.name, only: "new" } });
                return;
              }
              act(t("Lead “%(exit)s” elsewhere", { exit: exit.label }), (draft) => {
                const exits = (draft.exits ??= {});
                if (event.target.value === "") delete exits[exit.name];
                else exits[exit.name] = event.target.value;
              });
            }}
          >
            <option value="">{exit.optional ? t("ends here") : t("nowhere yet")}</option>
            {readOnly ? null : <option value={NEW_STEP}>{t("a new step…")}</option>}
            {targets
              .filter(({ id }) => id !== step.id || step.exits?.[exit.name] === id)
              .map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
          </select>
          {faultsOf(exit.name).length ? (
            <ul className="f-faults" id={`f-exit-${exit.name}-faults`}>
              {faultsOf(exit.name).map((fault) => (
                <li key={fault.message} className={fault.level === "error" ? "f-error" : "f-warning"}>
                  {fault.message}
                  {readOnly
                    ? null
                    : fault.mends.slice(0, 3).map((one) => (
                        <button key={one.label} type="button" className="f-mend" onClick={() => mend(fault, one.label)}>
                          {one.label}
                        </button>
                      ))}
                </li>
              ))}
            </ul>
          ) : null}
        </div>
      ))}
    </section>
  );
}
