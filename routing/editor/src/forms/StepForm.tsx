/// The form of a step's settings, made of the schema of its type: no type of step is known here.

import { useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import type { Catalog, Definition, Fault, Json, PaletteItem, Step, StepAnalysis } from "../api/types";
import { t } from "../t";
import { type FormApi, FormContext, key, type Maker, NO_SCOPE, type Scope, type SettingFault, startsWith } from "./context";
import { Faults } from "./Faults";
import { Field } from "./Field";
import { focusInside, fulfilled, useWanted } from "./focus";
import { languagesIn } from "./prompts/languages";
import { type Path, setIn } from "./schema";
import { ObjectFields } from "./widgets/ObjectField";

export interface StepFormProps {
  step: Step;
  item: PaletteItem;
  said: StepAnalysis;
  faults: Fault[];
  definition: Definition;
  catalog: Catalog;
  addUrls?: Record<string, string>;
  makers?: Record<string, Maker>;
  languages: { code: string; name: string }[];
  leadsTo?: Record<string, string>;
  scope?: Scope;
  listenUrl?: string;
  readOnly?: boolean;
  mend?: (fault: Fault, label: string) => void;
  /** Changes the step in one act; acts of one `merge` are one undo. */
  act: (what: string, change: (step: Step) => void, merge?: string) => void;
}

interface Registered {
  path: Path;
  leaf: boolean;
  count: number;
}

/** Faults inside the settings, by their path there; those of the step as a whole have none. Those of exits stand there. */
export function settingFaults(faults: Fault[]): { inside: SettingFault[]; whole: Fault[] } {
  const inside: SettingFault[] = [];
  const whole: Fault[] = [];
  for (const fault of faults) {
    const [first, , third, ...rest] = fault.where;
    if (first === "steps" && third === "settings" && rest.length) inside.push({ message: fault.message, level: fault.level, path: rest, fault });
    else if (third !== "exits") whole.push(fault);
  }
  return { inside, whole };
}

const NOTHING: Record<string, string> = {};
const NO_MAKERS: Record<string, Maker> = {};

export function StepForm(props: StepFormProps) {
  const { step, item, said, definition, act, catalog, languages } = props;
  const id = useId();
  const box = useRef<HTMLFormElement>(null);
  const fields = useRef(new Map<string, Registered>());
  const [, setVersion] = useState(0);
  const [claimed, setClaimed] = useState<Registered[]>([]);
  const { inside, whole } = useMemo(() => settingFaults(props.faults), [props.faults]);
  const spoken = useMemo(() => languagesIn(definition), [definition]);

  const register = useCallback((path: Path, leaf: boolean) => {
    const at = key(path) + String(leaf);
    const known = fields.current;
    const entry = known.get(at);
    if (entry) entry.count++;
    else known.set(at, { path, leaf, count: 1 });
    setVersion((version) => version + 1);
    setClaimed([...known.values()]);
    return () => {
      const found = known.get(at);
      if (found && --found.count === 0) known.delete(at);
      setClaimed([...known.values()]);
    };
  }, []);

  const set = useCallback(
    (path: Path, value: Json | undefined, what: string) =>
      act(t("Change “%(field)s”", { field: what }), (draft) => setIn((draft.settings ??= {}), path, value), `set:${key(path)}`),
    [act],
  );

  const prefix = `f${id.replace(/[^\w]/g, "")}`;
  const form: FormApi = {
    id: prefix,
    Field,
    stepId: step.id,
    root: item.schema,
    settings: step.settings ?? {},
    exits: said.exits,
    leadsTo: props.leadsTo ?? NOTHING,
    faults: inside,
    readOnly: props.readOnly ?? false,
    catalog,
    item,
    makers: props.makers ?? NO_MAKERS,
    addUrls: props.addUrls ?? NOTHING,
    languages,
    spoken,
    scope: props.scope ?? NO_SCOPE,
    definition,
    listenUrl: props.listenUrl ?? "",
    set,
    act,
    register,
    ...(props.mend && !props.readOnly ? { mend: props.mend } : {}),
  };

  const wanted = useWanted();
  useEffect(() => {
    if (!wanted || !box.current) return;
    const timer = setTimeout(() => {
      if (!box.current) return;
      focusInside(box.current, wanted.path);
      fulfilled();
    }, 0);
    return () => clearTimeout(timer);
  }, [wanted, step.id]);

  const stray = claimed.length
    ? inside.filter((fault) => !claimed.some((field) => (field.leaf ? startsWith(fault.path, field.path) : key(fault.path) === key(field.path))))
    : [];
  const top = [...whole.map((fault) => ({ message: fault.message, level: fault.level, path: [], fault })), ...stray];
  const hasFields = Object.keys(item.schema.properties ?? {}).length > 0;
  return (
    <FormContext.Provider value={form}>
      <form ref={box} className="f-form" aria-label={t("Settings of “%(title)s”", { title: said.title })} onSubmit={(event) => event.preventDefault()} noValidate>
        <Faults id={`${prefix}-top`} faults={top} />
        {hasFields ? <ObjectFields schema={item.schema} path={[]} /> : <p className="f-help">{t("There is nothing to set here.")}</p>}
      </form>
    </FormContext.Provider>
  );
}
