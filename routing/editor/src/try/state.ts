/// The try that is open: its scenario, what came of it, and the test cases of the flow.

import { create } from "zustand";
import { Refused, ask } from "../api/client";
import type { Definition, Fault, Overlay } from "../api/types";
import { show } from "../canvas/view";
import { draftOf, useEditor } from "../state/store";
import { t } from "../t";
import { type Case, type CaseResult, type Expected, type FoundCustomer, type Input, type Result, type Scenario, type Setup, fitted, overlayOf } from "./model";
import { ownZone } from "./when";

export const PANEL = "try";

export interface TryState {
  tab: "try" | "cases";
  setup: Setup | null;
  scenario: Scenario | null;
  /** Chosen from the search; the scenario has only their id. */
  customer: FoundCustomer | null;
  /** Whether the contact has called: then every change runs it anew. */
  started: boolean;
  running: boolean;
  result: Result | null;
  /** The draft changed since: what is shown is what it said before. */
  stale: boolean;
  /** The visit that is open in the list. */
  chosen: number | null;
  problem: string;
  /** What keeps the draft from being tried. */
  faults: Fault[];
  cases: Case[] | null;
  results: Record<number, CaseResult>;
  runningCases: boolean;
  /** The case that was opened: saving changes it. */
  open: number | null;
  caseProblem: string;
}

const NOTHING: TryState = {
  tab: "try",
  setup: null,
  scenario: null,
  customer: null,
  started: false,
  running: false,
  result: null,
  stale: false,
  chosen: null,
  problem: "",
  faults: [],
  cases: null,
  results: {},
  runningCases: false,
  open: null,
  caseProblem: "",
};

export const useTry = create<TryState>()(() => NOTHING);
const set = useTry.setState;
const get = useTry.getState;

/** What lies over the canvas because of us. */
let mine: Overlay | null = null;
/** Answers to questions that were overtaken are dropped. */
let question = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;
let listing: ReturnType<typeof setTimeout> | undefined;
const SETTLES_MS = 350;

interface Answer {
  setup: Setup;
  scenario?: Scenario;
  result?: Result;
}

function definition(): Definition {
  return draftOf(useEditor.getState());
}

export function isOurs(overlay: Overlay | null): boolean {
  return overlay !== null && overlay === mine;
}

export function reset(): void {
  question += 1;
  clearTimeout(waiting);
  clearTimeout(listing);
  mine = null;
  set({ ...NOTHING });
}

/** Something to begin with, or with `contact` what happened to that one. */
export async function prepare(contact?: number): Promise<void> {
  await send({ definition: definition(), time_zone: ownZone(), ...(contact === undefined ? {} : { contact }) }, (answer) => {
    set({ scenario: answer.scenario ?? get().scenario, customer: null, open: null, started: contact !== undefined });
  });
  if (contact !== undefined && get().scenario && !get().problem) await run();
}

/** What happened to a contact, walked through the draft of today. */
export async function tryContact(id: number): Promise<void> {
  useEditor.getState().openPanel(PANEL);
  set({ tab: "try" });
  await prepare(id);
}

/** The contact calls. */
export async function start(): Promise<void> {
  set({ started: true, chosen: null });
  await run();
  document.querySelector<HTMLElement>(".tr-talk")?.focus({ preventScroll: true });
}

/** Walks the scenario through the draft as it is now. */
export async function run(follows = true): Promise<void> {
  clearTimeout(waiting);
  const { scenario, setup, open } = get();
  if (!scenario) return await prepare();
  if (useEditor.getState().looking) useEditor.getState().back();
  // A test case is run as it was kept.
  const fit = (one: Scenario, by: Setup | null) => (by && open === null ? fitted(one, by) : one);
  const fitting = fit(scenario, setup);
  await send({ definition: definition(), scenario: fitting }, (answer) => {
    if (!answer.result) return;
    const { result } = answer;
    const isFurther = open === null && answer.setup.fetches.some((one) => !fitting.fetches?.[one.path]);
    // What was really asked is kept, so that a key more asks nobody again.
    set({ scenario: { ...fit(fitting, answer.setup), replies: result.replies }, result, stale: false });
    lay();
    if (follows) follow(result);
    // The draft asks a data source that it did not ask before: it has an example answer now.
    if (isFurther) again();
  });
}

/** Soon, when whoever types has come to rest. */
export function again(): void {
  if (!get().started) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => void run(false), SETTLES_MS);
}

