/// What is said of a step: by the server, or of its like until the server was asked.

import type { Analysis, Definition, PaletteItem, Step, StepAnalysis, StepExit } from "../api/types";

// What the server said of steps of one type and settings: a copy of a step is drawn whole before it was asked again.
const known = new Map<string, StepAnalysis>();
const KNOWN_AT_MOST = 3000;

export function remember(definition: Definition, analysis: Analysis): void {
  if (known.size > KNOWN_AT_MOST) known.clear();
  for (const step of definition.steps) {
    const said = analysis.steps[step.id];
    if (said) known.set(likeness(step), said);
  }
}

function likeness(step: Step): string {
  return `${step.type}:${JSON.stringify(step.settings ?? {})}`;
}

/** What is said of this step: by the server, or of its like until the server was asked. */
export function saidOf(step: Step, analysis: Analysis, palette?: PaletteItem): StepAnalysis {
  const said = analysis.steps[step.id] ?? known.get(likeness(step));
  const exits = said?.exits ?? palette?.exits ?? [];
  return {
    title: step.title || said?.title || palette?.title || step.type,
    gist: said?.gist ?? "",
    exits: withStored(step, exits),
    provides: said?.provides ?? [],
    reads: said?.reads ?? [],
  };
}

/** Exits that lead somewhere are never lost, even where the step has them no more. */
function withStored(step: Step, exits: StepExit[]): StepExit[] {
  const names = new Set(exits.map((exit) => exit.name));
  const lost = Object.keys(step.exits ?? {}).filter((name) => !names.has(name));
  return lost.length ? [...exits, ...lost.map((name) => ({ name, label: name, optional: true }))] : exits;
}
