/// Keeps the draft: soon after each change, one request at a time, again and again while nobody answers,
/// and put together with what others saved meanwhile.

import { Refused, Unreachable, ask } from "../api/client";
import { t, tn } from "../t";
import type { Analysis, Definition, FlowDocument, Saved, Stale } from "../api/types";
import { type Conflict, merge } from "./merge";
import { forget, keep } from "./rescue";
import { draftOf, useEditor } from "./store";

export const SAVE_AFTER_MS = 800;
const ANALYSE_AFTER_MS = 200;
const TRY_AGAIN_MS = [1000, 2000, 4000, 8000, 15000];
// What a browser lets out of a page that closes.
const KEEPALIVE_BYTES = 60_000;

/** Who works here, in this tab: the server tells others apart by it. */
export const SESSION = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

/** The last state that the server is known to have. */
let saved: { definition: Definition; revision: number } | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let analyseTimer: ReturnType<typeof setTimeout> | undefined;
let running: Promise<void> | null = null;
/** The state whose faults are shown. */
let analysed: Definition | null = null;
let failures = 0;
let offlineSince = 0;
let conflicting: { conflicts: Conflict[]; stale: Stale } | null = null;

/** Begins with a document that was just opened. Returns what ends it. */
export function startSaving(document: FlowDocument): () => void {
  saved = { definition: document.definition, revision: document.flow.revision };
  analysed = document.definition;
  failures = 0;
  conflicting = null;
  const stop = useEditor.subscribe((state, before) => {
    if (draftOf(state) !== draftOf(before)) changed();
  });
  window.addEventListener("beforeunload", warn);
  window.addEventListener("pagehide", lastWords);
  window.addEventListener("online", retryNow);
  if (document.may.edit) changed();
  return () => {
    stop();
    clearTimeout(timer);
    clearTimeout(analyseTimer);
    window.removeEventListener("beforeunload", warn);
    window.removeEventListener("pagehide", lastWords);
    window.removeEventListener("online", retryNow);
  };
}

export function isDirty(): boolean {
  return saved !== null && draftOf(useEditor.getState()) !== saved.definition;
}

/** The revision that the server is known to have. */
export function knownRevision(): number {
  return saved?.revision ?? 0;
}

/** Saves now; resolves when the server has everything, rejects with a sentence if it cannot be. */
export async function flush(): Promise<number> {
  clearTimeout(timer);
  for (let round = 0; isDirty() || running; round++) {
    if (round > 20 || conflicting) throw new Error(t("Somebody else changed this flow. Decide first which changes to keep."));
    await save();
    const { saving } = useEditor.getState();
    if (saving.state === "offline") throw new Error(t("The server does not answer. Your changes are kept here until it does."));
    if (saving.state === "refused") throw new Error(saving.message);
  }
  return knownRevision();
}

/** Somebody saved: their changes are fetched and put together with those made here. `told`: it was said already. */
export async function noticeRevision(revision: number, told = false): Promise<void> {
  if (!saved || revision <= saved.revision || running || conflicting) return;
  if (isDirty()) return; // The next save finds out, and merges.
  const url = useEditor.getState().document?.urls.document;
  if (!url) return;
  const found = await ask<FlowDocument>(url);
  if (running || !saved || found.flow.revision <= saved.revision) return;
  takeIn(
    {
    error: "",
    by: found.flow.updated_by,
    at: found.flow.updated_at,
    revision: found.flow.revision,
    definition: found.definition,
    analysis: found.analysis,
    },
    told,
  );
}

/** The server says that it has this (after publishing, rolling back, making a sub-flow). */
export function serverHas(definition: Definition, revision: number, analysis?: Analysis): void {
  clearTimeout(timer);
  const state = useEditor.getState();
  state.receive(definition, analysis);
  analysed = null;
  saved = { definition: draftOf(useEditor.getState()), revision };
  setDocument({ revision });
  useEditor.setState({ saving: { state: "saved", at: Date.now() } });
}

