import { describe, expect, it } from "vitest";
import { analysisOf, flow, step } from "../state/flows.testing";
import { STEP_WIDTH } from "./sizes";
import { givingWay, straightened } from "./place";

const definition = flow([step("call", { started: "say" }), step("say", { done: "" })], { layout: { call: [0, 0], say: [400, 200] } });
const analysis = analysisOf(definition);
const places = definition.layout ?? {};

describe("where a step comes that was dropped", () => {
  it("is straight below its exit where it was nearly so, and where it was dropped else", () => {
    const from = { source: "call", exit: "started" };
    expect(straightened(definition, analysis, places, [-40, 200], STEP_WIDTH, from)).toEqual([0, 200]);
    expect(straightened(definition, analysis, places, [-136, 200], STEP_WIDTH, from)).toEqual([-136, 200]);
    expect(straightened(definition, analysis, places, [-43, 203])).toEqual([-40, 200]);
  });

  it("covers no other step, whichever side of it is nearer", () => {
    const clear = ([x, y]: number[]) => x! + STEP_WIDTH <= 400 || x! >= 400 + STEP_WIDTH || y! + 120 <= 200 || y! >= 200 + 60;
    for (let x = 100; x < 700; x += 40) {
      for (const y of [120, 200, 260]) expect([x, y, clear(straightened(definition, analysis, places, [x, y]))]).toEqual([x, y, true]);
    }
    expect(straightened(definition, analysis, places, [180, 200])[0]).toBeLessThan(180);
    expect(straightened(definition, analysis, places, [610, 200])[0]).toBeGreaterThan(610);
  });
});

describe("a step that comes between others", () => {
  const steps = ["new", "under", "further", "aside"].map((id) => step(id, { done: "" }));
  const made = flow(steps, { layout: { new: [0, 0], under: [40, 60], further: [80, 150], aside: [400, 60] } });
  const moved = givingWay(made, analysisOf(made), made.layout ?? {}, "new");

  it("has those that it would cover go down, and those that they would cover", () => {
    expect(moved.under?.[1]).toBeGreaterThan(60);
    expect(moved.further?.[1]).toBeGreaterThan(moved.under![1] + 60);
    expect(moved.under?.[0]).toBe(40);
  });

  it("leaves everybody else, and itself, where they are", () => {
    expect(Object.keys(moved).sort()).toEqual(["further", "under"]);
  });
});
