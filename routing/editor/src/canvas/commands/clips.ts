/// Away with what is chosen, and again: here or on another flow.

import type { Point } from "../../api/types";
import { connect, removeNotes, removeSteps } from "../../state/acts";
import { type Clip, copied, cornerOf, paste, readClip } from "../../state/clipboard";
import { saidOf } from "../../state/said";
import { t, tn } from "../../t";
import { lineParts } from "../model";
import { freePlace } from "../place";
import { STEP_WIDTH, heightOf, widthOf } from "../sizes";
import { focusStep, middle, show } from "../view";
import { walk } from "../walk";
import { exitsOf, itemOf, NEW_HEIGHT, now, places } from "./drawn";

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
