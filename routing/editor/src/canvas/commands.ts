/// Everything that can be done on the canvas, by whatever means: mouse, keyboard and menus call these.

import { Refused, ask } from "../api/client";
import type { PaletteItem, Point, Settings, Step } from "../api/types";
import { addStep, connect, makeRoom, moveBy, putOnEdge, removeNotes, removeSteps } from "../state/acts";
import { flush, serverHas } from "../state/autosave";
import { type Clip, copied, cornerOf, paste, readClip } from "../state/clipboard";
import { saidOf } from "../state/said";
import { placed, stepById } from "../state/steps";
import { useEditor } from "../state/store";
import { t, tn } from "../t";
import { stopAsking, useAsking } from "./asking";
import { choose } from "../forms/usual";
import { layoutOf } from "./order/layout";
import { GAP_ALONG, STEP_WIDTH, heightOf, onGrid, widthOf } from "./sizes";
import { lineParts } from "./model";
import { besideExit, freePlace, straightened } from "./place";
import { namesake } from "./ready";
import { beginningPlace, boxOf, fit, focusSoon, focusStep, middle, show } from "./view";
import { type Direction, walk } from "./walk";
import { useWriting } from "./writing";

const NUDGE = 24;
// About as high as a step, with the gap below it.
const NEW_HEIGHT = 112;
const ROOM = NEW_HEIGHT + GAP_ALONG;

const now = () => useEditor.getState();

export function places(): Record<string, Point> {
  return placed(now().definition, now().analysis);
}

export function itemOf(type: string): PaletteItem | undefined {
  return now().document?.palette.find((item) => item.type === type);
}

function exitsOf(step: Step): string[] {
  return saidOf(step, now().analysis, itemOf(step.type)).exits.map((exit) => exit.name);
}

/** A step to begin with: its sample. What names a queue or the like is asked for, unless there is but one. */
function beginning(item: PaletteItem, key?: string): { title: string; settings: Settings } {
  const after = key === undefined ? undefined : namesake(item);
  const step: Step = { id: "new", type: item.type, title: item.title, settings: structuredClone(item.sample) };
  const catalog = now().document?.catalog;
  for (const [name, schema] of Object.entries(item.schema.properties ?? {})) {
    if (typeof schema.choices !== "string" || !catalog) continue;
    const entries = catalog[schema.choices] ?? [];
    const only = entries.length === 1 ? (entries[0] as { key: string }).key : "";
    choose(step, item, catalog, [name], after?.setting === name && key !== undefined ? key : only);
  }
  return { title: step.title ?? item.title, settings: step.settings ?? {} };
}

// --- adding -----------------------------------------------------------------------------------
export interface Where {
  /** Its left upper corner. */
  at?: Point;
  /** The exit that leads to it from now on. */
  from?: { source: string; exit: string };
  /** The line that it comes into the middle of. */
  on?: { source: string; exit: string };
}

/** A new step. Without a place it goes where it most likely belongs; `key` is what it is called after, such as its queue. */
export function add(type: string, where: Where = likelyPlace(type), key?: string): string | undefined {
  const item = itemOf(type);
  const { definition, analysis, readOnly, edit } = now();
  if (!item || readOnly) return undefined;
  const through = item.exits?.[0]?.name;
  const edge = where.on ?? where.from;
  const width = widthOf(item.exits?.length ?? 1);
  const alone = () => freePlace(definition, analysis, places(), definition.steps.length ? middle() : beginningPlace());
  const dropped = where.at && straightened(definition, analysis, places(), where.at, width, where.from);
  const at = dropped ?? (edge ? placeFor(edge, where.on !== undefined, width) : alone());
  let id: string | undefined;
  edit(t("Add “%(title)s”", { title: item.title }), (draft) => {
    const { title, settings } = beginning(item, key);
    // Its id says what it is; what it is called may change with what it names.
    const step = addStep(draft, { type, title: item.title, settings }, at);
    step.title = title;
    id = step.id;
    if (item.kind === "trigger" || !edge) return;
    if (where.on) {
      const behind = stepById(draft, edge.source)?.exits?.[edge.exit];
      if (behind && !where.at && tooNear(at, draft.layout?.[behind])) makeRoom(draft, behind, ROOM, step.id);
      putOnEdge(draft, edge, step.id, item.kind === "end" ? undefined : through);
    } else {
      connect(draft, edge.source, edge.exit, step.id);
    }
  });
  if (id === undefined) return undefined;
  now().select([id]);
  const added = id;
  // What is to be filled in is there to be filled in; where the panel would cover the canvas, it waits.
  const beside = now().panel?.id ?? "settings";
  if (item.kind !== "trigger" && (beside === "settings" || beside === "faults") && mayOpen() && !isNarrow()) now().openPanel("settings");
  requestAnimationFrame(() => {
    show(added, true);
    focusStep(added);
  });
  return id;
}

