import { ReactFlowProvider } from "@xyflow/react";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { Palette } from "./Palette";

const steps = () => useEditor.getState().definition.steps;

function show() {
  render(
    <ReactFlowProvider>
      <Palette onClose={() => {}} onAdded={() => {}} />
    </ReactFlowProvider>,
  );
}

describe("the steps to add", () => {
  beforeEach(() => useEditor.getState().open(documentOf(flow([step("call", {}, {}, "call")]))));

  it("stand under what they are for, and are found by any word about them", async () => {
    show();
    expect(screen.getByRole("group", { name: "Say something" })).toBeDefined();
    await userEvent.type(screen.getByRole("textbox"), "decide");
    expect(screen.queryByRole("button", { name: "say" })).toBeNull();
    expect(screen.getByRole("button", { name: "branch" })).toBeDefined();
  });

  it("go behind the chosen step", async () => {
    useEditor.getState().setAnalysis(analysisOf(useEditor.getState().definition, { call: ["started"] }));
    useEditor.getState().select(["call"]);
    show();
    await userEvent.click(screen.getByRole("button", { name: "say" }));
    expect(steps()[0]?.exits).toEqual({ started: "say" });
    expect(useEditor.getState().selection).toEqual(["say"]);
  });

  it("go into the chosen line, which leads on through them", async () => {
    useEditor.getState().open(documentOf(flow([step("call", { started: "bye" }, {}, "call"), step("bye", {}, {}, "end")])));
    useEditor.getState().select([], { edges: ["call:started"] });
    show();
    await userEvent.type(screen.getByRole("textbox"), "say{Enter}");
    expect(steps()[0]?.exits).toEqual({ started: "say" });
    expect(steps()[2]?.exits).toEqual({ done: "bye" });
  });

  it("are reached from the search with the arrow keys", async () => {
    show();
    await userEvent.type(screen.getByRole("textbox"), "{ArrowDown}{ArrowDown}{Enter}");
    expect(steps().map((one) => one.type)).toEqual(["call", "say"]);
  });
});
