/// Languages of prompts: their names, and which of them a flow speaks.

import type { Definition, Json } from "../../api/types";

/** `de-DE` in words: as the server calls it, else as the browser does. */
export function languageName(code: string, languages: { code: string; name: string }[]): string {
  const exact = languages.find((one) => one.code.toLowerCase() === code.toLowerCase());
  if (exact) return exact.name;
  const [base = "", region] = code.split("-");
  const known = languages.find((one) => one.code.toLowerCase() === base.toLowerCase());
  if (known && region) return `${known.name} (${region.toUpperCase()})`;
  if (known) return known.name;
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

export function isLanguage(code: string): boolean {
  return /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(code);
}

/** The languages in which the flow's prompts are written, the most usual first. */
export function languagesIn(definition: Definition): string[] {
  const counts = new Map<string, number>();
  const look = (value: Json | undefined, depth: number) => {
    if (typeof value !== "object" || value === null || depth > 6) return;
    if (Array.isArray(value)) return value.forEach((one) => look(one, depth + 1));
    for (const name of ["text", "audio"]) {
      const texts = value[name];
      if (typeof texts !== "object" || texts === null || Array.isArray(texts)) continue;
      for (const code of Object.keys(texts)) if (isLanguage(code)) counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    Object.values(value).forEach((one) => look(one, depth + 1));
  };
  definition.steps.forEach((step) => look(step.settings, 0));
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([code]) => code);
}
