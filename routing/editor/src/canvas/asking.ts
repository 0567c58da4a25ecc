/// Which question the canvas is asking at the moment, in a dialog.

import { create } from "zustand";
import type { Point } from "../api/types";

export type Ask =
  /** Which exit leads where; `exit` if it is known already, `at` where a new step would go. */
  | { kind: "connect"; source: string; exit?: string; at?: Point; only?: "new" }
  /** Which step comes between. */
  | { kind: "insert"; source: string; exit: string }
  | { kind: "subflow" }
  | { kind: "help" };

export const useAsking = create<{ ask: Ask | null; finding: boolean }>()(() => ({ ask: null, finding: false }));

export function stopAsking(): void {
  useAsking.setState({ ask: null });
}
