/// Makes a flow of its own of the chosen steps.

import { useState } from "react";
import { Dialog } from "../shell/Dialog";
import { useEditor } from "../state/store";
import { t, tn } from "../t";
import { stopAsking } from "./asking";
import { collapse, sentenceOf } from "./commands";
import { cannotCollapse } from "./collapsible";

export function SubflowDialog() {
  const count = useEditor((state) => state.selection.length);
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const key = slug(name);
  const why = useEditor((state) => cannotCollapse(state.definition, state.analysis, state.document?.palette ?? [], state.selection));
  if (why) {
    return (
      <Dialog title={t("These steps make no sub-flow")} onClose={stopAsking}>
        <p>{why.sentence}</p>
        {why.lines.length > 0 && (
          <ul className="fe-lines">
            {why.lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        {why.lines.length > 0 && <p className="fe-muted">{t("Choose steps that begin with one of them, or lead these lines to one step first.")}</p>}
        <div className="fe-buttons">
          <button type="button" className="fe-button is-primary" onClick={stopAsking}>
            {t("Choose again")}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t("Make a sub-flow")} onClose={stopAsking}>
      <form
        className="fe-form"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          setProblem("");
          collapse(name.trim(), key)
            .catch((error: unknown) => setProblem(sentenceOf(error)))
            .finally(() => setBusy(false));
        }}
      >
        <p>
          {tn(
            "The chosen step moves into a flow of its own, which this flow and others can walk through.",
            "The %(count)s chosen steps move into a flow of their own, which this flow and others can walk through.",
            count,
          )}{" "}
          {t("It is published at once, and stays among the flows even if you undo this.")}
        </p>
        <label className="fe-field">
          <span>{t("Name of the sub-flow")}</span>
          <input type="text" value={name} maxLength={100} required autoFocus onChange={(event) => setName(event.target.value)} />
        </label>
        {problem && (
          <p role="alert" className="fe-problem">
            {problem}
          </p>
        )}
        <div className="fe-buttons">
          <button type="button" className="fe-button" onClick={stopAsking}>
            {t("Cancel")}
          </button>
          <button type="submit" className="fe-button is-primary" disabled={busy || !key}>
            {busy ? t("Making it…") : t("Make the sub-flow")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** As Django makes keys of names. */
export function slug(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/ß/g, "ss")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 50);
}
