/// Trying the flow: who calls and when, the conversation, how it ends; and the test cases beside it.

import { useEffect } from "react";
import { useEditor } from "../state/store";
import { Icon } from "../shell/Icon";
import { t } from "../t";
import { CaseList } from "./CaseList";
import { callerWords, lacksCustomer } from "./model";
import { ScenarioForm } from "./ScenarioForm";
import { cameBack, run, start, stop, useTry } from "./state";
import { Talk } from "./Talk";
import { longWords, ownZone } from "./when";
import "./try.css";

export function TryPanel() {
  const tab = useTry((state) => state.tab);
  const cases = useTry((state) => state.cases);
  const results = useTry((state) => state.results);
  const failed = Object.values(results).filter((one) => one.state !== "passes").length;
  useEffect(cameBack, []);
  return (
    <div className="tr">
      <div className="tr-tabs" role="group" aria-label={t("Try it")}>
        <button type="button" aria-pressed={tab === "try"} onClick={() => useTry.setState({ tab: "try" })}>
          {t("Try it")}
        </button>
        <button type="button" aria-pressed={tab === "cases"} onClick={() => useTry.setState({ tab: "cases" })}>
          {cases?.length ? t("Test cases (%(count)s)", { count: cases.length }) : t("Test cases")}
          {failed > 0 && <span className="tr-dot" title={t("Some differ")} />}
        </button>
      </div>
      {tab === "try" ? <Trying /> : <CaseList />}
    </div>
  );
}

function Trying() {
  const scenario = useTry((state) => state.scenario);
  const setup = useTry((state) => state.setup);
  const customer = useTry((state) => state.customer);
  const started = useTry((state) => state.started);
  const running = useTry((state) => state.running);
  const open = useTry((state) => state.open);
  const stale = useTry((state) => state.stale);
  const cases = useTry((state) => state.cases);
  const name = cases?.find((one) => one.id === open)?.name;
  if (!scenario) {
    return (
      <>
        <Problem />
        {running && <p role="status">{t("Looking at the flow…")}</p>}
      </>
    );
  }
  if (!started) {
    return (
      <>
        <p className="tr-lead">{t("Walk through the draft as a contact would. Nothing real happens: no call, no message.")}</p>
        <Problem />
        <ScenarioForm scenario={scenario} setup={setup} />
        <div className="tr-start">
          {lacksCustomer(scenario) && <p className="tr-muted">{t("Find the customer first, and choose one of those found.")}</p>}
          <button type="button" className="fe-button is-primary" disabled={running || lacksCustomer(scenario)} onClick={() => void start()}>
            <Icon name={scenario.trigger === "message" ? "chat" : "call"} />
            {t("Start")}
          </button>
        </div>
      </>
    );
  }
  return (
    <>
      {stale && (
        <p className="tr-note" role="status">
          <Icon name="sync" />
          <span>{t("The draft has changed since. Trying it again…")}</span>
        </p>
      )}
      {name && (
        <p className="tr-case-name">
          <Icon name="rule" />
          <span>{t("Test case “%(name)s”", { name })}</span>
        </p>
      )}
      <details className="tr-summary">
        <summary>
          <span>
            {callerWords(scenario, customer, setup)}
            <small>{longWords(scenario.at, scenario.time_zone ?? ownZone())}</small>
          </span>
          <span className="tr-change">{t("Change")}</span>
        </summary>
        <ScenarioForm scenario={scenario} setup={setup} />
      </details>
      <Problem />
      <Talk />
      <button type="button" className="tr-link" onClick={stop}>
        {t("Begin a new try")}
      </button>
    </>
  );
}

/** Why it cannot be tried, with a way to what is wrong. */
function Problem() {
  const problem = useTry((state) => state.problem);
  const faults = useTry((state) => state.faults);
  const openPanel = useEditor((state) => state.openPanel);
  const reveal = useEditor((state) => state.reveal);
  if (!problem) return null;
  return (
    <div role="alert" className="tr-problem">
      {faults.length ? (
        <>
          <p>{t("The draft cannot be tried until these are mended:")}</p>
          <ul>
            {faults.slice(0, 8).map((fault, index) => (
              <li key={index}>
                {fault.step ? (
                  <button type="button" className="tr-link" onClick={() => reveal(fault.step)}>
                    {fault.message}
                  </button>
                ) : (
                  fault.message
                )}
              </li>
            ))}
          </ul>
          <button type="button" className="fe-button is-small" onClick={() => openPanel("faults")}>
            {t("Show all faults")}
          </button>
        </>
      ) : (
        <>
          <p>{problem}</p>
          <button type="button" className="fe-button is-small" onClick={() => void run()}>
            {t("Try again")}
          </button>
        </>
      )}
    </div>
  );
}
