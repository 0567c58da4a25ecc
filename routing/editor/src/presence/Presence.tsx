/// Who else has this flow open: told to the server every few seconds, shown in the header and on the steps.

import { useEffect } from "react";
import { ask } from "../api/client";
import type { Other, Presence as Answer } from "../api/types";
import { SESSION, noticeRevision } from "../state/autosave";
import { initialsOf } from "../state/names";
import { actsSoFar, noticeStanding } from "../state/standing";
import { useEditor } from "../state/store";
import { t, tn } from "../t";
import "./presence.css";

export const EVERY_MS = 8000;
/** While somebody else is here: what one does the other sees soon. */
export const TOGETHER_MS = 3000;
const AFTER_CHOOSING_MS = 400;
const SHOWN = 4;

export function Presence() {
  const url = useEditor((state) => state.document?.urls.presence);
  const step = useEditor((state) => (state.mode === "edit" ? (state.selection.at(-1) ?? "") : ""));
  const others = useEditor((state) => state.others);
  useEffect(() => {
    if (!url) return;
    const first = setTimeout(() => void beHere(url), AFTER_CHOOSING_MS);
    return () => clearTimeout(first);
  }, [url, step]);
  const together = others.length > 0;
  useEffect(() => {
    if (!url) return;
    const timer = setInterval(() => void beHere(url), together ? TOGETHER_MS : EVERY_MS);
    return () => clearInterval(timer);
  }, [url, together]);
  useEffect(() => {
    if (!url) return;
    const again = () => {
      if (document.visibilityState === "visible") void beHere(url);
    };
    const leave = () => void ask(url, { body: { session: SESSION, step: "", gone: true }, keepalive: true }).catch(() => undefined);
    document.addEventListener("visibilitychange", again);
    window.addEventListener("pagehide", leave);
    return () => {
      document.removeEventListener("visibilitychange", again);
      window.removeEventListener("pagehide", leave);
    };
  }, [url]);
  if (!others.length) return null;
  const people = peopleOf(others);
  const names = people.map((person) => person.sentence).join("\n");
  return (
    <div className="pr-people" role="group" aria-label={t("Also here: %(names)s", { names: people.map((one) => one.name).join(", ") })} title={names}>
      {people.slice(0, SHOWN).map((person) => (
        <span key={person.name} className="pr-person" style={{ "--hue": person.hue } as React.CSSProperties}>
          <span className="pr-initials" aria-hidden="true">
            {person.initials}
          </span>
          <span className="pr-name">{person.name}</span>
        </span>
      ))}
      {people.length > SHOWN && <span className="pr-more">{t("+%(count)s", { count: people.length - SHOWN })}</span>}
    </div>
  );
}

let asked = 0;
let heard = 0;

async function beHere(url: string): Promise<void> {
  const state = useEditor.getState();
  const step = state.mode === "edit" ? (state.selection.at(-1) ?? "") : "";
  const turn = ++asked;
  const acts = actsSoFar();
  try {
    const found = await ask<Answer>(url, { body: { session: SESSION, step, live: state.document?.flow.live?.id ?? null } });
    // Answers may overtake each other; an older one says nothing new.
    if (turn < heard) return;
    heard = turn;
    useEditor.getState().setOthers(found.others.map((other) => ({ ...other, name: nameOf(other), real_name: other.name })));
    const told = noticeStanding(found, acts);
    await noticeRevision(found.revision, told);
  } catch {
    // Saving says when the server does not answer; nobody is seen meanwhile.
    if (turn >= heard) useEditor.getState().setOthers([]);
  }
}

function nameOf(other: Other): string {
  return other.own ? t("You, in another tab") : other.name;
}

interface Person {
  name: string;
  initials: string;
  sentence: string;
  hue: number;
}

/** Each name once, however many tabs somebody has open. */
export function peopleOf(others: Other[]): Person[] {
  const steps = new Map<string, Set<string>>();
  const real = new Map(others.map((other) => [other.name, other.real_name ?? other.name]));
  for (const other of others) {
    const at = steps.get(other.name) ?? new Set<string>();
    if (other.step) at.add(titleOf(other.step));
    steps.set(other.name, at);
  }
  return [...steps].map(([name, at]) => ({
    name,
    initials: initialsOf(real.get(name) ?? name),
    sentence: at.size ? tn("%(name)s, at %(steps)s", "%(name)s, at %(steps)s", at.size, { name, steps: [...at].map((one) => `“${one}”`).join(", ") }) : name,
    hue: [...name].reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 360, 7),
  }));
}

function titleOf(step: string): string {
  return useEditor.getState().analysis.steps[step]?.title ?? step;
}
