/// Two states of the flow side by side: on the canvas, and here in words.

import { useEffect, useId, useState } from "react";
import type { Comparison, Version } from "../api/types";
import type { PanelProps } from "../panels/panel";
import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t, tn } from "../t";
import { readComparison, showComparison, summary } from "../versions/api";
import { useVersions } from "../versions/VersionsPanel";
import { ChangeList } from "./ChangeList";
import "./compare.css";

export function ComparePanel({ props }: PanelProps) {
  const [chosen, setChosen] = useState<{ of: unknown; a: string; b: string } | null>(null);
  const [answer, setAnswer] = useState<{ to: string; found?: Comparison; problem?: string } | null>(null);
  const { a, b } = chosen?.of === props ? chosen : { a: text(props.a, "live"), b: text(props.b, "draft") };
  const setPair = (pair: { a: string; b: string }) => setChosen({ of: props, ...pair });
  const found = answer?.to === `${a} ${b}` ? answer.found : undefined;
  const problem = answer?.to === `${a} ${b}` ? answer.problem : undefined;
  const { versions } = useVersions();
  const openPanel = useEditor((state) => state.openPanel);
  const looking = useEditor((state) => state.looking?.title);
  useEffect(() => {
    const leaving = new AbortController();
    const to = `${a} ${b}`;
    readComparison(a, b, leaving.signal).then(
      (both) => {
        if (leaving.signal.aborted) return;
        setAnswer({ to, found: both });
        showComparison(both);
      },
      (error: Error) => {
        if (!leaving.signal.aborted) setAnswer({ to, problem: error.message || t("The server does not answer.") });
      },
    );
    return () => leaving.abort();
  }, [a, b]);
  // The canvas shows the comparison as long as this panel is open.
  useEffect(() => () => useEditor.getState().back(), []);
  const moved = found?.changes.filter((change) => change.kind === "moved") ?? [];
  const real = found?.changes.filter((change) => change.kind !== "moved") ?? [];
  return (
    <div className="d-stack">
      <div className="c-pair">
        <Choice label={t("From")} value={a} versions={versions ?? []} onChange={(next) => setPair({ a: next, b })} />
        <button type="button" className="fe-icon-button" aria-label={t("The other way round")} title={t("The other way round")} onClick={() => setPair({ a: b, b: a })}>
          <Icon name="swap_vert" />
        </button>
        <Choice label={t("To")} value={b} versions={versions ?? []} onChange={(next) => setPair({ a, b: next })} />
      </div>
      {problem && (
        <p role="alert" className="fe-problem">
          {problem}
        </p>
      )}
      {!found && !problem && <p role="status">{t("Comparing…")}</p>}
      {found && (
        <>
          <p role="status" className="c-summary">
            {summary(real) || (moved.length ? t("Contacts notice no difference.") : t("Both say the same."))}
          </p>
          <ChangeList changes={real} />
          {moved.length > 0 && (
            <p className="fe-muted">{tn("%(count)s step only moved on the canvas.", "%(count)s steps only moved on the canvas.", moved.length)}</p>
          )}
          {found.other.map((sentence) => (
            <p key={sentence} className="fe-muted">
              {sentence}
            </p>
          ))}
          {found && !looking && (
            <button type="button" className="fe-button" onClick={() => showComparison(found)}>
              {t("Show it on the canvas again")}
            </button>
          )}
        </>
      )}
      <div className="fe-buttons">
        <button type="button" className="fe-button" onClick={() => openPanel(props.then === "publish" ? "publish" : "versions")}>
          {props.then === "publish" ? t("Back to publishing") : t("All versions")}
        </button>
      </div>
    </div>
  );
}

function text(value: unknown, otherwise: string): string {
  return typeof value === "string" && value ? value : otherwise;
}

function Choice({
  label,
  value,
  versions,
  onChange,
}: {
  label: string;
  value: string;
  versions: Version[];
  onChange: (value: string) => void;
}) {
  const id = useId();
  const live = versions.find((version) => version.live);
  // What is live is one of the versions: it stands in the list once.
  const chosen = value === "live" && live ? String(live.id) : value;
  return (
    <div className="c-choice">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={chosen} onChange={(event) => onChange(event.target.value)}>
        <option value="draft">{t("Draft")}</option>
        {!live && <option value="live">{t("Nothing yet")}</option>}
        {versions.map((version) => (
          <option key={version.id} value={version.id}>
            {t("Version %(number)s", { number: version.number })}
            {version.live ? ` (${t("live")})` : ""}
            {version.note ? ` – ${version.note.slice(0, 40)}` : ""}
          </option>
        ))}
      </select>
    </div>
  );
}
