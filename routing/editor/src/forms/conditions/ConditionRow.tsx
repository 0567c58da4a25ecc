/// One condition, read from left to right like a sentence: a variable, how it is compared, with what.

import { useRef } from "react";
import type { Json } from "../../api/types";
import { Icon } from "../../shell/Icon";
import { t } from "../../t";
import { idOf, key, useFaults, useForm } from "../context";
import { Faults } from "../Faults";
import type { Path } from "../schema";
import { VariableButton } from "../variables/VariableField";
import { pathWords } from "../variables/picks";
import { adapted, type Condition, conditionWords, firstOperator, type Operators, operatorWords, sorted } from "./model";
import { ValueInput } from "./ValueInput";

interface ConditionRowProps {
  condition: Condition;
  path: Path;
  joint: string;
  operators: Operators;
  replace: (next: Condition, what: string, typing?: boolean) => void;
  copy: () => void;
  remove: () => void;
}

export function ConditionRow({ condition, path, joint, operators, replace, copy, remove }: ConditionRowProps) {
  const form = useForm();
  const id = idOf(form, path);
  const faults = {
    variable: useFaults([...path, "variable"]),
    operator: useFaults([...path, "operator"]),
    value: useFaults([...path, "value"]),
    row: useFaults(path, false),
  };
  const all = [...faults.row, ...faults.variable, ...faults.operator, ...faults.value];
  const described = all.length ? `${id}-faults` : undefined;
  const known = form.scope.byPath.get(condition.variable);
  const [fitting, others] = sorted(operators, known?.type);
  const kind = operators.values[condition.operator] ?? "text";
  // What was typed for another operator is there again when one goes back to it.
  const kept = useRef<Json | undefined>(condition.value);
  const label = (variable: string) => form.scope.byPath.get(variable)?.label ?? pathWords(variable);
  const sentence = conditionWords(condition, operators, label);

  const withOperator = (operator: string, variable = condition.variable): Condition => {
    const to = operators.values[operator] ?? "text";
    const type = form.scope.byPath.get(variable)?.type;
    const isBack = (kind === "none" && condition.value === undefined) || (to === "list" && isFirstOf(kept.current, condition.value));
    const given = isBack ? kept.current : condition.value;
    const value = operator === condition.operator ? condition.value : adapted(given, to, type);
    return value === undefined ? { variable, operator } : { variable, operator, value };
  };
  const choose = (variable: string) => {
    const type = form.scope.byPath.get(variable)?.type;
    const [likely] = sorted(operators, type);
    const empty = condition.value === undefined || condition.value === "" || (Array.isArray(condition.value) && !condition.value.length);
    // Nothing was compared yet, or as rows begin: the comparison that is likeliest for such a variable.
    const untouched = condition.operator === firstOperator(operators) || !likely.includes(condition.operator);
    const operator = empty && likely[0] !== undefined && untouched ? likely[0] : condition.operator;
    replace(withOperator(operator, variable), t("Choose a variable"));
  };
  const options = (list: string[]) =>
    list.map((one) => (
      <option key={one} value={one}>
        {operatorWords(operators, one)}
      </option>
    ));
  return (
    <div className="f-condition" role="group" aria-label={sentence} data-field={key(path)}>
      <span className="f-joint">{joint}</span>
      <div className="f-condition-parts">
        <span className="f-condition-variable" data-field={key([...path, "variable"])}>
          <VariableButton id={`${id}-variable`} value={condition.variable} title={t("Variable")} describedBy={described} invalid={faults.variable.length > 0} choose={choose} />
        </span>
        <select
          id={`${id}-operator`}
          data-field={key([...path, "operator"])}
          className="f-input f-select f-operator"
          aria-label={t("How it is compared")}
          aria-describedby={described}
          aria-invalid={faults.operator.length > 0 || undefined}
          value={condition.operator}
          disabled={form.readOnly}
          onChange={(event) => {
            if (!isFirstOf(kept.current, condition.value)) kept.current = condition.value ?? kept.current;
            replace(withOperator(event.target.value), t("Compare otherwise"));
          }}
        >
          {operators.all.includes(condition.operator) ? null : <option value={condition.operator}>{condition.operator}</option>}
          {fitting.length ? (
            <>
              {options(fitting)}
              <optgroup label={t("All others")}>{options(others)}</optgroup>
            </>
          ) : (
            options(others)
          )}
        </select>
        {kind === "none" ? null : (
          <div className="f-condition-value" data-field={key([...path, "value"])}>
            <ValueInput
              id={`${id}-value`}
              title={t("Value for “%(sentence)s”", { sentence: `${label(condition.variable)} ${operatorWords(operators, condition.operator)}` })}
              kind={kind}
              type={known?.type}
              value={condition.value}
              suggestions={known?.suggestions ?? []}
              describedBy={described}
              invalid={faults.value.length > 0}
              set={(value) => replace({ ...condition, value: value ?? null }, t("Change the value"), true)}
            />
          </div>
        )}
        <Faults id={`${id}-faults`} faults={all} />
      </div>
      {form.readOnly ? null : (
        <span className="f-item-tools">
          <button type="button" className="f-tool" onClick={copy} aria-label={t("Copy the condition %(sentence)s", { sentence })} title={t("Copy")}>
            <Icon name="content_copy" />
          </button>
          <button type="button" className="f-tool" data-tool="remove" onClick={remove} aria-label={t("Remove the condition %(sentence)s", { sentence })} title={t("Remove")}>
            <Icon name="delete" />
          </button>
        </span>
      )}
    </div>
  );
}

/** Whether one thing is compared with what stood first in the list before. */
function isFirstOf(had: Json | undefined, value: Json | undefined): boolean {
  return Array.isArray(had) && value !== undefined && had[0] === value;
}
