/// Offers changes that were made in this browser and never reached the server.

import type { FlowDocument } from "../api/types";
import { merge } from "../state/merge";
import { forget, rescued } from "../state/rescue";
import { same } from "../state/share";
import { useEditor } from "../state/store";
import { t } from "../t";

export function offerRescue(document: FlowDocument): void {
  const kept = rescued(document.flow.id);
  if (!kept) return;
  const merged = merge(kept.base, kept.mine, document.definition);
  if (same(merged.definition, document.definition) || same(kept.mine, document.definition)) {
    forget(document.flow.id);
    return;
  }
  const when = new Date(kept.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  useEditor.getState().say(t("Changes made here on %(when)s were not saved any more.", { when }), "info", {
    label: t("Bring them back"),
    run: () => {
      useEditor.getState().edit(t("Bring back"), (draft) => {
        const again = merge(kept.base, kept.mine, draft);
        Object.assign(draft, structuredClone(again.definition));
      });
    },
    // Work may be lost with it.
  }, true);
}
