import { beforeEach, describe, expect, it } from "vitest";
import { documentOf, flow, step } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { useAsking } from "./asking";
import { keysText, matches, onCopy, onKey, onPaste, shortcuts } from "./keyboard";

const state = () => useEditor.getState();
const ids = () => state().definition.steps.map((one) => one.id);

function press(key: string, more: Partial<KeyboardEventInit> = {}, target: HTMLElement = document.body): boolean {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  return event.defaultPrevented;
}

describe("the keyboard", () => {
  beforeEach(() => {
    document.removeEventListener("keydown", onKey);
    document.addEventListener("keydown", onKey);
    useAsking.setState({ ask: null, finding: false });
    state().open(documentOf(flow([step("call", { started: "greet" }, {}, "call"), step("greet", { done: "bye" }), step("bye", {}, {}, "end")])));
    state().select([]);
  });

  it("walks along the lines and deletes, and undo brings back", () => {
    press("ArrowDown");
    expect(state().selection).toEqual(["call"]);
    press("ArrowDown");
    expect(state().selection).toEqual(["greet"]);
    press("Delete");
    expect(ids()).toEqual(["call", "bye"]);
    expect(state().definition.steps[0]?.exits).toEqual({ started: "bye" });
    press("z", { ctrlKey: true });
    expect(ids()).toEqual(["call", "greet", "bye"]);
    press("Z", { ctrlKey: true, shiftKey: true });
    expect(ids()).toEqual(["call", "bye"]);
  });

  it("keeps the choice while walking with Ctrl, and duplicates what is chosen", () => {
    state().select(["greet"]);
    press("ArrowDown", { ctrlKey: true });
    expect(state().selection).toEqual(["greet", "bye"]);
    press("d", { ctrlKey: true });
    expect(ids()).toEqual(["call", "greet", "bye", "greet_2", "bye_2"]);
    expect(state().selection).toEqual(["greet_2", "bye_2"]);
    expect(state().definition.steps[3]?.exits).toEqual({ done: "bye_2" });
  });

  it("goes about the parts of the page with F6, from text fields, too", () => {
    document.body.innerHTML =
      '<header class="fe-header"><button>Publish</button></header><div class="fe-canvas" tabindex="0"></div><aside class="fe-side"><nav class="fe-tabs"></nav><section id="fe-panel" tabindex="-1"><input></section></aside>';
    const [button, field] = [document.querySelector("button") as HTMLElement, document.querySelector("input") as HTMLElement];
    field.focus();
    expect(press("F6", {}, field)).toBe(true);
    expect(document.activeElement).toBe(button);
    press("F6", { shiftKey: true }, button);
    expect(document.activeElement).toBe(document.querySelector("#fe-panel"));
    document.body.innerHTML = "";
  });

  it("moves with Shift, as one act", () => {
    state().select(["greet"]);
    press("ArrowRight", { shiftKey: true });
    press("ArrowRight", { shiftKey: true });
    expect(state().definition.layout?.greet?.[0]).toBe(48);
    expect(state().history.past).toHaveLength(1);
  });

  it("opens settings, the question for a line, and the help", () => {
    state().select(["greet"]);
    press("Enter");
    expect(state().panel?.id).toBe("settings");
    press("c");
    expect(useAsking.getState().ask).toEqual({ kind: "connect", source: "greet" });
    press("?", { shiftKey: true });
    expect(useAsking.getState().ask).toEqual({ kind: "help" });
    press("f", { ctrlKey: true });
    expect(useAsking.getState().finding).toBe(true);
  });

  it("leaves text fields their keys", () => {
    state().select(["greet"]);
    const field = document.body.appendChild(document.createElement("input"));
    expect(press("Delete", {}, field)).toBe(false);
    expect(press("z", { ctrlKey: true }, field)).toBe(false);
    expect(ids()).toHaveLength(3);
    field.remove();
  });

  it("changes nothing where the flow is only looked at", () => {
    useEditor.setState({ readOnly: true });
    state().select(["greet"]);
    press("Delete");
    press("d", { ctrlKey: true });
    expect(ids()).toHaveLength(3);
  });

  it("copies to the system's clipboard and pastes from it", () => {
    state().select(["greet", "bye"]);
    let text = "";
    const data = { setData: (_type: string, value: string) => (text = value), getData: () => text };
    const event = (type: string) => Object.assign(new Event(type, { cancelable: true }), { clipboardData: data }) as unknown as ClipboardEvent;
    onCopy(event("copy"));
    expect(JSON.parse(text)).toMatchObject({ pareto_steps: 1 });
    onPaste(event("paste"));
    expect(ids()).toEqual(["call", "greet", "bye", "greet_2", "bye_2"]);
    state().select(["bye_2"]);
    onCopy(event("cut"));
    expect(ids()).toEqual(["call", "greet", "bye", "greet_2"]);
  });

  it("has every key once, and names that people can read", () => {
    const all = shortcuts().flatMap((shortcut) => shortcut.keys);
    expect(new Set(all).size).toBe(all.length);
    expect(keysText("Mod+Shift+z")).toBe("Ctrl Shift Z");
    expect(matches(new KeyboardEvent("keydown", { key: "+", shiftKey: true }), "+")).toBe(true);
    expect(matches(new KeyboardEvent("keydown", { key: "a", ctrlKey: true }), "a")).toBe(false);
  });
});
