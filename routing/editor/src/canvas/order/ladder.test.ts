import { describe, expect, it } from "vitest";
import type { Point, Step } from "../../api/types";
import { analysisOf, flow, step } from "../../state/flows.testing";
import { GAP_ACROSS, STEP_WIDTH, heightOf, widthOf } from "../sizes";
import { saidOf } from "../../state/said";
import { asLadder } from "./ladder";
import { layoutOf } from "./layout";

const COLUMN = STEP_WIDTH + GAP_ACROSS;

/** Rungs that each ask something and send some of the people aside, along `aside` steps. */
function ladder(rungs: number, aside: number): Step[] {
  const steps: Step[] = [step("call", { started: "say0" })];
  for (let rung = 0; rung < rungs; rung++) {
    steps.push(step(`say${rung}`, { done: `branch${rung}` }));
    steps.push(step(`branch${rung}`, { big: `aside${rung}-0`, otherwise: rung < rungs - 1 ? `say${rung + 1}` : "end" }));
    for (let index = 0; index < aside; index++) steps.push(step(`aside${rung}-${index}`, index < aside - 1 ? { done: `aside${rung}-${index + 1}` } : {}));
  }
  return [...steps, step("end")];
}

describe.each([1, 2, 3, 5])("a long ladder whose ways aside have %i steps", (aside) => {
  const definition = flow(ladder(24, aside));
  const analysis = analysisOf(definition);
  const places = layoutOf(definition, analysis);
  const at = (id: string) => places[id] as Point;

  it("has each way aside next to where it branches off", () => {
    for (let rung = 0; rung < 24; rung++) expect(Math.abs(at(`aside${rung}-0`)[0] - at(`branch${rung}`)[0])).toBeLessThanOrEqual(2 * COLUMN);
  });

  it("runs straight down", () => {
    for (let rung = 1; rung < 23; rung++) expect(Math.abs(at(`say${rung}`)[0] - at("say0")[0])).toBeLessThanOrEqual(8);
  });
});

function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Any flow: each step leads to some of those behind it. */
function anyFlow(seed: number): Step[] {
  const next = random(seed);
  const count = 3 + Math.floor(next() * 40);
  return Array.from({ length: count }, (_, index) => {
    const exits: Record<string, string> = {};
    for (const name of ["one", "two", "three"]) {
      const target = index + 1 + Math.floor(next() * next() * (count - index));
      if (target < count && next() < 0.8) exits[name] = `s${target}`;
    }
    return step(`s${index}`, exits);
  });
}

describe("any flow as a ladder", () => {
  it.each(Array.from({ length: 60 }, (_, index) => index + 1))("has no step over another, and every way leads down (%i)", (seed) => {
    const definition = flow(anyFlow(seed));
    const analysis = analysisOf(definition);
    const places = asLadder(definition.steps, analysis);
    expect(Object.keys(places)).toHaveLength(definition.steps.length);
    const boxes = definition.steps.map((one) => {
      const [x, y] = places[one.id] as Point;
      return { id: one.id, x, y, right: x + widthOf(saidOf(one, analysis).exits.length), bottom: y + heightOf(one, analysis) };
    });
    for (const a of boxes) {
      for (const b of boxes) {
        if (a.id < b.id) expect(a.right <= b.x || b.right <= a.x || a.bottom <= b.y || b.bottom <= a.y, `${a.id} over ${b.id}`).toBe(true);
      }
    }
    for (const one of definition.steps) {
      for (const target of Object.values(one.exits ?? {})) expect((places[target] as Point)[1]).toBeGreaterThan((places[one.id] as Point)[1]);
    }
  });
});
