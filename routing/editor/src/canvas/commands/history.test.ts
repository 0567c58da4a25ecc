import { describe, expect, it } from "vitest";
import { flow, step } from "../../state/flows.testing";
import { changedSteps } from "./history";

const before = flow([step("call", { started: "say" }), step("say", { done: "" }), step("aside", {})], { layout: { call: [0, 0], say: [0, 200], aside: [600, 0] } });

describe("what an undo changed", () => {
  it("is what moved, what leads elsewhere, and what came back", () => {
    expect(changedSteps(before, { ...before, layout: { ...before.layout, aside: [600, 40] } })).toEqual(["aside"]);
    const cut = { ...before, steps: [step("call", {}), ...before.steps.slice(1)] };
    expect(changedSteps(before, cut)).toEqual(["call"]);
    expect(changedSteps({ ...before, steps: before.steps.slice(0, 2) }, before)).toEqual(["aside"]);
    expect(changedSteps(before, before)).toEqual([]);
  });
});
