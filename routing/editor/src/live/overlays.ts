/// Traffic, and one contact's way, as they are laid over the canvas.

import type { Analysis, Definition, Overlay, Point, Tone } from "../api/types";
import { placed } from "../state/steps";
import { t } from "../t";
import type { StopKind, Trace, Traffic, Visit, Way } from "./model";
import { countAndShare, duration, number, spanWords, stopWords } from "./words";

/** How many took each line of `definition`, and who is stopped at which step. Every step and line has a word, also 0. */
export function trafficOverlay(traffic: Traffic, definition: Definition, open: (way: Way) => void): Overlay {
  const overlay: Overlay = { title: t("contacts of %(span)s", { span: spanWords(traffic.span) }), steps: {}, edges: {} };
  const taken = new Map(traffic.edges.map((edge) => [`${edge.step}:${edge.exit}:${edge.target}`, edge]));
  const reached = new Set<string>();
  for (const step of definition.steps) {
    for (const [exit, target] of Object.entries(step.exits ?? {})) {
      const edge = taken.get(`${step.id}:${exit}:${target}`);
      const contacts = edge?.contacts ?? 0;
      if (contacts) reached.add(step.id).add(target);
      overlay.edges[`${step.id}:${exit}`] = {
        tone: contacts ? "path" : "dim",
        label: contacts ? countAndShare(contacts, traffic.total) : "0",
        weight: traffic.total ? contacts / traffic.total : 0,
        onClick: edge && contacts ? () => open({ step: step.id, exit, target, kind: "exit", title: edge.title }) : undefined,
      };
    }
  }
  for (const step of definition.steps) {
    const stops = traffic.stops.filter((stop) => stop.step === step.id);
    const count = (kind: StopKind) => stops.find((stop) => stop.kind === kind)?.contacts ?? 0;
    const ended = traffic.edges.filter((edge) => edge.step === step.id && !step.exits?.[edge.exit]);
    if (stops.length || ended.length) reached.add(step.id);
    const detail = [
      ...(["hung_up", "stranded"] as const).filter(count).map((kind) => stopWords(kind, count(kind))),
      ...ended.map((edge) => t("%(number)s ended by “%(exit)s”", { number: number(edge.contacts), exit: edge.label })),
    ];
    overlay.steps[step.id] = {
      tone: count("stranded") ? "bad" : count("hung_up") ? "warn" : reached.has(step.id) ? "path" : "dim",
      badge: count("here") ? stopWords("here", count("here")) : undefined,
      detail: detail.length ? detail.join("\n") : undefined,
    };
  }
  return overlay;
}

/** The way of one contact: numbers in order of the visits, times, what was seen. */
export function traceOverlay(trace: Trace): Overlay {
  const overlay: Overlay = { title: t("the numbers say in which order"), steps: {}, edges: {} };
  const byStep = new Map<string, Visit[]>();
  for (const visit of trace.visits) {
    if (!visit.step) continue;
    const list = byStep.get(visit.step);
    if (list) list.push(visit);
    else byStep.set(visit.step, [visit]);
  }
  for (const [step, visits] of byStep) {
    // What happened inside of a sub-flow is its own canvas's to tell.
    const own = visits.filter((visit) => !visit.is_inside);
    const told = own.length ? own : visits;
    const spent = told.reduce((sum, visit) => sum + (visit.spent_ms ?? 0), 0);
    overlay.steps[step] = {
      tone: toneOf(visits),
      badge: told.map((visit) => visit.number).join(", "),
      detail: [stateOf(visits), spent >= 50 ? duration(spent) : "", ...seen(told)].filter(Boolean).join("\n"),
    };
  }
  for (const [edge, numbers] of Object.entries(trace.edges)) {
    overlay.edges[edge] = { tone: "path", label: numbers.length > 1 ? t("%(count)s times", { count: numbers.length }) : undefined, weight: 0.35 };
  }
  return overlay;
}

function toneOf(visits: Visit[]): Tone {
  if (visits.some((visit) => visit.stop === "stranded")) return "bad";
  if (visits.some((visit) => visit.stop === "hung_up")) return "warn";
  return visits.some((visit) => visit.is_open) ? "good" : "path";
}

function stateOf(visits: Visit[]): string {
  if (visits.some((visit) => visit.stop === "stranded")) return t("Could not go on");
  if (visits.some((visit) => visit.stop === "hung_up")) return t("Hung up here");
  return visits.some((visit) => visit.is_open) ? t("Is here now") : "";
}

const CHARS_A_LINE = 34;
const LINE_HEIGHT = 20;

/** `definition` with its steps moved down as far as the words that `overlay` writes on those above them need. */
export function withRoom(definition: Definition, analysis: Analysis, overlay: Overlay): Definition {
  const places = placed(definition, analysis);
  const rows = [...new Set(Object.values(places).map(([, y]) => y))].sort((a, b) => a - b);
  let down = 0;
  const moved = new Map<number, number>();
  for (const row of rows) {
    moved.set(row, row + down);
    const words = definition.steps.filter((step) => places[step.id]?.[1] === row).map((step) => linesOf(overlay.steps[step.id]?.detail));
    down += LINE_HEIGHT * Math.max(0, ...words);
  }
  const layout = Object.fromEntries(Object.entries(places).map(([id, [x, y]]) => [id, [x, moved.get(y) ?? y] as Point]));
  return { ...definition, layout };
}

function linesOf(detail: string | undefined): number {
  return detail ? detail.split("\n").reduce((sum, line) => sum + Math.ceil(line.length / CHARS_A_LINE), 0) : 0;
}

/** The first words of what was seen there: the rule that matched, the answer that came. */
function seen(visits: Visit[]): string[] {
  const lines = visits.flatMap((visit) => visit.lines);
  const telling = lines.find((line) => line.mark === "yes") ?? lines.find((line) => line.mark === "bad") ?? lines[0];
  if (!telling) return [];
  return [telling.text.length > 90 ? `${telling.text.slice(0, 89)}…` : telling.text];
}
