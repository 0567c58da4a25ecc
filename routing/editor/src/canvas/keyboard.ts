/// What the keys do: one table for the canvas, for its help, and for the tests.

import { flush } from "../state/autosave";
import { useEditor } from "../state/store";
import { t } from "../t";
import { useAsking } from "./asking";
import {
  addNote,
  arrange,
  clipText,
  duplicate,
  go,
  nudge,
  openChosen,
  pasteText,
  places,
  redo,
  remove,
  selectAll,
  selectNothing,
  undo,
} from "./commands";
import { fit, focusSoon, focusStep, show, zoomBy, zoomTo } from "./view";
import { first } from "./walk";

export interface Shortcut {
  /** `Mod` is Ctrl, or ⌘ on a Mac. */
  keys: string[];
  label: string;
  group: string;
  /** Everywhere on the page, not on the canvas alone. */
  page?: boolean;
  /** In text fields, too. */
  always?: boolean;
  /** Changes the flow, so not where it is only looked at. */
  edits?: boolean;
  run?: () => void;
}

export function shortcuts(): Shortcut[] {
  const move = t("Go about");
  const change = t("Change the flow");
  const look = t("Look");
  return [
    { keys: ["ArrowDown"], label: t("To the next step, along the first exit"), group: move, run: () => go("down") },
    { keys: ["ArrowUp"], label: t("To the step before"), group: move, run: () => go("up") },
    { keys: ["ArrowRight"], label: t("To where the next exit leads"), group: move, run: () => go("right") },
    { keys: ["ArrowLeft"], label: t("To where the exit before leads"), group: move, run: () => go("left") },
    ...(["Right", "Left", "Down", "Up"] as const).map((to, index) => ({
      keys: [`Mod+Arrow${to}`],
      label: index ? "" : t("Go there and keep the choice (with any arrow)"),
      group: move,
      run: () => go(to.toLowerCase() as "left", true),
    })),
    { keys: ["Home"], label: t("To the beginning"), group: move, run: toBeginning },
    { keys: ["F6"], label: t("To the panel, to the header, to the canvas"), group: move, page: true, always: true, run: () => toNextPart(1) },
    { keys: ["Shift+F6"], label: "", group: move, page: true, always: true, run: () => toNextPart(-1) },
    { keys: ["Mod+f", "/"], label: t("Find a step"), group: move, page: true, run: () => useAsking.setState({ finding: true }) },
    { keys: ["Mod+a"], label: t("Choose everything"), group: move, run: selectAll },
    { keys: ["Escape"], label: t("Choose nothing, close"), group: move, run: selectNothing },
    { keys: ["Enter"], label: t("Open the settings of the step"), group: change, run: openChosen },
    { keys: ["a"], label: t("Add a step"), group: change, edits: true, run: toPalette },
    { keys: ["c"], label: t("Connect an exit, or put a step behind it"), group: change, edits: true, run: askConnect },
    { keys: ["n"], label: t("Add a note"), group: change, edits: true, run: addNote },
    ...(["Right", "Left", "Down", "Up"] as const).map((to, index) => ({
      keys: [`Shift+Arrow${to}`],
      label: index ? "" : t("Move what is chosen (with any arrow)"),
      group: change,
      edits: true,
      run: () => nudge(to.toLowerCase() as "left"),
    })),
    { keys: ["Delete", "Backspace"], label: t("Delete"), group: change, edits: true, run: remove },
    { keys: ["Mod+c"], label: t("Copy, also for another flow"), group: change },
    { keys: ["Mod+x"], label: t("Cut"), group: change },
    { keys: ["Mod+v"], label: t("Paste"), group: change },
    { keys: ["Mod+d"], label: t("Duplicate"), group: change, edits: true, run: duplicate },
    { keys: ["Mod+g"], label: t("Make a sub-flow of the chosen steps"), group: change, edits: true, run: askSubflow },
    { keys: ["l"], label: t("Put in order: the chosen steps, or all"), group: change, edits: true, run: arrange },
    { keys: ["Mod+z"], label: t("Undo"), group: change, page: true, edits: true, run: undo },
    { keys: ["Mod+Shift+z", "Mod+y"], label: t("Redo"), group: change, page: true, edits: true, run: redo },
    { keys: ["Mod+s"], label: t("Save now (it saves itself anyway)"), group: change, page: true, run: () => void flush().catch(() => undefined) },
    { keys: ["f"], label: t("Fit everything"), group: look, run: () => fit() },
    { keys: ["+", "="], label: t("Nearer"), group: look, run: () => zoomBy(1.25) },
    { keys: ["-"], label: t("Farther"), group: look, run: () => zoomBy(0.8) },
    { keys: ["0"], label: t("Full size"), group: look, run: () => zoomTo(1) },
    { keys: ["?"], label: t("These shortcuts"), group: look, run: () => useAsking.setState({ ask: { kind: "help" } }) },
  ];
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** Whether an event is the keys of a shortcut. */
export function matches(event: KeyboardEvent, keys: string): boolean {
  const parts = keys === "+" ? ["+"] : keys.split("+");
  const key = parts.at(-1) as string;
  const wants = (name: string) => parts.slice(0, -1).includes(name);
  const mod = isMac ? event.metaKey : event.ctrlKey;
  if (mod !== wants("Mod") || event.altKey) return false;
  // Signs such as ? and + are written with Shift on many keyboards.
  const isSign = key.length === 1 && !/[a-z]/i.test(key);
  if (!isSign && event.shiftKey !== wants("Shift")) return false;
  return event.key.toLowerCase() === key.toLowerCase();
}

/** As people read it. */
export function keysText(keys: string): string {
  const names: Record<string, string> = {
    Mod: isMac ? "⌘" : t("Ctrl"),
    Shift: isMac ? "⇧" : t("Shift"),
    ArrowRight: "→",
    ArrowLeft: "←",
    ArrowUp: "↑",
    ArrowDown: "↓",
    Delete: t("Delete"),
    Backspace: "⌫",
    Escape: t("Esc"),
    Enter: t("Enter"),
    Home: t("Home"),
  };
  return (keys === "+" ? ["+"] : keys.split("+")).map((part) => names[part] ?? part.toUpperCase()).join(" ");
}

/** Does what the keys say, if they say anything here. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const where = placeOfEvent(event.target);
  if (where === "dialog") return;
  const { readOnly } = useEditor.getState();
  for (const shortcut of shortcuts()) {
    if (where === "text" && !shortcut.always) continue;
    if (!shortcut.run || !shortcut.keys.some((keys) => matches(event, keys))) continue;
    if (where !== "canvas" && !shortcut.page) continue;
    if (where === "button" && ["Enter", " "].includes(event.key)) continue;
    if (readOnly && shortcut.edits) return;
    event.preventDefault();
    shortcut.run();
    return;
  }
}

/** Keys belong to the canvas while nothing else has them; text fields and dialogs keep theirs. */
function placeOfEvent(target: EventTarget | null): "canvas" | "text" | "dialog" | "button" | "page" {
  if (!(target instanceof HTMLElement) || target === document.body) return "canvas";
  if (target.closest("dialog")) return "dialog";
  if (target.isContentEditable || target.closest("input, textarea, select")) return "text";
  if (target.closest("button, a")) return "button";
  return target.closest(".fe-canvas") ? "canvas" : "page";
}

export function onCopy(event: ClipboardEvent): void {
  if (!mineIsTheClipboard(event)) return;
  const text = clipText();
  if (!text) return;
  event.preventDefault();
  event.clipboardData?.setData("text/plain", text);
  if (event.type === "cut") remove();
}

export function onPaste(event: ClipboardEvent): void {
  if (!mineIsTheClipboard(event)) return;
  if (pasteText(event.clipboardData?.getData("text/plain") ?? "")) event.preventDefault();
}

/** Text that is marked in a panel is copied as text. */
function mineIsTheClipboard(event: ClipboardEvent): boolean {
  const where = placeOfEvent(event.target);
  if (where === "text" || where === "dialog") return false;
  return event.type === "paste" || getSelection()?.isCollapsed !== false;
}

function toBeginning(): void {
  const { definition, select } = useEditor.getState();
  const id = first(definition, places());
  if (!id) return;
  select([id]);
  requestAnimationFrame(() => {
    focusStep(id);
    show(id, true);
  });
}

function toPalette(): void {
  const field = () => document.querySelector<HTMLElement>("#fe-palette-search");
  // At once if it is there: whoever types on does not wait for a frame.
  if (!field()) document.querySelector<HTMLElement>(".fe-palette-toggle")?.click();
  focusSoon(field);
}

function askConnect(): void {
  const { selection, say } = useEditor.getState();
  const source = selection.at(-1);
  if (source) useAsking.setState({ ask: { kind: "connect", source } });
  else say(t("Choose the step first that the line begins at: with the arrow keys, or by a click."));
}

function askSubflow(): void {
  const { selection, say } = useEditor.getState();
  if (selection.length) useAsking.setState({ ask: { kind: "subflow" } });
  else say(t("Choose the steps first: with Shift and a click, or by drawing a box around them with Shift held."));
}

/** The parts of the page in a ring: canvas, panel (or its tabs), header. */
function toNextPart(by: 1 | -1): void {
  const parts = [".fe-canvas", ".fe-side", ".fe-header"].map((part) => document.querySelector<HTMLElement>(part));
  const at = Math.max(0, parts.findIndex((part) => part?.contains(document.activeElement)));
  const next = (at + by + parts.length) % parts.length;
  if (next === 0) focusStep(useEditor.getState().selection.at(-1));
  else if (next === 1) (document.querySelector<HTMLElement>("#fe-panel") ?? document.querySelector<HTMLElement>('.fe-tabs [tabindex="0"]'))?.focus();
  else parts[next]?.querySelector<HTMLElement>("a, button:not([disabled])")?.focus();
}
