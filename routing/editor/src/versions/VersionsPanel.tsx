/// Every version of the flow: who published it, when and why, what still runs on it, and ways to look and to go back.

import { useEffect, useState } from "react";
import type { Analysis, Version } from "../api/types";
import { FaultList } from "../faults/FaultsPanel";
import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t, tn } from "../t";
import { Cases } from "./Cases";
import { type CaseResult, CasesDiffer, HasFaults, goBackTo, lookAt, readVersions, titleOf } from "./api";
import { ago, exactly } from "./when";
import "./versions.css";

/** The versions, read anew whenever another one is live. */
export function useVersions(): { versions: Version[] | null; problem: string } {
  const live = useEditor((state) => state.document?.flow.live?.id);
  const [versions, setVersions] = useState<Version[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const leaving = new AbortController();
    readVersions(leaving.signal).then(
      (found) => {
        setVersions(found);
        setProblem("");
      },
      (error: Error) => {
        if (!leaving.signal.aborted) setProblem(error.message || t("The server does not answer."));
      },
    );
    return () => leaving.abort();
  }, [live]);
  return { versions, problem };
}

/** Why a version could not go live again, and how to do it all the same where that is possible. */
interface Refusal {
  message: string;
  analysis?: Analysis;
  cases?: CaseResult[];
  again?: () => void;
}

export function VersionsPanel() {
  const { versions, problem } = useVersions();
  const flow = useEditor((state) => state.document?.flow);
  const openPanel = useEditor((state) => state.openPanel);
  const [refused, setRefused] = useState<Refusal | null>(null);
  if (problem) return <p role="alert" className="fe-problem">{problem}</p>;
  if (!versions || !flow) return <p role="status">{t("Loading…")}</p>;
  return (
    <div className="d-stack">
      <Numbers />
      {flow.live && (
        <button type="button" className="fe-button" onClick={() => openPanel("compare", { a: "live", b: "draft" })}>
          <Icon name="difference" />
          {t("Compare the draft with what is live")}
        </button>
      )}
      {refused && (
        <div role="alert" className="d-stack">
          <p className="d-verdict is-bad">
            <Icon name="error" />
            <span>{refused.message}</span>
          </p>
          <FaultList faults={refused.analysis?.faults.filter((fault) => fault.level === "error") ?? []} mendable={false} />
          {refused.cases && <Cases cases={refused.cases} />}
          {refused.again && (
            <button type="button" className="fe-button" onClick={refused.again}>
              {t("Go back to it all the same")}
            </button>
          )}
        </div>
      )}
      {!versions.length && <p>{t("Nothing was published yet. Contacts go to the fallback queue of their number until then.")}</p>}
      <ol className="d-versions">
        {versions.map((version) => (
          <VersionCard key={version.id} version={version} onRefused={setRefused} />
        ))}
      </ol>
    </div>
  );
}

function Numbers() {
  const numbers = useEditor((state) => state.document?.flow.numbers ?? []);
  return (
    <p className="d-numbers">
      <Icon name="call" />
      <span>
        {numbers.length ? t("Used by") : t("No number uses this flow yet.")}{" "}
        {numbers.map((number, index) => (
          <span key={number.address}>
            {index > 0 && ", "}
            {number.url ? <a href={number.url}>{number.address}</a> : number.address}
          </span>
        ))}
      </span>
    </p>
  );
}

function VersionCard({
  version,
  onRefused,
}: {
  version: Version;
  onRefused: (refused: Refusal | null) => void;
}) {
  const may = useEditor((state) => state.document?.may);
  const looking = useEditor((state) => state.looking?.title);
  const openPanel = useEditor((state) => state.openPanel);
  const [busy, setBusy] = useState(false);
  const run = (act: () => Promise<void>) => {
    setBusy(true);
    onRefused(null);
    act()
      .catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        onRefused({
          message,
          analysis: error instanceof HasFaults ? error.analysis : undefined,
          cases: error instanceof CasesDiffer ? error.cases : undefined,
          again: error instanceof CasesDiffer ? () => run(() => goBackTo(version, true)) : undefined,
        });
      })
      .finally(() => setBusy(false));
  };
  const name = t("Version %(number)s", { number: version.number });
  const others = version.used_by.filter((user) => !useEditor.getState().document?.flow.numbers.some((one) => one.address === user));
  return (
    <li className={`d-version ${looking === titleOf(version) ? "is-shown" : ""}`} aria-label={name}>
      <div className="d-version-head">
        <b>{name}</b>
        {version.live && <span className="d-live">{t("live")}</span>}
        <time dateTime={version.at} title={exactly(version.at)}>
          {ago(version.at)}
        </time>
      </div>
      <p className={version.note ? "d-note" : "d-note fe-muted"}>{version.note || t("No note.")}</p>
      <p className="fe-muted">
        {version.by ? t("by %(name)s", { name: version.by }) : t("by a command or a program")}
        {version.contacts_open > 0 && ` · ${tn("%(count)s contact under way", "%(count)s contacts under way", version.contacts_open)}`}
        {others.length > 0 && ` · ${t("walked through by %(flows)s", { flows: others.join(", ") })}`}
      </p>
      <div className="d-mends">
        <button type="button" className="fe-button is-small" disabled={busy} onClick={() => run(() => lookAt(version))}>
          {t("Look")}
          <span className="d-sr"> {name}</span>
        </button>
        <button
          type="button"
          className="fe-button is-small"
          disabled={busy}
          onClick={() => openPanel("compare", { a: String(version.id), b: "draft" })}
        >
          {t("Compare")}
          <span className="d-sr"> {name}</span>
        </button>
        {may?.publish && may.edit && !version.live && (
          <button type="button" className="fe-button is-small" disabled={busy} onClick={() => run(() => goBackTo(version))}>
            {busy ? t("Going back…") : t("Go back to it")}
            <span className="d-sr"> {name}</span>
          </button>
        )}
      </div>
    </li>
  );
}
