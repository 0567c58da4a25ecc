/// What is chosen: from step to step, all, nothing.

import { useAsking } from "../asking";
import { focusStep, show } from "../view";
import { type Direction, walk } from "../walk";
import { now, places } from "./drawn";

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
