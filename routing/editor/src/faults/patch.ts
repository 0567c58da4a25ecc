/// Makes the changes of a mend in a draft: routing/engine/drawing/patches.py says what they mean.

import type { Definition, Json, Patch } from "../api/types";

type Holder = Record<string, Json> | Json[];

/** In order; missing objects on the way to a place that is set are made, and what is gone needs no removing. */
export function applyPatch(draft: Definition, patch: Patch[]): void {
  for (const change of patch) {
    const holder = holderOf(draft as unknown as Holder, change);
    const last = change.path.at(-1);
    if (holder === null || last === undefined) continue;
    if (change.op === "remove") {
      if (Array.isArray(holder)) holder.splice(Number(last), 1);
      else delete holder[last];
    } else if (Array.isArray(holder)) {
      holder[Number(last)] = structuredClone(change.value ?? null);
    } else {
      holder[last] = structuredClone(change.value ?? null);
    }
  }
}

function holderOf(root: Holder, { op, path }: Patch): Holder | null {
  let holder = root;
  for (let at = 0; at < path.length - 1; at++) {
    const part = path[at] as string | number;
    let inner = (holder as Record<string | number, Json>)[part];
    if (inner === undefined || inner === null) {
      if (op === "remove") return null;
      inner = typeof path[at + 1] === "number" ? [] : {};
      (holder as Record<string | number, Json>)[part] = inner;
    }
    if (typeof inner !== "object") return null;
    holder = inner;
  }
  return holder;
}
