/// Asks before an old version goes live again: what that changes, for whom, what becomes of the draft, and which test cases fail.

import { useEffect, useId, useState } from "react";
import type { Comparison, Looked, Version } from "../api/types";
import { ChangeList } from "../compare/ChangeList";
import { FaultList } from "../faults/FaultsPanel";
import { Dialog } from "../shell/Dialog";
import { useEditor } from "../state/store";
import { t, tn } from "../t";
import { Cases, CasesTried, useCases } from "./Cases";
import { addressShown } from "./address";
import { type CaseResult, CasesDiffer, HasFaults, goBackTo, readComparison, readVersion, summary } from "./api";
import { ago } from "./when";

export function GoBackDialog({ version, onClose }: { version: Version; onClose: () => void }) {
  const id = useId();
  const flow = useEditor((state) => state.document?.flow);
  const [looked, setLooked] = useState<Looked | null>(null);
  const [difference, setDifference] = useState<Comparison | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<CaseResult[] | null>(null);
  const hasOwn = flow?.differs_from_live ?? false;
  const [keepDraft, setKeepDraft] = useState(hasOwn);
  const tried = useCases(looked?.definition ?? null);
  useEffect(() => {
    const leaving = new AbortController();
    const failed = (error: Error) => {
      if (!leaving.signal.aborted) setProblem(error.message || t("The server does not answer."));
    };
    readVersion(version, leaving.signal).then(setLooked, failed);
    readComparison("live", String(version.id), leaving.signal).then(setDifference, failed);
    return () => leaving.abort();
  }, [version]);
  const faults = looked?.analysis.faults.filter((fault) => fault.level === "error") ?? [];
  const differ = refused ?? (tried.state === "tried" ? tried.differ : []);
  const number = version.number;
  // What is live says the same, and the draft stays: there is nothing to go back from.
  const isIdle = difference !== null && difference.changes.length === 0 && difference.same && (keepDraft || !hasOwn);
  const run = () => {
    setBusy(true);
    setProblem("");
    goBackTo(version, { despiteCases: differ.length > 0, keepDraft: hasOwn && keepDraft })
      .then(onClose)
      .catch((error: unknown) => {
        if (error instanceof CasesDiffer) setRefused(error.cases);
        else if (error instanceof HasFaults) setLooked((before) => before && { ...before, analysis: error.analysis });
        setProblem(error instanceof Error ? error.message : String(error));
        setBusy(false);
      });
  };
  if (!flow) return null;
  return (
    <Dialog title={t("Go back to version %(number)s?", { number })} onClose={onClose}>
      <div className="d-stack">
        <p>
          {version.note
            ? t("“%(note)s”, published %(when)s, goes live again, for everybody at once.", { note: version.note, when: ago(version.at) })
            : t("What was published %(when)s goes live again, for everybody at once.", { when: ago(version.at) })}{" "}
          {t("No version is lost, and this can be undone.")}
        </p>
        <section aria-labelledby={`${id}-what`}>
          <h3 id={`${id}-what`}>{t("What changes for contacts")}</h3>
          <Difference found={difference} />
        </section>
        <section aria-labelledby={`${id}-whom`}>
          <h3 id={`${id}-whom`}>{t("Whom it concerns")}</h3>
          <p>
            {flow.numbers.length
              ? t("New contacts on %(numbers)s. Contacts under way keep the version they began with.", { numbers: flow.numbers.map((one) => addressShown(one.address)).join(", ") })
              : t("No number starts this flow, so nobody notices it yet.")}
          </p>
        </section>
        <section aria-labelledby={`${id}-draft`}>
          <h3 id={`${id}-draft`}>{t("Your draft")}</h3>
          {hasOwn ? (
            <div className="d-radios">
              <label>
                <input type="radio" name={id} checked={keepDraft} onChange={() => setKeepDraft(true)} />
                <span>{t("stays as it is, with its changes that are not live")}</span>
              </label>
              <label>
                <input type="radio" name={id} checked={!keepDraft} onChange={() => setKeepDraft(false)} />
                <span>{t("becomes version %(number)s, for everybody who draws it; Undo brings it back", { number })}</span>
              </label>
            </div>
          ) : (
            <p>{t("It has nothing that is not live, and becomes version %(number)s as well.", { number })}</p>
          )}
        </section>
        <section aria-labelledby={`${id}-cases`}>
          <h3 id={`${id}-cases`}>{t("Test cases")}</h3>
          {refused ? <Cases cases={refused} /> : <CasesTried tried={tried} />}
        </section>
        {faults.length > 0 && (
          <section aria-labelledby={`${id}-faults`}>
            <h3 id={`${id}-faults`}>{tn("%(count)s error keeps it from going live", "%(count)s errors keep it from going live", faults.length)}</h3>
            <FaultList faults={faults} mendable={false} />
          </section>
        )}
        {problem && (
          <p role="alert" className="fe-problem">
            {problem}
          </p>
        )}
        <div className="fe-buttons">
          <button type="button" className="fe-button" onClick={onClose}>
            {t("Cancel")}
          </button>
          <button type="button" className="fe-button is-primary" disabled={busy || !looked || isIdle || faults.length > 0 || tried.state === "trying"} onClick={run}>
            {busy ? t("Going back…") : differ.length ? t("Go back all the same") : t("Go back to version %(number)s", { number })}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function Difference({ found }: { found: Comparison | null }) {
  if (!found) return <p role="status">{t("Comparing…")}</p>;
  const real = found.changes.filter((change) => change.kind !== "moved");
  if (!real.length) return <p>{found.other[0] ?? t("Nothing: it says the same as what is live.")}</p>;
  return (
    <>
      <p>{summary(found.changes)}.</p>
      <details className="d-details">
        <summary>{t("In words")}</summary>
        <ChangeList changes={real} onStep={() => undefined} />
      </details>
    </>
  );
}
