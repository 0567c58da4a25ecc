/// New steps and notes: where they come, and what they begin with.

import type { Definition, PaletteItem, Point, Settings, Step } from "../../api/types";
import { choose } from "../../forms/usual";
import { addStep, connect, makeRoom, putOnEdge } from "../../state/acts";
import { saidOf } from "../../state/said";
import { placed, stepById } from "../../state/steps";
import { t } from "../../t";
import { lineParts } from "../model";
import { besideExit, freePlace, givingWay, straightened } from "../place";
import { namesake } from "../ready";
import { GAP_ALONG, STEP_WIDTH, onGrid, widthOf } from "../sizes";
import { beginningPlace, boxOf, focusStep, middle, show } from "../view";
import { useWriting } from "../writing";
import { itemOf, NEW_HEIGHT, now, places } from "./drawn";
import { isNarrow, mayOpen } from "./opening";

// With the gap below it.
const ROOM = NEW_HEIGHT + GAP_ALONG;

/** A step to begin with: its sample. What names a queue or the like is asked for, unless there is but one. */
function beginning(item: PaletteItem, key?: string): { title: string; settings: Settings } {
  const after = key === undefined ? undefined : namesake(item);
  const step: Step = { id: "new", type: item.type, title: item.title, settings: structuredClone(item.sample) };
  const catalog = now().document?.catalog;
  for (const [name, schema] of Object.entries(item.schema.properties ?? {})) {
    if (typeof schema.choices !== "string" || !catalog) continue;
    const entries = catalog[schema.choices] ?? [];
    const only = entries.length === 1 ? (entries[0] as { key: string }).key : "";
    choose(step, item, catalog, [name], after?.setting === name && key !== undefined ? key : only);
  }
  return { title: step.title ?? item.title, settings: step.settings ?? {} };
}

export interface Where {
  /** Its left upper corner. */
  at?: Point;
  /** The exit that leads to it from now on. */
  from?: { source: string; exit: string };
  /** The line that it comes into the middle of. */
  on?: { source: string; exit: string };
}

/** A new step. Without a place it goes where it most likely belongs; `key` is what it is called after, such as its queue. */
export function add(type: string, where: Where = likelyPlace(type), key?: string): string | undefined {
  const item = itemOf(type);
  const { definition, analysis, readOnly, edit } = now();
  if (!item || readOnly) return undefined;
  const through = item.exits?.[0]?.name;
  const edge = where.on ?? where.from;
  const width = widthOf(item.exits?.length ?? 1);
  const alone = () => freePlace(definition, analysis, places(), definition.steps.length ? middle() : beginningPlace());
  const dropped = where.at && straightened(definition, analysis, places(), where.at, width, where.from);
  const at = dropped ?? (edge ? placeFor(edge, where.on !== undefined, width) : alone());
  let id: string | undefined;
  edit(t("Add “%(title)s”", { title: item.title }), (draft) => {
    const { title, settings } = beginning(item, key);
    // Its id says what it is; what it is called may change with what it names.
    const step = addStep(draft, { type, title: item.title, settings }, at);
    step.title = title;
    id = step.id;
    if (item.kind === "trigger" || !edge) return;
    if (where.on) {
      giveRoom(draft, edge, step.id);
      putOnEdge(draft, edge, step.id, item.kind === "end" ? undefined : through);
    } else {
      connect(draft, edge.source, edge.exit, step.id);
    }
  });
  if (id === undefined) return undefined;
  now().select([id]);
  const added = id;
  // What is to be filled in is there to be filled in; where the panel would cover the canvas, it waits.
  const beside = now().panel?.id ?? "settings";
  if (item.kind !== "trigger" && (beside === "settings" || beside === "faults") && mayOpen() && !isNarrow()) now().openPanel("settings");
  requestAnimationFrame(() => {
    show(added, true);
    focusStep(added);
  });
  return id;
}

/** The corner of a step whose head the pointer holds in its middle. */
export function underPointer(type: string, [x, y]: Point): Point {
  return [x - widthOf(itemOf(type)?.exits?.length ?? 1) / 2, y - 24];
}

/** Where a step comes that is put on a line, or behind an exit; `but` is the step itself, if it stands there already. */
export function placeFor(edge: { source: string; exit: string }, between: boolean, width = STEP_WIDTH, but?: string): Point {
  const { definition, analysis } = now();
  const target = stepById(definition, edge.source)?.exits?.[edge.exit];
  const all = places();
  if (but !== undefined) delete all[but];
  const source = all[edge.source];
  const behind = target === undefined ? undefined : all[target];
  const height = boxOf(edge.source)?.height ?? NEW_HEIGHT;
  if (between && source && behind && behind[1] > source[1]) {
    // In the middle of a long line; where the next step was on a short one, which makes room.
    const room = behind[1] - source[1] - height;
    const under = behind[0] + ((boxOf(target as string)?.width ?? STEP_WIDTH) - width) / 2;
    if (room >= NEW_HEIGHT + 64) {
      const halfway: Point = [(source[0] + behind[0]) / 2, source[1] + height + (room - NEW_HEIGHT) / 2];
      return straightened(definition, analysis, all, halfway, width);
    }
    return [under, source[1] + height + GAP_ALONG];
  }
  return besideExit(definition, analysis, all, edge.source, edge.exit, width);
}

/** What follows moves down where the new step is near, and whatever it would cover gives way. */
export function giveRoom(draft: Definition, edge: { source: string; exit: string }, id: string): void {
  const { analysis } = now();
  const at = draft.layout?.[id];
  const behind = stepById(draft, edge.source)?.exits?.[edge.exit];
  if (!at) return;
  if (behind && tooNear(at, draft.layout?.[behind])) makeRoom(draft, behind, ROOM, id);
  draft.layout = { ...draft.layout, ...givingWay(draft, analysis, placed(draft, analysis), id) };
}

function tooNear(a: Point, b: Point | undefined): boolean {
  return b !== undefined && Math.abs(a[0] - b[0]) < STEP_WIDTH + 24 && b[1] - a[1] < NEW_HEIGHT + 24;
}

/** On the chosen line; behind the chosen step, if one of its exits is free, first one that must lead somewhere; else in the middle. */
function likelyPlace(type: string): Where {
  const { edgeSelection, selection, definition } = now();
  if (itemOf(type)?.kind === "trigger") return {};
  if (edgeSelection.length === 1) return { on: lineParts(edgeSelection[0] as string) };
  const step = selection.length === 1 ? stepById(definition, selection[0] as string) : undefined;
  const free = step ? saidOf(step, now().analysis, itemOf(step.type)).exits.filter((exit) => !step.exits?.[exit.name]) : [];
  // Behind a queue that is “Nobody answered”: after the conversation it may end.
  const exit = free.find((one) => !one.optional) ?? free[0];
  return step && exit ? { from: { source: step.id, exit: exit.name } } : {};
}

export function addNote(): void {
  const { readOnly, edit, definition } = now();
  if (readOnly) return;
  const index = definition.notes?.length ?? 0;
  const at = freePlace(definition, now().analysis, places(), middle());
  edit(t("Add a note"), (draft) => {
    draft.notes = [...(draft.notes ?? []), { text: "", at: [onGrid(at[0]), onGrid(at[1])] }];
  });
  now().select([], { notes: [index] });
  useWriting.setState({ note: index });
}
