/// Before a draft goes live: what changes, what is wrong, whom it concerns; and why, for those who read it later.

import { useEffect, useId, useState } from "react";
import type { Comparison } from "../api/types";
import { ChangeList } from "../compare/ChangeList";
import { FaultList } from "../faults/FaultsPanel";
import { Icon } from "../shell/Icon";
import { draftOf, useEditor } from "../state/store";
import { t, tn } from "../t";
import { Cases, CasesTried, useCases } from "./Cases";
import { Numbers } from "./Numbers";
import { addressShown } from "./address";
import { type CaseResult, CasesDiffer, liveWords, publish, readComparison, summary } from "./api";
import "./versions.css";

const NOTE_CHARS = 500;

export function PublishPanel() {
  const flow = useEditor((state) => state.document?.flow);
  const faults = useEditor((state) => state.analysis.faults);
  const mode = useEditor((state) => state.mode);
  const saving = useEditor((state) => state.saving.state);
  const back = useEditor((state) => state.back);
  const openPanel = useEditor((state) => state.openPanel);
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [asked, setAsked] = useState("");
  // The draft as it was when this was opened, and after each save: what is published.
  const draft = useEditor((state) => (state.saving.state === "saved" ? draftOf(state) : null));
  const hasErrors = faults.some((fault) => fault.level === "error");
  const tried = useCases(hasErrors ? null : draft);
  const id = useId();
  const revision = flow?.revision;
  const found = useDifference(revision);
  const [refused, setRefused] = useState<{ cases: CaseResult[]; revision: number | undefined } | null>(null);
  // After another change, what was refused is not what would be published.
  const differ = refused?.revision === revision && refused ? refused.cases : tried.state === "tried" ? tried.differ : [];
  const types = useEditor((state) => state.definition.steps.map((step) => step.type).join(" "));
  if (!flow) return null;
  // The address of a channel begins with its name; a number alone is called.
  const starts = types.split(" ");
  const unstarted = flow.numbers
    .map((number) => number.address)
    .filter((address) => !starts.includes(address.includes(":") ? "message" : "call"));
  if (mode === "look") {
    return (
      <div className="d-stack">
        <p>{t("The draft is published, and something else is shown at the moment.")}</p>
        <button type="button" className="fe-button is-primary" onClick={back}>
          {t("Back to the draft")}
        </button>
      </div>
    );
  }
  const errors = faults.filter((fault) => fault.level === "error");
  const same = flow.live !== null && found !== "lost" && found?.same === true && found.changes.length === 0;
  // Whoever publishes has seen what the test cases say.
  const waits = !hasErrors && tried.state === "trying";
  const doubts = [
    note.trim() ? "" : t("There is no note: say why, for whoever reads it later."),
    faults.length ? tn("%(count)s warning stands above.", "%(count)s warnings stand above.", faults.length) : "",
  ].filter(Boolean);
  // Asked once for each of them, not once for all.
  const unsure = doubts.join(" ");
  const send = (despite: boolean) => {
    if (!despite && unsure && asked !== unsure) {
      setAsked(unsure);
      return;
    }
    setBusy(true);
    setProblem("");
    publish(note.trim(), despite)
      .then((number) => {
        useEditor.getState().say(liveWords(number), "good");
        openPanel("versions");
      })
      .catch((error: unknown) => {
        if (error instanceof CasesDiffer) setRefused({ cases: error.cases, revision: useEditor.getState().document?.flow.revision });
        else setProblem(error instanceof Error ? error.message : String(error));
      })
      .finally(() => setBusy(false));
  };
  return (
    <form
      className="d-stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!differ.length && !waits) send(false);
      }}
    >
      <section aria-labelledby={`${id}-what`}>
        <h3 id={`${id}-what`}>{flow.live ? t("What changes since version %(number)s", { number: flow.live.number }) : t("Published for the first time")}</h3>
        <Difference found={found} live={flow.live !== null} />
      </section>
      <section aria-labelledby={`${id}-whom`}>
        <h3 id={`${id}-whom`}>{t("Whom it concerns")}</h3>
        <Numbers lead={t("New contacts on")} none={t("Nobody yet: no number starts this flow.")} />
        {flow.live && flow.numbers.length > 0 && <p className="fe-muted">{t("Contacts under way keep the version they began with.")}</p>}
        {unstarted.map((number) => (
          <p key={number} className="d-verdict is-warn">
            <Icon name="warning" />
            <span>
              {number.includes(":")
                ? t("%(number)s gets messages, and this flow has no “Incoming message”: whoever writes goes the way of calls.", { number: addressShown(number) })
                : t("%(number)s gets calls, and this flow has no “Incoming call”: whoever calls goes the way of messages.", { number })}
            </span>
          </p>
        ))}
      </section>
      {faults.length > 0 && (
        <section aria-labelledby={`${id}-faults`}>
          <h3 id={`${id}-faults`}>
            {errors.length
              ? tn("%(count)s error keeps it from being published", "%(count)s errors keep it from being published", errors.length)
              : tn("%(count)s warning", "%(count)s warnings", faults.length)}
          </h3>
          <FaultList faults={errors.length ? errors : faults} />
        </section>
      )}
      {!hasErrors && (
        <section aria-labelledby={`${id}-cases`}>
          <h3 id={`${id}-cases`}>{t("Test cases")}</h3>
          {refused?.revision === revision && refused ? <Cases cases={refused.cases} /> : <CasesTried tried={tried} none={<NoCases />} />}
        </section>
      )}
      <label className="fe-field" htmlFor={`${id}-note`}>
        <span>{t("What changed, and why?")}</span>
        <textarea
          id={`${id}-note`}
          className="d-textarea"
          rows={3}
          maxLength={NOTE_CHARS}
          value={note}
          placeholder={t("Such as: gold customers skip the menu")}
          onChange={(event) => setNote(event.target.value)}
        />
      </label>
      {problem && (
        <p role="alert" className="fe-problem">
          {problem}
        </p>
      )}
      {asked && asked === unsure && (
        <p role="alert" className="d-verdict is-warn">
          <Icon name="warning" />
          <span>{unsure}</span>
        </p>
      )}
      <div className="fe-buttons d-foot">
        {differ.length ? (
          <button type="button" className="fe-button is-primary" disabled={busy || errors.length > 0 || same} onClick={() => send(true)}>
            {busy ? t("Publishing…") : t("Publish all the same")}
          </button>
        ) : (
          <button type="submit" className="fe-button is-primary" disabled={busy || errors.length > 0 || same || saving === "conflict" || waits}>
            {busy ? t("Publishing…") : asked && asked === unsure ? t("Publish all the same") : t("Publish")}
          </button>
        )}
      </div>
    </form>
  );
}

