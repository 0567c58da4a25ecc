import { beforeEach, describe, expect, it } from "vitest";
import type { PaletteItem, Step } from "../api/types";
import { add, duplicate, openClicked } from "../canvas/commands";
import { documentOf, flow, step } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { CATALOG } from "./testing";
import { choose } from "./usual";

const QUEUE: PaletteItem = {
  type: "queue",
  title: "Transfer to queue",
  kind: "hand_over",
  doc: "",
  schema: { properties: { queue: { type: "string", choices: "queue", titled: "To {name}" } }, required: ["queue"] },
  sample: { queue: "vip" },
  asks: true,
  exits: [],
};
const FETCH: PaletteItem = {
  type: "fetch",
  title: "Fetch variables",
  kind: "data",
  doc: "",
  schema: {
    properties: { source: { type: "string", choices: "source", titled: "Ask {name}" }, save_as: { type: "string", follows: "source" } },
  },
  sample: { source: "made_up", save_as: "made_up" },
  asks: false,
  exits: [],
};

describe("what follows of a choice", () => {
  const fresh = (title?: string): Step => ({ id: "it", type: "queue", title, settings: { queue: "" } });

  it("is the name of the step, until somebody gives it one", () => {
    const one = fresh("Transfer to queue");
    choose(one, QUEUE, CATALOG, ["queue"], "vip");
    expect([one.title, one.settings]).toEqual(["To VIP", { queue: "vip" }]);
    choose(one, QUEUE, CATALOG, ["queue"], "standard");
    expect(one.title).toBe("To Standard");
    const named = fresh("Our best team");
    choose(named, QUEUE, CATALOG, ["queue"], "vip");
    expect(named.title).toBe("Our best team");
  });

  it("is the name of an answer, until somebody types another", () => {
    const one: Step = { id: "it", type: "fetch", title: "Fetch variables", settings: { source: "", save_as: "made_up" } };
    choose(one, FETCH, CATALOG, ["source"], "loyalty");
    expect([one.title, one.settings]).toEqual(["Ask Loyalty API", { source: "loyalty", save_as: "loyalty" }]);
    const typed: Step = { id: "it", type: "fetch", settings: { source: "", save_as: "worth" } };
    choose(typed, FETCH, CATALOG, ["source"], "loyalty");
    expect(typed.settings?.save_as).toBe("worth");
  });
});

describe("a click on a step", () => {
  const overlay = { title: "", steps: { call: { tone: "path" as const } }, edges: {} };
  const state = () => useEditor.getState();

  beforeEach(() => {
    state().open(documentOf(flow([step("call", {}, {}, "call"), step("say")])));
    state().setOverlay(null);
  });

  it.each(["versions", "try", "faults"])("shows its settings while %s stands beside the canvas", (panel) => {
    state().openPanel(panel);
    state().select(["say"]);
    openClicked();
    expect(state().panel?.id).toBe("settings");
  });

  it("leaves a try open that came to the step, and a note that is half written", () => {
    state().openPanel("try");
    state().setOverlay(overlay);
    state().select(["call"]);
    openClicked();
    expect(state().panel?.id).toBe("try");
    state().select(["say"]);
    openClicked();
    expect(state().panel?.id).toBe("settings");
    state().setOverlay(null);
    state().openPanel("publish");
    openClicked();
    expect(state().panel?.id).toBe("publish");
  });
});

describe("a new step", () => {
  beforeEach(() => {
    const document = documentOf(flow([step("call", {}, {}, "call")]));
    useEditor.getState().open({ ...document, catalog: CATALOG, palette: [...document.palette, QUEUE, FETCH] });
    useEditor.getState().closePanel();
  });
  const last = () => useEditor.getState().definition.steps.at(-1);

  it("asks for its queue where there are several, and takes the source where there is one", () => {
    add("queue");
    expect([last()?.title, last()?.settings]).toEqual(["Transfer to queue", { queue: "" }]);
    add("fetch");
    expect([last()?.title, last()?.settings]).toEqual(["Ask Loyalty API", { source: "loyalty", save_as: "loyalty" }]);
  });

  it("shows its settings, unless something else is being done beside the canvas", () => {
    add("queue");
    expect(useEditor.getState().panel?.id).toBe("settings");
    useEditor.getState().openPanel("try");
    add("queue");
    expect(useEditor.getState().panel?.id).toBe("try");
  });

  it("is set already where it was found by the name of its queue", () => {
    add("queue", undefined, "standard");
    expect([last()?.title, last()?.settings]).toEqual(["To Standard", { queue: "standard" }]);
  });

  it("that is a copy covers no other, however many there are", () => {
    for (let round = 0; round < 3; round++) {
      useEditor.getState().select(["call"]);
      duplicate();
    }
    const places = Object.values(useEditor.getState().definition.layout ?? {});
    expect(places).toHaveLength(4);
    for (const [index, a] of places.entries()) {
      for (const b of places.slice(index + 1)) expect(Math.abs(a[0] - b[0]) >= 248 || Math.abs(a[1] - b[1]) >= 60).toBe(true);
    }
  });
});
