/// Who calls: somebody unknown, a made-up customer with values, or a real one found by name or number.

import { useEffect, useId, useRef, useState } from "react";
import { Icon } from "../shell/Icon";
import { t } from "../t";
import { type Caller, type FoundCustomer, type Scenario, type Setup, withCaller } from "./model";
import { change, findCustomers, useTry } from "./state";
import { ValueField } from "./ValueField";

export function CallerForm({ scenario, setup }: { scenario: Scenario; setup: Setup | null }) {
  const id = useId();
  const caller = scenario.caller ?? {};
  const kind = caller.kind ?? "stranger";
  const set = (changes: Partial<Caller>) => change(withCaller(scenario, setup, { ...caller, ...changes }));
  const kinds = [
    ["stranger", t("Somebody unknown")],
    ["made_up", t("A made-up customer")],
    ["real", t("A real customer")],
  ] as const;
  return (
    <fieldset>
      <legend>{scenario.trigger === "message" ? t("Who writes") : t("Who calls")}</legend>
      <div className="tr-radios">
        {kinds.map(([value, label]) => (
          <label key={value}>
            <input
              type="radio"
              name={id}
              checked={kind === value}
              onChange={() => {
                if (value !== "real") useTry.setState({ customer: null });
                // A real one is chosen first; until then it is the caller of before.
                if (value === "real") change(withCaller(scenario, setup, { number: caller.number, kind: "real" }));
                else set({ kind: value, customer_id: undefined });
              }}
            />
            {label}
          </label>
        ))}
      </div>
      {kind === "real" && <FindCustomer caller={caller} scenario={scenario} />}
      {kind === "made_up" && setup && (
        <>
          {setup.tiers.length > 0 && (
            <label className="tr-field">
              {t("Tier")}
              <select
                className="tr-input"
                value={typeof caller.values?.tier === "string" ? caller.values.tier : ""}
                onChange={(event) => set({ values: { ...caller.values, tier: event.target.value } })}
              >
                <option value="">{t("none")}</option>
                {setup.tiers.map((tier) => (
                  <option key={tier.key} value={tier.key}>
                    {tier.name}
                  </option>
                ))}
              </select>
            </label>
          )}
          {setup.customer
            .filter((field) => !field.name.startsWith("tier") && field.name !== "head_start_s")
            .map((field) => (
              <ValueField
                key={field.name}
                field={field}
                from={setup.fetches.some((fetch) => fetch.fields.some((one) => one.name === field.name)) ? t("synced by the CRM") : undefined}
                value={caller.values?.[field.name]}
                set={(value) => set({ values: { ...caller.values, [field.name]: value } })}
              />
            ))}
        </>
      )}
      <label className="tr-field">
        {scenario.channel === "messenger" || scenario.channel === "instagram" ? t("Name on the channel") : t("Number")}
        <input className="tr-input" value={caller.number ?? ""} onChange={(event) => set({ number: event.target.value })} autoComplete="off" />
      </label>
    </fieldset>
  );
}

const LOOKS_MS = 250;

function FindCustomer({ caller, scenario }: { caller: Caller; scenario: Scenario }) {
  const customer = useTry((state) => state.customer);
  const [text, setText] = useState("");
  const [found, setFound] = useState<FoundCustomer[] | null>(null);
  const [problem, setProblem] = useState("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = (wanted: string) => {
    setText(wanted);
    clearTimeout(timer.current);
    const mine = ++latest.current;
    timer.current = setTimeout(() => {
      findCustomers(wanted)
        .then((list) => {
          if (mine !== latest.current) return;
          setFound(wanted.trim() ? list : null);
          setProblem("");
        })
        .catch((error: Error) => setProblem(error.message));
    }, LOOKS_MS);
  };
  const choose = (one: FoundCustomer) => {
    useTry.setState({ customer: one });
    setText("");
    setFound(null);
    const prefix = scenario.channel === "whatsapp" ? "whatsapp:" : "";
    const number = one.addresses[0];
    change({ caller: { kind: "real", customer_id: one.id, number: number ? `${prefix}${number}` : caller.number } });
  };
  return (
    <div className="tr-find">
      {customer && (
        <p className="tr-person">
          <Icon name="person" />
          <span>
            <b>{customer.name || customer.external_id}</b>
            <small>{[customer.tier, customer.addresses[0]].filter(Boolean).join(" · ")}</small>
          </span>
        </p>
      )}
      <label className="tr-field">
        {customer ? t("Another customer") : t("Find a customer")}
        <input className="tr-input" type="search" placeholder={t("Name or number")} value={text} onChange={(event) => look(event.target.value)} autoComplete="off" />
      </label>
      {problem && (
        <p role="alert" className="fe-problem">
          {problem}
        </p>
      )}
      {found && (
        <ul className="tr-found" aria-label={t("Customers found")}>
          {found.map((one) => (
            <li key={one.id}>
              <button type="button" onClick={() => choose(one)}>
                <b>{one.name || one.external_id}</b>
                <small>{[one.tier, one.addresses[0], one.external_id].filter(Boolean).join(" · ")}</small>
              </button>
            </li>
          ))}
          {found.length === 0 && <li className="tr-muted">{t("Nobody of this name or number.")}</li>}
        </ul>
      )}
    </div>
  );
}
