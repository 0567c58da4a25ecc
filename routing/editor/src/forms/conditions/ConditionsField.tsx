/// Conditions that all or any must hold, one a row, and groups of them inside groups.

import { useRef, useState } from "react";
import type { Json } from "../../api/types";
import { Icon } from "../../shell/Icon";
import { t } from "../../t";
import { idOf, key, useFaults, useForm } from "../context";
import { Faults } from "../Faults";
import type { WidgetProps } from "../widget";
import { type Path, setIn } from "../schema";
import { pathWords } from "../variables/picks";
import { ConditionRow } from "./ConditionRow";
import { asGroup, type Condition, count, firstOperator, type Group, groupWords, isGroup, type Operators, operatorsOf } from "./model";

export function ConditionsField({ value, schema, path }: WidgetProps) {
  const form = useForm();
  const group = asGroup(value);
  const operators = operatorsOf(schema, form.root);
  const label = (variable: string) => form.scope.byPath.get(variable)?.label ?? pathWords(variable);
  return (
    <div className="f-conditions">
      <p className="f-sentence">
        {t("If %(sentence)s", { sentence: groupWords(group, operators, label) })}
      </p>
      <GroupRows
        group={group}
        path={path}
        operators={operators}
        depth={1}
        deepest={typeof schema.deepest === "number" ? schema.deepest : 1}
        full={count(group) >= (typeof schema.most === "number" ? schema.most : Infinity)}
      />
    </div>
  );
}

interface GroupRowsProps {
  group: Group;
  path: Path;
  operators: Operators;
  depth: number;
  deepest: number;
  full: boolean;
}

let freshId = 0;

function GroupRows({ group, path, operators, depth, deepest, full }: GroupRowsProps) {
  const form = useForm();
  const id = idOf(form, path);
  const box = useRef<HTMLDivElement>(null);
  const [ids, setIds] = useState<number[]>(() => group.conditions.map(() => ++freshId));
  if (ids.length !== group.conditions.length) {
    setIds(group.conditions.map((_, index) => ids[index] ?? ++freshId));
  }
  const matchFaults = useFaults([...path, "match"]);
  const listFaults = useFaults([...path, "conditions"], false);

  const write = (what: string, conditions: (Condition | Group)[], nextIds: number[], merge?: string, match = group.match) => {
    setIds(nextIds);
    form.act(
      what,
      (step) => setIn((step.settings ??= {}), path, { match, conditions } as unknown as Json),
      merge,
    );
  };
  const add = (part: Condition | Group, at = group.conditions.length, match = group.match) => {
    write(
      t("Add a condition"),
      [...group.conditions.slice(0, at), structuredClone(part), ...group.conditions.slice(at)],
      [...ids.slice(0, at), ++freshId, ...ids.slice(at)],
      undefined,
      match,
    );
    setTimeout(() => document.getElementById(`${idOf(form, [...path, "conditions", at])}-variable`)?.focus(), 0);
  };
  const replace = (index: number, next: Condition | Group, what: string, typing = false) => {
    const conditions = group.conditions.map((one, place) => (place === index ? next : one));
    write(what, conditions, ids, typing ? `value:${key([...path, index])}` : undefined);
  };
  const remove = (index: number) => {
    write(
      t("Remove a condition"),
      group.conditions.filter((_, place) => place !== index),
      ids.filter((_, place) => place !== index),
    );
    setTimeout(() => (document.getElementById(`${id}-add`) ?? box.current)?.focus(), 0);
  };
  const first = firstOperator(operators);
  const blank: Condition = { variable: "", operator: first, value: operators.values[first] === "list" ? [] : "" };
  const several = group.conditions.length > 1;
  const joint = group.match === "any" ? t("or") : t("and");
  return (
    <div ref={box} className={depth > 1 ? "f-subgroup" : "f-rootgroup"} role="group" aria-label={group.match === "any" ? t("Any of these") : t("All of these")} data-field={key([...path, "conditions"])}>
      {several ? (
        <p className="f-match" data-field={key([...path, "match"])}>
          <label>
            {t("True when")}{" "}
            <select
              className="f-input f-select f-kind"
              value={group.match}
              disabled={form.readOnly}
              onChange={(event) => form.set([...path, "match"], event.target.value, t("All or any"))}
            >
              <option value="all">{t("all")}</option>
              <option value="any">{t("any")}</option>
            </select>{" "}
            {t("of these are true")}
          </label>
        </p>
      ) : null}
      <Faults id={`${id}-match-faults`} faults={matchFaults} />
      {group.conditions.map((part, index) => {
        const at = [...path, "conditions", index];
        const word = index ? joint : depth > 1 ? "" : t("When");
        return isGroup(part) ? (
          <div className="f-condition f-condition-group" key={ids[index] ?? `new${index}`}>
            <span className="f-joint">{word}</span>
            <GroupRows group={asGroup(part as unknown as Json)} path={at} operators={operators} depth={depth + 1} deepest={deepest} full={full} />
            {form.readOnly ? null : (
              <span className="f-item-tools">
                <button type="button" className="f-tool" onClick={() => remove(index)} aria-label={t("Remove the group")} title={t("Remove the group")}>
                  <Icon name="delete" />
                </button>
              </span>
            )}
          </div>
        ) : (
          <ConditionRow
            key={ids[index] ?? `new${index}`}
            condition={{ ...part, variable: part.variable ?? "", operator: part.operator ?? "" }}
            path={at}
            joint={word}
            operators={operators}
            replace={(next, what, typing) => replace(index, next, what, typing)}
            copy={() => add(part, index + 1)}
            remove={() => remove(index)}
          />
        );
      })}
      <Faults id={`${id}-conditions-faults`} faults={listFaults} />
      {form.readOnly ? null : (
        <div className="f-suggestions">
          {group.conditions.length === 1 ? (
            // The second one says how the two are joined.
            <>
              <button type="button" id={`${id}-add`} className="f-add" disabled={full} onClick={() => add(blank, undefined, "all")}>
                + {t("And …")}
              </button>
              <button type="button" className="f-add" disabled={full} onClick={() => add(blank, undefined, "any")}>
                + {t("Or …")}
              </button>
            </>
          ) : (
            <button type="button" id={`${id}-add`} className="f-add" disabled={full} onClick={() => add(blank)}>
              + {t("Condition")}
            </button>
          )}
          {depth < deepest && group.conditions.length > 0 ? (
            <button type="button" className="f-add" disabled={full} onClick={() => add({ match: group.match === "all" ? "any" : "all", conditions: [blank] })}>
              + {t("Group of conditions")}
            </button>
          ) : null}
        </div>
      )}
    </div>
  );
}