function changed(): void {
  // Undo may lead back to what is saved: its faults are to be seen again all the same.
  clearTimeout(analyseTimer);
  analyseTimer = setTimeout(() => void analyse(), ANALYSE_AFTER_MS);
  if (!isDirty()) return;
  keep(saved);
  const { saving } = useEditor.getState();
  if (conflicting) return;
  if (saving.state !== "offline") useEditor.setState({ saving: { state: "unsaved" } });
  // While nobody answers the pace stays slow; the next try takes this change along.
  if (failures === 0) schedule(SAVE_AFTER_MS);
}

function schedule(ms: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void save(), ms);
}

function retryNow(): void {
  if (failures > 0) schedule(0);
}

function save(): Promise<void> {
  running ??= saveOnce().finally(() => {
    running = null;
  });
  return running;
}

async function saveOnce(): Promise<void> {
  const { document } = useEditor.getState();
  if (!document || !saved || conflicting) return;
  if (!isDirty()) {
    useEditor.setState({ saving: { state: "saved", at: Date.now() } });
    return;
  }
  const definition = draftOf(useEditor.getState());
  if (failures === 0) useEditor.setState({ saving: { state: "saving" } });
  try {
    const answer = await ask<Saved>(document.urls.draft, { body: { revision: saved.revision, definition, session: SESSION } });
    saved = { definition, revision: answer.revision };
    failures = 0;
    setDocument({ revision: answer.revision, differs_from_live: answer.differs_from_live });
    if (draftOf(useEditor.getState()) === definition) {
      useEditor.getState().setAnalysis(answer.analysis);
      analysed = definition;
      useEditor.setState({ saving: { state: "saved", at: Date.now() } });
      forget(document.flow.id);
    } else {
      useEditor.setState({ saving: { state: "unsaved" } });
      schedule(SAVE_AFTER_MS);
    }
  } catch (error) {
    failed(error);
  }
}

function failed(error: unknown): void {
  if (error instanceof Refused && error.status === 409) {
    failures = 0;
    takeIn(error.body as unknown as Stale);
    return;
  }
  if (error instanceof Unreachable || (error instanceof Refused && error.status >= 500)) {
    offlineSince = failures === 0 ? Date.now() : offlineSince;
    const wait = TRY_AGAIN_MS[Math.min(failures, TRY_AGAIN_MS.length - 1)] as number;
    failures += 1;
    useEditor.setState({ saving: { state: "offline", since: offlineSince } });
    schedule(wait);
    return;
  }
  failures = 0;
  const message = error instanceof Error ? error.message : String(error);
  useEditor.setState({ saving: { state: "refused", message } });
}

/** What they saved, and what was changed here since the last common state. */
function takeIn(stale: Stale, told = false): void {
  if (!saved) return;
  const mine = draftOf(useEditor.getState());
  const merged = merge(saved.definition, mine, stale.definition);
  if (merged.conflicts.length) {
    conflicting = { conflicts: merged.conflicts, stale };
    useEditor.setState({ saving: { state: "conflict" } });
    notifyConflict();
    return;
  }
  // Without changes of my own there is nothing to put together: it is theirs to the letter.
  finish(stale, mine === saved.definition ? stale.definition : merged.definition, told ? [] : merged.theirs);
}

function finish(stale: Stale, definition: Definition, theirs: string[]): void {
  const titles = theirs.map((id) => titleOf(stale.definition, id) || titleOf(saved?.definition, id) || id);
  useEditor.getState().receive(definition, stale.analysis);
  analysed = null;
  saved = { definition: stale.definition, revision: stale.revision };
  setDocument({ revision: stale.revision, updated_by: stale.by, updated_at: stale.at });
  const who = stale.by || t("Somebody else");
  if (titles.length) {
    const shown = titles.slice(0, 3).map((title) => `“${title}”`).join(", ");
    const text =
      titles.length > 3
        ? tn("%(who)s changed %(titles)s and %(count)s more step.", "%(who)s changed %(titles)s and %(count)s more steps.", titles.length - 3, { who, titles: shown })
        : t("%(who)s changed %(titles)s.", { who, titles: shown });
    useEditor.getState().say(`${text} ${t("It is here now, beside your own changes.")}`);
  }
  // `receive` keeps objects that are equal: the same draft is clean again only if it is this very one.
  const now = draftOf(useEditor.getState());
  if (merge(stale.definition, now, stale.definition).mine.length === 0 && sameShape(now, stale.definition)) {
    saved = { definition: now, revision: stale.revision };
    useEditor.setState({ saving: { state: "saved", at: Date.now() } });
  } else {
    useEditor.setState({ saving: { state: "unsaved" } });
    schedule(0);
  }
}

