/// One visit to a step: a line that opens to what it saw, did and knew.

import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t } from "../t";
import type { Line, Visit } from "./model";

/** `way`: how it stood when the turn was over that this line belongs to. */
export function StepLine({ visit, way, isOpen, toggle }: { visit: Visit; way: string; isOpen: boolean; toggle: () => void }) {
  const values = Object.entries(visit.values);
  return (
    <li className={`tr-step ${visit.stop ? "is-stopped" : ""}`} style={{ marginInlineStart: `${visit.depth * 0.9}rem` }}>
      <button type="button" aria-expanded={isOpen} onClick={toggle}>
        <span className="tr-number">{visit.number}</span>
        <Icon name={visit.icon} />
        <span className="tr-step-title">
          {visit.title}
          {visit.fallback && visit.title !== t("Fallback queue") && <em>{t("fallback queue")}</em>}
        </span>
        {way && <span className="tr-way">{way.replace(/^[→·] /, "")}</span>}
      </button>
      {isOpen && (
        <div className="tr-seen">
          {visit.lines.length ? <Lines lines={visit.lines} /> : <p className="tr-muted">{t("It looked at nothing.")}</p>}
          {visit.step !== "" && (
            <button type="button" className="tr-link" onClick={() => openSettings(visit.step)}>
              {t("Settings of this step")}
            </button>
          )}
          {values.length > 0 && (
            <details>
              <summary>{t("What was known before")}</summary>
              <dl>
                {values.map(([path, value]) => (
                  <div key={path}>
                    <dt>{path}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            </details>
          )}
        </div>
      )}
    </li>
  );
}

function openSettings(step: string): void {
  const { reveal, openPanel } = useEditor.getState();
  reveal(step);
  openPanel("settings");
}

const MARKS: Record<Line["mark"], string> = { "": "", yes: "check", no: "close", bad: "error" };

function Lines({ lines }: { lines: Line[] }) {
  return (
    <ul className="tr-lines">
      {lines.map((line, index) => (
        <li key={index} className={`is-${line.mark || "plain"}`}>
          {line.mark && <Icon name={MARKS[line.mark]} />}
          <span>
            {line.mark && <span className="tr-sr">{line.mark === "yes" ? t("Yes: ") : t("No: ")}</span>}
            {line.text}
            {line.parts.length > 0 && <Lines lines={line.parts} />}
          </span>
        </li>
      ))}
    </ul>
  );
}
