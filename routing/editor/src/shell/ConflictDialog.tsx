/// Steps that two people changed at the same time: both shown, and for each a choice.

import { useEffect, useState } from "react";
import { ask } from "../api/client";
import type { Step, StepChange } from "../api/types";
import { conflictNow, conflictSides, decide, onConflict } from "../state/autosave";
import type { Conflict } from "../state/merge";
import { useEditor } from "../state/store";
import { t } from "../t";
import { Dialog } from "./Dialog";

type Choice = "mine" | "theirs";

export function ConflictDialog() {
  const [found, setFound] = useState(conflictNow);
  const [choices, setChoices] = useState<Record<string, Choice>>({});
  const [later, setLater] = useState(false);
  const saving = useEditor((state) => state.saving.state);
  const asked = saving === "conflict" ? found : null;
  const changes = { mine: useChanges("mine", asked), theirs: useChanges("theirs", asked) };
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
          changes={changes}
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

/** What people call the step: its name, else that of its kind. */
function titleOf({ step, mine, theirs, base }: Conflict): string {
  const { document, analysis } = useEditor.getState();
  const one = mine ?? theirs ?? base;
  const kind = document?.palette.find((item) => item.type === one?.type)?.title;
  return mine?.title || theirs?.title || base?.title || analysis.steps[step]?.title || kind || t("A step");
}

function Sides({
  conflict,
  who,
  changes,
  chosen,
  onChoose,
}: {
  conflict: Conflict;
  who: string;
  changes: Record<Choice, StepChange[] | null | "none">;
  chosen: Choice | undefined;
  onChoose: (choice: Choice) => void;
}) {
  const name = titleOf(conflict);
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
          <Changes base={conflict.base} step={step} changes={changes[side]} />
        </label>
      ))}
    </fieldset>
  );
}

function Changes({ step, base, changes }: { step: Step | null; base: Step | null; changes: StepChange[] | null | "none" }) {
  if (!step) return <p>{t("Deleted the step.")}</p>;
  if (changes === null) return <p className="fe-muted">{t("Comparing…")}</p>;
  const found = changes === "none" ? undefined : changes.find((one) => one.step === step.id);
  if (!found) return <p>{base ? t("Changed the step.") : t("Added the step.")}</p>;
  return (
    <ul>
      {found.fields.map((field) => (
        <Change key={field.path.join(".")} label={field.label} before={field.before} after={field.after} />
      ))}
      {found.exits.map((exit) => (
        <Change key={`exit ${exit.name}`} label={t("“%(exit)s” leads to", { exit: exit.label })} before={exit.before} after={exit.after} />
      ))}
      {found.kind === "moved" && <li>{t("Moved it.")}</li>}
    </ul>
  );
}

function Change({ label, before, after }: { label: string; before: string; after: string }) {
  return (
    <li>
      <span className="fe-muted">{label}</span> {before && <del>{before}</del>} {after ? <ins>{after}</ins> : t("(nothing)")}
    </li>
  );
}

/** What one side made of the flow, in the words of its forms; "none" where the server cannot say. */
function useChanges(side: Choice, found: object | null): StepChange[] | null | "none" {
  const [changes, setChanges] = useState<StepChange[] | null | "none">(null);
  useEffect(() => {
    const url = useEditor.getState().document?.urls.compare;
    const sides = conflictSides();
    if (!found || !url || !sides) return;
    const leaving = new AbortController();
    ask<{ changes: StepChange[] }>(url, { body: { a: sides.base, b: sides[side] }, signal: leaving.signal }).then(
      (answer) => setChanges(answer.changes),
      () => {
        if (!leaving.signal.aborted) setChanges("none");
      },
    );
    return () => leaving.abort();
  }, [found, side]);
  return changes;
}
