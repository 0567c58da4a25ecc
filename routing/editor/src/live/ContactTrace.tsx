/// One contact's way, turn by turn; each step leads to its place on the canvas, and the canvas leads here.

import { useEffect, useRef } from "react";
import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t } from "../t";
import { tryContact } from "../try/state";
import type { Line, Trace, Turn, TurnStep, Visit } from "./model";
import { chooseVisit, leaveContact, useLive } from "./state";
import { clock, duration, moment } from "./words";

export function ContactTrace() {
  const trace = useLive((state) => state.trace);
  const from = useLive((state) => state.from);
  const hasList = useLive((state) => state.list !== null);
  const head = useRef<HTMLHeadingElement>(null);
  const id = trace?.contact.id;
  useEffect(() => {
    head.current?.focus({ preventScroll: true });
  }, [id]);
  if (!trace) return null;
  const { contact } = trace;
  return (
    <section aria-labelledby="lv-contact-title" className="lv-trace">
      <button type="button" className="fe-button is-small" onClick={() => void leaveContact()}>
        <Icon name="arrow_back" />
        {from !== "traffic" ? t("Back to the draft") : hasList ? t("Back to the contacts") : t("Back to the numbers")}
      </button>
      <h3 id="lv-contact-title" className="lv-title" tabIndex={-1} ref={head}>
        {contact.who} <span className="lv-ref">{contact.reference}</span>
      </h3>
      <p className={`lv-why ${contact.fell_back ? "is-bad" : ""}`}>
        {contact.why || t("Still in the flow: why it went where it went is said once it was put through.")}
      </p>
      <dl className="lv-facts">
        <Fact name={t("Arrived")}>
          <time dateTime={contact.at}>{moment(contact.at)}</time>
        </Fact>
        <Fact name={t("From")}>{contact.sender}</Fact>
        <Fact name={t("To")}>{contact.recipient}</Fact>
        {contact.tier && (
          <Fact name={t("Tier")}>
            <span className="lv-tier">
              <i style={{ background: contact.tier.color }} />
              {contact.tier.name}
            </span>
          </Fact>
        )}
        <Fact name={t("Outcome")}>{contact.fell_back ? `${contact.outcome} · ${t("fell back")}` : contact.outcome}</Fact>
        {contact.queue && <Fact name={t("Queue")}>{contact.queue}</Fact>}
      </dl>
      <p>
        <a className="lv-link" href={contact.url}>
          {t("The contact's page")}
        </a>
      </p>
      <button type="button" className="fe-button is-small lv-try" onClick={() => void tryContact(contact.id)}>
        <Icon name="play_circle" />
        {t("Try it again with the draft")}
      </button>
      {contact.is_open && (
        <p className="lv-open" role="status">
          <Icon name="radio_button_checked" />
          {t("Under way: this list grows by itself.")}
        </p>
      )}
      <Timeline trace={trace} />
    </section>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Timeline({ trace }: { trace: Trace }) {
  const visit = useLive((state) => state.visit);
  const selected = useEditor((state) => state.selection.at(-1));
  const list = useRef<HTMLOListElement>(null);
  const byNumber = new Map(trace.visits.map((one) => [one.number, one]));
  const chosen = visit !== null && byNumber.get(visit)?.step === selected ? visit : null;
  useEffect(() => {
    if (!selected || chosen !== null) return;
    // A step chosen on the canvas: its first visit comes into view.
    list.current?.querySelector(`[data-visit-step="${CSS.escape(selected)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [selected, chosen]);
  return (
    <>
      <h4 className="lv-heading">{t("What happened")}</h4>
      <ol className="lv-turns" ref={list}>
        {trace.turns.map((turn) => (
          <TurnItem key={turn.number} turn={turn} visits={byNumber} chosen={chosen} selected={selected} />
        ))}
      </ol>
    </>
  );
}

interface TurnProps {
  turn: Turn;
  visits: Map<number, Visit>;
  chosen: number | null;
  selected: string | undefined;
}

function TurnItem({ turn, visits, chosen, selected }: TurnProps) {
  return (
    <li>
      <p className="lv-event">
        <span className="lv-strong">{turn.event}</span>{" "}
        <time dateTime={turn.at}>{clock(turn.at, true)}</time>
        <span className="fe-muted">{t("answered in %(ms)s ms", { ms: Math.round(turn.took_ms) })}</span>
      </p>
      <ol className="lv-steps">
        {turn.steps.map((step, index) => {
          const visit = visits.get(step.visit);
          if (!visit) return null;
          // Said once where the way comes into another flow, not at each of its steps.
          const before = visits.get(turn.steps[index - 1]?.visit ?? 0);
          const isNew = visit.flow?.url !== before?.flow?.url;
          const isChosen = chosen === null ? visit.step !== "" && visit.step === selected : chosen === visit.number;
          return <StepItem key={index} step={step} visit={visit} chosen={isChosen} names={isNew} />;
        })}
      </ol>
      {turn.answers.map((answer, index) => (
        <p key={index} className="lv-answer">
          {answer}
        </p>
      ))}
    </li>
  );
}

function StepItem({ step, visit, chosen, names }: { step: TurnStep; visit: Visit; chosen: boolean; names: boolean }) {
  const spent = visit.spent_ms !== null && visit.spent_ms >= 50 ? duration(visit.spent_ms) : "";
  const words = (
    <>
      <span className="lv-number">{visit.number}</span>{" "}
      <span className="lv-step-words">
        <span className="lv-strong">{step.title}</span> {step.way && <span>{step.way}</span>} {spent && <span className="fe-muted">{spent}</span>}
      </span>
    </>
  );
  return (
    <li className={`lv-step ${chosen ? "is-chosen" : ""} ${visit.stop ? `is-${visit.stop}` : ""}`} style={{ marginInlineStart: `${Math.min(visit.depth, 4) * 16}px` }} data-visit-step={visit.step || undefined}>
      {visit.step ? (
        <button type="button" className="lv-step-button" aria-pressed={chosen} onClick={() => chooseVisit(visit.number)}>
          {words}
        </button>
      ) : (
        <div className="lv-step-button is-elsewhere">{words}</div>
      )}
      {visit.fallback && <p className="lv-note">{t("The number's fallback queue, not this flow")}</p>}
      {names && visit.flow && (
        <p className="lv-note">
          <a className="lv-link" href={visit.flow.url}>
            {t("In “%(flow)s”: show it there", { flow: visit.flow.name })}
          </a>
        </p>
      )}
      {step.lines.length > 0 && <Lines lines={step.lines} />}
    </li>
  );
}

function Lines({ lines }: { lines: Line[] }) {
  return (
    <ul className="lv-lines">
      {lines.map((line, index) => (
        <li key={index} className={line.mark ? `is-${line.mark}` : ""}>
          {line.mark === "yes" && <span className="lv-hidden">{t("yes:")}</span>}
          {line.mark === "no" && <span className="lv-hidden">{t("no:")}</span>}
          {line.text}
          {line.parts.length > 0 && <Lines lines={line.parts} />}
        </li>
      ))}
    </ul>
  );
}
