/// Everything that is wrong with the flow, and worth a look, each with ways to mend it.

import { useState } from "react";
import type { Fault } from "../api/types";
import { Icon } from "../shell/Icon";
import { stepNames } from "../canvas/names";
import { type EditorState, useEditor } from "../state/store";
import { t, tn } from "../t";
import { draws, leadAgain, lostLine } from "./lost";
import { mendFault } from "./mend";
import "./faults.css";

const SHOWN = 100;

let last: { parts: unknown[]; names: Record<string, string> } = { parts: [], names: {} };

/** Made anew only when the flow is another: every card asks. */
function namesOf(state: EditorState): Record<string, string> {
  const parts = [state.definition, state.analysis, state.document?.palette];
  if (!parts.every((part, index) => part === last.parts[index])) {
    last = { parts, names: stepNames(state.definition, state.analysis, state.document?.palette ?? []) };
  }
  return last.names;
}

export function FaultsPanel() {
  const faults = useEditor((state) => state.analysis.faults);
  const looking = useEditor((state) => state.looking?.title);
  const chosen = useEditor((state) => (state.selection.length === 1 ? state.selection[0] : undefined));
  const empty = useEditor((state) => state.definition.steps.length === 0);
  const [onlyChosen, setOnlyChosen] = useState(false);
  const errors = faults.filter((fault) => fault.level === "error").length;
  if (empty && !looking) {
    return (
      <p className="d-verdict" role="status">
        <Icon name="add_circle" />
        <span>{t("Add a first step. What is missing is shown here as you draw.")}</span>
      </p>
    );
  }
  const narrowed = onlyChosen && chosen !== undefined;
  const shown = narrowed ? faults.filter((fault) => fault.step === chosen) : faults;
  return (
    <div className="d-stack">
      <p className={`d-verdict ${errors ? "is-bad" : faults.length ? "is-warn" : "is-good"}`} role="status">
        <Icon name={errors ? "error" : faults.length ? "warning" : "check_circle"} />
        <span>{verdict(errors, faults.length - errors, looking)}</span>
      </p>
      {faults.length > 1 && chosen && faults.some((fault) => fault.step === chosen) && (
        <label className="d-check">
          <input type="checkbox" checked={onlyChosen} onChange={(event) => setOnlyChosen(event.target.checked)} />
          {t("Only of the chosen step")}
        </label>
      )}
      <FaultList faults={shown} />
    </div>
  );
}

function verdict(errors: number, warnings: number, looking: string | undefined): string {
  if (!errors && !warnings) return looking ? t("Nothing is wrong with it.") : t("Nothing is wrong: this draft can be published.");
  const counts = [
    errors ? tn("%(count)s error", "%(count)s errors", errors) : "",
    warnings ? tn("%(count)s warning", "%(count)s warnings", warnings) : "",
  ].filter(Boolean);
  const list = counts.join(t(" and "));
  if (errors) return t("%(faults)s. Errors keep it from being published.", { faults: list });
  return t("%(faults)s. It may be published, but look at this first.", { faults: list });
}

/** Faults as cards; the ways to mend them are offered where the flow can be changed. */
export function FaultList({ faults, mendable = true }: { faults: Fault[]; mendable?: boolean }) {
  if (!faults.length) return null;
  return (
    <>
      <ul className="d-faults">
        {faults.slice(0, SHOWN).map((fault, index) => (
          <FaultCard key={`${fault.step} ${fault.where.join(".")} ${fault.message} ${index}`} fault={fault} mendable={mendable} />
        ))}
      </ul>
      {faults.length > SHOWN && (
        <p className="fe-muted">{tn("%(count)s more is not shown.", "%(count)s more are not shown.", faults.length - SHOWN)}</p>
      )}
    </>
  );
}

function FaultCard({ fault, mendable }: { fault: Fault; mendable: boolean }) {
  const name = useEditor((state) => (fault.step ? namesOf(state)[fault.step] : undefined));
  const readOnly = useEditor((state) => state.readOnly);
  const reveal = useEditor((state) => state.reveal);
  const openPanel = useEditor((state) => state.openPanel);
  const [busy, setBusy] = useState(false);
  const isError = fault.level === "error";
  const history = useEditor((state) => state.history);
  const definition = useEditor((state) => state.definition);
  const analysis = useEditor((state) => state.analysis);
  const lost = mendable && !readOnly ? lostLine(fault, history, definition, analysis) : null;
  const run = (label: string) => {
    setBusy(true);
    void mendFault(fault, label).finally(() => setBusy(false));
  };
  return (
    <li className={`d-fault is-${fault.level}`}>
      <div className="d-fault-head">
        <Icon name={isError ? "error" : "warning"} />
        <span className="d-sr">{isError ? t("Error:") : t("Warning:")}</span>
        {fault.step ? (
          <button type="button" className="d-link" title={t("Show the step")} onClick={() => reveal(fault.step)}>
            {name ?? fault.step}
          </button>
        ) : (
          <span className="d-fault-where">{t("The whole flow")}</span>
        )}
      </div>
      <p>{fault.message}</p>
      {mendable && !readOnly && (
        <div className="d-mends">
          {lost && (
            <button type="button" className="fe-button is-small" disabled={busy} onClick={() => leadAgain(lost)}>
              {lost.label}
            </button>
          )}
          {fault.mends.filter((mend) => !lost || !draws(mend, lost, definition)).map((mend) => (
            <button key={mend.label} type="button" className="fe-button is-small" disabled={busy} onClick={() => run(mend.label)}>
              {mend.label}
            </button>
          ))}
          {fault.where[2] === "settings" && (
            <button
              type="button"
              className="d-link"
              onClick={() => {
                reveal(fault.step);
                openPanel("settings", { where: fault.where });
              }}
            >
              {t("Open its settings")}
            </button>
          )}
        </div>
      )}
    </li>
  );
}
