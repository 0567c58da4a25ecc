/// Versions on the canvas: looking at one, comparing two, publishing the draft, and going back.

import { create } from "zustand";
import { Refused, ask } from "../api/client";
import type { Analysis, Comparison, Definition, Looked, Overlay, Published, StepChange, Version } from "../api/types";
import { flush, isDirty, serverHas } from "../state/autosave";
import { actNow, setFlow } from "../state/standing";
import { draftOf, useEditor } from "../state/store";
import { t, tn } from "../t";
import { addressShown } from "./address";

/** What differed when the test cases of the flow were run; the panel of test cases has the whole of it. */
export interface CaseResult {
  id: number;
  name: string;
  state: "passes" | "differs" | "broken";
  /** What came out otherwise than expected, or why it could not be run. */
  sentences: string[];
}

export class CasesDiffer extends Error {
  constructor(
    message: string,
    readonly cases: CaseResult[],
  ) {
    super(message);
  }
}

export class HasFaults extends Error {
  constructor(
    message: string,
    readonly analysis: Analysis,
  ) {
    super(message);
  }
}

interface PublishedMore extends Published {
  revision: number;
  definition: Definition;
  analysis: Analysis;
  differs_from_live: boolean;
  previous?: number | null;
}

function urls() {
  const { document } = useEditor.getState();
  if (!document) throw new Error(t("The flow is not open yet."));
  return document.urls;
}

export async function readVersions(signal?: AbortSignal): Promise<Version[]> {
  return ask<Version[]>(urls().versions, { signal });
}

export async function readVersion(version: Version, signal?: AbortSignal): Promise<Looked> {
  return ask<Looked>(`${urls().versions}${version.id}/`, { signal });
}

/** How every test case of the flow would end with this definition. */
export async function runCases(definition: Definition, signal?: AbortSignal): Promise<CaseResult[]> {
  return (await ask<{ results: CaseResult[] }>(`${urls().cases}run/`, { body: { definition }, signal })).results;
}

export async function lookAt(version: Version): Promise<void> {
  const found = await readVersion(version);
  useEditor.getState().look(found.definition, found.analysis, titleOf(version));
}

export function titleOf(version: Version): string {
  return version.live ? t("Version %(number)s, live", { number: version.number }) : t("Version %(number)s", { number: version.number });
}

/** `a` and `b`: the id of a version, "draft" or "live". */
export async function readComparison(a: string, b: string, signal?: AbortSignal): Promise<Comparison> {
  if (a === "draft" || b === "draft") await flush().catch(() => undefined);
  const query = new URLSearchParams({ a, b });
  return ask<Comparison>(`${urls().compare}?${query.toString()}`, { signal });
}

export function showComparison(found: Comparison): void {
  const state = useEditor.getState();
  state.look(found.definition, found.analysis, t("From %(a)s to %(b)s", { a: found.a.title, b: found.b.title }));
  state.setOverlay(overlayOf(found));
}

/** What came, went and changed, as the canvas shows it; everything else stands back. */
export function overlayOf(found: Comparison): Overlay {
  const badges = { added: t("new"), removed: t("removed"), changed: t("changed") };
  const overlay: Overlay = { title: summary(found.changes) || t("Both say the same."), steps: {}, edges: {} };
  for (const change of found.changes) {
    if (change.kind === "moved") continue;
    overlay.steps[change.step] = { tone: change.kind, badge: badges[change.kind], detail: detailOf(change) };
    for (const exit of change.exits) {
      const tone = exit.after ? (exit.before ? "changed" : "added") : "removed";
      const label = exit.before && exit.after ? t("was: %(step)s", { step: exit.before }) : undefined;
      overlay.edges[`${change.step}:${exit.name}`] = { tone, label };
    }
  }
  for (const step of found.definition.steps) {
    const kind = overlay.steps[step.id]?.tone;
    if (kind !== "added" && kind !== "removed") continue;
    for (const exit of Object.keys(step.exits ?? {})) overlay.edges[`${step.id}:${exit}`] ??= { tone: kind };
  }
  return overlay;
}

function detailOf(change: StepChange): string | undefined {
  if (change.kind !== "changed") return undefined;
  const labels = [...change.fields.map((field) => field.label), ...change.exits.map((exit) => t("“%(exit)s” leads elsewhere", { exit: exit.label }))];
  if (!labels.length) return undefined;
  return labels.length > 2 ? `${labels.slice(0, 2).join(", ")} …` : labels.join(", ");
}

/** "1 new step, 2 changed", without what only moved. */
export function summary(changes: StepChange[]): string {
  const count = (kind: StepChange["kind"]) => changes.filter((change) => change.kind === kind).length;
  return [
    count("added") ? tn("%(count)s new step", "%(count)s new steps", count("added")) : "",
    count("changed") ? tn("%(count)s changed step", "%(count)s changed steps", count("changed")) : "",
    count("removed") ? tn("%(count)s removed step", "%(count)s removed steps", count("removed")) : "",
  ]
    .filter(Boolean)
    .join(", ");
}

