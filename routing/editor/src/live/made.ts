/// Traffic and contacts for the tests: a menu with two ways, as the server would tell of it.

import type { Analysis, Definition, FlowDocument } from "../api/types";
import type { ContactRow, Trace, Traffic, Visit } from "./model";

export const DEFINITION: Definition = {
  format: 1,
  steps: [
    { id: "call", type: "call", exits: { started: "menu" } },
    { id: "menu", type: "gather", title: "Menu", exits: { one: "vip", two: "standard", timed_out: "menu" } },
    { id: "vip", type: "queue" },
    { id: "standard", type: "queue" },
  ],
  layout: { call: [0, 0], menu: [0, 100], vip: [0, 200], standard: [300, 200] },
};

export const ANALYSIS: Analysis = { faults: [], steps: {} };

export function traffic(changes: Partial<Traffic> = {}): Traffic {
  return {
    span: "hour",
    versions: "all",
    live: { id: 7, number: 3 },
    since: "2026-11-23T11:00:00Z",
    now: "2026-11-23T12:00:00Z",
    counted_at: null,
    counted_from: null,
    total: 400,
    edges: [
      { step: "call", exit: "started", target: "menu", title: "Incoming call", label: "When it starts", to: "Menu", contacts: 400, numbers: [2, 3] },
      { step: "menu", exit: "one", target: "vip", title: "Menu", label: "1", to: "VIP", contacts: 399, numbers: [2, 3] },
      { step: "menu", exit: "two", target: "standard", title: "Menu", label: "2", to: "Standard", contacts: 2, numbers: [3] },
      { step: "vip", exit: "answered", target: "", title: "VIP", label: "After the conversation", to: "", contacts: 120, numbers: [3] },
    ],
    gone: [{ step: "old", exit: "done", target: "", title: "Old greeting", label: "Then", to: "", contacts: 5, numbers: [1, 2] }],
    stops: [
      { step: "menu", kind: "hung_up", title: "Menu", gone: false, contacts: 3 },
      { step: "vip", kind: "here", title: "VIP", gone: false, contacts: 2 },
      { step: "standard", kind: "stranded", title: "Standard", gone: false, contacts: 1 },
    ],
    ...changes,
  };
}

export function contact(changes: Partial<ContactRow> = {}): ContactRow {
  return {
    id: 5,
    reference: "ABCDEFGHJK",
    who: "Ada Lovelace",
    sender: "+4915100000001",
    channel: "call",
    tier: { name: "Gold", color: "#d97706" },
    at: "2026-11-23T11:59:00Z",
    ended_at: null,
    outcome: "put through",
    fell_back: false,
    queue: "VIP",
    is_open: false,
    url: "/admin/routing/contact/5/change/",
    ...changes,
  };
}

export function visit(changes: Partial<Visit>): Visit {
  return {
    number: 1,
    step: "call",
    is_inside: false,
    path: changes.step ?? "call",
    depth: 0,
    title: "Incoming call",
    exit: "",
    way: "",
    icon: "call",
    at: "2026-11-23T11:59:00Z",
    spent_ms: 0,
    is_open: false,
    stop: "",
    fallback: false,
    lines: [],
    flow: null,
    ...changes,
  };
}

export function trace(changes: Partial<Trace> = {}): Trace {
  const visits = [
    visit({ exit: "started" }),
    visit({ number: 2, step: "menu", title: "Menu", exit: "timed_out", spent_ms: 5000 }),
    visit({ number: 3, step: "menu", title: "Menu", exit: "one", spent_ms: 7000, lines: [{ text: "Heard 1", mark: "", parts: [] }] }),
    visit({ number: 4, step: "vip", title: "VIP", stop: "hung_up", spent_ms: 65000 }),
  ];
  return {
    contact: { ...contact(), why: "Went to VIP because the caller answered 1.", turns: 2, recipient: "+49309018200" },
    version: { id: 7, number: 3 },
    turns: [
      {
        number: 0,
        at: "2026-11-23T11:59:00Z",
        event: "The contact arrived",
        took_ms: 4.2,
        answers: ["Said “One or two?”"],
        steps: [
          { visit: 1, title: "Incoming call", kind: "", icon: "call", way: "", lines: [] },
          { visit: 2, title: "Menu", kind: "", icon: "dialpad", way: "· waits for the caller", lines: [] },
        ],
      },
      {
        number: 1,
        at: "2026-11-23T11:59:12Z",
        event: "The caller pressed 1",
        took_ms: 3.1,
        answers: [],
        steps: [
          { visit: 3, title: "Menu", kind: "", icon: "dialpad", way: "→ one", lines: [{ text: "Heard 1", mark: "yes", parts: [] }] },
          { visit: 4, title: "VIP", kind: "", icon: "groups", way: "· hung up here", lines: [] },
        ],
      },
    ],
    visits,
    edges: { "call:started": [1], "menu:timed_out": [2], "menu:one": [3] },
    definition: DEFINITION,
    analysis: ANALYSIS,
    title: "Contact ABCDEFGHJK · version 3",
    ...changes,
  };
}

/** A flow that is live, with every address the panel asks. */
export function flowDocument(): FlowDocument {
  const base = "/canvas/";
  return {
    flow: { id: 1, key: "line", name: "Line", description: "", revision: 1, updated_at: "2026-11-23T10:00:00Z", updated_by: "", live: { id: 7, number: 3 }, differs_from_live: false, numbers: [] },
    definition: DEFINITION,
    analysis: ANALYSIS,
    palette: [],
    catalog: { queue: [], source: [], hours: [], flow: [] },
    languages: [],
    may: { edit: true, publish: true, view_contacts: true },
    me: { name: "ada" },
    urls: { traffic: `${base}traffic/`, contacts: `${base}contacts/`, contact: `${base}contact/`, versions: `${base}versions/` } as FlowDocument["urls"],
  };
}
