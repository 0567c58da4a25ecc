/// The whole page: loads the flow, then shows header, palette, canvas and panels.

import { ReactFlowProvider } from "@xyflow/react";
import { useEffect, useRef, useState } from "react";
import { ask } from "../api/client";
import type { FlowDocument } from "../api/types";
import { Canvas } from "../canvas/Canvas";
import { Palette } from "../palette/Palette";
import { startSaving } from "../state/autosave";
import { useEditor } from "../state/store";
import { t } from "../t";
import { Boundary } from "./Boundary";
import { ConflictDialog } from "./ConflictDialog";
import { Header } from "./Header";
import { Icon } from "./Icon";
import { keepFocus } from "./keepFocus";
import { LookBar } from "./LookBar";
import { Messages } from "./Messages";
import { offerRescue } from "./rescueOffer";
import { SidePanel } from "./SidePanel";
import "./shell.css";

const PALETTE_PLACE = "pareto-flow-palette";
const NARROW = "(max-width: 760px)";

export function App({ documentUrl }: { documentUrl: string }) {
  const loaded = useEditor((state) => state.document !== null);
  const [problem, setProblem] = useState("");
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    let stop: (() => void) | undefined;
    ask<FlowDocument>(documentUrl, { signal: leaving.signal })
      .then((found) => {
        useEditor.getState().open(found);
        stop = startSaving(found);
        if (found.may.edit) offerRescue(found);
      })
      .catch((error: Error) => {
        if (!leaving.signal.aborted) setProblem(error.message || t("The server does not answer."));
      });
    return () => {
      leaving.abort();
      stop?.();
    };
  }, [documentUrl, attempt]);
  if (problem) {
    return (
      <div className="fe-alone">
        <p role="alert">{t("This flow cannot be shown: %(problem)s", { problem })}</p>
        <button
          type="button"
          className="fe-button is-primary"
          onClick={() => {
            setProblem("");
            setAttempt(attempt + 1);
          }}
        >
          {t("Try again")}
        </button>
        <a className="fe-button" href="?text=1">
          {t("Show it as text")}
        </a>
      </div>
    );
  }
  if (!loaded) {
    return (
      <div className="fe-alone" role="status">
        <p>{t("Opening the flow…")}</p>
      </div>
    );
  }
  return (
    <Boundary what={t("The canvas")}>
      <ReactFlowProvider>
        <Page />
      </ReactFlowProvider>
    </Boundary>
  );
}

function Page() {
  const readOnly = useEditor((state) => state.readOnly);
  const panel = useEditor((state) => state.panel);
  const [open, setOpen] = useState(() => !window.matchMedia(NARROW).matches && localStorage.getItem(PALETTE_PLACE) !== "closed");
  const toggle = (next: boolean) => {
    if (!window.matchMedia(NARROW).matches) localStorage.setItem(PALETTE_PLACE, next ? "open" : "closed");
    setOpen(next);
  };
  const shown = open && !readOnly;
  const page = useRef<HTMLDivElement>(null);
  useEffect(() => (page.current ? keepFocus(page.current) : undefined), []);
  return (
    <div ref={page} className={`fe-page ${shown ? "has-palette" : ""} ${panel ? "has-panel" : ""}`}>
      <Header />
      <div className="fe-body">
        {shown && (
          <Palette
            onClose={() => toggle(false)}
            onAdded={() => {
              if (window.matchMedia(NARROW).matches) setOpen(false);
            }}
          />
        )}
        <div className="fe-middle">
          <LookBar />
          <Canvas />
          {!readOnly && (
            <button
              type="button"
              className="fe-palette-toggle fe-button"
              aria-expanded={shown}
              hidden={shown}
              onClick={() => toggle(true)}
            >
              <Icon name="add" />
              {t("Steps")}
            </button>
          )}
          <Messages />
        </div>
        <SidePanel />
      </div>
      <ConflictDialog />
    </div>
  );
}
