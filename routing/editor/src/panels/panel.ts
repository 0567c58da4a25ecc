/// What a panel beside the canvas is.

import type { ComponentType } from "react";

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
