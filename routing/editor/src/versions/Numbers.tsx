/// Which numbers start the flow, and choosing one for it without leaving it.

import { useEffect, useId, useState } from "react";
import { ask } from "../api/client";
import type { FlowNumber } from "../api/types";
import { Icon } from "../shell/Icon";
import { setFlow } from "../state/standing";
import { useEditor } from "../state/store";
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
  add_url?: string;
}

/** `lead` says what is so of the numbers, such as “Used by”. */
export function Numbers({ lead, none }: { lead: string; none: string }) {
  const flow = useEditor((state) => state.document?.flow);
  const may = useEditor((state) => state.document?.may.choose_numbers ?? false);
  const all = useEditor((state) => state.document?.urls.all_numbers);
  const [choosing, setChoosing] = useState(false);
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
      {may && !choosing && (
        <p className="d-mends">
          <button type="button" className="fe-button is-small" onClick={() => setChoosing(true)}>
            <Icon name="add_call" />
            {numbers.length ? t("Add a number") : t("Choose a number")}
          </button>
          {all && !numbers.length && (
            <a className="d-link" href={all}>
              {t("All numbers")}
            </a>
          )}
        </p>
      )}
      {may && choosing && <Choose onDone={() => setChoosing(false)} />}
    </div>
  );
}

function Choose({ onDone }: { onDone: () => void }) {
  const id = useId();
  const url = useEditor((state) => state.document?.urls.numbers) ?? "";
  const flow = useEditor((state) => state.document?.flow.id) ?? 0;
  const live = useEditor((state) => state.document?.flow.live ?? null);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [chosen, setChosen] = useState("");
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const leaving = new AbortController();
    ask<Answer>(url, { signal: leaving.signal }).then(setAnswer, (error: Error) => {
      if (!leaving.signal.aborted) setProblem(error.message || t("The server does not answer."));
    });
    return () => leaving.abort();
  }, [url]);
  const others = answer?.numbers.filter((one) => one.flow?.id !== flow) ?? [];
  const number = others.find((one) => String(one.id) === chosen);
  const send = async (one: AnyNumber, seen: number | null, wanted: number | null) => {
    const found = await ask<Answer>(url, { body: { number: one.id, seen, flow: wanted } });
    setFlow({ numbers: found.mine });
  };
  const use = () => {
    if (!number) return;
    const before = number.flow?.id ?? null;
    setProblem("");
    send(number, before, flow).then(
      () => {
        onDone();
        const undo = () => {
          send(number, flow, before).catch((error: Error) => useEditor.getState().say(error.message, "bad"));
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
          <select id={id} className="d-select" value={chosen} onChange={(event) => setChosen(event.target.value)}>
            <option value="">{t("Choose…")}</option>
            {others.map((one) => (
              <option key={one.id} value={one.id}>
                {wordsOf(one)}
              </option>
            ))}
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
          {t("Use it for this flow")}
        </button>
      </div>
    </div>
  );
}

function wordsOf(one: AnyNumber): string {
  const name = one.name ? `${addressShown(one.address)}, ${one.name}` : addressShown(one.address);
  return one.flow ? t("%(number)s (now “%(flow)s”)", { number: name, flow: one.flow.name }) : t("%(number)s (free)", { number: name });
}
