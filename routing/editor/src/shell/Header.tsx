/// The line above the canvas: which flow, where it stands, whether it is saved, and what can be done with all of it.

import { redo, undo } from "../canvas/commands";
import { focusSoon } from "../canvas/view";
import { ALWAYS, PANELS } from "../panels";
import { flush } from "../state/autosave";
import { type Saving, useEditor } from "../state/store";
import { t, tn } from "../t";
import { Icon } from "./Icon";
import { Menu } from "./Menu";
import { NamingDialog, openNaming } from "./NamingDialog";

export function Header() {
  const flow = useEditor((state) => state.document?.flow);
  const urls = useEditor((state) => state.document?.urls);
  const may = useEditor((state) => state.document?.may);
  const mode = useEditor((state) => state.mode);
  const openPanel = useEditor((state) => state.openPanel);
  if (!flow || !urls || !may) return null;
  return (
    <header className="fe-header">
      <button
        type="button"
        className="fe-icon-button"
        aria-label={t("Navigation")}
        title={t("Navigation")}
        // The admin's navigation is Alpine's; it slides in over the canvas.
        {...{ "x-on:click": "sidebarMobileOpen = !sidebarMobileOpen" }}
      >
        <Icon name="menu" />
      </button>
      <a className="fe-back" href={urls.list}>
        {t("Flows")}
      </a>
      <Icon name="chevron_right" className="fe-muted fe-wide-only" />
      <h1 className="fe-name" title={flow.description || flow.name}>
        {may.edit ? (
          <button type="button" className="fe-rename" aria-label={t("%(name)s: change name and description", { name: flow.name })} title={flow.description || t("Change name and description")} onClick={openNaming}>
            <span>{flow.name}</span>
            <Icon name="edit" />
          </button>
        ) : (
          flow.name
        )}
      </h1>
      <State />
      <SavedAt />
      <div className="fe-header-space" />
      {ALWAYS.map((Always, index) => (
        <Always key={index} />
      ))}
      <Faults />
      {may.edit && <Undo />}
      {may.publish && PANELS.some((panel) => panel.id === "publish") && (
        <button
          type="button"
          className="fe-button is-primary"
          disabled={mode === "look"}
          onClick={() => {
            // What is published is what is seen.
            void flush().catch(() => undefined);
            openPanel("publish");
            focusSoon(() => document.querySelector<HTMLElement>('#fe-panel[data-panel="publish"] textarea'));
          }}
        >
          {t("Publish")}
        </button>
      )}
      <Menu />
      <NamingDialog />
    </header>
  );
}

function State() {
  const flow = useEditor((state) => state.document?.flow);
  if (!flow) return null;
  if (!flow.live) return <span className="fe-state is-draft">{t("not published")}</span>;
  return (
    <span className={`fe-state ${flow.differs_from_live ? "is-draft" : "is-live"}`}>
      {flow.differs_from_live ? t("version %(number)s is live, changed since", { number: flow.live.number }) : t("version %(number)s, live", { number: flow.live.number })}
    </span>
  );
}

function SavedAt() {
  const saving = useEditor((state) => state.saving);
  const mayEdit = useEditor((state) => state.document?.may.edit);
  if (!mayEdit) return null;
  const { icon, text, detail } = savingText(saving);
  return (
    <span className={`fe-saved is-${saving.state}`} role="status" title={detail}>
      <Icon name={icon} />
      <span>{text}</span>
      {saving.state === "refused" && (
        <button type="button" className="fe-button is-small" onClick={() => void flush().catch(() => undefined)}>
          {t("Try again")}
        </button>
      )}
    </span>
  );
}

export function savingText(saving: Saving): { icon: string; text: string; detail: string } {
  const kept = t("Your changes are kept here, and saved as soon as the server answers.");
  switch (saving.state) {
    case "saved":
      return { icon: "cloud_done", text: t("Saved"), detail: saving.at ? t("Saved at %(time)s", { time: timeOf(saving.at) }) : "" };
    case "unsaved":
    case "saving":
      return { icon: "sync", text: t("Saving…"), detail: "" };
    case "offline":
      return { icon: "cloud_off", text: t("Offline since %(time)s, kept here", { time: timeOf(saving.since) }), detail: kept };
    case "refused":
      return { icon: "error", text: t("Not saved: %(why)s", { why: saving.message }), detail: saving.message };
    case "conflict":
      return { icon: "call_merge", text: t("Waits for your choice"), detail: kept };
  }
}

function timeOf(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function Faults() {
  const faults = useEditor((state) => state.analysis.faults);
  const openPanel = useEditor((state) => state.openPanel);
  // Whoever has drawn nothing yet has made no mistake.
  const empty = useEditor((state) => state.definition.steps.length === 0);
  const errors = faults.filter((fault) => fault.level === "error").length;
  const warnings = faults.length - errors;
  if (!PANELS.some((panel) => panel.id === "faults")) return null;
  if (!faults.length || empty) return null;
  const text = [errors && tn("%(count)s error", "%(count)s errors", errors), warnings && tn("%(count)s warning", "%(count)s warnings", warnings)]
    .filter(Boolean)
    .join(", ");
  return (
    <button type="button" className={`fe-faults ${errors ? "is-error" : "is-warning"}`} onClick={() => openPanel("faults")}>
      <Icon name={errors ? "error" : "warning"} />
      <span>{text}</span>
    </button>
  );
}

function Undo() {
  const history = useEditor((state) => state.history);
  const readOnly = useEditor((state) => state.readOnly);
  const last = history.past.at(-1);
  const next = history.future.at(-1);
  const undoText = last ? t("Undo: %(what)s", { what: last.label }) : t("Nothing to undo");
  const redoText = next ? t("Redo: %(what)s", { what: next.label }) : t("Nothing to redo");
  return (
    <>
      <button type="button" className="fe-icon-button" aria-label={undoText} title={undoText} disabled={!last || readOnly} onClick={undo}>
        <Icon name="undo" />
      </button>
      <button type="button" className="fe-icon-button" aria-label={redoText} title={redoText} disabled={!next || readOnly} onClick={redo}>
        <Icon name="redo" />
      </button>
    </>
  );
}
