/// A try as the server takes and tells it (routing/simulator/scenario.py, routing/admin/canvas/tried.py), and as the canvas shows it.

import type { Json, Overlay, Tone } from "../api/types";
import { t, tn } from "../t";

export type Values = Record<string, Json>;

export interface Caller {
  number?: string;
  kind?: "stranger" | "made_up" | "real";
  values?: Values;
  customer_id?: number;
}

export type Input =
  | { do: "keys"; keys: string }
  | { do: "words"; words: string; payload?: string }
  | { do: "silence" }
  | { do: "hang_up" }
  | { do: "transfer"; result: "answered" | "busy" | "no_answer" | "failed" | "hung_up"; sip_code?: number; seconds?: number }
  | { do: "recording"; seconds?: number };

export type AnswerKind = "typed" | "not_found" | "fails" | "recorded" | "real";

export interface FetchAnswer {
  answer?: AnswerKind;
  values?: Values;
  after_s?: number;
  error?: string;
  last_known?: Values | null;
}

export interface Reply {
  source: string;
  inputs: Record<string, string>;
  status: "found" | "not_found" | "failed";
  values?: Values;
  rung?: string;
  ms?: number;
  error?: string;
}

export interface Scenario {
  trigger?: "call" | "message";
  channel?: string;
  caller?: Caller;
  called?: string;
  fallback_queue?: string;
  language?: string;
  details?: Record<string, string>;
  at: string;
  time_zone?: string;
  inputs?: Input[];
  fetches?: Record<string, FetchAnswer>;
  splits?: Record<string, string>;
  replies?: Reply[];
}

export interface SetupField {
  name: string;
  type: string;
  sample: Json;
  suggestions: string[];
}

export interface FetchSetup {
  path: string;
  title: string;
  source: string;
  source_name: string;
  save_as: string;
  patience_s: number;
  fields: SetupField[];
}

export interface Setup {
  triggers: ("call" | "message")[];
  numbers: string[];
  /** Whose clocks the flow looks at. */
  zones: string[];
  tiers: { key: string; name: string }[];
  customer: SetupField[];
  fetches: FetchSetup[];
  splits: { path: string; title: string; exits: { name: string; label: string }[] }[];
}

export interface Line {
  text: string;
  mark: "" | "yes" | "no" | "bad";
  parts: Line[];
}

export interface Visit {
  number: number;
  /** On this canvas; empty: in the fallback queue. */
  step: string;
  path: string;
  depth: number;
  title: string;
  kind: string;
  icon: string;
  exit: string;
  way: string;
  edge: string;
  at: string;
  waits: boolean;
  stop: "" | "hung_up" | "stranded";
  fallback: boolean;
  lines: Line[];
  values: Record<string, string>;
}

export interface Heard {
  kind: "say" | "play" | "media" | "wait" | "dial" | "record" | "hangup";
  text: string;
  language?: string;
  /** How the channel shows answers to choose from; numbers stand in the text itself. */
  look?: "buttons" | "list" | "numbers";
  choices?: { label: string; payload: string }[];
}

export interface Turn {
  number: number;
  at: string;
  event: string;
  heard: Heard[];
  visits: number[];
  /** For each of them, how it stood when this turn was over. */
  ways?: string[];
}

export interface WaitsFor {
  kind: "input" | "transfer" | "recording";
  keys?: boolean;
  speech?: boolean;
  digits?: number | null;
  timeout_s?: number;
  /** The same in words, where it is long. */
  timeout?: string;
  choices?: { label: string; keys: string; words: string }[];
  name?: string;
  to?: string;
  ring_s?: number;
  max_s?: number;
}

export interface Expected {
  outcome?: string;
  queue?: string;
  end?: string;
  path?: string[];
}

export interface Result {
  turns: Turn[];
  visits: Visit[];
  edges: Record<string, number[]>;
  status: "waiting" | "ended" | "stranded";
  waits_for: WaitsFor | null;
  clock: string;
  end: {
    outcome: string;
    outcome_label: string;
    queue: { key: string; name: string } | null;
    to: string;
    headers: Record<string, string>;
    why: string;
    fell_back: boolean;
    stranded: string;
  };
  notes: string[];
  replies: Reply[];
  used: number;
  expected: Expected;
  expected_words: { outcome: string; queue: string; end: string };
  path: string[];
}

export interface Case {
  id: number;
  name: string;
  scenario: Scenario;
  expected: Expected;
  updated_at: string;
  updated_by: string;
}

export interface CaseResult {
  id: number;
  name: string;
  state: "passes" | "differs" | "broken";
  differences: { what: string; label: string; expected: string; got: string; text: string }[];
  sentences: string[];
  problem: string;
  why: string;
}

export interface FoundCustomer {
  id: number;
  name: string;
  external_id: string;
  tier: string;
  addresses: string[];
}

