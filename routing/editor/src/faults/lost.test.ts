import { beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "../api/types";
import { connect } from "../state/acts";
import { reset } from "../state/autosave";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { draws, leadAgain, lostLine } from "./lost";

const definition = flow([
  step("call", { started: "which" }),
  step("which", { gold: "vip", otherwise: "standard" }, {}, "branch"),
  step("vip", { unanswered: "standard" }, {}, "queue"),
  step("standard", {}, {}, "queue"),
]);
const fault: Fault = { message: "Nothing leads to this step.", where: ["steps", 2], step: "vip", level: "warning", mends: [] };

function lost() {
  const { history, definition: now, analysis } = useEditor.getState();
  return lostLine(fault, history, now, analysis);
}

beforeEach(() => {
  reset();
  const analysis = analysisOf(definition, { which: ["gold", "otherwise"], standard: ["unanswered"] });
  useEditor.getState().open({ ...documentOf(definition), analysis });
});

describe("the line that a step lost", () => {
  it("is known after it was led elsewhere, and is drawn again as one act", () => {
    useEditor.getState().edit("Connect", (draft) => connect(draft, "which", "gold", "standard"));
    useEditor.getState().edit("Move", (draft) => (draft.layout = { ...draft.layout, vip: [400, 0] }));
    const found = lost();
    expect(found?.label).toBe("Lead “which · gold” to it again");
    leadAgain(found!);
    const state = useEditor.getState();
    expect(state.definition.steps[1]?.exits).toEqual({ gold: "vip", otherwise: "standard" });
    expect(state.history.past).toHaveLength(3);
    expect(lost()).toBeNull();
  });

  it("is not drawn again where it would close a ring", () => {
    useEditor.getState().edit("Connect", (draft) => {
      connect(draft, "which", "gold", "standard");
      connect(draft, "standard", "unanswered", "vip");
    });
    useEditor.getState().edit("Take a line away", (draft) => connect(draft, "standard", "unanswered", null));
    // The last line that led to it came from Standard, to which it leads.
    expect(lost()?.source).toBe("which");
  });

  it("is nothing where nobody drew, and the same line is not offered twice", () => {
    expect(lost()).toBeNull();
    const found = { source: "which", exit: "gold", target: "vip", label: "" };
    expect(draws({ label: "", patch: [{ op: "set", path: ["steps", 1, "exits", "gold"], value: "vip" }] }, found, definition)).toBe(true);
    expect(draws({ label: "", patch: [{ op: "set", path: ["steps", 2, "exits", "gold"], value: "vip" }] }, found, definition)).toBe(false);
  });
});
