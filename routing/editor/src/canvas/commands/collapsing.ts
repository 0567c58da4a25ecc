/// A sub-flow of the chosen steps.

import { Refused, ask } from "../../api/client";
import type { Analysis, Definition } from "../../api/types";
import { flush, serverHas } from "../../state/autosave";
import { useEditor } from "../../state/store";
import { t } from "../../t";
import { stopAsking } from "../asking";
import { focusStep } from "../view";
import { now } from "./drawn";

interface Collapsed {
  definition: Definition;
  analysis?: Analysis;
  revision?: number;
  step?: string;
  flow: { id: number; name: string; key: string; url?: string };
}

/** Makes a flow of the chosen steps and walks through it instead. Throws a sentence if it cannot be. */
export async function collapse(name: string, key: string): Promise<void> {
  const { document, selection } = now();
  if (!document) return;
  const steps = [...selection];
  const revision = await flush();
  const before = now().definition;
  const answer = await ask<Collapsed>(document.urls.subflow, { body: { revision, steps, name, key, publish: true } });
  const known = new Set(before.steps.map((step) => step.id));
  if (answer.revision !== undefined && answer.revision !== revision) {
    // The server has it already: one act here, and nothing left to save.
    now().edit(t("Make a sub-flow"), (draft) => Object.assign(draft, structuredClone(answer.definition)));
    serverHas(now().definition, answer.revision, answer.analysis);
  } else {
    now().edit(t("Make a sub-flow"), (draft) => Object.assign(draft, structuredClone(answer.definition)));
    if (answer.analysis) now().setAnalysis(answer.analysis);
  }
  addToCatalog(answer.flow);
  const made = now().definition.steps.filter((step) => !known.has(step.id)).map((step) => step.id);
  now().select(made);
  stopAsking();
  now().say(t("“%(name)s” is a flow of its own now, and this one walks through it.", { name: answer.flow.name }), "good");
  if (made[0] !== undefined) tellWhenUndone(made[0], answer.flow);
  requestAnimationFrame(() => focusStep(made[0]));
}

/** Undo brings the steps back here; the flow that was made stays, and nobody should find it by surprise. */
function tellWhenUndone(step: string, flow: Collapsed["flow"]): void {
  const stop = useEditor.subscribe((state) => {
    if (state.looking || state.definition.steps.some((one) => one.id === step)) return;
    stop();
    const url = flow.url;
    state.say(
      t("The steps are back here. “%(name)s” stays among the flows, and nothing leads to it.", { name: flow.name }),
      "info",
      url ? { label: t("Look at it"), run: () => window.open(url, "_blank", "noreferrer") } : undefined,
    );
  });
}

function addToCatalog(flow: Collapsed["flow"]): void {
  const { document } = now();
  if (!document || document.catalog.flow.some((entry) => entry.key === flow.key)) return;
  const entry = { key: flow.key, name: flow.name, url: flow.url ?? `../../${flow.id}/change/` };
  useEditor.setState({ document: { ...document, catalog: { ...document.catalog, flow: [...document.catalog.flow, entry] } } });
}

export function sentenceOf(error: unknown): string {
  if (error instanceof Refused || error instanceof Error) return error.message || t("The server does not answer.");
  return String(error);
}
