/// The test cases of the flow: whether each still ends as expected, and if not, how else.

import { useEffect, useState } from "react";
import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t } from "../t";
import { type Case, type CaseResult, countWords } from "./model";
import { expectThis, loadCases, move, openCase, remove, rename, runCases, useTry } from "./state";

export function CaseList() {
  const cases = useTry((state) => state.cases);
  const results = useTry((state) => state.results);
  const running = useTry((state) => state.runningCases);
  const problem = useTry((state) => state.caseProblem);
  const mayEdit = useEditor((state) => state.document?.may.edit ?? false);
  useEffect(() => {
    void loadCases().then(() => {
      if (useTry.getState().cases?.length) void runCases();
    });
  }, []);
  const told = (cases ?? []).map((one) => results[one.id]).filter((one) => one !== undefined);
  return (
    <div className="tr-cases">
      {problem && (
        <p role="alert" className="tr-problem">
          {problem}
        </p>
      )}
      {cases?.length === 0 && (
        <div className="tr-empty">
          <Icon name="rule" />
          <p>{t("No test cases yet. Try the flow, and save what came of it: publishing tries all of them again and shows what differs.")}</p>
          <button type="button" className="fe-button" onClick={() => useTry.setState({ tab: "try" })}>
            {t("Try it")}
          </button>
        </div>
      )}
      {cases && cases.length > 0 && (
        <>
          <div className="tr-cases-head">
            <span role="status">{running ? t("Trying them…") : told.length ? countWords(told) : ""}</span>
            <button type="button" className="fe-button is-small" disabled={running} onClick={() => void runCases()}>
              <Icon name="play_arrow" />
              {t("Run all")}
            </button>
          </div>
          <ul>
            {cases.map((one, index) => (
              <CaseRow key={one.id} found={one} result={results[one.id]} mayEdit={mayEdit} isFirst={index === 0} isLast={index === cases.length - 1} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function CaseRow({ found, result, mayEdit, isFirst, isLast }: { found: Case; result: CaseResult | undefined; mayEdit: boolean; isFirst: boolean; isLast: boolean }) {
  const [mode, setMode] = useState<"" | "rename" | "delete">("");
  const [name, setName] = useState(found.name);
  const icon = { passes: "check_circle", differs: "error", broken: "heart_broken" }[result?.state ?? "passes"];
  const words = { passes: t("passes"), differs: t("differs"), broken: t("cannot be run") };
  return (
    <li className={`tr-case is-${result?.state ?? "unknown"}`}>
      <div className="tr-case-head">
        {result ? <Icon name={icon} /> : <Icon name="radio_button_unchecked" />}
        {mode === "rename" ? (
          <form
            className="tr-speak"
            onSubmit={(event) => {
              event.preventDefault();
              void rename(found, name.trim()).then((kept) => kept && setMode(""));
            }}
          >
            <input className="tr-input" aria-label={t("Name of the test case")} value={name} onChange={(event) => setName(event.target.value)} maxLength={100} autoFocus />
            <button type="submit" className="fe-button is-small">
              {t("Save")}
            </button>
          </form>
        ) : (
          <button type="button" className="tr-case-open" onClick={() => void openCase(found)} title={t("Show its way on the canvas")}>
            {found.name}
          </button>
        )}
        {result && <span className="tr-case-state">{words[result.state]}</span>}
      </div>
      {result && result.state !== "passes" && (
        <ul className="tr-differences">
          {result.differences.map((one) => (
            <li key={one.what}>
              <span>{one.label}</span>
              <span>{t("expected %(expected)s", { expected: one.expected })}</span>
              <Icon name="arrow_forward" />
              <b>{t("now %(got)s", { got: one.got })}</b>
            </li>
          ))}
          {result.problem && <li>{result.problem}</li>}
        </ul>
      )}
      {mode === "delete" ? (
        <p className="tr-sure">
          <span>{t("Delete it for good?")}</span>
          <button type="button" className="fe-button is-small" onClick={() => setMode("")}>
            {t("Keep it")}
          </button>
          <button type="button" className="fe-button is-small is-primary" onClick={() => void remove(found)}>
            {t("Delete")}
          </button>
        </p>
      ) : (
        <div className="tr-case-acts">
          <button type="button" className="tr-link" onClick={() => void openCase(found)}>
            {t("Show its way")}
          </button>
          {mayEdit && result?.state === "differs" && (
            <button type="button" className="tr-link" onClick={() => void expectThis(found)}>
              {t("Expect this from now on")}
            </button>
          )}
          {mayEdit && (
            <span className="tr-tools">
              <Tool icon="arrow_upward" label={t("Move “%(name)s” up", { name: found.name })} disabled={isFirst} run={() => void move(found, -1)} />
              <Tool icon="arrow_downward" label={t("Move “%(name)s” down", { name: found.name })} disabled={isLast} run={() => void move(found, 1)} />
              <Tool icon="edit" label={t("Rename “%(name)s”", { name: found.name })} run={() => setMode("rename")} />
              <Tool icon="delete" label={t("Delete “%(name)s”", { name: found.name })} run={() => setMode("delete")} />
            </span>
          )}
        </div>
      )}
    </li>
  );
}

function Tool({ icon, label, run, disabled = false }: { icon: string; label: string; run: () => void; disabled?: boolean }) {
  return (
    <button type="button" className="tr-tool" aria-label={label} title={label} disabled={disabled} onClick={run}>
      <Icon name={icon} />
    </button>
  );
}
