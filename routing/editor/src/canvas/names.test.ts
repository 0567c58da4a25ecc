import { describe, expect, it } from "vitest";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { cannotCollapse } from "./collapsible";
import { stepNames } from "./names";

const { palette } = documentOf(flow([]));

describe("names of steps that stand side by side", () => {
  it("say what a step does where its title says too little, and are never alike", () => {
    const definition = flow([
      { ...step("a"), title: "Team" },
      { ...step("b"), title: "Team" },
      { ...step("c"), title: "Team" },
      { ...step("d"), title: "say" },
      { ...step("e"), title: "Good-bye" },
    ]);
    const analysis = analysisOf(definition);
    const gists: Record<string, string> = { a: "VIP", b: "Standard", c: "Standard", d: "“Hello.”", e: "“Bye.”" };
    for (const [id, gist] of Object.entries(gists)) if (analysis.steps[id]) analysis.steps[id].gist = gist;
    expect(stepNames(definition, analysis, palette)).toEqual({
      a: "Team · VIP",
      b: "Team · Standard",
      c: "Team · Standard (2)",
      d: "say · Hello.",
      e: "Good-bye",
    });
  });
});

describe("steps that make no sub-flow", () => {
  const definition = flow([
    step("call", { started: "branch" }, {}, "call"),
    step("branch", { yes: "one", otherwise: "two" }, {}, "branch"),
    step("one", { done: "end" }),
    step("two", { done: "end" }),
    step("end", {}, {}, "end"),
  ]);
  const why = (...ids: string[]) => cannotCollapse(definition, analysisOf(definition), palette, ids);

  it("are refused with the lines that are in the way", () => {
    expect(why("one", "two")?.lines).toEqual(["“branch”, exit “yes”, leads to “one”", "“branch”, exit “otherwise”, leads to “two”"]);
    expect(why("call", "branch")?.sentence).toContain("A trigger stays");
  });

  it("are all others", () => {
    expect(why("branch", "one", "two")).toBeNull();
    expect(why("end")).toBeNull();
  });
});