/** The draft says something else now: its way is no longer the one that is lit. Tried anew while somebody watches. */
export function draftChanged(): void {
  // What the cases say was of another draft.
  set({ results: {} });
  const { tab, cases, result } = get();
  if (tab === "cases" && cases?.length && useEditor.getState().panel?.id === PANEL) {
    clearTimeout(listing);
    listing = setTimeout(() => void runCases(), SETTLES_MS);
  }
  if (!result) return;
  set({ stale: true });
  takeOff();
  const { panel, looking } = useEditor.getState();
  if (!looking && panel?.id === PANEL) again();
}

/** The panel is open again. */
export function cameBack(): void {
  const { scenario, running, stale } = get();
  if (stale) again();
  else if (!scenario && !running) void prepare();
}

async function send(body: unknown, take: (answer: Answer) => void): Promise<void> {
  const url = useEditor.getState().document?.urls.try;
  if (!url) return;
  const mineNow = ++question;
  set({ running: true });
  try {
    const answer = await ask<Answer>(url, { body });
    if (mineNow !== question) return;
    set({ running: false, problem: "", faults: [], setup: answer.setup });
    take(answer);
  } catch (error) {
    if (mineNow !== question) return;
    const faults = error instanceof Refused ? (error.body.analysis as { faults?: Fault[] } | undefined)?.faults : undefined;
    set({ running: false, problem: sentence(error), faults: faults ?? [] });
    takeOff();
  }
}

function lay(): void {
  const { result } = get();
  if (!result) return;
  mine = overlayOf(result);
  useEditor.getState().setOverlay(mine);
}

/** The canvas goes along to where the contact is. */
function follow(result: Result): void {
  const last = result.visits.filter((visit) => visit.step).at(-1);
  if (last && !window.matchMedia("(max-width: 760px)").matches) show(last.step);
}

function takeOff(): void {
  if (isOurs(useEditor.getState().overlay)) useEditor.getState().setOverlay(null);
  mine = null;
}

/** Back to the question who calls; the scenario stays. */
export function stop(): void {
  question += 1;
  clearTimeout(waiting);
  takeOff();
  // The case that was open is let go: what is kept next is another one, and never overwrites it.
  set({ started: false, running: false, result: null, stale: false, chosen: null, problem: "", faults: [], scenario: withInputs([]), open: null, caseProblem: "" });
}

/** Somebody took the overlay off the canvas, or laid another one there. */
export function forgetOverlay(): void {
  mine = null;
}

export function showAgain(): void {
  if (useEditor.getState().looking) useEditor.getState().back();
  lay();
}

function withInputs(inputs: Input[]): Scenario | null {
  const { scenario } = get();
  return scenario && { ...scenario, inputs };
}

/** The contact does something; whatever no longer fitted is dropped with it. */
export async function act(input: Input): Promise<void> {
  const { scenario, result } = get();
  const inputs = (scenario?.inputs ?? []).slice(0, result?.used);
  set({ scenario: withInputs([...inputs, input]), chosen: null });
  await run();
}

/** Takes the last thing back that the contact did. */
export async function stepBack(): Promise<void> {
  const { scenario, result } = get();
  set({ scenario: withInputs((scenario?.inputs ?? []).slice(0, result?.used).slice(0, -1)), chosen: null });
  await run();
}

export async function restart(): Promise<void> {
  set({ scenario: withInputs([]), chosen: null });
  await run();
}

/** Data sources that are really asked are asked anew. */
export async function askAgain(): Promise<void> {
  const { scenario } = get();
  set({ scenario: scenario && { ...scenario, replies: [] } });
  await run();
}

export function change(changes: Partial<Scenario>): void {
  const { scenario } = get();
  if (!scenario) return;
  set({ scenario: { ...scenario, ...changes } });
  again();
}

/** Shows what a step saw and did, and the step itself. */
export function choose(number: number | null): void {
  set({ chosen: number });
  const visit = get().result?.visits.find((one) => one.number === number);
  if (!visit?.step) return;
  // On a small screen the panel covers the canvas, and what was clicked is in the panel.
  if (!window.matchMedia("(max-width: 760px)").matches) useEditor.getState().reveal(visit.step);
}

/** A step of the canvas was clicked: its last visit opens. */
export function chooseStep(step: string): void {
  const visit = get().result?.visits.filter((one) => one.step === step).at(-1);
  if (visit && visit.number !== get().chosen) {
    set({ chosen: visit.number, tab: "try" });
  }
}

