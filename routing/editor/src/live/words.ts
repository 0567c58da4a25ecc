/// Numbers, shares and times as people read them.

import { t, tn } from "../t";
import type { Span, StopKind, Way } from "./model";

export function number(count: number): string {
  return count.toLocaleString();
}

/** Of all contacts of the span: “37 %”, “under 1 %”; nothing where there is nothing to share. */
export function share(count: number, total: number): string {
  if (total <= 0) return "";
  const percent = (100 * count) / total;
  if (count > 0 && percent < 1) return t("under 1 %");
  // Nobody is all of them while one is missing.
  if (count < total && percent > 99) return t("over 99 %");
  return t("%(percent)s %", { percent: Math.round(percent) });
}

export function countAndShare(count: number, total: number): string {
  const part = share(count, total);
  return part ? `${number(count)} · ${part}` : number(count);
}

export function spanWords(span: Span): string {
  return { hour: t("the last hour"), day: t("the last 24 hours"), week: t("the last 7 days") }[span];
}

export function noneIn(span: Span): string {
  return { hour: t("No contact in the last hour."), day: t("No contact in the last 24 hours."), week: t("No contact in the last 7 days.") }[span];
}

export function stopWords(kind: StopKind, count: number): string {
  const values = { number: number(count) };
  switch (kind) {
    case "here":
      return t("%(number)s here now", values);
    case "hung_up":
      return tn("%(number)s hung up here", "%(number)s hung up here", count, values);
    case "stranded":
      return tn("%(number)s could not go on", "%(number)s could not go on", count, values);
  }
}

export function stopTitle(kind: StopKind): string {
  return { here: t("here now"), hung_up: t("hung up here"), stranded: t("could not go on") }[kind];
}

export function wayWords(way: Way, label: string): string {
  return way.kind === "exit" ? t("“%(step)s”, left by “%(exit)s”", { step: way.title, exit: label }) : t("“%(step)s”, %(stop)s", { step: way.title, stop: stopTitle(way.kind) });
}

/** “0.3 s”, “12 s”, “2 min 5 s”, “1 h 4 min”. */
export function duration(ms: number): string {
  if (ms < 950) return ms < 50 ? t("at once") : t("%(seconds)s s", { seconds: (ms / 1000).toFixed(1) });
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return t("%(seconds)s s", { seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? t("%(minutes)s min %(seconds)s s", { minutes, seconds: seconds % 60 }) : t("%(minutes)s min", { minutes });
  return t("%(hours)s h %(minutes)s min", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/** Of a whole day, as the rest of the admin says it. */
export function clock(at: string, seconds = false): string {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(seconds ? { second: "2-digit" } : {}) });
}

/** The time today, and the day before it otherwise. */
export function moment(at: string, now = new Date()): string {
  const then = new Date(at);
  if (then.toDateString() === now.toDateString()) return clock(at);
  return `${then.toLocaleDateString([], { day: "numeric", month: "short" })}, ${clock(at)}`;
}
