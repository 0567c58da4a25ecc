/// Every version of the flow: who published it, when and why, what still runs on it, and ways to look and to go back.

import { useEffect, useState } from "react";
import type { Version } from "../api/types";
import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t, tn } from "../t";
import { GoBackDialog } from "./GoBackDialog";
import { Numbers } from "./Numbers";
import { lookAt, readVersions, titleOf, undoGoingBack, useBack } from "./api";
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

export function VersionsPanel() {
  const { versions, problem } = useVersions();
  const flow = useEditor((state) => state.document?.flow);
  const openPanel = useEditor((state) => state.openPanel);
  const [backTo, setBackTo] = useState<Version | null>(null);
  if (problem) return <p role="alert" className="fe-problem">{problem}</p>;
  if (!versions || !flow) return <p role="status">{t("Loading…")}</p>;
  return (
    <div className="d-stack">
      <Undo />
      <Numbers lead={t("Started by")} none={t("No number starts this flow yet: nobody reaches it by themselves.")} />
      {flow.live && (
        <button type="button" className="fe-button" onClick={() => openPanel("compare", { a: "live", b: "draft" })}>
          <Icon name="difference" />
          {t("Compare the draft with what is live")}
        </button>
      )}
      {!versions.length && <p>{t("Nothing was published yet. Contacts go to the fallback queue of their number until then.")}</p>}
      <ol className="d-versions">
        {versions.map((version) => (
          <VersionCard key={version.id} version={version} onGoBack={setBackTo} />
        ))}
      </ol>
      {backTo && <GoBackDialog version={backTo} onClose={() => setBackTo(null)} />}
    </div>
  );
}

/** The way back from going back, as long as nothing else went live. */
function Undo() {
  const done = useBack((state) => state.done);
  const live = useEditor((state) => state.document?.flow.live?.id);
  if (!done || done.live.id !== live) return null;
  return (
    <div className="d-verdict is-good d-undo" role="status">
      <Icon name="undo" />
      <span>
        {t("You went back to version %(old)s: it is live as version %(new)s.", { old: done.to, new: done.live.number })}{" "}
        {done.draft ? t("The draft was replaced as well.") : t("The draft was kept.")}
      </span>
      <button type="button" className="fe-button is-small" onClick={() => void undoGoingBack()}>
        {t("Undo: version %(number)s again", { number: done.before.number })}
      </button>
    </div>
  );
}

function VersionCard({ version, onGoBack }: { version: Version; onGoBack: (version: Version) => void }) {
  const may = useEditor((state) => state.document?.may);
  const looking = useEditor((state) => state.looking?.title);
  const openPanel = useEditor((state) => state.openPanel);
  const [busy, setBusy] = useState(false);
  const look = () => {
    setBusy(true);
    lookAt(version)
      .catch((error: unknown) => useEditor.getState().say(error instanceof Error ? error.message : String(error), "bad"))
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
        <button type="button" className="fe-button is-small" disabled={busy} onClick={look}>
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
          <button type="button" className="fe-button is-small" disabled={busy} onClick={() => onGoBack(version)}>
            {t("Go back to it…")}
            <span className="d-sr"> {name}</span>
          </button>
        )}
      </div>
    </li>
  );
}
