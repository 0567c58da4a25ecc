/// What has the keyboard may go away under it: a mend that was taken, a question that was answered, a step that was undone.
/// Then the keyboard goes to what took its place, and not to the beginning of the page.

import { focusInside } from "../forms/focus";
import type { Path } from "../forms/schema";
import { focusStep } from "../canvas/view";
import { useEditor } from "../state/store";

const FOCUSABLE = ":is(button, input, select, textarea, a[href], summary):not([disabled])";
// What is asked next may come from the server first.
const SETTLES_MS = 60;
const PATIENCE = 180;

interface Held {
  element: HTMLElement;
  inPanel: boolean;
  onCanvas: boolean;
  field: string | undefined;
}

/** Watches until the given function is called. */
export function keepFocus(page: HTMLElement): () => void {
  let held: Held | null = null;
  const remember = (event: FocusEvent) => {
    const element = event.target;
    if (!(element instanceof HTMLElement)) return;
    const field = element.closest<HTMLElement>("[data-field]")?.dataset.field;
    held = { element, inPanel: element.closest("#fe-panel") !== null, onCanvas: element.closest(".fe-canvas") !== null, field };
  };
  const look = () => {
    if (!held || isThere(held.element) || !isNowhere()) return;
    const lost = held;
    held = null;
    setTimeout(() => bringBack(page, lost), SETTLES_MS);
  };
  const watcher = new MutationObserver(look);
  page.addEventListener("focusin", remember);
  watcher.observe(page, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
  return () => {
    page.removeEventListener("focusin", remember);
    watcher.disconnect();
  };
}

function isThere(element: HTMLElement): boolean {
  return element.isConnected && !element.matches(":disabled");
}

function isNowhere(): boolean {
  const now = document.activeElement;
  return now === null || now === document.body || now.matches(":disabled");
}

function bringBack(page: HTMLElement, lost: Held, frames = PATIENCE): void {
  if (!isNowhere()) return;
  const panel = page.querySelector<HTMLElement>("#fe-panel");
  if (!lost.inPanel || !panel) {
    if (lost.inPanel || lost.onCanvas) focusStep(useEditor.getState().selection.at(-1));
    return;
  }
  const form = panel.querySelector<HTMLElement>(".f-form");
  if (form && lost.field && focusInside(form, JSON.parse(lost.field) as Path)) return;
  const next = panel.querySelector<HTMLElement>(`[data-next] ${FOCUSABLE}`);
  // While the server is asked there is nothing to answer.
  if (!next && frames > 0 && panel.querySelector("[data-next], [aria-busy=true]")) requestAnimationFrame(() => bringBack(page, lost, frames - 1));
  else (next ?? panel).focus({ preventScroll: true });
}