/** The corner of a step whose head the pointer holds in its middle. */
export function underPointer(type: string, [x, y]: Point): Point {
  return [x - widthOf(itemOf(type)?.exits?.length ?? 1) / 2, y - 24];
}

function placeFor(edge: { source: string; exit: string }, between: boolean, width = STEP_WIDTH): Point {
  const { definition, analysis } = now();
  const target = stepById(definition, edge.source)?.exits?.[edge.exit];
  const all = places();
  const source = all[edge.source];
  const behind = target === undefined ? undefined : all[target];
  const height = boxOf(edge.source)?.height ?? NEW_HEIGHT;
  if (between && source && behind && behind[1] > source[1]) {
    // In the middle of a long line; where the next step was on a short one, which makes room.
    const room = behind[1] - source[1] - height;
    const under = behind[0] + ((boxOf(target as string)?.width ?? STEP_WIDTH) - width) / 2;
    if (room >= NEW_HEIGHT + 64) return [(source[0] + behind[0]) / 2, source[1] + height + (room - NEW_HEIGHT) / 2];
    return [under, source[1] + height + GAP_ALONG];
  }
  return besideExit(definition, analysis, all, edge.source, edge.exit, width);
}

function tooNear(a: Point, b: Point | undefined): boolean {
  return b !== undefined && Math.abs(a[0] - b[0]) < STEP_WIDTH + 24 && b[1] - a[1] < NEW_HEIGHT + 24;
}

/** On the chosen line; behind the chosen step, if one of its exits is free, first one that must lead somewhere; else in the middle. */
function likelyPlace(type: string): Where {
  const { edgeSelection, selection, definition } = now();
  if (itemOf(type)?.kind === "trigger") return {};
  if (edgeSelection.length === 1) return { on: lineParts(edgeSelection[0] as string) };
  const step = selection.length === 1 ? stepById(definition, selection[0] as string) : undefined;
  const free = step ? saidOf(step, now().analysis, itemOf(step.type)).exits.filter((exit) => !step.exits?.[exit.name]) : [];
  // Behind a queue that is “Nobody answered”: after the conversation it may end.
  const exit = free.find((one) => !one.optional) ?? free[0];
  return step && exit ? { from: { source: step.id, exit: exit.name } } : {};
}

export function addNote(): void {
  const { readOnly, edit, definition } = now();
  if (readOnly) return;
  const index = definition.notes?.length ?? 0;
  const at = freePlace(definition, now().analysis, places(), middle());
  edit(t("Add a note"), (draft) => {
    draft.notes = [...(draft.notes ?? []), { text: "", at: [onGrid(at[0]), onGrid(at[1])] }];
  });
  now().select([], { notes: [index] });
  useWriting.setState({ note: index });
}

// --- lines ------------------------------------------------------------------------------------
export function link(source: string, exit: string, target: string | null): void {
  now().edit(target === null ? t("Take a line away") : t("Connect"), (draft) => connect(draft, source, exit, target));
}

