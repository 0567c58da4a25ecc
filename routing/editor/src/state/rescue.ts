/// Changes that never reached the server, kept in this browser until the flow is opened here again.

import type { Definition } from "../api/types";
import { draftOf, useEditor } from "./store";

export interface Rescued {
  base: Definition;
  revision: number;
  mine: Definition;
  at: number;
}

const WRITE_AFTER_MS = 1500;
let timer: ReturnType<typeof setTimeout> | undefined;

function place(flowId: number): string {
  return `pareto-flow-${flowId}`;
}

/** Keeps what is not saved: in a moment, or at once when the page closes. */
export function keep(saved: { definition: Definition; revision: number } | null, atOnce = false): void {
  clearTimeout(timer);
  if (!saved) return;
  const write = () => {
    const state = useEditor.getState();
    const mine = draftOf(state);
    if (!state.document || mine === saved.definition) return;
    const kept: Rescued = { base: saved.definition, revision: saved.revision, mine, at: Date.now() };
    try {
      localStorage.setItem(place(state.document.flow.id), JSON.stringify(kept));
    } catch {
      // No room, or not allowed: the page still warns before it closes.
    }
  };
  if (atOnce) write();
  else timer = setTimeout(write, WRITE_AFTER_MS);
}

export function forget(flowId: number): void {
  clearTimeout(timer);
  try {
    localStorage.removeItem(place(flowId));
  } catch {
    // What could not be kept needs no forgetting.
  }
}

/** What was kept of this flow, if anything. */
export function rescued(flowId: number): Rescued | null {
  try {
    const found = JSON.parse(localStorage.getItem(place(flowId)) ?? "null") as Rescued | null;
    return found && Array.isArray(found.mine?.steps) && Array.isArray(found.base?.steps) ? found : null;
  } catch {
    return null;
  }
}