/** The way over the canvas: each step with the numbers of its visits, each line that was followed; all else is dimmed. */
export function overlayOf(result: Result): Overlay {
  const overlay: Overlay = { title: t("The way of this try. The numbers say in which order."), steps: {}, edges: {} };
  const byStep = new Map<string, Visit[]>();
  for (const visit of result.visits) {
    if (!visit.step) continue;
    byStep.set(visit.step, [...(byStep.get(visit.step) ?? []), visit]);
  }
  for (const [step, visits] of byStep) {
    // What happens inside of a sub-flow has numbers of its own in the list.
    const own = visits.filter((visit) => visit.depth === 0);
    const told = own.length ? own : visits;
    // No more words than these: the draft is not moved apart to make room.
    overlay.steps[step] = { tone: toneOf(visits), badge: told.map((visit) => visit.number).join(", ") };
  }
  for (const [edge, numbers] of Object.entries(result.edges)) {
    overlay.edges[edge] = { tone: "path", label: numbers.length > 1 ? t("%(count)s times", { count: numbers.length }) : undefined, weight: 0.35 };
  }
  return overlay;
}

function toneOf(visits: Visit[]): Tone {
  if (visits.some((visit) => visit.stop === "stranded")) return "bad";
  if (visits.some((visit) => visit.stop === "hung_up")) return "warn";
  return visits.some((visit) => visit.waits) ? "good" : "path";
}

export interface Act {
  label: string;
  input: Input;
  icon: string;
}

/** What the contact can do now, as buttons; keys and words of one's own beside them are the panel's. */
export function acts(waits: WaitsFor | null, isMessage: boolean): Act[] {
  if (!waits) return [];
  const hangUp: Act = { label: isMessage ? t("Leave") : t("Hang up"), input: { do: "hang_up" }, icon: isMessage ? "logout" : "call_end" };
  switch (waits.kind) {
    case "input": {
      const choices = (waits.choices ?? []).flatMap((choice): Act[] => {
        if (choice.keys && waits.keys && !isMessage) {
          return [{ label: t("%(keys)s: %(label)s", { keys: choice.keys, label: choice.label }), input: { do: "keys", keys: choice.keys }, icon: "dialpad" }];
        }
        const words = choice.words || choice.keys;
        if (isMessage && words && choice.label.toLowerCase() !== words.toLowerCase()) {
          return [{ label: t("“%(words)s”: %(label)s", { words, label: choice.label }), input: { do: "words", words }, icon: "chat" }];
        }
        return words ? [{ label: t("“%(words)s”", { words }), input: { do: "words", words }, icon: "record_voice_over" }] : [];
      });
      const silence = isMessage ? (waits.timeout ? t("No reply for %(time)s", { time: waits.timeout }) : t("No reply")) : t("Silence");
      return [...choices, { label: silence, input: { do: "silence" }, icon: "hourglass_empty" }, hangUp];
    }
    case "transfer": {
      const name = waits.name ?? waits.to ?? "";
      const ended = (result: "busy" | "no_answer" | "failed", label: string, icon: string, sip_code?: number): Act => ({
        label,
        input: { do: "transfer", result, ...(sip_code ? { sip_code } : {}) },
        icon,
      });
      const answers: Act = { label: t("%(name)s answers", { name }), input: { do: "transfer", result: "answered", seconds: 60 }, icon: isMessage ? "chat" : "call" };
      if (isMessage) return [answers, ended("no_answer", t("Nobody answers"), "hourglass_disabled"), hangUp];
      return [
        answers,
        ended("busy", t("Busy"), "phone_locked", 486),
        ended("no_answer", t("Nobody answers"), "phone_missed"),
        ended("failed", t("Cannot be reached"), "phone_disabled", 503),
        { ...hangUp, label: t("Hang up while it rings"), input: { do: "transfer", result: "hung_up" } },
      ];
    }
    case "recording":
      if (isMessage) return [{ label: waits.timeout ? t("No reply for %(time)s", { time: waits.timeout }) : t("No reply"), input: { do: "silence" }, icon: "hourglass_empty" }, hangUp];
      return [
        { label: t("Leave a message"), input: { do: "recording", seconds: 12 }, icon: "voicemail" },
        { label: t("Say nothing"), input: { do: "silence" }, icon: "hourglass_empty" },
        hangUp,
      ];
  }
}

/** A scenario for today's flow: data sources that it asks anew get their example values, those that are gone are dropped. */
export function fitted(scenario: Scenario, setup: Setup): Scenario {
  const said = scenario.fetches ?? {};
  const fetches: Record<string, FetchAnswer> = {};
  for (const one of setup.fetches) {
    const before = said[one.path] ?? said[`source:${one.source}`];
    fetches[one.path] = before ?? answerFor(scenario.caller?.kind, one);
  }
  const splits = Object.fromEntries(
    Object.entries(scenario.splits ?? {}).filter(([path, exit]) => setup.splits.some((split) => split.path === path && split.exits.some((one) => one.name === exit))),
  );
  return { ...scenario, fetches, splits };
}

