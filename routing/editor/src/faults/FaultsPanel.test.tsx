import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import type { Analysis, Fault } from "../api/types";
import { reset } from "../state/autosave";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { FaultsPanel } from "./FaultsPanel";

const definition = flow([step("call", { started: "team" }), step("team", {}, { queue: "gone" }, "queue")]);
const error: Fault = {
  message: "There is no queue “gone”.",
  where: ["steps", 1, "settings", "queue"],
  step: "team",
  level: "error",
  mends: [
    { label: "Use the queue “VIP”", patch: [{ op: "set", path: ["steps", 1, "settings", "queue"], value: "vip" }] },
    { label: "Remove this step", patch: [{ op: "remove", path: ["steps", 1] }] },
  ],
};
const warning: Fault = { message: "Nothing leads to this step.", where: ["steps", 0], step: "call", level: "warning", mends: [] };

function open(faults: Fault[], more: { edit?: boolean } = {}): void {
  const document = documentOf(definition);
  const analysis: Analysis = { ...analysisOf(definition), faults };
  useEditor.getState().open({ ...document, analysis, may: { ...document.may, edit: more.edit ?? true } });
}

beforeEach(() => {
  cleanup();
  reset();
  useEditor.setState({ messages: [], selection: [] });
});

describe("the list of faults", () => {
  it("says how many keep the draft from being published", () => {
    open([error, warning]);
    render(<FaultsPanel />);
    expect(screen.getByRole("status").textContent).toContain("1 error and 1 warning. Errors keep it from being published.");
    expect(screen.getAllByRole("listitem")).toHaveLength(2);
  });

  it("says that nothing is wrong", () => {
    open([]);
    render(<FaultsPanel />);
    expect(screen.getByRole("status").textContent).toContain("this draft can be published");
  });

  it("calls nothing wrong before anything was drawn", () => {
    const empty = flow([]);
    const nothing: Fault = { message: "Nothing starts this flow: add a trigger.", where: [], step: "", level: "error", mends: [] };
    useEditor.getState().open({ ...documentOf(empty), analysis: { ...analysisOf(empty), faults: [nothing] } });
    render(<FaultsPanel />);
    expect(screen.getByRole("status").textContent).toContain("Add a first step");
    expect(screen.queryByText(/error/)).toBeNull();
  });

  it("mends a fault as one act that can be undone", async () => {
    open([error]);
    render(<FaultsPanel />);
    await userEvent.click(screen.getByRole("button", { name: "Use the queue “VIP”" }));
    const state = useEditor.getState();
    expect(state.definition.steps[1]?.settings).toEqual({ queue: "vip" });
    expect(state.history.past.map((entry) => entry.label)).toEqual(["Use the queue “VIP”"]);
    expect(state.selection).toEqual(["team"]);
    state.undo();
    expect(useEditor.getState().definition.steps[1]?.settings).toEqual({ queue: "gone" });
  });

  it("does nothing by a fault that is no longer there", async () => {
    open([error]);
    render(<FaultsPanel />);
    const button = screen.getByRole("button", { name: "Remove this step" });
    useEditor.setState({ analysis: { ...useEditor.getState().analysis, faults: [] } });
    await userEvent.click(button);
    expect(useEditor.getState().definition.steps).toHaveLength(2);
  });

  it("leads to the step", async () => {
    open([error, warning]);
    render(<FaultsPanel />);
    await userEvent.click(screen.getByRole("button", { name: "team" }));
    expect(useEditor.getState().revealing?.step).toBe("team");
  });

  it("shows those of the chosen step only, if wanted", async () => {
    open([error, warning]);
    useEditor.getState().select(["call"]);
    render(<FaultsPanel />);
    await userEvent.click(screen.getByRole("checkbox"));
    expect(screen.getAllByRole("listitem")).toHaveLength(1);
    expect(screen.getByRole("listitem").textContent).toContain("Nothing leads to this step.");
  });

  it("offers nothing to whoever only looks", () => {
    open([error], { edit: false });
    render(<FaultsPanel />);
    expect(screen.queryByRole("button", { name: "Remove this step" })).toBeNull();
    expect(screen.getByText("There is no queue “gone”.")).toBeTruthy();
  });
});
