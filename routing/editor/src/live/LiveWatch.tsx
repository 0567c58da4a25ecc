/// Keeps what is shown fresh while the page is visible, and opens a contact that the address names.

import { useEffect } from "react";
import { useEditor } from "../state/store";
import { forget, isOurs, PANEL, refreshContact, refreshTraffic, showContact, useLive } from "./state";

export const TRAFFIC_S = 10;
export const CONTACT_S = 4;

export function LiveWatch() {
  const showing = useLive((state) => state.showing);
  const isOpen = useLive((state) => state.trace?.contact.is_open ?? false);
  const overlay = useEditor((state) => state.overlay);
  const mayView = useEditor((state) => state.document?.may.view_contacts ?? false);

  useEffect(() => {
    const wanted = new URLSearchParams(window.location.search).get("contact");
    if (!mayView || !wanted || !/^\d+$/.test(wanted)) return;
    useEditor.getState().openPanel(PANEL);
    void showContact(Number(wanted));
  }, [mayView]);

  useEffect(() => {
    if (showing !== "nothing" && !isOurs(overlay)) forget();
  }, [overlay, showing]);

  useEffect(() => {
    if (showing === "nothing" || (showing === "contact" && !isOpen)) return;
    const refresh = () => void (showing === "traffic" ? refreshTraffic() : refreshContact());
    return whileVisible(refresh, 1000 * (showing === "traffic" ? TRAFFIC_S : CONTACT_S));
  }, [showing, isOpen]);

  return null;
}

/** Calls `work` every so often while the page is visible, and at once when it becomes so again. */
export function whileVisible(work: () => void, everyMs: number): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const start = () => {
    timer ??= setInterval(work, everyMs);
  };
  const pause = () => {
    clearInterval(timer);
    timer = undefined;
  };
  const turn = () => {
    if (document.hidden) {
      pause();
    } else if (timer === undefined) {
      work();
      start();
    }
  };
  if (!document.hidden) start();
  document.addEventListener("visibilitychange", turn);
  return () => {
    pause();
    document.removeEventListener("visibilitychange", turn);
  };
}