/** What a data source most likely answers of such a caller, until somebody says otherwise. */
export function answerFor(kind: Caller["kind"], one: FetchSetup): FetchAnswer {
  if (kind === "made_up") return { values: samples(one.fields) };
  return { answer: kind === "real" ? "recorded" : "not_found" };
}

/** The scenario with another kind of caller: answers that nobody chose go along. */
export function withCaller(scenario: Scenario, setup: Setup | null, caller: Caller): Partial<Scenario> {
  const before = scenario.caller?.kind ?? "stranger";
  if (!setup || (caller.kind ?? "stranger") === before) return { caller };
  const fetches = { ...scenario.fetches };
  for (const one of setup.fetches) {
    const said = fetches[one.path];
    if (!said || JSON.stringify(said) === JSON.stringify(answerFor(before, one))) fetches[one.path] = answerFor(caller.kind, one);
  }
  return { caller, fetches };
}

export function samples(fields: SetupField[]): Values {
  return Object.fromEntries(fields.map((field) => [field.name, field.sample]));
}

/** Who calls, in a few words. */
export function callerWords(scenario: Scenario, customer: FoundCustomer | null, setup: Setup | null): string {
  const who = personWords(scenario, customer, setup);
  return scenario.trigger === "message" ? t("%(who)s, by %(channel)s", { who, channel: CHANNELS[scenario.channel ?? "sms"] ?? scenario.channel ?? "" }) : who;
}

/** What people write on, by the names that they know. */
export const CHANNELS: Record<string, string> = { sms: "SMS", whatsapp: "WhatsApp", messenger: "Messenger", instagram: "Instagram" };

/** The channel of one of our addresses; a number without a word before it takes calls and SMS. */
export function channelOf(address: string): string {
  const word = address.split(":")[0] ?? "";
  return word in CHANNELS ? word : "sms";
}

/** The scenario on another way in. What was done until now no longer fits, and the sender has an address of that channel. */
export function onChannel(scenario: Scenario, trigger: "call" | "message", channel: string, called: string): Partial<Scenario> {
  const plain = (scenario.caller?.number ?? "").replace(/^(whatsapp|messenger|instagram):/, "");
  const number = trigger === "message" && channel !== "sms" ? `${channel}:${plain}` : plain;
  return { trigger, channel: trigger === "call" ? "voice" : channel, called, inputs: [], caller: { ...scenario.caller, number } };
}

/** A real customer has to be chosen first. */
export function lacksCustomer(scenario: Scenario): boolean {
  return scenario.caller?.kind === "real" && !scenario.caller.customer_id;
}

function personWords(scenario: Scenario, customer: FoundCustomer | null, setup: Setup | null): string {
  const number = (scenario.caller?.number ?? "").replace(/^(whatsapp|messenger|instagram):/, "");
  switch (scenario.caller?.kind) {
    case "real":
      return t("%(name)s, %(number)s", { name: customer?.name || customer?.external_id || t("A real customer"), number });
    case "made_up": {
      const key = scenario.caller.values?.tier;
      const tier = setup?.tiers.find((one) => one.key === key)?.name;
      return tier ? t("A made-up customer, %(tier)s, %(number)s", { tier, number }) : t("A made-up customer, %(number)s", { number });
    }
    default:
      return t("Somebody unknown, %(number)s", { number });
  }
}

export function answerWords(one: FetchSetup, said: FetchAnswer | undefined): string {
  const late = (said?.after_s ?? 0.2) >= 1 ? t(" after %(seconds)s s", { seconds: said?.after_s ?? 0 }) : "";
  const name = one.source_name;
  switch (said?.answer ?? "typed") {
    case "not_found":
      return t("%(name)s does not know the caller", { name }) + late;
    case "fails":
      return t("%(name)s fails", { name }) + late;
    case "recorded":
      return t("%(name)s answers as it last did", { name });
    case "real":
      return t("%(name)s is really asked", { name });
    default: {
      const values = Object.entries(said?.values ?? {}).filter(([, value]) => value !== "" && value !== null);
      return t("%(name)s: %(values)s", { name, values: values.map(([key, value]) => `${key.replaceAll("_", " ")} = ${plain(value)}`).join(", ") || t("no values") }) + late;
    }
  }
}

export function plain(value: Json | undefined): string {
  return value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What somebody typed, as the kind of value that the field has. */
export function typed(text: string, type: string): Json {
  if (text === "") return "";
  if (type === "number") {
    const number = Number(text.replace(",", "."));
    return Number.isFinite(number) ? number : text;
  }
  if (type === "boolean") return text === "true";
  if (type === "list") return text.split(",").map((part) => part.trim()).filter(Boolean);
  return text;
}

export function countWords(results: CaseResult[]): string {
  const failed = results.filter((one) => one.state !== "passes").length;
  if (!failed) return tn("%(count)s test case passes", "All %(count)s test cases pass", results.length);
  return t("%(failed)s of %(all)s differ", { failed, all: results.length });
}
