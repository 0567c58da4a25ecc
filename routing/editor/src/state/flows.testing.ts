/// Small flows for tests.

import type { Analysis, Definition, FlowDocument, PaletteItem, Step, StepExit } from "../api/types";

export function step(id: string, exits: Record<string, string> = {}, settings: Step["settings"] = {}, type = "say"): Step {
  return { id, type, title: id, settings, exits };
}

export function flow(steps: Step[], more: Partial<Definition> = {}): Definition {
  return { format: 1, steps, notes: [], layout: Object.fromEntries(steps.map((one, index) => [one.id, [0, index * 160]])), ...more };
}

export function analysisOf(definition: Definition, exits: Record<string, string[]> = {}): Analysis {
  const asExits = (names: string[]): StepExit[] => names.map((name) => ({ name, label: name, optional: false }));
  return {
    faults: [],
    steps: Object.fromEntries(
      definition.steps.map((one) => [
        one.id,
        { title: one.title ?? one.id, gist: "", exits: asExits(exits[one.id] ?? Object.keys(one.exits ?? {})), provides: [], reads: [] },
      ]),
    ),
  };
}

function item(type: string, kind: PaletteItem["kind"], exits: string[]): PaletteItem {
  return {
    type,
    kind,
    title: type,
    doc: `What ${type} does. And more.`,
    schema: {},
    sample: {},
    asks: false,
    exits: exits.map((name) => ({ name, label: name, optional: false })),
  };
}

export function documentOf(definition: Definition, revision = 1): FlowDocument {
  return {
    flow: {
      id: 7,
      key: "line",
      name: "Line",
      description: "",
      revision,
      updated_at: "2026-11-01T10:00:00Z",
      updated_by: "",
      live: null,
      differs_from_live: true,
      numbers: [],
    },
    definition,
    analysis: analysisOf(definition),
    palette: [item("call", "trigger", ["started"]), item("say", "say", ["done"]), item("branch", "decide", ["yes", "otherwise"]), item("end", "end", [])],
    catalog: { queue: [], source: [], hours: [], flow: [] },
    languages: [],
    may: { edit: true, publish: true, view_contacts: true },
    me: { name: "Me" },
    urls: { draft: "/draft/", document: "/document/", analyse: "/analyse/", subflow: "/subflow/" } as unknown as FlowDocument["urls"],
  };
}
