/// Mounts the editor where the page wants it.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./shell/App";

const place = document.getElementById("flow-editor");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <App documentUrl={place.dataset.document ?? "canvas/document/"} />
    </StrictMode>,
  );
}
