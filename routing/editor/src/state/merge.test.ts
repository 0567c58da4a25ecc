import { describe, expect, it } from "vitest";
import { flow, step } from "./flows.testing";
import { merge } from "./merge";

const base = flow([step("call", { started: "greet" }), step("greet", { done: "team" }, { text: "Hello" }), step("team")]);
const changed = (id: string, text: string, from = base) => ({
  ...from,
  steps: from.steps.map((one) => (one.id === id ? { ...one, settings: { text } } : one)),
});

describe("two people on one draft", () => {
  it("puts changes of different steps together", () => {
    const merged = merge(base, changed("greet", "Mine"), changed("team", "Theirs"));
    expect(merged.conflicts).toEqual([]);
    expect(merged.mine).toEqual(["greet"]);
    expect(merged.theirs).toEqual(["team"]);
    expect(merged.definition.steps.map((one) => one.settings)).toEqual([{}, { text: "Mine" }, { text: "Theirs" }]);
  });

  it("asks about a step that both changed, and takes what was chosen", () => {
    const [mine, theirs] = [changed("greet", "Mine"), changed("greet", "Theirs")];
    expect(merge(base, mine, theirs).conflicts.map((one) => one.step)).toEqual(["greet"]);
    const text = (choice: "mine" | "theirs") => merge(base, mine, theirs, { greet: choice }).definition.steps[1]?.settings?.text;
    expect(text("mine")).toBe("Mine");
    expect(text("theirs")).toBe("Theirs");
  });

  it("sees no conflict where both say the same", () => {
    expect(merge(base, changed("greet", "Same"), changed("greet", "Same")).conflicts).toEqual([]);
  });

  it("asks about a step that one deleted and the other changed", () => {
    const without = { ...base, steps: base.steps.filter((one) => one.id !== "greet") };
    const [conflict] = merge(base, without, changed("greet", "Theirs")).conflicts;
    expect(conflict).toMatchObject({ step: "greet", mine: null, theirs: { settings: { text: "Theirs" } } });
    expect(merge(base, without, changed("greet", "Theirs"), { greet: "theirs" }).definition.steps).toHaveLength(3);
  });

  it("leads to a step again that one deleted and the other kept", () => {
    // As the canvas deletes: what led to it leads on.
    const without = flow([step("call", { started: "team" }), step("team")]);
    const exits = (mine: typeof base, theirs: typeof base, choice: "mine" | "theirs") =>
      merge(base, mine, theirs, { greet: choice }).definition.steps.find((one) => one.id === "call")?.exits;
    expect(exits(changed("greet", "Mine"), without, "mine")).toEqual({ started: "greet" });
    expect(exits(changed("greet", "Mine"), without, "theirs")).toEqual({ started: "team" });
    expect(exits(without, changed("greet", "Theirs"), "theirs")).toEqual({ started: "greet" });
    expect(exits(without, changed("greet", "Theirs"), "mine")).toEqual({ started: "team" });
  });

  it("keeps what either added, and their places", () => {
    const mine = flow([...base.steps, step("mine")]);
    const theirs = flow([...base.steps, step("theirs")]);
    const { definition } = merge(base, mine, theirs);
    expect(definition.steps.map((one) => one.id).sort()).toEqual(["call", "greet", "mine", "team", "theirs"]);
    expect(Object.keys(definition.layout ?? {}).sort()).toEqual(["call", "greet", "mine", "team", "theirs"]);
  });

  it("leaves a step where I put it if both moved it, and says so", () => {
    const mine = { ...base, layout: { ...base.layout, team: [5, 5] as [number, number] } };
    const theirs = { ...base, layout: { ...base.layout, team: [9, 9] as [number, number], greet: [1, 1] as [number, number] } };
    const merged = merge(base, mine, theirs);
    expect(merged.definition.layout).toMatchObject({ team: [5, 5], greet: [1, 1] });
    expect(merged.moved).toEqual(["team"]);
    expect(merged.conflicts).toEqual([]);
  });

  it("loses no note", () => {
    const was = { ...base, notes: [{ text: "old", at: [0, 0] as [number, number] }] };
    const mine = { ...base, notes: [{ text: "old, mine", at: [0, 0] as [number, number] }] };
    const theirs = { ...base, notes: [{ text: "old, theirs", at: [0, 0] as [number, number] }] };
    expect(merge(was, mine, theirs).definition.notes?.map((note) => note.text)).toEqual(["old, theirs", "old, mine"]);
  });
});