function sameShape(a: Definition, b: Definition): boolean {
  return JSON.stringify([a.notes ?? [], a.layout ?? {}]) === JSON.stringify([b.notes ?? [], b.layout ?? {}]);
}

function titleOf(definition: Definition | undefined, id: string): string {
  return definition?.steps.find((step) => step.id === id)?.title ?? "";
}

// --- steps that both changed ------------------------------------------------------------------
const listeners = new Set<() => void>();

export function onConflict(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function conflictNow(): { conflicts: Conflict[]; stale: Stale } | null {
  return conflicting;
}

/** The flow before both changed it, as I have it and as they do. */
export function conflictSides(): { base: Definition; mine: Definition; theirs: Definition } | null {
  if (!conflicting || !saved) return null;
  return { base: saved.definition, mine: draftOf(useEditor.getState()), theirs: conflicting.stale.definition };
}

function notifyConflict(): void {
  for (const listener of listeners) listener();
}

/** The decision, for each step that both changed. */
export function decide(choices: Record<string, "mine" | "theirs">): void {
  if (!conflicting || !saved) return;
  const { stale } = conflicting;
  // Merged anew: whoever decided may have gone on working behind the question.
  const merged = merge(saved.definition, draftOf(useEditor.getState()), stale.definition, choices);
  conflicting = null;
  finish(stale, merged.definition, merged.theirs);
  notifyConflict();
}

// --- the page closes --------------------------------------------------------------------------
function warn(event: BeforeUnloadEvent): void {
  if (isDirty()) event.preventDefault();
}

/** Sent even though nobody will read the answer; and kept in this browser, should it not arrive. */
function lastWords(): void {
  const { document } = useEditor.getState();
  if (!document || !saved || !isDirty() || !document.may.edit) return;
  keep(saved, true);
  if (conflicting) return;
  const body = { revision: saved.revision, definition: draftOf(useEditor.getState()), session: SESSION };
  const keepalive = JSON.stringify(body).length < KEEPALIVE_BYTES;
  void ask(document.urls.draft, { body, keepalive }).catch(() => undefined);
}

// --- faults and exits of what is not saved yet -------------------------------------------------
async function analyse(): Promise<void> {
  const state = useEditor.getState();
  if (!state.document || state.looking || failures > 0) return;
  const definition = draftOf(state);
  if (definition === analysed) return;
  if (running) {
    // What is being saved is analysed there; perhaps it is this, perhaps it is what was undone since.
    clearTimeout(analyseTimer);
    analyseTimer = setTimeout(() => void analyse(), ANALYSE_AFTER_MS);
    return;
  }
  try {
    const { analysis } = await ask<{ analysis: Analysis }>(state.document.urls.analyse, { body: { definition } });
    if (draftOf(useEditor.getState()) === definition) {
      useEditor.getState().setAnalysis(analysis);
      analysed = definition;
    }
  } catch {
    // Saving says what is wrong, and comes in a moment.
  }
}

function setDocument(flow: Partial<FlowDocument["flow"]>): void {
  const { document } = useEditor.getState();
  if (document) useEditor.setState({ document: { ...document, flow: { ...document.flow, ...flow } } });
}

/** For tests: as if the page had just been opened. */
export function reset(): void {
  clearTimeout(timer);
  clearTimeout(analyseTimer);
  saved = null;
  running = null;
  analysed = null;
  failures = 0;
  conflicting = null;
}
