import { beforeEach, describe, expect, it, vi } from "vitest";
import { documentOf, flow, step } from "./flows.testing";
import { draftOf, useEditor } from "./store";

const begin = flow([step("call", { started: "greet" }), step("greet")]);
const state = () => useEditor.getState();
const write = (text: string, merge?: string) =>
  state().edit(
    "Write",
    (draft) => {
      const greet = draft.steps[1];
      if (greet) greet.settings = { text };
    },
    { merge },
  );
const text = () => state().definition.steps[1]?.settings?.text;

describe("undo and redo", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    state().open(documentOf(begin));
  });

  it("goes back one act at a time, and forward again", () => {
    write("one");
    write("two");
    state().undo();
    expect(text()).toBe("one");
    state().undo();
    expect(text()).toBeUndefined();
    state().redo();
    state().redo();
    expect(text()).toBe("two");
  });

  it("takes what was typed at one place for one act", () => {
    for (const typed of ["H", "He", "Hel"]) {
      write(typed, "greet.text");
      vi.advanceTimersByTime(300);
    }
    expect(state().history.past).toHaveLength(1);
    vi.advanceTimersByTime(2500);
    write("Hello", "greet.text");
    expect(state().history.past).toHaveLength(2);
    state().undo();
    expect(text()).toBe("Hel");
  });

  it("forgets what was undone as soon as something else is done", () => {
    write("one");
    state().undo();
    write("other");
    state().redo();
    expect(text()).toBe("other");
  });

  it("leaves no entry for an act that changes nothing", () => {
    state().edit("Nothing", () => {});
    expect(state().history.past).toHaveLength(0);
  });

  it("leaves alone what somebody else changed meanwhile", () => {
    write("mine");
    const theirs = structuredClone(state().definition);
    const call = theirs.steps[0];
    if (call) call.title = "Their title";
    state().receive(theirs);
    state().undo();
    expect(text()).toBeUndefined();
    expect(state().definition.steps[0]?.title).toBe("Their title");
  });

  it("keeps every step that did not change the very same object", () => {
    const before = state().definition.steps[0];
    write("one");
    expect(state().definition.steps[0]).toBe(before);
  });

  it("does nothing while another definition is looked at, and keeps the draft", () => {
    write("mine");
    state().look(flow([step("old")]), { faults: [], steps: {} }, "Version 1");
    write("not here");
    state().undo();
    expect(draftOf(state()).steps[1]?.settings?.text).toBe("mine");
    state().back();
    expect(text()).toBe("mine");
  });
});
