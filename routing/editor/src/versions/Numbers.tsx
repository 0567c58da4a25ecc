/// Which numbers start the flow, and choosing one for it without leaving it.

import { useEffect, useId, useState } from "react";
import { ask } from "../api/client";
import type { FlowNumber } from "../api/types";
import { Icon } from "../shell/Icon";
import { setFlow } from "../state/standing";
import { draftOf, useEditor } from "../state/store";
import { t } from "../t";
import { addressShown } from "./address";

interface AnyNumber {
  id: number;
  address: string;
  name: string;
  active: boolean;
  flow: { id: number; name: string } | null;
}

interface Answer {
  numbers: AnyNumber[];
  mine: FlowNumber[];
  /** Number to the flow that it left for this one. */
  left?: Record<string, { id: number; name: string }>;
  add_url?: string;
}

/** `lead` says what is so of the numbers, such as “Used by”. */
export function Numbers({ lead, none }: { lead: string; none: string }) {
  const flow = useEditor((state) => state.document?.flow);
  const may = useEditor((state) => state.document?.may.choose_numbers ?? false);
  const all = useEditor((state) => state.document?.urls.all_numbers);
  const [choosing, setChoosing] = useState(false);
  const [giving, setGiving] = useState(false);
  if (!flow) return null;
  const { numbers } = flow;
  return (
    <div className="d-who">
      <p className="d-numbers">
        <Icon name={numbers.length ? "call" : "phone_disabled"} />
        <span>
          {numbers.length ? lead : none}{" "}
          {numbers.map((number, index) => (
            <span key={number.address}>
              {index > 0 && ", "}
              {number.url ? <a href={number.url}>{addressShown(number.address)}</a> : addressShown(number.address)}
              {number.active === false && ` ${t("(switched off)")}`}
            </span>
          ))}
          {!numbers.length && !may && t("Whoever manages the numbers can choose it there.")}
        </span>
      </p>
      {may && !choosing && !giving && (
        <p className="d-mends">
          <button type="button" className="fe-button is-small" onClick={() => setChoosing(true)}>
            <Icon name="add_call" />
            {numbers.length ? t("Add a number") : t("Choose a number")}
          </button>
          {numbers.length > 0 && (
            <button type="button" className="fe-button is-small" onClick={() => setGiving(true)}>
              <Icon name="keyboard_return" />
              {t("Give a number back")}
            </button>
          )}
          {all && !numbers.length && (
            <a className="d-link" href={all}>
              {t("All numbers")}
            </a>
          )}
        </p>
      )}
      {may && choosing && <Choose onDone={() => setChoosing(false)} />}
      {may && giving && <GiveBack onDone={() => setGiving(false)} />}
    </div>
  );
}

/** All numbers, as they are now. */
function useAnswer(): { url: string; answer: Answer | null; problem: string; setProblem: (text: string) => void } {
  const url = useEditor((state) => state.document?.urls.numbers) ?? "";
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const leaving = new AbortController();
    ask<Answer>(url, { signal: leaving.signal }).then(setAnswer, (error: Error) => {
      if (!leaving.signal.aborted) setProblem(error.message || t("The server does not answer."));
    });
    return () => leaving.abort();
  }, [url]);
  return { url, answer, problem, setProblem };
}

async function send(url: string, number: number, seen: number | null, wanted: number | null): Promise<void> {
  const found = await ask<Answer>(url, { body: { number, seen, flow: wanted } });
  setFlow({ numbers: found.mine });
}

/** By which trigger whoever uses this address comes in. The address of a channel begins with its name. */
export function triggerOf(address: string): "call" | "message" {
  return address.includes(":") ? "message" : "call";
}

