/// Asks the server what a step may know, once for each state of the flow around it.

import { useEffect, useMemo, useState } from "react";
import { ask } from "../api/client";
import type { Definition } from "../api/types";
import { type KnownVariable, NO_SCOPE, type Scope } from "./context";

const WAIT_MS = 400;
const KEPT = 50;
const known = new Map<string, Scope>();

export function scopeOf(variables: KnownVariable[]): Scope {
  return { state: "ready", variables, byPath: new Map(variables.map((one) => [one.path, one])) };
}

/** Everything that decides what the step knows: where it stands does not, nor what is being typed into it. */
function likeness(definition: Definition, stepId: string): string {
  const steps = definition.steps.map((step) => [step.id, step.type, step.title, step.id === stepId ? 0 : step.settings, step.exits]);
  return JSON.stringify([stepId, steps]);
}

export function useScope(url: string, definition: Definition, stepId: string): Scope {
  const wanted = useMemo(() => likeness(definition, stepId), [definition, stepId]);
  const [latest, setLatest] = useState<{ step: string; scope: Scope }>({ step: stepId, scope: NO_SCOPE });
  useEffect(() => {
    if (!url || known.has(wanted)) return;
    const leaving = new AbortController();
    const asking = () => {
      ask<{ variables: KnownVariable[] }>(url, { body: { definition, step: stepId }, signal: leaving.signal })
        .then((answer) => {
          if (known.size >= KEPT) known.delete(known.keys().next().value ?? "");
          known.set(wanted, scopeOf(answer.variables));
          setLatest({ step: stepId, scope: scopeOf(answer.variables) });
        })
        .catch(() => {
          if (!leaving.signal.aborted) setLatest((was) => ({ ...was, scope: { ...was.scope, state: "failed" } }));
        });
    };
    const timer = setTimeout(asking, WAIT_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
    // The definition is in `wanted`, as far as it matters.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [url, wanted, stepId]);
  return known.get(wanted) ?? (latest.step === stepId ? latest.scope : NO_SCOPE);
}

/** `orders.0.total` is known where `orders` is a list or an object. */
export function isKnown(scope: Scope, path: string): boolean {
  if (scope.state !== "ready" || scope.byPath.has(path)) return true;
  const parts = path.split(".");
  for (let length = parts.length - 1; length > 0; length--) {
    const outer = scope.byPath.get(parts.slice(0, length).join("."));
    if (outer) return outer.type === "list" || outer.type === "object";
  }
  // A space as a whole, and facts of a SIP call, which differ from carrier to carrier.
  return path.startsWith("contact.sip_") || scope.variables.some((one) => one.path.startsWith(`${path}.`));
}