function NoCases() {
  const openPanel = useEditor((state) => state.openPanel);
  return (
    <p className="fe-muted">
      {t("None yet. What you keep of a try is tried again before each publishing.")}{" "}
      <button type="button" className="d-link" onClick={() => openPanel("try")}>
        {t("Try it")}
      </button>
    </p>
  );
}

/** The draft beside what is live, anew after each save. */
function useDifference(revision: number | undefined): Comparison | "lost" | null {
  const live = useEditor((state) => state.document?.flow.live?.id);
  const [found, setFound] = useState<Comparison | null>(null);
  const [lost, setLost] = useState(false);
  // Asked again when the server is heard again.
  const isOffline = useEditor((state) => state.saving.state === "offline");
  useEffect(() => {
    const leaving = new AbortController();
    readComparison("live", "draft", leaving.signal).then(
      (answer) => {
        if (leaving.signal.aborted) return;
        setFound(answer);
        setLost(false);
      },
      () => !leaving.signal.aborted && setLost(true),
    );
    return () => leaving.abort();
  }, [revision, live, isOffline]);
  return lost ? "lost" : found;
}

function Difference({ found, live }: { found: Comparison | "lost" | null; live: boolean }) {
  const openPanel = useEditor((state) => state.openPanel);
  if (found === "lost") return <p role="status">{t("The server does not answer: what changes is shown as soon as it does.")}</p>;
  if (!found) return <p role="status">{t("Comparing…")}</p>;
  if (!live) return <p>{tn("%(count)s step.", "%(count)s steps.", found.definition.steps.length)}</p>;
  const real = found.changes.filter((change) => change.kind !== "moved");
  if (!real.length && !found.same) {
    return (
      <>
        {found.other.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </>
    );
  }
  if (!real.length) return <p>{found.changes.length ? t("Steps only moved on the canvas; contacts notice nothing.") : t("Nothing: the draft is what is live.")}</p>;
  return (
    <>
      <p>{summary(found.changes)}.</p>
      {found.other.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <details className="d-details">
        <summary>{t("In words")}</summary>
        <ChangeList changes={real} />
      </details>
      <button type="button" className="d-link" onClick={() => openPanel("compare", { a: "live", b: "draft", then: "publish" })}>
        {t("Show it on the canvas")}
      </button>
    </>
  );
}