export async function findCustomers(text: string): Promise<FoundCustomer[]> {
  const url = useEditor.getState().document?.urls.try;
  if (!url || !text.trim()) return [];
  return (await ask<{ customers: FoundCustomer[] }>(`${url}customers/?q=${encodeURIComponent(text)}`)).customers;
}

// --- test cases -------------------------------------------------------------------------------

function casesUrl(rest = ""): string {
  return `${useEditor.getState().document?.urls.cases ?? ""}${rest}`;
}

async function guarded(work: () => Promise<void>): Promise<boolean> {
  set({ caseProblem: "" });
  try {
    await work();
    return true;
  } catch (error) {
    set({ caseProblem: sentence(error) });
    return false;
  }
}

export async function loadCases(): Promise<void> {
  await guarded(async () => {
    const { cases } = await ask<{ cases: Case[] }>(casesUrl());
    set({ cases });
  });
}

/** All of them against the draft as it is now. */
export async function runCases(): Promise<void> {
  set({ runningCases: true });
  await guarded(async () => {
    const { results } = await ask<{ results: CaseResult[] }>(casesUrl("run/"), { body: { definition: definition() } });
    set({ results: Object.fromEntries(results.map((one) => [one.id, one])) });
  });
  set({ runningCases: false });
}

interface Kept {
  case: Case;
  result: CaseResult;
}

function took({ case: kept, result }: Kept): void {
  const cases = get().cases ?? [];
  const isNew = !cases.some((one) => one.id === kept.id);
  set({
    cases: isNew ? [...cases, kept] : cases.map((one) => (one.id === kept.id ? kept : one)),
    results: { ...get().results, [kept.id]: result },
    open: kept.id,
  });
}

/** Keeps the try as a test case; of `open` it becomes the new scenario and expectation. True if it was kept. */
export async function keep(name: string, expected: Expected, asNew: boolean): Promise<boolean> {
  const { scenario, open, result } = get();
  if (!scenario) return false;
  const fitting = { ...scenario, inputs: (scenario.inputs ?? []).slice(0, result?.used) };
  return await guarded(async () => {
    const isNew = asNew || open === null;
    const url = isNew ? casesUrl() : casesUrl(`${open}/`);
    const kept = await ask<Kept>(url, { body: { definition: definition(), name, scenario: fitting, expected } });
    took(kept);
    const differs = kept.result.state !== "passes";
    useEditor.getState().say(
      differs
        ? t("“%(name)s” is kept, but without the real number or name it ends otherwise: the flow looks at them.", { name })
        : isNew
          ? t("“%(name)s” is kept. Publishing tries it from now on.", { name })
          : t("The test case “%(name)s” is changed.", { name }),
      differs ? "info" : "good",
    );
  });
}

/** How a case ends now is how it shall end. */
export async function expectThis(found: Case): Promise<void> {
  await guarded(async () => {
    took(await ask<Kept>(casesUrl(`${found.id}/`), { body: { definition: definition(), scenario: found.scenario } }));
  });
}

export async function rename(found: Case, name: string): Promise<boolean> {
  return await guarded(async () => {
    took(await ask<Kept>(casesUrl(`${found.id}/`), { body: { definition: definition(), name } }));
  });
}

export async function remove(found: Case): Promise<void> {
  await guarded(async () => {
    await ask(casesUrl(`${found.id}/`), { method: "DELETE", body: {} });
    const { cases, open } = get();
    set({ cases: (cases ?? []).filter((one) => one.id !== found.id), open: open === found.id ? null : open });
    useEditor.getState().say(t("The test case “%(name)s” is deleted.", { name: found.name }), "info");
  });
}

/** One place up or down. */
export async function move(found: Case, by: -1 | 1): Promise<void> {
  const cases = [...(get().cases ?? [])];
  const at = cases.findIndex((one) => one.id === found.id);
  const other = cases[at + by];
  if (at < 0 || !other) return;
  cases[at + by] = found;
  cases[at] = other;
  set({ cases });
  await guarded(async () => {
    await ask(casesUrl("order/"), { body: { ids: cases.map((one) => one.id) } });
  });
}

/** Its way lights up, and it can be gone through step by step. */
export async function openCase(found: Case): Promise<void> {
  set({ tab: "try", scenario: found.scenario, customer: null, open: found.id, started: true, chosen: null, result: null, setup: null });
  await run();
}

function sentence(error: unknown): string {
  return error instanceof Error && error.message ? error.message : t("The server does not answer.");
}