/** What is published is what was saved last. Throws CasesDiffer, HasFaults, or an error with a sentence. */
export async function publish(note: string, despiteCases: boolean): Promise<number> {
  const revision = await flush();
  actNow();
  const found = await said(ask<PublishedMore>(urls().publish, { body: { revision, note, despite_cases: despiteCases } }));
  actNow();
  useBack.setState({ done: null });
  nowLive(found, isDirty());
  // The way of a try was that of a draft: what is seen now is what is live.
  if (!useEditor.getState().looking) useEditor.getState().setOverlay(null);
  return found.version.number;
}

/** What a publishing means for contacts: no more than is true. */
export function liveWords(number: number): string {
  const numbers = useEditor.getState().document?.flow.numbers.filter((one) => one.active) ?? [];
  if (!numbers.length) return t("Version %(number)s is live, but no number starts this flow yet: nobody reaches it.", { number });
  const names = numbers.map((one) => addressShown(one.address)).join(", ");
  return t("Version %(number)s is live: new contacts on %(numbers)s walk through it from now on.", { number, numbers: names });
}

/** Going back, as it can be undone as long as what came of it is live. */
export interface GoneBack {
  live: { id: number; number: number };
  /** Number of the version that was gone back to. */
  to: number;
  before: { id: number; number: number };
  /** The draft that was replaced; null: it was kept. */
  draft: Definition | null;
}

export const useBack = create<{ done: GoneBack | null }>()(() => ({ done: null }));

/** Publishes the old version again. The draft becomes it, too, unless it is to be kept. */
export async function goBackTo(version: { id: number; number: number }, { despiteCases = false, keepDraft = false } = {}): Promise<void> {
  const revision = await flush();
  const state = useEditor.getState();
  if (state.looking) state.back();
  const draft = draftOf(useEditor.getState());
  const before = useEditor.getState().document?.flow.live;
  const body = { version: version.id, despite_cases: despiteCases, keep_draft: keepDraft, ...(keepDraft ? {} : { revision }) };
  actNow();
  const found = await said(ask<PublishedMore>(urls().roll_back, { body }));
  actNow();
  if (keepDraft) nowLive(found, isDirty());
  else takeDraft(t("Back to version %(number)s", { number: version.number }), found);
  const done = before && before.id !== found.version.id ? { live: found.version, to: version.number, before, draft: keepDraft ? null : draft } : null;
  useBack.setState({ done });
  useEditor.getState().say(
    t("Back to version %(old)s: it is live as version %(new)s.", { new: found.version.number, old: version.number }),
    "good",
    done ? { label: t("Undo"), run: () => void undoGoingBack() } : undefined,
  );
}

/** What was live is live again, and a draft that was replaced is what it was. */
export async function undoGoingBack(): Promise<void> {
  const { done } = useBack.getState();
  if (!done) return;
  useBack.setState({ done: null });
  try {
    await flush();
    const state = useEditor.getState();
    if (state.looking) state.back();
    const note = t("Undone: version %(number)s again", { number: done.before.number });
    actNow();
    const found = await said(
      ask<PublishedMore>(urls().roll_back, { body: { version: done.before.id, note, despite_cases: true, keep_draft: true } }),
    );
    actNow();
    nowLive(found, isDirty());
    const { draft } = done;
    if (draft) useEditor.getState().edit(t("As it was before"), (now) => replace(now, draft));
    const text = draft
      ? t("Undone: version %(old)s is live again, as version %(new)s, and the draft is as it was.", { old: done.before.number, new: found.version.number })
      : t("Undone: version %(old)s is live again, as version %(new)s.", { old: done.before.number, new: found.version.number });
    useEditor.getState().say(text, "good");
  } catch (error) {
    useBack.setState({ done });
    useEditor.getState().say(error instanceof Error ? error.message : String(error), "bad");
  }
}

/** The server's draft is another one now: here, too, as an act that can be undone. */
function takeDraft(label: string, found: PublishedMore): void {
  useEditor.getState().edit(label, (draft) => replace(draft, found.definition));
  serverHas(found.definition, found.revision, found.analysis);
  nowLive(found, false);
}

/** Exactly so: what is not said is not there, else the draft would differ from what is live by nothing at all. */
function replace(draft: Definition, by: Definition): void {
  const { steps, notes, layout } = structuredClone(by);
  draft.steps = steps;
  draft.notes = notes;
  draft.layout = layout;
  if (notes === undefined) delete draft.notes;
  if (layout === undefined) delete draft.layout;
}

function nowLive(found: PublishedMore, dirty: boolean): void {
  setFlow({ live: found.version, differs_from_live: dirty || found.differs_from_live });
}

async function said<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Refused && error.status === 422) throw new HasFaults(error.message, error.body.analysis as Analysis);
    if (error instanceof Refused && error.status === 409 && Array.isArray(error.body.cases)) {
      throw new CasesDiffer(error.message, (error.body.cases as CaseResult[]).filter((one) => one.state !== "passes"));
    }
    if (error instanceof Refused && error.status === 409 && typeof error.body.at === "string") {
      // By the clock of whoever reads it; the server only knows its own.
      const time = new Date(error.body.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      const who = typeof error.body.by === "string" && error.body.by ? error.body.by : t("Somebody");
      throw new Error(t("%(who)s saved this draft at %(time)s. Look at it first; then try again.", { who, time }));
    }
    throw error;
  }
}
