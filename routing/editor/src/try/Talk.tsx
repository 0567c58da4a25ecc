/// The conversation as on a telephone: what is heard, what was pressed, what can be done now, and how it ends.

import { useEffect, useRef, useState } from "react";
import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t } from "../t";
import { EndCard } from "./EndCard";
import { type Heard, type Input, type Turn, type Visit, type WaitsFor, acts } from "./model";
import { act, choose, isOurs, restart, showAgain, stepBack, useTry } from "./state";
import { StepLine } from "./StepLine";
import { ownZone, turnWords, zoneWords } from "./when";

export function Talk() {
  const result = useTry((state) => state.result);
  const scenario = useTry((state) => state.scenario);
  const running = useTry((state) => state.running);
  const problem = useTry((state) => state.problem);
  const isShown = useEditor((state) => isOurs(state.overlay));
  const bottom = useRef<HTMLDivElement>(null);
  const turns = result?.turns.length ?? 0;
  useEffect(() => {
    bottom.current?.scrollIntoView({ block: "nearest" });
  }, [turns]);
  if (!result || !scenario) return running ? <p role="status">{t("Calling…")}</p> : null;
  const zone = scenario.time_zone ?? ownZone();
  const inputs = (scenario.inputs ?? []).length;
  const last = result.turns.at(-1)?.number;
  const answers = !problem && result.waits_for?.kind === "input" && !running;
  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- long conversations scroll by keyboard, too */}
      <section className={`tr-talk ${running ? "is-running" : ""}`} aria-label={t("Conversation")} tabIndex={0} aria-busy={running}>
        <ol>
          {result.turns.map((turn) => (
            <TurnView
              key={turn.number}
              turn={turn}
              visits={result.visits}
              when={turnWords(turn.at, result.turns[turn.number - 1]?.at ?? scenario.at, zone)}
              isMessage={scenario.trigger === "message"}
              mayAnswer={answers && turn.number === last}
            />
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

function TurnView({ turn, visits, when, isMessage, mayAnswer }: { turn: Turn; visits: Visit[]; when: string; isMessage: boolean; mayAnswer: boolean }) {
  const chosen = useTry((state) => state.chosen);
  const mine = turn.visits.flatMap((number, index) => {
    const visit = visits.find((one) => one.number === number);
    return visit ? [{ visit, way: turn.ways?.[index] ?? visit.way }] : [];
  });
  return (
    <li className="tr-turn">
      <p className="tr-event">
        <span>{turn.event}</span>
        <time dateTime={turn.at}>{when}</time>
      </p>
      <ul className="tr-steps">
        {mine.map(({ visit, way }) => (
          <StepLine key={visit.number} visit={visit} way={way} isOpen={visit.number === chosen} toggle={() => choose(visit.number === chosen ? null : visit.number)} />
        ))}
      </ul>
      {turn.heard.map((heard, index) => (
        <Bubble key={index} heard={heard} isMessage={isMessage} mayAnswer={mayAnswer} />
      ))}
    </li>
  );
}

const ICONS: Record<Heard["kind"], string> = {
  say: "volume_up",
  play: "music_note",
  media: "attach_file",
  wait: "hourglass_top",
  dial: "ring_volume",
  record: "mic",
  hangup: "call_end",
};

const WRITTEN: Partial<Record<Heard["kind"], string>> = { say: "chat", dial: "groups", hangup: "flag" };

function Bubble({ heard, isMessage, mayAnswer }: { heard: Heard; isMessage: boolean; mayAnswer: boolean }) {
  const text = heard.kind === "play" ? t("Sound: %(address)s", { address: heard.text }) : heard.text;
  return (
    <div className={`tr-bubble is-${heard.kind}`} lang={heard.language || undefined}>
      <Icon name={isMessage ? (WRITTEN[heard.kind] ?? ICONS[heard.kind]) : ICONS[heard.kind]} />
      <div className="tr-said">
        <p>{text}</p>
        {heard.choices && (
          <ul className={`tr-offer is-${heard.look ?? "buttons"}`} aria-label={heard.look === "list" ? t("They choose from a list") : t("They press a button")}>
            {heard.choices.map((choice) => (
              <li key={choice.payload}>
                <Offered label={choice.label} input={{ do: "words", words: choice.label, payload: choice.payload }} mayAnswer={mayAnswer} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** An answer on offer, as it looks in the message; what was offered earlier is only shown. */
function Offered({ label, input, mayAnswer }: { label: string; input: Input; mayAnswer: boolean }) {
  return mayAnswer ? (
    <button type="button" onClick={() => void act(input)}>
      {label}
    </button>
  ) : (
    <span>{label}</span>
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
        : isMessage
          ? t("What do they leave in writing?")
          : t("The tone has sounded.");
  const offers = useTry((state) => state.result?.turns.at(-1)?.heard.some((one) => one.choices) ?? false);
  const writes = waits.kind !== "transfer" && isMessage;
  return (
    <section className="tr-possible" aria-label={question} data-next="">
      <h3>{question}</h3>
      <div className="tr-acts">
        {acts(offers ? { ...waits, choices: [] } : waits, isMessage).map((one) => (
          <button key={one.label} type="button" className="fe-button" disabled={running} onClick={() => void act(one.input)}>
            <Icon name={one.icon} />
            {one.label}
          </button>
        ))}
      </div>
      {waits.kind === "input" && !isMessage && waits.keys && <Keypad length={waits.digits ?? null} running={running} />}
      {(writes || (waits.kind === "input" && waits.speech)) && <Speak isMessage={isMessage} running={running} />}
      {offers && <p className="tr-muted">{t("They press an answer in the message above, or write.")}</p>}
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

