/// Versions on the canvas: looking at one, comparing two, publishing the draft, and going back.

import { Refused, ask } from "../api/client";
import type { Analysis, Comparison, Definition, Looked, Overlay, Published, StepChange, Version } from "../api/types";
import { flush, isDirty, serverHas } from "../state/autosave";
import { draftOf, useEditor } from "../state/store";
import { t, tn } from "../t";

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

export async function lookAt(version: Version): Promise<void> {
  const found = await ask<Looked>(`${urls().versions}${version.id}/`);
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
  const found = await said(ask<PublishedMore>(urls().publish, { body: { revision, note, despite_cases: despiteCases } }));
  nowLive(found, isDirty());
  return found.version.number;
}

/** Publishes the old version again, in one go; what it was before is one click away. */
export async function goBackTo(version: { id: number; number: number }, despiteCases = false): Promise<void> {
  await flush();
  const state = useEditor.getState();
  if (state.looking) state.back();
  const before = draftOf(useEditor.getState());
  const was = useEditor.getState().document?.flow.live;
  const found = await said(ask<PublishedMore>(urls().roll_back, { body: { version: version.id, despite_cases: despiteCases } }));
  takeDraft(t("Back to version %(number)s", { number: version.number }), found);
  const previous = found.previous ?? was?.id;
  const text = t("Version %(new)s is live. It says the same as version %(old)s.", { new: found.version.number, old: version.number });
  useEditor.getState().say(
    text,
    "good",
    previous ? { label: t("Undo"), run: () => void undoGoingBack(previous, was?.number ?? 0, before) } : undefined,
  );
}

/** What was live is live again, and the draft is what it was. */
async function undoGoingBack(version: number, number: number, draft: Definition): Promise<void> {
  try {
    await flush();
    const found = await said(
      ask<PublishedMore>(urls().roll_back, {
        body: { version, note: t("Undone: version %(number)s again", { number }), despite_cases: true },
      }),
    );
    takeDraft(t("As it was before"), found);
    useEditor.getState().edit(t("As it was before"), (now) => replace(now, draft));
    useEditor.getState().say(t("Undone. Version %(number)s is live, and the draft is as it was.", { number: found.version.number }), "good");
  } catch (error) {
    useEditor.getState().say(error instanceof Error ? error.message : String(error), "bad");
  }
}

/** The server's draft is another one now: here, too, as an act that can be undone. */
function takeDraft(label: string, found: PublishedMore): void {
  useEditor.getState().edit(label, (draft) => replace(draft, found.definition));
  serverHas(found.definition, found.revision, found.analysis);
  nowLive(found, false);
}

function replace(draft: Definition, by: Definition): void {
  const copy = structuredClone(by);
  draft.steps = copy.steps;
  draft.notes = copy.notes ?? [];
  draft.layout = copy.layout ?? {};
}

function nowLive(found: PublishedMore, dirty: boolean): void {
  const { document } = useEditor.getState();
  if (!document) return;
  const flow = { ...document.flow, live: found.version, differs_from_live: dirty || found.differs_from_live };
  useEditor.setState({ document: { ...document, flow } });
}

async function said<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Refused && error.status === 422) throw new HasFaults(error.message, error.body.analysis as Analysis);
    if (error instanceof Refused && error.status === 409 && Array.isArray(error.body.cases)) {
      throw new CasesDiffer(error.message, (error.body.cases as CaseResult[]).filter((one) => one.state !== "passes"));
    }
    throw error;
  }
}
