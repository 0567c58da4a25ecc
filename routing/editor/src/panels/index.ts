/// The panels beside the canvas, in the order of their tabs: each room adds one line.

import type { ComponentType } from "react";
import type { Panel } from "./panel";
import { ComparePanel } from "../compare/ComparePanel";
import { FaultsPanel } from "../faults/FaultsPanel";
import { LivePanel } from "../live/LivePanel";
import { LiveWatch } from "../live/LiveWatch";
import { SettingsPanel } from "../forms";
import { TryPanel } from "../try/TryPanel";
import { TryWatch } from "../try/TryWatch";
import { Presence } from "../presence/Presence";
import { PublishPanel } from "../versions/PublishPanel";
import { VersionsPanel } from "../versions/VersionsPanel";

export const PANELS: Panel[] = [
  { id: "settings", title: "Step", icon: "tune", Component: SettingsPanel },
  { id: "try", title: "Try it", icon: "play_circle", Component: TryPanel },
  { id: "faults", title: "Faults", icon: "fact_check", Component: FaultsPanel },
  { id: "versions", title: "Versions", icon: "history", Component: VersionsPanel },
  { id: "compare", title: "Compare", icon: "difference", Component: ComparePanel, hidden: true },
  { id: "publish", title: "Publish", icon: "publish", Component: PublishPanel, hidden: true },
  { id: "live", title: "Live", icon: "monitoring", Component: LivePanel },
];

/** Mounted in the header as long as the page is open, whatever panel is: who else is here, what runs beside. */
export const ALWAYS: ComponentType[] = [Presence, LiveWatch, TryWatch];
