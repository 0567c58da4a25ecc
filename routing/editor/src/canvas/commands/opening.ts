/// The settings of a step, or the text of a note, opened.

import { focusSoon } from "../view";
import { useWriting } from "../writing";
import { now } from "./drawn";

/** Whether the settings of a step may take the place of what stands beside the canvas. */
export function mayOpen(step?: string): boolean {
  const { panel, overlay, mode } = now();
  // A step that a try came to is looked at in the try, which leads on to its settings; a note half written stays.
  const isTold = overlay !== null && (step === undefined || overlay.steps[step] !== undefined);
  return mode === "edit" && !isTold && panel?.id !== "publish";
}

export function isNarrow(): boolean {
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
