import { describe, expect, it } from "vitest";
import { copied, paste, readClip } from "./clipboard";
import { flow, step } from "./flows.testing";

const source = flow([step("call", { started: "greet" }), step("greet", { done: "team", failed: "call" }), step("team")], {
  notes: [{ text: "Ask Anna", at: [100, 0] }],
});

function through(ids: string[], into = flow([step("greet"), step("greet_2")]), notes: number[] = []) {
  const clip = readClip(copied(source, source.layout ?? {}, ids, notes));
  if (!clip) throw new Error("nothing on the clipboard");
  const found = paste(into, clip, [400, 400]);
  return { into, found };
}

describe("the clipboard", () => {
  it("gives steps ids that are free, and keeps the lines among them", () => {
    const { into, found } = through(["greet", "team"]);
    expect(found.ids).toEqual(["greet_3", "team"]);
    expect(into.steps.find((one) => one.id === "greet_3")?.exits).toEqual({ done: "team" });
  });

  it("puts them at the place, as far from each other as they were", () => {
    const { into } = through(["greet", "team"]);
    expect(into.layout).toMatchObject({ greet_3: [400, 400], team: [400, 560] });
  });

  it("takes notes along", () => {
    const { into, found } = through([], undefined, [0]);
    expect(into.notes).toEqual([{ text: "Ask Anna", at: [400, 400] }]);
    expect(found.notes).toEqual([0]);
  });

  it("takes a whole flow as it was exported", () => {
    const file = JSON.stringify({ pareto_flow: 1, key: "x", name: "X", definition: source });
    expect(readClip(file)?.steps.map((one) => one.id)).toEqual(["call", "greet", "team"]);
  });

  it("leaves any other text alone", () => {
    for (const text of ["", "Hello", "[1]", '{"steps": "no"}', '{"steps": [{"id": 3}]}', "null"]) expect(readClip(text)).toBeNull();
  });

  it("drops what is no line and no place", () => {
    const clip = readClip('{"steps": [{"id": "a", "type": "say", "exits": {"done": 3}}], "layout": {"a": ["x", 1]}}');
    expect(clip?.steps[0]?.exits).toEqual({});
    expect(clip?.layout).toEqual({});
  });
});
