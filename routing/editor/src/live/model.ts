/// What the server says of a flow's traffic and of one contact's way; routing/admin/canvas/traffic.py and walk.py.

import type { Analysis, Definition } from "../api/types";

export type Span = "hour" | "day" | "week";
export type Versions = "all" | "live";
export type StopKind = "here" | "hung_up" | "stranded";

export interface TakenEdge {
  step: string;
  exit: string;
  /** The step it led to; another version may lead elsewhere by the same exit. Empty: contacts end there. */
  target: string;
  title: string;
  label: string;
  /** The title of that step. */
  to: string;
  contacts: number;
  numbers: number[];
}

export interface Stop {
  step: string;
  kind: StopKind;
  title: string;
  /** The live version has no such step. */
  gone: boolean;
  contacts: number;
}

export interface Traffic {
  span: Span;
  versions: Versions;
  live: { id: number; number: number } | null;
  since: string;
  now: string;
  /** Nobody counts at the moment: later turns are missing. */
  counted_at: string | null;
  /** Contacts that arrived earlier are still being counted. */
  counted_from: string | null;
  total: number;
  edges: TakenEdge[];
  gone: TakenEdge[];
  stops: Stop[];
}

/** A way through a step: an exit, or a stop. */
export interface Way {
  step: string;
  exit: string;
  target: string;
  kind: "exit" | StopKind;
  title: string;
}

export interface ContactRow {
  id: number;
  reference: string;
  who: string;
  sender: string;
  channel: string;
  tier: { name: string; color: string } | null;
  at: string;
  ended_at: string | null;
  outcome: string;
  fell_back: boolean;
  queue: string;
  is_open: boolean;
  url: string;
}

export interface ContactPage {
  contacts: ContactRow[];
  list: string;
  next: string | null;
}

export interface Line {
  text: string;
  mark: "" | "yes" | "no" | "bad";
  parts: Line[];
}

export interface Visit {
  number: number;
  /** On this canvas; empty: the contact was in another flow then. */
  step: string;
  is_inside: boolean;
  path: string;
  depth: number;
  title: string;
  exit: string;
  way: string;
  icon: string;
  at: string;
  spent_ms: number | null;
  is_open: boolean;
  stop: "" | "hung_up" | "stranded";
  fallback: boolean;
  lines: Line[];
  /** The sub-flow, or the flow around it, that the step stands in. */
  flow: { name: string; url: string } | null;
}

export interface TurnStep {
  visit: number;
  title: string;
  kind: string;
  icon: string;
  way: string;
  lines: Line[];
}

export interface Turn {
  number: number;
  at: string;
  event: string;
  took_ms: number;
  answers: string[];
  steps: TurnStep[];
}

export interface Trace {
  contact: ContactRow & { why: string; turns: number; recipient: string };
  version: { id: number; number: number };
  turns: Turn[];
  visits: Visit[];
  edges: Record<string, number[]>;
  definition: Definition;
  analysis: Analysis;
  title: string;
}

/** What is asked for again: without what cannot have changed. */
export type Again = Pick<Trace, "contact" | "version"> & Partial<Trace>;
