/// What the flow is called and what it is for, changed without leaving the canvas.

import { useState } from "react";
import { create } from "zustand";
import { ask } from "../api/client";
import { actNow, setFlow } from "../state/standing";
import { useEditor } from "../state/store";
import { t } from "../t";
import { Dialog } from "./Dialog";

const NAME_CHARS = 100;
const DESCRIPTION_CHARS = 1000;

const useNaming = create<{ open: boolean }>()(() => ({ open: false }));

export function openNaming(): void {
  useNaming.setState({ open: true });
}

export function NamingDialog() {
  const open = useNaming((state) => state.open);
  const flow = useEditor((state) => state.document?.flow);
  if (!open || !flow) return null;
  return <Form name={flow.name} description={flow.description} />;
}

function Form({ name: first, description: told }: { name: string; description: string }) {
  const url = useEditor((state) => state.document?.urls.naming);
  const [name, setName] = useState(first);
  const [description, setDescription] = useState(told);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const close = () => useNaming.setState({ open: false });
  const send = () => {
    if (!url) return;
    setBusy(true);
    setProblem("");
    ask<{ name: string; description: string }>(url, { body: { name, description } })
      .then((found) => {
        actNow();
        setFlow(found);
        document.title = document.title.replace(first, found.name);
        close();
      })
      .catch((error: unknown) => setProblem(error instanceof Error && error.message ? error.message : t("The server does not answer.")))
      .finally(() => setBusy(false));
  };
  return (
    <Dialog title={t("Name and description")} onClose={close}>
      <form
        className="fe-form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <label className="fe-field">
          {t("Name")}
          <input value={name} maxLength={NAME_CHARS} required onChange={(event) => setName(event.target.value)} />
        </label>
        <label className="fe-field">
          {t("What it is for")}
          <textarea className="fe-area" value={description} maxLength={DESCRIPTION_CHARS} rows={3} onChange={(event) => setDescription(event.target.value)} />
        </label>
        <p className="fe-muted">{t("Contacts notice nothing of this. It holds at once, also for what is live.")}</p>
        {problem && (
          <p role="alert" className="fe-problem">
            {problem}
          </p>
        )}
        <div className="fe-buttons">
          <button type="button" className="fe-button" onClick={close}>
            {t("Cancel")}
          </button>
          <button type="submit" className="fe-button is-primary" disabled={busy || !name.trim()}>
            {busy ? t("Saving…") : t("Save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
