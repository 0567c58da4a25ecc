/// The line that a step lost while this flow was drawn: the likeliest way to mend a step that nothing leads to.

import { stepNames } from "../canvas/names";
import type { Analysis, Definition, Fault, Mend } from "../api/types";
import { connect, reachedFrom } from "../state/acts";
import type { History } from "../state/history";
import { saidOf } from "../state/said";
import { stepById } from "../state/steps";
import { useEditor } from "../state/store";
import { t } from "../t";

export interface Lost {
  source: string;
  exit: string;
  target: string;
  /** What its button says. */
  label: string;
}

/** The line to the step that was taken away or led elsewhere last; null if that is not known, or would close a ring. */
export function lostLine(fault: Fault, history: History, definition: Definition, analysis: Analysis): Lost | null {
  const target = fault.step;
  const isOfTheStep = fault.where.length === 2 && fault.where[0] === "steps";
  if (!isOfTheStep || !history.past.length || !stepById(definition, target) || leads(definition, target)) return null;
  const behind = reachedFrom(definition, target);
  for (let at = history.past.length - 1; at >= 0; at--) {
    const entry = history.past[at];
    if (!entry) continue;
    for (const before of entry.before.steps) {
      const source = stepById(definition, before.id);
      if (!source || behind.has(source.id)) continue;
      const said = saidOf(source, analysis);
      const after = stepById(entry.after, before.id);
      const exit = said.exits.find((one) => before.exits?.[one.name] === target && after?.exits?.[one.name] !== target);
      if (!exit) continue;
      const name = stepNames(definition, analysis, useEditor.getState().document?.palette ?? [])[source.id] ?? said.title;
      return { source: source.id, exit: exit.name, target, label: t("Lead “%(step)s · %(exit)s” to it again", { step: name, exit: exit.label }) };
    }
  }
  return null;
}

export function leadAgain(lost: Lost): void {
  const { edit, reveal } = useEditor.getState();
  edit(lost.label, (draft) => connect(draft, lost.source, lost.exit, lost.target));
  reveal(lost.target);
}

/** Whether a mend draws the very same line. */
export function draws(mend: Mend, lost: Lost, definition: Definition): boolean {
  return mend.patch.some(({ op, path, value }) => {
    const place = path[1];
    return op === "set" && value === lost.target && path[3] === lost.exit && typeof place === "number" && definition.steps[place]?.id === lost.source;
  });
}

function leads(definition: Definition, target: string): boolean {
  return definition.steps.some((step) => step.id !== target && Object.values(step.exits ?? {}).includes(target));
}
