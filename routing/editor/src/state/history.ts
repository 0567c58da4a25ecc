/// Undo and redo: one entry an act; what is typed within two seconds under one name is one act.

import type { Definition } from "../api/types";
import { mergeTaking } from "./merge";

export interface Entry {
  label: string;
  before: Definition;
  after: Definition;
  merge?: string;
  /** When it was last added to, in milliseconds. */
  at: number;
}

export interface History {
  past: Entry[];
  future: Entry[];
}

export const NO_HISTORY: History = { past: [], future: [] };
const FUSE_MS = 2000;
const KEPT = 200;

/** The history after one more act. */
export function record(history: History, entry: Entry): History {
  const last = history.past.at(-1);
  if (last && entry.merge !== undefined && last.merge === entry.merge && entry.at - last.at <= FUSE_MS) {
    const fused = { ...last, after: entry.after, at: entry.at };
    return { past: [...history.past.slice(0, -1), fused], future: [] };
  }
  return { past: [...history.past, entry].slice(-KEPT), future: [] };
}

/** The definition before the last act. What others changed since stays. */
export function undone(history: History, now: Definition): { history: History; definition: Definition; entry: Entry } | null {
  const entry = history.past.at(-1);
  if (!entry) return null;
  return {
    history: { past: history.past.slice(0, -1), future: [...history.future, { ...entry, merge: undefined }] },
    definition: now === entry.after ? entry.before : mergeTaking(entry.after, entry.before, now),
    entry,
  };
}

export function redone(history: History, now: Definition): { history: History; definition: Definition; entry: Entry } | null {
  const entry = history.future.at(-1);
  if (!entry) return null;
  return {
    history: { past: [...history.past, entry], future: history.future.slice(0, -1) },
    definition: now === entry.before ? entry.after : mergeTaking(entry.before, entry.after, now),
    entry,
  };
}
