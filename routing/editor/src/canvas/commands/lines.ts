/// Lines between steps: drawn, taken away, and broken up by a step that is dropped on them.

import { connect, putOnEdge } from "../../state/acts";
import { stepById } from "../../state/steps";
import { t } from "../../t";
import { lineParts } from "../model";
import { onGrid, widthOf } from "../sizes";
import { giveRoom, placeFor } from "./adding";
import { exitsOf, itemOf, now } from "./drawn";

export function link(source: string, exit: string, target: string | null): void {
  now().edit(target === null ? t("Take a line away") : t("Connect"), (draft) => connect(draft, source, exit, target));
}

/** A step that stands alone is put on the line that it was dropped on. */
export function dropOnLine(stepId: string, line: string): void {
  const { definition, edit } = now();
  const step = stepById(definition, stepId);
  const edge = lineParts(line);
  if (!step || edge.source === stepId) return;
  const at = placeFor(edge, true, widthOf(exitsOf(step).length), stepId);
  edit(t("Put on a line"), (draft) => {
    draft.layout = { ...draft.layout, [stepId]: [onGrid(at[0]), onGrid(at[1])] };
    giveRoom(draft, edge, stepId);
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
