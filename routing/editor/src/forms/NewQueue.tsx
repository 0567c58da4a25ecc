/// Makes a queue without leaving the canvas: its name, and where it rings. Everything else can wait.

import { useState } from "react";
import { ask } from "../api/client";
import type { CatalogEntry } from "../api/types";
import { Dialog } from "../shell/Dialog";
import { useEditor } from "../state/store";
import { t } from "../t";

interface Answer {
  queue: CatalogEntry;
  /** Rings nowhere yet. */
  silent: boolean;
}

export function NewQueue({ close }: { close: (made: CatalogEntry | null) => void }) {
  const [name, setName] = useState("");
  const [address, setAddress] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const make = async () => {
    const url = useEditor.getState().document?.urls.new_queue;
    if (!url) return;
    setBusy(true);
    setProblem("");
    try {
      const { queue } = await ask<Answer>(url, { body: { name: name.trim(), address: address.trim() } });
      const { document } = useEditor.getState();
      if (document) {
        const entries = [...document.catalog.queue, queue].sort((a, b) => a.name.localeCompare(b.name));
        useEditor.setState({ document: { ...document, catalog: { ...document.catalog, queue: entries } } });
      }
      close(queue);
    } catch (error) {
      setProblem(error instanceof Error && error.message ? error.message : t("The server does not answer. Try again."));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("New queue")} onClose={() => close(null)}>
      <form
        className="fe-form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <label className="fe-field">
          <span>{t("Name")}</span>
          <input type="text" value={name} maxLength={100} required placeholder={t("Such as VIP")} onChange={(event) => setName(event.target.value)} />
        </label>
        <label className="fe-field">
          <span>{t("SIP address of the team")}</span>
          <input
            type="text"
            value={address}
            maxLength={200}
            autoComplete="off"
            spellCheck={false}
            aria-describedby="fe-new-queue-help"
            placeholder="sip:vip@pbx.example.com"
            onChange={(event) => setAddress(event.target.value)}
          />
        </label>
        <p className="f-help" id="fe-new-queue-help">
          {t("Where it rings: whoever looks after your telephones knows it. You may leave it empty and add it later; until then nothing rings.")}
        </p>
        {problem && (
          <p role="alert" className="fe-problem">
            {problem}
          </p>
        )}
        <div className="fe-buttons">
          <button type="button" className="fe-button" onClick={() => close(null)}>
            {t("Cancel")}
          </button>
          <button type="submit" className="fe-button is-primary" disabled={busy || !name.trim()}>
            {busy ? t("Making it…") : t("Make the queue")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
