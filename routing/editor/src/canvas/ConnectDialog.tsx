/// Which exit leads where, without a mouse: choose the exit, then a step, a new one, or nowhere.

import { useState } from "react";
import type { Point } from "../api/types";
import { Dialog } from "../shell/Dialog";
import { type Choice, SearchList } from "../shell/SearchList";
import { saidOf } from "../state/said";
import { stepById } from "../state/steps";
import { useEditor } from "../state/store";
import { t } from "../t";
import { type Ask, stopAsking } from "./asking";
import { add, itemOf, link, underPointer } from "./commands";
import { readySet } from "./ready";
import { iconOf, kindName } from "./kinds";
import { stepNames } from "./names";
import { focusStep } from "./view";

const NOWHERE = "nowhere:";

export function ConnectDialog({ ask }: { ask: Extract<Ask, { kind: "connect" | "insert" }> }) {
  const definition = useEditor((state) => state.definition);
  const analysis = useEditor((state) => state.analysis);
  const palette = useEditor((state) => state.document?.palette);
  const catalog = useEditor((state) => state.document?.catalog);
  const source = stepById(definition, ask.source);
  const said = source && saidOf(source, analysis, itemOf(source.type));
  const at = ask.kind === "connect" ? ask.at : undefined;
  const [chosen, setChosen] = useState<string | undefined>(ask.exit ?? (said?.exits.length === 1 ? said.exits[0]?.name : undefined));
  const exit = said?.exits.find((one) => one.name === chosen);
  const names = stepNames(definition, analysis, palette ?? []);
  const title = (id: string | undefined) => (id === undefined ? "" : (names[id] ?? ""));

  const exits: Choice[] = (said?.exits ?? []).map((one) => ({
    id: one.name,
    label: one.label,
    detail: source?.exits?.[one.name] ? t("leads to %(step)s", { step: title(source.exits[one.name]) }) : t("leads nowhere yet"),
    icon: "logout",
  }));
  const targets = (from: string | undefined): Choice[] => {
    const target = from === undefined ? undefined : source?.exits?.[from];
    const inserting = ask.kind === "insert";
    const group = target ? t("A new step in between") : t("A new step");
    const items = (palette ?? []).filter((item) => item.kind !== "trigger");
    const plain: Choice[] = items.map((item) => ({
      id: `new:${item.type}`,
      label: item.title,
      detail: firstSentence(item.doc),
      icon: iconOf(item.type, item.kind),
      kind: item.kind,
      group,
      words: `${kindName(item.kind)} ${t("new")}`,
    }));
    const fresh = [...plain, ...(catalog ? readySet(items, catalog, group) : [])];
    if (inserting || (ask.kind === "connect" && ask.only === "new")) return fresh;
    const existing: Choice[] = definition.steps
      .filter((step) => itemOf(step.type)?.kind !== "trigger")
      .map((step) => {
        const about = saidOf(step, analysis, itemOf(step.type));
        const kind = itemOf(step.type)?.kind;
        return {
          id: `step:${step.id}`,
          label: about.title,
          detail: step.id === target ? t("where it leads now") : about.gist,
          icon: iconOf(step.type, kind),
          kind,
          group: t("A step of this flow"),
        };
      });
    const nowhere: Choice[] = target
      ? [{ id: NOWHERE, label: t("Nowhere"), detail: t("takes the line away"), icon: "link_off", group: t("No step") }]
      : [];
    return at ? [...fresh, ...existing, ...nowhere] : [...existing, ...fresh, ...nowhere];
  };

  if (!source || !said) return null;

  const pick = (choice: Choice, from: string) => {
    stopAsking();
    const [how, id, key] = parts(choice.id);
    if (how === "new") place(id, source.id, from, at, key);
    else if (how === "step") link(source.id, from, id);
    else link(source.id, from, null);
    if (how !== "new") requestAnimationFrame(() => focusStep(source.id));
  };

  if (chosen === undefined || !exit) {
    // Whoever types where to go at once means the first exit that leads nowhere yet.
    const free = said.exits.find((one) => source.exits?.[one.name] === undefined);
    const short: Choice[] = free
      ? targets(free.name).map((choice) => ({ ...choice, group: t("“%(exit)s” leads to", { exit: free.label }), quiet: true }))
      : [];
    return (
      <Dialog title={t("Which exit of “%(step)s”?", { step: said.title })} onClose={stopAsking}>
        <SearchList
          choices={[...exits, ...short]}
          label={t("Exit")}
          autoFocus
          onPick={(choice) => {
            if (free && short.includes(choice)) pick(choice, free.name);
            else setChosen(choice.id);
          }}
        />
      </Dialog>
    );
  }
  return (
    <Dialog
      title={ask.kind === "insert" ? t("What comes in between?") : t("“%(step)s”, exit “%(exit)s” leads to …", { step: said.title, exit: exit.label })}
      onClose={stopAsking}
    >
      <SearchList key={chosen} choices={targets(chosen)} label={t("Step")} autoFocus onPick={(choice) => pick(choice, exit.name)} />
    </Dialog>
  );
}

function place(type: string, source: string, exit: string, at: Point | undefined, key: string | undefined): void {
  const leads = stepById(useEditor.getState().definition, source)?.exits?.[exit] !== undefined;
  add(type, leads && !at ? { on: { source, exit } } : { from: { source, exit }, at: at && underPointer(type, at) }, key);
}

/** What is before the first colon, before the second, and the rest. */
function parts(id: string): [string, string, string | undefined] {
  const [how = "", what = "", ...rest] = id.split(":");
  return [how, what, rest.length ? rest.join(":") : undefined];
}

export function firstSentence(doc: string): string {
  const text = doc.trim().replace(/`/g, "");
  return /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text;
}
