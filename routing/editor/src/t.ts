/// Words that people read: Django's JavaScript catalog where the page has one, named placeholders as there.

declare global {
  interface Window {
    gettext?: (text: string) => string;
    ngettext?: (singular: string, plural: string, count: number) => string;
  }
}

type Values = Record<string, string | number>;

/** `t("%(count)s steps", {count: 3})`. */
export function t(text: string, values?: Values): string {
  return fill(window.gettext?.(text) ?? text, values);
}

/** One form for one, another for many; `count` is a placeholder of its own. */
export function tn(singular: string, plural: string, count: number, values?: Values): string {
  const form = window.ngettext?.(singular, plural, count) ?? (count === 1 ? singular : plural);
  return fill(form, { count, ...values });
}

function fill(text: string, values?: Values): string {
  return values ? text.replace(/%\((\w+)\)s/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}