/** A step that stands alone is put on the line that it was dropped on. */
export function dropOnLine(stepId: string, line: string): void {
  const { definition, edit } = now();
  const step = stepById(definition, stepId);
  const edge = lineParts(line);
  if (!step || edge.source === stepId) return;
  const at = placeFor(edge, true);
  const behind = stepById(definition, edge.source)?.exits?.[edge.exit];
  edit(t("Put on a line"), (draft) => {
    draft.layout = { ...draft.layout, [stepId]: [onGrid(at[0]), onGrid(at[1])] };
    if (behind && tooNear(at, draft.layout[behind])) makeRoom(draft, behind, ROOM, stepId);
    putOnEdge(draft, edge, stepId, exitsOf(step)[0]);
  });
}

/** Nothing leads to it and it leads nowhere. */
export function standsAlone(stepId: string): boolean {
  const { definition } = now();
  const step = stepById(definition, stepId);
  return (
    step !== undefined &&
    itemOf(step.type)?.kind !== "trigger" &&
    !Object.keys(step.exits ?? {}).length &&
    !definition.steps.some((one) => Object.values(one.exits ?? {}).includes(stepId))
  );
}

// --- moving -----------------------------------------------------------------------------------
export function placeAt(steps: Record<string, Point>, notes: Record<number, Point>): void {
  const count = Object.keys(steps).length + Object.keys(notes).length;
  if (!count) return;
  now().edit(tn("Move", "Move %(count)s things", count), (draft) => {
    draft.layout = { ...draft.layout, ...steps };
    for (const [index, at] of Object.entries(notes)) {
      const note = draft.notes?.[Number(index)];
      if (note) note.at = at;
    }
  });
}

export function nudge(direction: Direction): void {
  const { selection, noteSelection, edit } = now();
  if (!selection.length && !noteSelection.length) return;
  const by: Point = { left: [-NUDGE, 0], right: [NUDGE, 0], up: [0, -NUDGE], down: [0, NUDGE] }[direction] as Point;
  edit(t("Move"), (draft) => moveBy(draft, selection, noteSelection, by), {
    merge: `nudge-${selection.join()}-${noteSelection.join()}`,
  });
}

/** Puts the chosen steps in order, or all of them. */
export function arrange(): void {
  const { definition, analysis, selection, edit } = now();
  const only = selection.length > 1 ? selection : undefined;
  const found = layoutOf({ ...definition, layout: places() }, analysis, only);
  edit(t("Put in order"), (draft) => {
    draft.layout = { ...draft.layout, ...found };
  });
  requestAnimationFrame(() => fit(only));
}

// --- choosing ---------------------------------------------------------------------------------
export function go(direction: Direction, alongWith = false): void {
  const { definition, selection, select } = now();
  const next = walk(definition, places(), selection.at(-1), direction);
  if (next === undefined) return;
  select(alongWith ? [...selection.filter((id) => id !== next), next] : [next]);
  requestAnimationFrame(() => {
    focusStep(next);
    show(next);
  });
}

export function selectAll(): void {
  const { definition, select } = now();
  select(
    definition.steps.map((step) => step.id),
    { notes: (definition.notes ?? []).map((_note, index) => index) },
  );
}

export function selectNothing(): void {
  const { select, closePanel, panel, selection } = now();
  if (useAsking.getState().finding) useAsking.setState({ finding: false });
  else if (panel && !selection.length) closePanel();
  else select([]);
}

// --- away, again, elsewhere -------------------------------------------------------------------
export function remove(): void {
  const { selection, edgeSelection, noteSelection, edit, readOnly, definition } = now();
  const count = selection.length + edgeSelection.length + noteSelection.length;
  if (!count || readOnly) return;
  const next = selection.length === 1 ? walk(definition, places(), selection[0], "left") : undefined;
  edit(tn("Delete", "Delete %(count)s things", count), (draft) => {
    for (const id of edgeSelection) {
      const { source, exit } = lineParts(id);
      connect(draft, source, exit, null);
    }
    removeNotes(draft, noteSelection);
    removeSteps(draft, selection, (step) => exitsOf(step).length === 1);
  });
  now().select(next && next !== selection[0] ? [next] : []);
  requestAnimationFrame(() => focusStep(next));
}

