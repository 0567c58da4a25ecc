/// The whole flow, small, below the palette: there it covers no step.

import { MiniMap } from "@xyflow/react";
import { useState } from "react";
import type { AnyNode } from "../canvas/model";
import { Icon } from "../shell/Icon";
import { t } from "../t";

const PLACE = "pareto-flow-map";

export function Map() {
  const [open, setOpen] = useState(() => localStorage.getItem(PLACE) !== "closed");
  const toggle = () => {
    localStorage.setItem(PLACE, open ? "closed" : "open");
    setOpen(!open);
  };
  return (
    <div className="fe-map">
      <button type="button" className="fe-map-toggle" aria-expanded={open} onClick={toggle}>
        <Icon name={open ? "keyboard_arrow_down" : "keyboard_arrow_up"} />
        {t("Map")}
      </button>
      {open && (
        <MiniMap<AnyNode>
          pannable
          zoomable
          nodeClassName={(node) => (node.type === "step" ? `kind-${node.data.kind ?? "unknown"}` : "fe-map-note")}
          nodeBorderRadius={10}
          ariaLabel={t("Map of the flow")}
        />
      )}
    </div>
  );
}
