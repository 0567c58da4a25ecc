import { describe, expect, it } from "vitest";
import type { Definition, Patch } from "../api/types";
import { flow, step } from "../state/flows.testing";
import { applyPatch } from "./patch";

function after(patch: Patch[], before: Definition = flow([step("call", { started: "hi" }), step("hi", {}, { prompt: { text: { en: "Hi" } } })])): Definition {
  const draft = structuredClone(before);
  applyPatch(draft, patch);
  return draft;
}

describe("a patch", () => {
  it("sets a place deep in the settings", () => {
    const found = after([{ op: "set", path: ["steps", 1, "settings", "prompt", "text", "de"], value: "Hallo" }]);
    expect(found.steps[1]?.settings).toEqual({ prompt: { text: { en: "Hi", de: "Hallo" } } });
  });

  it("makes what is missing on the way", () => {
    const found = after([{ op: "set", path: ["steps", 0, "settings", "inputs", "phone"], value: "x" }]);
    expect(found.steps[0]?.settings).toEqual({ inputs: { phone: "x" } });
  });

  it("appends behind the last of a list, and removes in order", () => {
    const found = after([
      { op: "set", path: ["steps", 2], value: { id: "bye", type: "end" } },
      { op: "remove", path: ["steps", 0, "exits", "started"] },
      { op: "remove", path: ["steps", 1] },
    ]);
    expect(found.steps.map((one) => one.id)).toEqual(["call", "bye"]);
    expect(found.steps[0]?.exits).toEqual({});
  });

  it("takes no harm from what is gone already", () => {
    const before = flow([step("call")]);
    expect(after([{ op: "remove", path: ["steps", 0, "settings", "a", "b"] }], before)).toEqual(before);
    expect(after([{ op: "remove", path: ["layout", "nobody"] }], before)).toEqual(before);
  });

  it("copies what it sets", () => {
    const value = { id: "bye", type: "end" };
    const found = after([{ op: "set", path: ["steps", 2], value }]);
    expect(found.steps[2]).not.toBe(value);
  });
});