export function duplicate(): void {
  const { definition, selection, noteSelection, readOnly } = now();
  if (readOnly || (!selection.length && !noteSelection.length)) return;
  const clip = readClip(copied(definition, places(), selection, noteSelection));
  if (!clip) return;
  put(clip, besideAll(clip, cornerOf(clip)), t("Duplicate"));
}

/** The chosen steps as text, or empty if nothing is chosen. */
export function clipText(): string {
  const { definition, selection, noteSelection } = now();
  return selection.length || noteSelection.length ? copied(definition, places(), selection, noteSelection) : "";
}

/** Where the clip covers no step: at `wish`, or the next place to the right of it. */
function besideAll(clip: Clip, wish: Point): Point {
  const { definition, analysis } = now();
  const corner = cornerOf(clip);
  const size: Point = [STEP_WIDTH, NEW_HEIGHT];
  for (const step of clip.steps) {
    const at = clip.layout[step.id];
    if (!at) continue;
    size[0] = Math.max(size[0], at[0] - corner[0] + widthOf(saidOf(step, analysis, itemOf(step.type)).exits.length));
    size[1] = Math.max(size[1], at[1] - corner[1] + heightOf(step, analysis));
  }
  return freePlace(definition, analysis, places(), wish, size);
}

/** False if the text holds no steps. */
export function pasteText(text: string): boolean {
  const clip = readClip(text);
  if (!clip) return false;
  if (now().readOnly) return true;
  // Beside where it was, if it came from here and is still seen; else in the middle.
  const corner = cornerOf(clip);
  const centre = middle();
  const near = Math.hypot(corner[0] - centre[0], corner[1] - centre[1]) < 600;
  put(clip, besideAll(clip, near ? corner : centre), t("Paste"));
  return true;
}

function put(clip: Clip, at: Point, label: string): void {
  let found: { ids: string[]; notes: number[] } = { ids: [], notes: [] };
  now().edit(label, (draft) => {
    found = paste(draft, clip, at);
  });
  now().select(found.ids, { notes: found.notes });
  requestAnimationFrame(() => {
    focusStep(found.ids.at(-1));
    if (found.ids[0]) show(found.ids[0]);
  });
}

export async function copyByMenu(): Promise<void> {
  const text = clipText();
  if (!text) return;
  try {
    await navigator.clipboard.writeText(text);
    now().say(t("Copied. Paste it here or on another flow."));
  } catch {
    now().say(t("The browser does not let this page copy. Press Ctrl+C instead."), "bad");
  }
}

export async function pasteByMenu(): Promise<void> {
  try {
    if (!pasteText(await navigator.clipboard.readText())) now().say(t("There are no steps on the clipboard."));
  } catch {
    now().say(t("The browser does not let this page read the clipboard. Press Ctrl+V instead."), "bad");
  }
}

// --- a sub-flow of the chosen steps ------------------------------------------------------------
interface Collapsed {
  definition: import("../api/types").Definition;
  analysis?: import("../api/types").Analysis;
  revision?: number;
  step?: string;
  flow: { id: number; name: string; key: string; url?: string };
}

