/// Beside the canvas: tabs of all panels, one of them open.

import { Suspense, useEffect } from "react";
import { focusStep, makeRoom } from "../canvas/view";
import { PANELS } from "../panels";
import { useEditor } from "../state/store";
import { t } from "../t";
import { Boundary } from "./Boundary";
import { Icon } from "./Icon";

// Until the canvas has the width that the panel leaves it.
const SETTLES_MS = 80;

export function SidePanel() {
  const open = useEditor((state) => state.panel);
  const openPanel = useEditor((state) => state.openPanel);
  const closePanel = useEditor((state) => state.closePanel);
  const current = PANELS.find((panel) => panel.id === open?.id);
  const tabs = PANELS.filter((panel) => !panel.hidden);
  const id = current?.id;
  useEffect(() => {
    // A step's settings are about that step, and open where it was clicked: nothing moves under the pointer.
    if (!id || id === "settings") return;
    const soon = setTimeout(makeRoom, SETTLES_MS);
    return () => clearTimeout(soon);
  }, [id]);
  const close = () => {
    closePanel();
    focusStep(useEditor.getState().selection.at(-1));
  };
  return (
    <aside className={`fe-side ${current ? "is-open" : ""}`} aria-label={t("Beside the flow")}>
      <div className="fe-tabs" role="tablist" aria-orientation="vertical" aria-label={t("Beside the flow")}>
        {tabs.map((panel, index) => {
          const chosen = panel.id === current?.id;
          return (
            <button
              key={panel.id}
              type="button"
              role="tab"
              id={`fe-tab-${panel.id}`}
              aria-selected={chosen}
              aria-controls={chosen ? "fe-panel" : undefined}
              tabIndex={chosen || (!current && index === 0) || (current?.hidden && index === 0) ? 0 : -1}
              className="fe-tab"
              onClick={() => (chosen ? close() : openPanel(panel.id))}
              onKeyDown={(event) => {
                const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
                if (!by) return;
                event.preventDefault();
                const next = tabs[(index + by + tabs.length) % tabs.length];
                if (next) document.getElementById(`fe-tab-${next.id}`)?.focus();
              }}
            >
              <Icon name={panel.icon} />
              <span>{t(panel.title)}</span>
            </button>
          );
        })}
      </div>
      {current && open && (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape leads back to the canvas
        <section
          className="fe-panel"
          id="fe-panel"
          data-panel={current.id}
          role="tabpanel"
          aria-label={t(current.title)}
          tabIndex={-1}
          onKeyDown={(event) => {
            if (event.key !== "Escape" || event.defaultPrevented) return;
            event.stopPropagation();
            close();
          }}
        >
          <div className="fe-panel-head">
            <h2>{t(current.title)}</h2>
            <button type="button" className="fe-icon-button" aria-label={t("Close")} title={t("Close (Esc)")} onClick={close}>
              <Icon name="close" />
            </button>
          </div>
          <div className="fe-panel-body">
            <Boundary key={current.id} what={t("This panel")}>
              <Suspense fallback={<p>{t("Loading…")}</p>}>
                <current.Component props={open.props} />
              </Suspense>
            </Boundary>
          </div>
        </section>
      )}
    </aside>
  );
}
