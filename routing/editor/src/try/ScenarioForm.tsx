/// Who calls, when, and what the data sources answer.

import { useId } from "react";
import { t } from "../t";
import { CallerForm } from "./CallerForm";
import { FetchForm } from "./FetchForm";
import { CHANNELS, channelOf, onChannel, type Scenario, type Setup } from "./model";
import { askAgain, change, useTry } from "./state";
import { instantOf, moments, ownZone, wallClock, zoneWords } from "./when";

export function ScenarioForm({ scenario, setup }: { scenario: Scenario; setup: Setup | null }) {
  const started = useTry((state) => state.started);
  const asks = Object.values(scenario.fetches ?? {}).some((one) => one.answer === "real" || one.answer === "recorded");
  return (
    <div className="tr-form">
      <CallerForm scenario={scenario} setup={setup} />
      <When scenario={scenario} setup={setup} />
      {setup && (setup.numbers.length > 1 || setup.triggers.length > 1 || scenario.trigger === "message") && <Where scenario={scenario} setup={setup} />}
      {setup && setup.fetches.length > 0 && (
        <fieldset>
          <legend>{t("What the data sources answer")}</legend>
          {setup.fetches.map((one) => (
            <FetchForm
              key={one.path}
              setup={one}
              among={setup.fetches.filter((other) => other.source === one.source).length > 1}
              said={scenario.fetches?.[one.path] ?? scenario.fetches?.[`source:${one.source}`]}
            />
          ))}
          {started && asks && (
            <button type="button" className="fe-button is-small" onClick={() => void askAgain()}>
              {t("Ask anew")}
            </button>
          )}
        </fieldset>
      )}
      {setup && setup.splits.length > 0 && <Splits scenario={scenario} setup={setup} />}
    </div>
  );
}

function When({ scenario, setup }: { scenario: Scenario; setup: Setup | null }) {
  const id = useId();
  const zone = scenario.time_zone ?? ownZone();
  const zones = [...new Set([ownZone(), zone, ...(setup?.zones ?? [])])];
  return (
    <fieldset>
      <legend>{t("When")}</legend>
      <div className="tr-row">
        <label className="tr-sr" htmlFor={id}>
          {t("Date and time")}
        </label>
        <input
          id={id}
          type="datetime-local"
          className="tr-input"
          value={wallClock(scenario.at, zone)}
          onChange={(event) => {
            const at = instantOf(event.target.value, zone);
            if (at) change({ at });
          }}
        />
        {zones.length > 1 ? (
          <select className="tr-input" aria-label={t("Whose clock")} value={zone} onChange={(event) => change({ time_zone: event.target.value })}>
            {zones.map((one) => (
              <option key={one} value={one}>
                {one === ownZone() ? t("%(zone)s, your clock", { zone: zoneWords(one, scenario.at) }) : zoneWords(one, scenario.at)}
              </option>
            ))}
          </select>
        ) : (
          <span className="tr-muted">{zoneWords(zone, scenario.at)}</span>
        )}
      </div>
      <div className="tr-chips">
        {moments(new Date(), zone).map((moment) => (
          <button key={moment.label} type="button" className="tr-chip" onClick={() => change({ at: moment.at })}>
            {t(moment.label)}
          </button>
        ))}
      </div>
    </fieldset>
  );
}

function Where({ scenario, setup }: { scenario: Scenario; setup: Setup }) {
  const id = useId();
  const trigger = scenario.trigger ?? "call";
  const isMessage = trigger === "message";
  const choose = (next: "call" | "message", called: string) => change(onChannel(scenario, next, channelOf(called), called));
  const reach = (channel: string) =>
    change(onChannel(scenario, "message", channel, setup.numbers.find((number) => channelOf(number) === channel) ?? scenario.called ?? ""));
  const text = scenario.details?.text ?? "";
  return (
    <fieldset>
      <legend>{t("Where")}</legend>
      {setup.triggers.length > 1 && (
        <div className="tr-radios">
          {setup.triggers.map((one) => (
            <label key={one}>
              <input type="radio" name={id} checked={trigger === one} onChange={() => choose(one, scenario.called ?? "")} />
              {one === "call" ? t("A call") : t("A message")}
            </label>
          ))}
        </div>
      )}
      {isMessage && (
        <>
          <label className="tr-field">
            {t("Written on")}
            <select className="tr-input" value={scenario.channel ?? "sms"} onChange={(event) => reach(event.target.value)}>
              {Object.entries(CHANNELS).map(([channel, name]) => (
                <option key={channel} value={channel}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label className="tr-field">
            {t("What they write first")}
            <textarea
              className="tr-input"
              rows={2}
              maxLength={200}
              value={text}
              placeholder={t("Such as: where is my parcel?")}
              onChange={(event) => change({ details: { ...scenario.details, text: event.target.value } })}
            />
          </label>
        </>
      )}
      {setup.numbers.length > 1 && (
        <label className="tr-field">
          {t("To which number")}
          <select className="tr-input" value={scenario.called ?? ""} onChange={(event) => choose(trigger, event.target.value)}>
            {setup.numbers.map((number) => (
              <option key={number}>{number}</option>
            ))}
          </select>
        </label>
      )}
    </fieldset>
  );
}

function Splits({ scenario, setup }: { scenario: Scenario; setup: Setup }) {
  return (
    <fieldset>
      <legend>{t("Percentage splits")}</legend>
      {setup.splits.map((split) => (
        <label key={split.path} className="tr-field">
          {split.title}
          <select
            className="tr-input"
            value={scenario.splits?.[split.path] ?? ""}
            onChange={(event) => {
              const others = Object.fromEntries(Object.entries(scenario.splits ?? {}).filter(([path]) => path !== split.path));
              change({ splits: event.target.value ? { ...others, [split.path]: event.target.value } : others });
            }}
          >
            <option value="">{t("As it is drawn")}</option>
            {split.exits.map((exit) => (
              <option key={exit.name} value={exit.name}>
                {exit.label}
              </option>
            ))}
          </select>
        </label>
      ))}
    </fieldset>
  );
}
