/// A form on its own for tests: its step lives in state, undo and server are left out.

import { useCallback, useMemo, useState } from "react";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { Catalog, CatalogSource, Fault, Json, PaletteItem, Schema, Settings, Step, StepExit } from "../api/types";
import { type KnownVariable, NO_SCOPE } from "./context";
import { scopeOf } from "./scope";
import { StepForm } from "./StepForm";

const SOURCES: CatalogSource[] = [
  { key: "loyalty", name: "Loyalty API", url: "/s/1/", inputs: ["phone", "email"], fields: [{ name: "tier", type: "text", sample: null }] },
];

export const CATALOG: Catalog = {
  queue: [
    { key: "vip", name: "VIP", url: "/admin/queues/queue/1/change/" },
    { key: "standard", name: "Standard", url: "/admin/queues/queue/2/change/" },
  ],
  source: SOURCES,
  hours: [],
  flow: [],
};

export const VARIABLES: KnownVariable[] = [
  { path: "loyalty.loyalty_status", label: "loyalty status", type: "text", sample: "gold", group: "Fetched by “Loyalty”", from_step: "loyalty", suggestions: ["gold", "platinum"] },
  { path: "loyalty.orders", label: "orders", type: "number", sample: 12, group: "Fetched by “Loyalty”", from_step: "loyalty", maybe: true },
  { path: "customer.since", label: "since", type: "date", sample: "2026-05-01", group: "Customer", from_step: null },
  { path: "customer.active", label: "active", type: "boolean", sample: true, group: "Customer", from_step: null },
  { path: "contact.from", label: "caller or sender", type: "text", sample: "+4915100000001", group: "This contact", from_step: null },
];

interface Given {
  schema: Schema;
  settings?: Settings;
  exits?: StepExit[];
  edges?: Record<string, string>;
  faults?: { path: (string | number)[]; message: string; level?: Fault["level"]; mends?: Fault["mends"] }[];
  known?: KnownVariable[] | null;
  readOnly?: boolean;
  steps?: Step[];
  catalog?: Catalog;
}

/** Shows the form; `step()` is the step as it was edited, `acts` what was done. */
export function show({ schema, settings = {}, exits = [], edges = {}, faults = [], known = VARIABLES, readOnly = false, steps = [], catalog = CATALOG }: Given) {
  let latest: Step = { id: "it", type: "made_up", settings, exits: edges };
  const acts: { what: string; merge: string | undefined }[] = [];
  const mended: string[] = [];
  const item: PaletteItem = { type: "made_up", title: "Made up", kind: "data", doc: "Does something.", schema, sample: {}, asks: false };

  function Form() {
    const [step, setStep] = useState<Step>(latest);
    const act = useCallback((what: string, change: (draft: Step) => void, merge?: string) => {
      acts.push({ what, merge });
      const draft = structuredClone(latest);
      change(draft);
      latest = draft;
      setStep(draft);
    }, []);
    const scope = useMemo(() => (known ? scopeOf(known) : NO_SCOPE), []);
    return (
      <StepForm
        step={step}
        item={item}
        said={{ title: "Made up", gist: "", exits, provides: [], reads: [] }}
        faults={faults.map((one) => ({ message: one.message, where: ["steps", 0, "settings", ...one.path], step: "it", level: one.level ?? "error", mends: one.mends ?? [] }))}
        definition={{ format: 1, steps: [step, ...steps] }}
        catalog={catalog}
        addUrls={{ hours: "/admin/queues/openinghours/add/" }}
        languages={[
          { code: "en", name: "English" },
          { code: "de", name: "German" },
        ]}
        leadsTo={Object.fromEntries(Object.entries(step.exits ?? {}).map(([exit, target]) => [exit, `Step ${target}`]))}
        scope={scope}
        listenUrl="/listen/"
        readOnly={readOnly}
        mend={(fault, label) => mended.push(`${fault.message} ${label}`)}
        act={act}
      />
    );
  }
  const user = userEvent.setup();
  const view = render(<Form />);
  return {
    user,
    acts,
    mended,
    container: view.container,
    unmount: view.unmount,
    step: () => latest,
    settings: () => latest.settings as Record<string, Json>,
  };
}

/** A schema of one field, required. */
export function one(schema: Schema, name = "field", more: Schema = {}): Schema {
  return { type: "object", properties: { [name]: { title: "Field", ...schema } }, required: [name], ...more };
}
