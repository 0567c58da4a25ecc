/// Steps and notes moved: by the mouse, by arrow keys, or put in order.

import type { Point } from "../../api/types";
import { moveBy } from "../../state/acts";
import { t, tn } from "../../t";
import { layoutOf } from "../order/layout";
import { fit } from "../view";
import type { Direction } from "../walk";
import { now, places } from "./drawn";

const NUDGE = 24;

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