/** Makes a flow of the chosen steps and walks through it instead. Throws a sentence if it cannot be. */
export async function collapse(name: string, key: string): Promise<void> {
  const { document, selection } = now();
  if (!document) return;
  const steps = [...selection];
  const revision = await flush();
  const before = now().definition;
  const answer = await ask<Collapsed>(document.urls.subflow, { body: { revision, steps, name, key, publish: true } });
  const known = new Set(before.steps.map((step) => step.id));
  if (answer.revision !== undefined && answer.revision !== revision) {
    // The server has it already: one act here, and nothing left to save.
    now().edit(t("Make a sub-flow"), (draft) => Object.assign(draft, structuredClone(answer.definition)));
    serverHas(now().definition, answer.revision, answer.analysis);
  } else {
    now().edit(t("Make a sub-flow"), (draft) => Object.assign(draft, structuredClone(answer.definition)));
    if (answer.analysis) now().setAnalysis(answer.analysis);
  }
  addToCatalog(answer.flow);
  const made = now().definition.steps.filter((step) => !known.has(step.id)).map((step) => step.id);
  now().select(made);
  stopAsking();
  now().say(t("“%(name)s” is a flow of its own now, and this one walks through it.", { name: answer.flow.name }), "good");
  if (made[0] !== undefined) tellWhenUndone(made[0], answer.flow);
  requestAnimationFrame(() => focusStep(made[0]));
}

/** Undo brings the steps back here; the flow that was made stays, and nobody should find it by surprise. */
function tellWhenUndone(step: string, flow: Collapsed["flow"]): void {
  const stop = useEditor.subscribe((state) => {
    if (state.looking || state.definition.steps.some((one) => one.id === step)) return;
    stop();
    const url = flow.url;
    state.say(
      t("The steps are back here. “%(name)s” stays among the flows, and nothing leads to it.", { name: flow.name }),
      "info",
      url ? { label: t("Look at it"), run: () => window.open(url, "_blank", "noreferrer") } : undefined,
    );
  });
}

function addToCatalog(flow: Collapsed["flow"]): void {
  const { document } = now();
  if (!document || document.catalog.flow.some((entry) => entry.key === flow.key)) return;
  const entry = { key: flow.key, name: flow.name, url: flow.url ?? `../../${flow.id}/change/` };
  useEditor.setState({ document: { ...document, catalog: { ...document.catalog, flow: [...document.catalog.flow, entry] } } });
}

export function sentenceOf(error: unknown): string {
  if (error instanceof Refused || error instanceof Error) return error.message || t("The server does not answer.");
  return String(error);
}

/** Whether the settings of a step may take the place of what stands beside the canvas. */
function mayOpen(step?: string): boolean {
  const { panel, overlay, mode } = now();
  // A step that a try came to is looked at in the try, which leads on to its settings; a note half written stays.
  const isTold = overlay !== null && (step === undefined || overlay.steps[step] !== undefined);
  return mode === "edit" && !isTold && panel?.id !== "publish";
}

function isNarrow(): boolean {
  return window.matchMedia("(max-width: 760px)").matches;
}

/** A click on a step, without any key that chooses several: its settings, unless something else is being done. */
export function openClicked(): void {
  const { panel, openPanel, selection } = now();
  if (mayOpen(selection.at(-1)) && panel?.id !== "settings") openPanel("settings");
}

/** Enter: the settings of the step; of a note its text. */
export function openChosen(): void {
  const { selection, noteSelection, openPanel, readOnly } = now();
  if (selection.length) {
    openPanel("settings");
    // Not the panel that was open until now.
    const settings = '#fe-panel[data-panel="settings"]';
    focusSoon(
      () =>
        // What is still to be filled in comes first.
        document.querySelector<HTMLElement>(`${settings} .f-form :is(.f-invalid-box, [aria-invalid=true])`) ??
        document.querySelector<HTMLElement>(`${settings} .fe-panel-body :is(input, select, textarea)`) ??
        (readOnly ? document.querySelector<HTMLElement>(settings) : null),
    );
  } else if (noteSelection.length === 1 && !readOnly) useWriting.setState({ note: noteSelection[0] as number });
}

/** Whether a step is drawn at all; pure questions of the canvas ask this in tests. */
export function isDrawn(id: string): boolean {
  return boxOf(id) !== null;
}
