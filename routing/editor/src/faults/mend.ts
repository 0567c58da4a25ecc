/// Mending a fault: by the server's latest word, as one act that can be undone.

import type { Fault } from "../api/types";
import { flush, isDirty } from "../state/autosave";
import { useEditor } from "../state/store";
import { t } from "../t";
import { applyPatch } from "./patch";

/** Applies the mend of this label. What was changed since the fault was found is saved, and looked at, before. */
export async function mendFault(fault: Fault, label: string): Promise<void> {
  const state = useEditor.getState();
  if (state.readOnly) return;
  if (isDirty()) {
    try {
      await flush();
    } catch (error) {
      state.say(error instanceof Error ? error.message : String(error), "bad");
      return;
    }
  }
  const now = useEditor.getState();
  const mend = now.analysis.faults.find((one) => isSame(one, fault))?.mends.find((one) => one.label === label);
  if (!mend) {
    now.say(t("The flow has changed meanwhile, so look again."));
    return;
  }
  now.edit(label, (draft) => applyPatch(draft, mend.patch));
  if (fault.step) now.reveal(fault.step);
}

export function isSame(one: Fault, other: Fault): boolean {
  return one.step === other.step && one.message === other.message && one.where.join() === other.where.join();
}
