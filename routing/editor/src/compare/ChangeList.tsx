/// What changed from one state of a flow to another, step by step, in words.

import type { StepChange } from "../api/types";
import { useEditor } from "../state/store";
import { t } from "../t";
import "./compare.css";

const KINDS = { added: "new", removed: "removed", changed: "changed", moved: "moved" } as const;

export function ChangeList({ changes, onStep }: { changes: StepChange[]; onStep?: (step: string) => void }) {
  const reveal = useEditor((state) => state.reveal);
  return (
    <ul className="c-changes">
      {changes.map((change) => (
        <li key={`${change.kind} ${change.step}`} className={`c-change is-${change.kind}`}>
          <div className="c-head">
            <button type="button" className="d-link" onClick={() => (onStep ?? reveal)(change.step)}>
              {change.title}
            </button>
            <span className="c-kind">{t(KINDS[change.kind])}</span>
          </div>
          {(change.fields.length > 0 || change.exits.length > 0) && (
            <dl>
              {change.fields.map((field) => (
                <Row key={field.path.join(".")} label={field.label} before={field.before} after={field.after} />
              ))}
              {change.exits.map((exit) => (
                <Row
                  key={`exit ${exit.name}`}
                  label={t("“%(exit)s” leads to", { exit: exit.label })}
                  before={exit.before || t("nowhere")}
                  after={exit.after || t("nowhere")}
                />
              ))}
            </dl>
          )}
        </li>
      ))}
    </ul>
  );
}

function Row({ label, before, after }: { label: string; before: string; after: string }) {
  return (
    <div className="c-row">
      <dt>{label}</dt>
      <dd>
        {before && (
          <del>
            <span className="d-sr">{t("before:")} </span>
            {before}
          </del>
        )}
        {after && (
          <ins>
            <span className="d-sr">{t("now:")} </span>
            {after}
          </ins>
        )}
      </dd>
    </div>
  );
}
