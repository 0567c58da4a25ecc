/// Finds a step by its name, by what it does, or by anything in its settings.

import { useMemo } from "react";
import { Icon } from "../shell/Icon";
import { type Choice, SearchList } from "../shell/SearchList";
import { saidOf } from "../state/said";
import { useEditor } from "../state/store";
import { t } from "../t";
import { useAsking } from "./asking";
import { itemOf } from "./commands";
import { iconOf } from "./kinds";
import { focusStep, show } from "./view";

export function Find() {
  const definition = useEditor((state) => state.definition);
  const analysis = useEditor((state) => state.analysis);
  const select = useEditor((state) => state.select);
  const close = () => useAsking.setState({ finding: false });
  const choices = useMemo<Choice[]>(
    () =>
      definition.steps.map((step) => {
        const said = saidOf(step, analysis, itemOf(step.type));
        const kind = itemOf(step.type)?.kind;
        return { id: step.id, label: said.title, detail: said.gist, icon: iconOf(step.type, kind), kind, words: wordsIn(step.settings) };
      }),
    [definition, analysis],
  );
  const look = (choice: Choice) => {
    select([choice.id]);
    show(choice.id, true);
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- Escape closes it from anywhere inside
    <div
      className="fe-find"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
        focusStep(useEditor.getState().selection.at(-1));
      }}
    >
      <SearchList
        choices={choices}
        label={t("Find a step")}
        placeholder={t("Find a step")}
        autoFocus
        onLook={look}
        onPick={(choice) => {
          look(choice);
          close();
          requestAnimationFrame(() => focusStep(choice.id));
        }}
      />
      <button type="button" className="fe-icon-button fe-find-close" aria-label={t("Close the search")} onClick={close}>
        <Icon name="close" />
      </button>
    </div>
  );
}

function wordsIn(value: unknown): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null) return "";
  return Object.values(value).map(wordsIn).filter(Boolean).join(" ");
}