function Choose({ onDone }: { onDone: () => void }) {
  const id = useId();
  const flow = useEditor((state) => state.document?.flow.id) ?? 0;
  const live = useEditor((state) => state.document?.flow.live ?? null);
  const types = useEditor((state) => draftOf(state).steps.map((step) => step.type).join(" ")).split(" ");
  const [chosen, setChosen] = useState("");
  const [sure, setSure] = useState(false);
  const { url, answer, problem, setProblem } = useAnswer();
  const others = answer?.numbers.filter((one) => one.flow?.id !== flow) ?? [];
  const number = others.find((one) => String(one.id) === chosen);
  const served = others.filter((one) => types.includes(triggerOf(one.address)));
  const apart = (["call", "message"] as const).map((trigger) => others.filter((one) => triggerOf(one.address) === trigger && !served.includes(one)));
  const unserved = number !== undefined && !served.includes(number);
  const use = () => {
    if (!number) return;
    if (unserved && !sure) {
      setSure(true);
      return;
    }
    const before = number.flow?.id ?? null;
    setProblem("");
    send(url, number.id, before, flow).then(
      () => {
        onDone();
        const undo = () => {
          send(url, number.id, flow, before).catch((error: Error) => useEditor.getState().say(error.message, "bad"));
        };
        useEditor.getState().say(t("%(number)s starts this flow from now on.", { number: addressShown(number.address) }), "good", { label: t("Undo"), run: undo });
      },
      (error: Error) => setProblem(error.message || t("The server does not answer.")),
    );
  };
  return (
    <div className="d-choose">
      {answer && others.length > 0 && (
        <>
          <label htmlFor={id}>{t("Number or address")}</label>
          <select
            id={id}
            className="d-select"
            value={chosen}
            onChange={(event) => {
              setChosen(event.target.value);
              setSure(false);
            }}
          >
            <option value="">{t("Choose…")}</option>
            <Options numbers={served} />
            {apart.map(
              (numbers, index) =>
                numbers.length > 0 && (
                  <optgroup key={index} label={index === 0 ? t("This flow has no incoming call") : t("This flow has no incoming message")}>
                    <Options numbers={numbers} />
                  </optgroup>
                ),
            )}
          </select>
        </>
      )}
      {answer && !others.length && (
        <p>
          {t("There is no other number.")}{" "}
          {answer.add_url && (
            <a className="d-link" href={answer.add_url}>
              {t("Add one")}
            </a>
          )}
        </p>
      )}
      {!answer && !problem && <p role="status">{t("Loading…")}</p>}
      {number && (
        <p className="d-verdict is-warn">
          <Icon name="warning" />
          <span>
            {number.flow
              ? t("It leaves “%(flow)s” at once. ", { flow: number.flow.name })
              : t("This holds at once. ")}
            {live
              ? t("New contacts on it walk through version %(number)s.", { number: live.number })
              : t("Until this flow is published, its contacts go to its fallback queue.")}
            {!number.active && ` ${t("The number is switched off.")}`}
          </span>
        </p>
      )}
      {number && unserved && (
        <p className="d-verdict is-warn" role={sure ? "alert" : undefined}>
          <Icon name="warning" />
          <span>
            {triggerOf(number.address) === "message"
              ? t("This flow has no “Incoming message”: whoever writes goes the way of calls.")
              : t("This flow has no “Incoming call”: whoever calls goes the way of messages.")}{" "}
            {sure && t("Do you mean that?")}
          </span>
        </p>
      )}
      {problem && (
        <p role="alert" className="fe-problem">
          {problem}
        </p>
      )}
      <div className="fe-buttons">
        <button type="button" className="fe-button is-small" onClick={onDone}>
          {t("Cancel")}
        </button>
        <button type="button" className="fe-button is-small is-primary" disabled={!number} onClick={use}>
          {unserved && sure ? t("Use it all the same") : t("Use it for this flow")}
        </button>
      </div>
    </div>
  );
}

function Options({ numbers }: { numbers: AnyNumber[] }) {
  return numbers.map((one) => (
    <option key={one.id} value={one.id}>
      {wordsOf(one)}
    </option>
  ));
}

/** To the flow that it left for this one, or to none. */
function GiveBack({ onDone }: { onDone: () => void }) {
  const id = useId();
  const flow = useEditor((state) => state.document?.flow.id) ?? 0;
  const mine = useEditor((state) => state.document?.flow.numbers ?? []);
  const { url, answer, problem, setProblem } = useAnswer();
  const [chosen, setChosen] = useState("");
  const number = mine.find((one) => String(one.id) === chosen) ?? (mine.length === 1 ? mine[0] : undefined);
  const before = number && answer?.left?.[String(number.id)];
  const give = (to: { id: number; name: string } | null) => {
    if (!number) return;
    setProblem("");
    send(url, number.id, flow, to?.id ?? null).then(
      () => {
        onDone();
        const words = to
          ? t("%(number)s starts “%(flow)s” again.", { number: addressShown(number.address), flow: to.name })
          : t("%(number)s starts no flow now: its contacts go to its fallback queue.", { number: addressShown(number.address) });
        const undo = () => {
          send(url, number.id, to?.id ?? null, flow).catch((error: Error) => useEditor.getState().say(error.message, "bad"));
        };
        useEditor.getState().say(words, "good", { label: t("Undo"), run: undo });
      },
      (error: Error) => setProblem(error.message || t("The server does not answer.")),
    );
  };
  return (
    <div className="d-choose">
      {mine.length > 1 && (
        <>
          <label htmlFor={id}>{t("Number to give back")}</label>
          <select id={id} className="d-select" value={chosen} onChange={(event) => setChosen(event.target.value)}>
            <option value="">{t("Choose…")}</option>
            {mine.map((one) => (
              <option key={one.id} value={one.id}>
                {addressShown(one.address)}
              </option>
            ))}
          </select>
        </>
      )}
      {number && (
        <p>
          {t("New contacts on %(number)s no longer walk through this flow, at once. Those under way go on.", { number: addressShown(number.address) })}
        </p>
      )}
      {!answer && !problem && <p role="status">{t("Loading…")}</p>}
      {problem && (
        <p role="alert" className="fe-problem">
          {problem}
        </p>
      )}
      <div className="fe-buttons">
        <button type="button" className="fe-button is-small" onClick={onDone}>
          {t("Cancel")}
        </button>
        {answer && (
          <button type="button" className={`fe-button is-small ${before ? "" : "is-primary"}`} disabled={!number} onClick={() => give(null)}>
            {t("To no flow")}
          </button>
        )}
        {before && (
          <button type="button" className="fe-button is-small is-primary" onClick={() => give(before)}>
            {t("Back to “%(flow)s”", { flow: before.name })}
          </button>
        )}
      </div>
    </div>
  );
}

function wordsOf(one: AnyNumber): string {
  const name = one.name ? `${addressShown(one.address)}, ${one.name}` : addressShown(one.address);
  return one.flow ? t("%(number)s (now “%(flow)s”)", { number: name, flow: one.flow.name }) : t("%(number)s (free)", { number: name });
}
