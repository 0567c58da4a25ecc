/// A flow, a try and test cases for the tests, as the server would tell of them.

import type { Definition, FlowDocument } from "../api/types";
import type { Case, CaseResult, Result, Scenario, Setup, Visit } from "./model";

export const DEFINITION: Definition = {
  format: 1,
  steps: [
    { id: "call", type: "call", exits: { started: "loyalty" } },
    { id: "loyalty", type: "fetch", exits: { found: "vip", failed: "menu" } },
    { id: "menu", type: "gather", exits: { sales: "vip", timed_out: "menu" } },
    { id: "vip", type: "queue" },
  ],
  layout: { call: [0, 0], loyalty: [0, 100], menu: [300, 200], vip: [0, 300] },
};

export const SETUP: Setup = {
  triggers: ["call"],
  numbers: ["+4930901820"],
  zones: ["Europe/Berlin", "UTC"],
  tiers: [
    { key: "gold", name: "Gold" },
    { key: "silver", name: "Silver" },
  ],
  customer: [{ name: "orders", type: "number", sample: 12, suggestions: [] }],
  fetches: [
    {
      path: "loyalty",
      title: "Ask the loyalty API",
      source: "loyalty",
      source_name: "Loyalty API",
      save_as: "loyalty",
      patience_s: 8,
      fields: [{ name: "status", type: "text", sample: "gold", suggestions: ["gold", "silver"] }],
    },
  ],
  splits: [{ path: "half", title: "Half and half", exits: [{ name: "new", label: "50 %" }, { name: "otherwise", label: "The rest" }] }],
};

export const SCENARIO: Scenario = {
  at: "2026-03-02T09:00:00+00:00",
  time_zone: "Europe/Berlin",
  caller: { number: "+4915100000000" },
  called: "+4930901820",
  fetches: { loyalty: { values: { status: "gold" } } },
};

export function visit(number: number, step: string, changes: Partial<Visit> = {}): Visit {
  return {
    number,
    step,
    path: step,
    depth: 0,
    title: step.toUpperCase(),
    kind: "",
    icon: "circle",
    exit: "",
    way: "",
    edge: "",
    at: SCENARIO.at,
    waits: false,
    stop: "",
    fallback: false,
    lines: [],
    values: {},
    ...changes,
  };
}

export function result(changes: Partial<Result> = {}): Result {
  return {
    turns: [
      {
        number: 0,
        at: SCENARIO.at,
        event: "The contact arrived",
        heard: [
          { kind: "say", text: "Welcome.", language: "en" },
          { kind: "dial", text: "It rings at VIP" },
        ],
        visits: [1, 2, 3],
      },
    ],
    visits: [
      visit(1, "call"),
      visit(2, "loyalty", { way: "→ found", lines: [{ text: "Loyalty API: asked just now", mark: "yes", parts: [{ text: "status = “gold”", mark: "", parts: [] }] }] }),
      visit(3, "vip", { waits: true, values: { "loyalty.status": "“gold”" } }),
    ],
    edges: { "call:started": [1], "loyalty:found": [2] },
    status: "waiting",
    waits_for: { kind: "transfer", name: "VIP", to: "sip:vip@pbx.example.com", ring_s: 30 },
    clock: SCENARIO.at,
    end: {
      outcome: "transferred",
      outcome_label: "put through",
      queue: { key: "vip", name: "VIP" },
      to: "sip:vip@pbx.example.com",
      headers: { "X-Tier": "gold" },
      why: "Went to VIP because status was “gold”.",
      fell_back: false,
      stranded: "",
    },
    notes: [],
    replies: [],
    used: 0,
    expected: { outcome: "transferred", queue: "vip", end: "vip" },
    expected_words: { outcome: "put through", queue: "VIP", end: "VIP" },
    path: ["call", "loyalty", "vip"],
    ...changes,
  };
}

export const CASE: Case = {
  id: 4,
  name: "Gold goes to VIP",
  scenario: SCENARIO,
  expected: { queue: "vip" },
  updated_at: SCENARIO.at,
  updated_by: "anna",
};

export function caseResult(changes: Partial<CaseResult> = {}): CaseResult {
  return { id: 4, name: CASE.name, state: "passes", differences: [], sentences: [], problem: "", why: "", ...changes };
}

export const DIFFERS = caseResult({
  state: "differs",
  differences: [{ what: "queue", label: "Queue", expected: "VIP", got: "Standard", text: "Queue: expected VIP, got Standard." }],
  sentences: ["Queue: expected VIP, got Standard."],
});

export function flowDocument(may = true): FlowDocument {
  return {
    flow: { id: 1, key: "line", name: "Line", description: "", revision: 1, updated_at: SCENARIO.at, updated_by: "", live: null, differs_from_live: true, numbers: [] },
    definition: DEFINITION,
    analysis: { faults: [], steps: {} },
    palette: [],
    catalog: { queue: [], source: [], hours: [], flow: [] },
    languages: [],
    may: { edit: may, publish: may, view_contacts: may },
    me: { name: "anna" },
    urls: { try: "/try/", cases: "/cases/" } as FlowDocument["urls"],
  };
}
