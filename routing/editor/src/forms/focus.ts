/// Brings a field to sight and focus when somebody clicks on what is wrong with it.

import { useSyncExternalStore } from "react";
import type { Path } from "./schema";

let wanted: { path: Path; count: number } | null = null;
const listeners = new Set<() => void>();

/**
 * Scrolls to the field and focuses it; the step's form may open later. Takes a path inside the settings,
 * or a fault's `where` (["steps", 3, "settings", …]).
 */
export function focusField(path: Path): void {
  const inside = path[0] === "steps" && typeof path[1] === "number" ? (path[2] === "settings" ? path.slice(3) : []) : path;
  wanted = { path: inside, count: (wanted?.count ?? 0) + 1 };
  listeners.forEach((listener) => listener());
}

/** The newest wish; a form that fulfilled it says `fulfilled`. */
export function useWanted(): typeof wanted {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => wanted,
  );
}

export function fulfilled(): void {
  wanted = null;
  listeners.forEach((listener) => listener());
}

const FOCUSABLE = "input:not([disabled]), textarea:not([disabled]), select:not([disabled]), button:not([disabled])";

/** Focuses the field for this path inside `form`, or the nearest one around it. True if there was one. */
export function focusInside(form: HTMLElement, path: Path): boolean {
  const fields = new Map<string, HTMLElement>();
  form.querySelectorAll<HTMLElement>("[data-field]").forEach((field) => fields.set(field.dataset.field ?? "", field));
  for (let length = path.length; length > 0; length--) {
    const field = fields.get(JSON.stringify(path.slice(0, length)));
    if (!field) continue;
    for (let around = field.parentElement; around && around !== form; around = around.parentElement) {
      if (around instanceof HTMLDetailsElement) around.open = true;
    }
    const target = field.matches(FOCUSABLE) ? field : field.querySelector<HTMLElement>(FOCUSABLE);
    field.scrollIntoView({ block: "center" });
    target?.focus({ preventScroll: true });
    field.classList.add("f-found");
    setTimeout(() => field.classList.remove("f-found"), 1600);
    return true;
  }
  return false;
}
