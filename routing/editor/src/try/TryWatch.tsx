/// Tries again when the draft changes, and opens a step's visit when it is clicked on the canvas.

import { useEffect, useRef } from "react";
import { draftOf, useEditor } from "../state/store";
import { chooseStep, draftChanged, forgetOverlay, isOurs, reset, tryContact } from "./state";

export function TryWatch() {
  // Steps that only stand elsewhere change nothing.
  const steps = useEditor((state) => draftOf(state).steps);
  const overlay = useEditor((state) => state.overlay);
  const selection = useEditor((state) => state.selection);
  const flow = useEditor((state) => state.document?.flow.id);
  const before = useRef(steps);

  useEffect(() => {
    reset();
    const wanted = new URLSearchParams(window.location.search).get("try");
    if (!wanted || !/^\d+$/.test(wanted)) return;
    void tryContact(Number(wanted));
  }, [flow]);

  useEffect(() => {
    if (before.current === steps) return;
    before.current = steps;
    draftChanged();
  }, [steps]);

  useEffect(() => {
    if (overlay !== null && !isOurs(overlay)) forgetOverlay();
  }, [overlay]);

  useEffect(() => {
    const [step] = selection;
    if (selection.length === 1 && step !== undefined && isOurs(useEditor.getState().overlay)) chooseStep(step);
  }, [selection]);

  return null;
}
