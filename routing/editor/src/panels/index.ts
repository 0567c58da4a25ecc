/// The panels beside the canvas, in the order of their tabs: each room adds one line.

import type { ComponentType } from "react";
import { LivePanel } from "../live/LivePanel";
import { LiveWatch } from "../live/LiveWatch";
import { SettingsPanel } from "../forms";

export interface PanelProps {
  /** Whatever `openPanel(id, props)` was called with. */
  props: Record<string, unknown>;
}

export interface Panel {
  id: string;
  title: string;
  /** Name of a Material Symbol. */
  icon: string;
  Component: ComponentType<PanelProps>;
  /** Without a tab of its own: opened by something else only (the publish panel by its button). */
  hidden?: boolean;
}

export const PANELS: Panel[] = [
  { id: "settings", title: "Step", icon: "tune", Component: SettingsPanel },
  { id: "live", title: "Live", icon: "monitoring", Component: LivePanel },
];

/** Mounted in the header as long as the page is open, whatever panel is: who else is here, what runs beside. */
export const ALWAYS: ComponentType[] = [LiveWatch];
