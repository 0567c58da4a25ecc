/// Moments as people say them.

import { t, tn } from "../t";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "5 minutes ago", "yesterday", else the date. */
export function ago(at: string, now = Date.now()): string {
  const then = Date.parse(at);
  const passed = now - then;
  if (passed < MINUTE) return t("just now");
  if (passed < HOUR) return tn("%(count)s minute ago", "%(count)s minutes ago", Math.floor(passed / MINUTE));
  if (passed < DAY) return tn("%(count)s hour ago", "%(count)s hours ago", Math.floor(passed / HOUR));
  return new Date(then).toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" });
}

export function exactly(at: string): string {
  return new Date(at).toLocaleString([], { dateStyle: "full", timeStyle: "short" });
}
