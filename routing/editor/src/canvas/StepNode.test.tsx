import { ReactFlow, ReactFlowProvider } from "@xyflow/react";
import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Analysis, Fault } from "../api/types";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { Drawing } from "./model";
import { StepNode } from "./StepNode";

const definition = flow([step("call", { started: "ask" }, {}, "call"), step("ask", { yes: "call" }, {}, "branch")]);

function shown(analysis: Analysis, overlay = null as Parameters<Drawing["nodes"]>[0]["overlay"]) {
  return {
    definition,
    analysis,
    selection: [],
    edgeSelection: [],
    noteSelection: [],
    overlay,
    others: [],
    palette: documentOf(definition).palette,
    readOnly: false,
  };
}

function analysis(faults: Fault[] = []): Analysis {
  const found = analysisOf(definition, { ask: ["yes", "otherwise"] });
  const ask = found.steps.ask;
  if (ask) ask.gist = "tier is gold → VIP";
  return { ...found, faults };
}

const loose: Fault = { message: "The exit leads nowhere.", where: ["steps", 1, "exits", "otherwise"], step: "ask", level: "warning", mends: [] };

describe("a step on the canvas", () => {
  it("says its name, what it does and what is wrong to those who hear it", () => {
    const nodes = new Drawing().nodes(shown(analysis([loose])));
    render(
      <ReactFlowProvider>
        <ReactFlow nodes={nodes} nodeTypes={{ step: StepNode }} />
      </ReactFlowProvider>,
    );
    const ask = screen.getByLabelText("ask. branch. tier is gold → VIP. 1 warning. 1 exit leads nowhere");
    expect(ask.querySelector(".is-loose")?.textContent).toContain("otherwise");
    expect(ask.querySelector(".is-led")?.textContent).toContain("yes");
  });

  it("is the same object as long as nothing about it changed", () => {
    const drawing = new Drawing();
    const first = drawing.nodes(shown(analysis()));
    const again = drawing.nodes(shown(analysis()));
    expect(again[0]).not.toBe(first[0]); // The server said everything anew …
    const same = shown(analysis());
    const [one, two] = [drawing.nodes(same), drawing.nodes({ ...same, selection: ["ask"] })];
    expect(two[0]).toBe(one[0]); // … but a choice elsewhere leaves it alone.
    expect(two[1]).not.toBe(one[1]);
  });

  it("keeps an exit that leads somewhere, even if the step has it no more", () => {
    const found = analysis();
    const ask = found.steps.ask;
    if (ask) ask.exits = [];
    const node = new Drawing().nodes(shown(found))[1];
    expect(node?.type === "step" && node.data.exits.map((exit) => exit.name)).toEqual(["yes"]);
    expect(new Drawing().edges(shown(found)).map((line) => line.id)).toEqual(["call:started", "ask:yes"]);
  });
});
