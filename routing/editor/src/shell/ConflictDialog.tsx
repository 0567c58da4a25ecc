/// Steps that two people changed at the same time: both shown, and for each a choice.

import { useEffect, useState } from "react";
import type { Step } from "../api/types";
import { conflictNow, decide, onConflict } from "../state/autosave";
import type { Conflict } from "../state/merge";
import { same } from "../state/share";
import { useEditor } from "../state/store";
import { t } from "../t";
import { Dialog } from "./Dialog";

type Choice = "mine" | "theirs";

export function ConflictDialog() {
  const [found, setFound] = useState(conflictNow);
  const [choices, setChoices] = useState<Record<string, Choice>>({});
  const [later, setLater] = useState(false);
  const saving = useEditor((state) => state.saving.state);
  useEffect(
    () =>
      onConflict(() => {
        setFound(conflictNow());
        setChoices({});
        setLater(false);
      }),
    [],
  );
  if (!found || saving !== "conflict") return null;
  const who = found.stale.by || t("Somebody else");
  if (later) {
    return (
      <button type="button" className="fe-button is-primary fe-conflict-again" onClick={() => setLater(false)}>
        {t("Choose which changes to keep")}
      </button>
    );
  }
  const open = found.conflicts.filter((conflict) => !choices[conflict.step]);
  return (
    <Dialog title={t("%(who)s changed the same steps as you", { who })} onClose={() => setLater(true)} wide>
      <p>{t("Choose for each step whose change stays. Everything else is put together already, and nothing is saved before you chose.")}</p>
      {found.conflicts.map((conflict) => (
        <Sides
          key={conflict.step}
          conflict={conflict}
          who={who}
          chosen={choices[conflict.step]}
          onChoose={(choice) => setChoices({ ...choices, [conflict.step]: choice })}
        />
      ))}
      <div className="fe-buttons">
        <button type="button" className="fe-button" onClick={() => setLater(true)}>
          {t("Look first")}
        </button>
        <button type="button" className="fe-button is-primary" disabled={open.length > 0} onClick={() => decide(choices)}>
          {t("Keep what I chose")}
        </button>
      </div>
    </Dialog>
  );
}

function Sides({
  conflict,
  who,
  chosen,
  onChoose,
}: {
  conflict: Conflict;
  who: string;
  chosen: Choice | undefined;
  onChoose: (choice: Choice) => void;
}) {
  const name = conflict.mine?.title || conflict.theirs?.title || conflict.base?.title || conflict.step;
  const sides: [Choice, string, Step | null][] = [
    ["mine", t("Mine"), conflict.mine],
    ["theirs", t("%(who)s's", { who }), conflict.theirs],
  ];
  return (
    <fieldset className="fe-sides">
      <legend>{name}</legend>
      {sides.map(([side, label, step]) => (
        <label key={side} className={chosen === side ? "is-chosen" : ""}>
          <span className="fe-side-name">
            <input type="radio" name={`side-${conflict.step}`} checked={chosen === side} onChange={() => onChoose(side)} />
            {label}
          </span>
          <Changes base={conflict.base} step={step} />
        </label>
      ))}
    </fieldset>
  );
}

function Changes({ base, step }: { base: Step | null; step: Step | null }) {
  if (!step) return <p>{t("Deleted the step.")}</p>;
  const changes = differences(base, step);
  return (
    <ul>
      {changes.map(({ path, value }) => (
        <li key={path}>
          <span className="fe-muted">{path}</span> {value === undefined ? t("(nothing)") : shown(value)}
        </li>
      ))}
    </ul>
  );
}

/** What a step says otherwise than it did, place by place. */
export function differences(base: unknown, now: unknown, path: string[] = []): { path: string; value: unknown }[] {
  if (same(base, now)) return [];
  if (isRecord(base) && isRecord(now)) {
    return [...new Set([...Object.keys(base), ...Object.keys(now)])].flatMap((key) => differences(base[key], now[key], [...path, key]));
  }
  if (!path.length && isRecord(now)) return Object.entries(now).flatMap(([key, value]) => differences(undefined, value, [key]));
  const names: Record<string, string> = { title: t("name"), exits: t("leads to"), type: t("kind") };
  const shownPath = path.filter((part) => part !== "settings").map((part, index) => (index ? part : (names[part] ?? part)));
  return [{ path: shownPath.join(" › ").replaceAll("_", " "), value: now }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return typeof value === "string" ? `“${value}”` : JSON.stringify(value);
}
