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

  it("go behind the exit that must lead somewhere, before one that may end there", async () => {
    const document = documentOf(flow([step("team", {}, {}, "queue")]));
    const exits = [
      { name: "answered", label: "After the conversation", optional: true },
      { name: "unanswered", label: "Nobody answered", optional: false },
    ];
    const queue = { ...document.palette[1]!, type: "queue", title: "Transfer to queue", exits };
    useEditor.getState().open({ ...document, palette: [...document.palette, queue] });
    const { analysis } = useEditor.getState();
    useEditor.setState({ analysis: { ...analysis, steps: { ...analysis.steps, team: { ...analysis.steps["team"]!, exits } } } });
    useEditor.getState().select(["team"]);
    show();
    await userEvent.type(screen.getByRole("textbox"), "say{Enter}");
    expect(steps()[0]?.exits).toEqual({ unanswered: "say" });
  });

  it("are added by their very name, whatever else has the word in it", async () => {
    const document = documentOf(flow([step("call", {}, {}, "call")]));
    const like = document.palette[1]!;
    const others = [
      { ...like, type: "gather", kind: "ask" as const, title: "Ask for keys or speech", doc: "Asks with choices." },
      { ...like, type: "send", kind: "ask" as const, title: "Send a message", doc: "" },
      { ...like, type: "ask_choice", kind: "end" as const, title: "Ask with choices", doc: "" },
      { ...like, type: "end", kind: "end" as const, title: "End", doc: "" },
    ];
    useEditor.getState().open({ ...document, palette: [...document.palette, ...others] });
    show();
    for (const name of ["Ask with choices", "end", "ask with"]) {
      await userEvent.type(screen.getByRole("textbox"), `${name}{Enter}`);
    }
    expect(steps().map((one) => one.type)).toEqual(["call", "ask_choice", "end", "ask_choice"]);
  });

  it("are found by the name of a queue, and are set then", async () => {
    const document = documentOf(flow([step("call", {}, {}, "call")]));
    const queue = { ...document.palette[1]!, type: "queue", title: "Transfer to queue", schema: { properties: { queue: { choices: "queue", titled: "To {name}" } } } };
    const vip = { key: "vip", name: "VIP", url: "" };
    useEditor.getState().open({ ...document, palette: [...document.palette, queue], catalog: { ...document.catalog, queue: [vip, { ...vip, key: "standard", name: "Standard" }] } });
    show();
    await userEvent.type(screen.getByRole("textbox"), "vip");
    expect(screen.getByRole("button", { name: "Transfer to queue → VIP" })).toBeDefined();
    expect(screen.queryByRole("button", { name: /Standard/ })).toBeNull();
    await userEvent.type(screen.getByRole("textbox"), "{Enter}");
    expect(steps()[1]).toMatchObject({ title: "To VIP", settings: { queue: "vip" } });
  });

  it("are reached from the search with the arrow keys", async () => {
    show();
    await userEvent.type(screen.getByRole("textbox"), "{ArrowDown}{ArrowDown}{Enter}");
    expect(steps().map((one) => one.type)).toEqual(["call", "say"]);
  });
});
