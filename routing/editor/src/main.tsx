/// Mounts the editor where the page wants it.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./shell/App";
import { useEditor } from "./state/store";

const place = document.getElementById("flow-editor");
// What the admin wanted to say on its next page, which is this one.
for (const message of document.querySelectorAll<HTMLElement>("#flow-messages li")) {
  const tone = { error: "bad", warning: "bad", success: "good" }[message.dataset.tone ?? ""] ?? "info";
  useEditor.getState().say(message.textContent.trim(), tone as "info");
}
document.getElementById("flow-messages")?.remove();

if (place) {
  createRoot(place).render(
    <StrictMode>
      <App documentUrl={place.dataset.document ?? "canvas/document/"} />
    </StrictMode>,
  );
}
