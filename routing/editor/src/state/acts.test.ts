import { describe, expect, it } from "vitest";
import { addStep, putOnEdge, removeSteps } from "./acts";
import { flow, step } from "./flows.testing";
import { freshId } from "./steps";

const exits = (definition: ReturnType<typeof flow>, id: string) => definition.steps.find((one) => one.id === id)?.exits;
const one = () => true;

describe("acts", () => {
  it("puts a step on a line, which then goes through it", () => {
    const draft = flow([step("call", { started: "team" }), step("team"), step("greet")]);
    putOnEdge(draft, { source: "call", exit: "started" }, "greet", "done");
    expect(exits(draft, "call")).toEqual({ started: "greet" });
    expect(exits(draft, "greet")).toEqual({ done: "team" });
  });

  it("closes the gap where a step with a single way on is deleted", () => {
    const draft = flow([step("call", { started: "greet" }), step("greet", { done: "music" }), step("music", { done: "team" }), step("team")]);
    removeSteps(draft, ["greet", "music"], one);
    expect(exits(draft, "call")).toEqual({ started: "team" });
    expect(Object.keys(draft.layout ?? {})).toEqual(["call", "team"]);
  });

  it("leaves an open exit where a step with several is deleted", () => {
    const draft = flow([step("call", { started: "branch" }), step("branch", { yes: "team" }), step("team")]);
    removeSteps(draft, ["branch"], () => false);
    expect(exits(draft, "call")).toEqual({});
  });

  it("makes ids of names that the server takes", () => {
    const draft = flow([step("to_vip")]);
    expect(addStep(draft, { type: "say", title: "To VIP!", settings: {} }, [1, 2]).id).toBe("to_vip_2");
    expect(freshId("Grüße 1", [])).toBe("gru_e_1");
    expect(freshId("9 Uhr", [])).toBe("uhr");
    expect(freshId("…", ["step"])).toBe("step_2");
    expect(freshId("x".repeat(80), [])).toMatch(/^[a-z][a-z0-9_]{0,39}$/);
  });
});
