/// The conversation as on a telephone: what is heard, what was pressed, what can be done now, and how it ends.

import { useEffect, useRef, useState } from "react";
import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t } from "../t";
import { EndCard } from "./EndCard";
import { type Heard, type Turn, type Visit, type WaitsFor, acts } from "./model";
import { act, choose, isOurs, restart, showAgain, stepBack, useTry } from "./state";
import { StepLine } from "./StepLine";
import { clockWords, ownZone, zoneWords } from "./when";

export function Talk() {
  const result = useTry((state) => state.result);
  const scenario = useTry((state) => state.scenario);
  const running = useTry((state) => state.running);
  const problem = useTry((state) => state.problem);
  const isShown = useEditor((state) => isOurs(state.overlay));
  const bottom = useRef<HTMLDivElement>(null);
  const turns = result?.turns.length ?? 0;
  useEffect(() => {
    bottom.current?.scrollIntoView?.({ block: "nearest" });
  }, [turns]);
  if (!result || !scenario) return running ? <p role="status">{t("Calling…")}</p> : null;
  const zone = scenario.time_zone ?? ownZone();
  const inputs = (scenario.inputs ?? []).length;
  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- long conversations scroll by keyboard, too */}
      <section className={`tr-talk ${running ? "is-running" : ""}`} aria-label={t("Conversation")} tabIndex={0} aria-busy={running}>
        <ol>
          {result.turns.map((turn) => (
            <TurnView key={turn.number} turn={turn} visits={result.visits} zone={zone} isMessage={scenario.trigger === "message"} />
          ))}
        </ol>
      </section>
      {result.notes.map((note) => (
        <p key={note} className="tr-note">
          <Icon name="info" />
          <span>{note}</span>
        </p>
      ))}
      {!problem && result.waits_for && <Possible waits={result.waits_for} isMessage={scenario.trigger === "message"} />}
      <div className="tr-back">
        <button type="button" className="fe-button is-small" disabled={inputs === 0 || running} onClick={() => void stepBack()}>
          <Icon name="undo" />
          {t("One step back")}
        </button>
        <button type="button" className="fe-button is-small" disabled={inputs === 0 || running} onClick={() => void restart()}>
          <Icon name="restart_alt" />
          {t("From the beginning")}
        </button>
      </div>
      <p className="tr-muted">{t("Times are those of %(zone)s.", { zone: zoneWords(zone, scenario.at) })}</p>
      {!isShown && (
        <button type="button" className="tr-link" onClick={showAgain}>
          {t("Show the way on the canvas")}
        </button>
      )}
      <EndCard result={result} zone={zone} />
      <div ref={bottom} />
    </>
  );
}

function TurnView({ turn, visits, zone, isMessage }: { turn: Turn; visits: Visit[]; zone: string; isMessage: boolean }) {
  const chosen = useTry((state) => state.chosen);
  const mine = turn.visits.map((number) => visits.find((one) => one.number === number)).filter((one) => one !== undefined);
  return (
    <li className="tr-turn">
      <p className="tr-event">
        <span>{turn.event}</span>
        <time dateTime={turn.at}>{clockWords(turn.at, zone)}</time>
      </p>
      <ul className="tr-steps">
        {mine.map((visit) => (
          <StepLine key={visit.number} visit={visit} isOpen={visit.number === chosen} toggle={() => choose(visit.number === chosen ? null : visit.number)} />
        ))}
      </ul>
      {turn.heard.map((heard, index) => (
        <Bubble key={index} heard={heard} isMessage={isMessage} />
      ))}
    </li>
  );
}

const ICONS: Record<Heard["kind"], string> = {
  say: "volume_up",
  play: "music_note",
  wait: "hourglass_top",
  dial: "ring_volume",
  record: "mic",
  hangup: "call_end",
};

const WRITTEN: Partial<Record<Heard["kind"], string>> = { say: "chat", dial: "groups", hangup: "flag" };

function Bubble({ heard, isMessage }: { heard: Heard; isMessage: boolean }) {
  return (
    <p className={`tr-bubble is-${heard.kind}`} lang={heard.language || undefined}>
      <Icon name={isMessage ? (WRITTEN[heard.kind] ?? ICONS[heard.kind]) : ICONS[heard.kind]} />
      <span>{heard.kind === "play" ? t("Sound: %(address)s", { address: heard.text }) : heard.text}</span>
    </p>
  );
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

function Possible({ waits, isMessage }: { waits: WaitsFor; isMessage: boolean }) {
  const running = useTry((state) => state.running);
  const question =
    waits.kind === "input"
      ? isMessage
        ? t("What do they write?")
        : t("What does the caller do?")
      : waits.kind === "transfer"
        ? t(isMessage ? "It is with %(name)s. What happens?" : "It rings. What happens at %(name)s?", { name: waits.name ?? waits.to ?? "" })
        : t("The tone has sounded.");
  return (
    <section className="tr-possible" aria-label={question}>
      <h3>{question}</h3>
      <div className="tr-acts">
        {acts(waits, isMessage).map((one) => (
          <button key={one.label} type="button" className="fe-button" disabled={running} onClick={() => void act(one.input)}>
            <Icon name={one.icon} />
            {one.label}
          </button>
        ))}
      </div>
      {waits.kind === "input" && !isMessage && waits.keys && <Keypad length={waits.digits ?? null} running={running} />}
      {waits.kind === "input" && (isMessage || waits.speech) && <Speak isMessage={isMessage} running={running} />}
    </section>
  );
}

/** Any keys: sent with #, or by themselves when there are as many as are asked for. */
function Keypad({ length, running }: { length: number | null; running: boolean }) {
  const [digits, setDigits] = useState("");
  const send = (keys: string) => {
    setDigits("");
    if (keys) void act({ do: "keys", keys });
  };
  const press = (key: string) => {
    const next = digits + key;
    if (key === "#") send(digits);
    else if (length !== null && next.length >= length) send(next);
    else setDigits(next);
  };
  return (
    <details className="tr-keypad">
      <summary>{t("Keypad")}</summary>
      <output aria-live="polite" aria-label={t("Keys pressed")}>
        {digits || " "}
      </output>
      <div className="tr-keys">
        {KEYS.map((key) => (
          <button key={key} type="button" className="fe-button" disabled={running} onClick={() => press(key)} aria-label={key === "#" ? t("# (send)") : key}>
            {key}
          </button>
        ))}
      </div>
    </details>
  );
}

function Speak({ isMessage, running }: { isMessage: boolean; running: boolean }) {
  const [words, setWords] = useState("");
  return (
    <form
      className="tr-speak"
      onSubmit={(event) => {
        event.preventDefault();
        if (!words.trim()) return;
        void act({ do: "words", words: words.trim() });
        setWords("");
      }}
    >
      <input className="tr-input" aria-label={isMessage ? t("Answer") : t("Words spoken")} placeholder={isMessage ? t("Write something") : t("Say something")} value={words} onChange={(event) => setWords(event.target.value)} maxLength={1000} />
      <button type="submit" className="fe-button" disabled={running || !words.trim()}>
        {isMessage ? t("Send") : t("Say")}
      </button>
    </form>
  );
}

