/// How deep each step stands, and which lines lead down.

import { saidOf } from "../../state/said";
import type { Analysis, Step } from "../../api/types";

export type Line = [source: string, exit: string, target: string];

export interface Levels {
  /** 0 is the top. */
  levels: Map<string, number>;
  /** Those that lead down. */
  lines: Line[];
  /** All steps, each behind those that lead to it. */
  order: string[];
}

/** How deep each step stands, and the lines that lead down: those that lead back to a step before are left out. */
export function levelsOf(steps: Step[], analysis: Analysis): Levels {
  const byId = new Map(steps.map((step) => [step.id, step]));
  // In the order of the exits on the step, or lines cross for nothing.
  const exits = new Map<string, Line[]>(
    steps.map((step) => [
      step.id,
      saidOf(step, analysis).exits.flatMap((exit): Line[] => {
        const target = step.exits?.[exit.name];
        return target !== undefined && byId.has(target) ? [[step.id, exit.name, target]] : [];
      }),
    ]),
  );
  const led = new Set([...exits.values()].flat().map((line) => line[2]));
  const starts = [...steps.filter((step) => !led.has(step.id)), ...steps];
  const state = new Map<string, "open" | "done">();
  const lines: Line[] = [];
  const fromBelow: string[] = [];
  for (const start of starts) {
    if (state.has(start.id)) continue;
    state.set(start.id, "open");
    const stack: { id: string; at: number }[] = [{ id: start.id, at: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const line = exits.get(top.id)?.[top.at++];
      if (!line) {
        state.set(top.id, "done");
        fromBelow.push(top.id);
        stack.pop();
      } else if (state.get(line[2]) !== "open") {
        lines.push(line);
        if (!state.has(line[2])) {
          state.set(line[2], "open");
          stack.push({ id: line[2], at: 0 });
        }
      }
    }
  }
  return deepened({ levels: new Map(), lines, order: fromBelow.reverse() }, new Map());
}

/** The same with some standing so many levels deeper than the step above makes them, and whatever follows as well. */
export function deepened({ lines, order }: Levels, more: Map<string, number>): Levels {
  const levels = new Map(order.map((id) => [id, 0]));
  const down = new Map<string, string[]>();
  for (const [source, , target] of lines) down.set(source, [...(down.get(source) ?? []), target]);
  for (const id of order) {
    for (const target of down.get(id) ?? []) levels.set(target, Math.max(levels.get(target) ?? 0, (levels.get(id) ?? 0) + 1 + (more.get(target) ?? 0)));
  }
  return { levels, lines, order };
}
