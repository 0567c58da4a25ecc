/// What of the live flow is shown, and how it is kept fresh while somebody looks.

import { create } from "zustand";
import { ask, Refused } from "../api/client";
import type { Looked, Overlay } from "../api/types";
import { useEditor } from "../state/store";
import { t } from "../t";
import type { Again, ContactPage, ContactRow, Span, Trace, Traffic, Versions, Way } from "./model";
import { traceOverlay, trafficOverlay, withRoom } from "./overlays";

export const PANEL = "live";

export interface WayList {
  way: Way;
  words: string;
  contacts: ContactRow[];
  next: string | null;
  /** The admin's own list of them; empty if it has none such. */
  page: string;
  loading: boolean;
}

export interface LiveState {
  showing: "nothing" | "traffic" | "contact";
  span: Span;
  versions: Versions;
  traffic: Traffic | null;
  list: WayList | null;
  trace: Trace | null;
  /** The visit that is highlighted in the list of a contact's way. */
  visit: number | null;
  /** Where “back” leads from a contact's way. */
  from: "traffic" | "nothing";
  loading: boolean;
  problem: string;
  /** A page where the contact can be seen instead. */
  elsewhere: string;
}

const NOTHING: LiveState = {
  showing: "nothing",
  span: "hour",
  versions: "all",
  traffic: null,
  list: null,
  trace: null,
  visit: null,
  from: "nothing",
  loading: false,
  problem: "",
  elsewhere: "",
};

export const useLive = create<LiveState>()(() => NOTHING);

const set = useLive.setState;
/** What lies over the canvas because of us; anything else there is somebody else's. */
let mine: Overlay | null = null;
/** The version that is looked at because of us. */
let looked: { id: number; what: Looked } | null = null;
/** Answers to questions that were overtaken are dropped. */
let question = 0;

/** Lays it over what is looked at, and makes room for its words. */
function lay(overlay: Overlay, { definition, analysis }: Pick<Looked, "definition" | "analysis">): void {
  mine = overlay;
  const { definition: shown } = useEditor.getState();
  const roomy = withRoom(definition, analysis, overlay);
  const isAsBefore = JSON.stringify(roomy.layout) === JSON.stringify(shown.layout);
  useEditor.setState(isAsBefore ? { overlay } : { overlay, definition: roomy });
}

/** Whether the canvas still shows what we laid over it. */
export function isOurs(overlay: Overlay | null): boolean {
  return overlay !== null && overlay === mine;
}

/** Somebody took the overlay off, or laid another one: there is nothing left to keep fresh. */
export function forget(): void {
  question += 1;
  mine = null;
  looked = null;
  set({ showing: "nothing", trace: null, list: null, visit: null, loading: false, problem: "", elsewhere: "" });
}

/** Back to the draft. */
export function stop(): void {
  forget();
  const { looking, back, setOverlay } = useEditor.getState();
  if (looking) back();
  else setOverlay(null);
}

export async function showTraffic(choice: Partial<Pick<LiveState, "span" | "versions">> = {}): Promise<void> {
  set({ ...choice, loading: true, problem: "", elsewhere: "", trace: null, visit: null, list: choice.span || choice.versions ? null : useLive.getState().list });
  await refreshTraffic(true);
}

/** Asks anew; `first` says that a refusal is shown in place of the numbers, and not beside them. */
export async function refreshTraffic(first = false): Promise<void> {
  const urls = useEditor.getState().document?.urls;
  if (!urls) return;
  const mineNow = ++question;
  const { span, versions } = useLive.getState();
  try {
    const traffic = await ask<Traffic>(`${urls.traffic}?span=${span}&versions=${versions}`);
    const what = traffic.live ? await versionOf(urls.versions, traffic.live.id) : null;
    if (mineNow !== question) return;
    if (!traffic.live || !what) {
      set({ traffic, showing: "nothing", loading: false, problem: "" });
      return;
    }
    const { looking, look } = useEditor.getState();
    if (!looking || looked?.id !== traffic.live.id || first) {
      look(what.definition, what.analysis, t("Version %(number)s, as contacts use it", { number: traffic.live.number }));
    }
    looked = { id: traffic.live.id, what };
    set({ traffic, showing: "traffic", loading: false, problem: "" });
    lay(trafficOverlay(traffic, what.definition, (way) => void openWay(way)), what);
  } catch (error) {
    if (mineNow !== question) return;
    // What is shown stays, with a word that it is old.
    set({ loading: false, problem: sentence(error), ...(first ? { traffic: null } : {}) });
  }
}

async function versionOf(url: string, id: number): Promise<Looked> {
  return looked?.id === id ? looked.what : await ask<Looked>(`${url}${id}/`);
}

/** Who took a way, newest first. */
export async function openWay(way: Way): Promise<void> {
  useEditor.getState().openPanel(PANEL);
  const label = useLive.getState().traffic?.edges.concat(useLive.getState().traffic?.gone ?? []).find((edge) => edge.step === way.step && edge.exit === way.exit && edge.target === way.target)?.label ?? way.exit;
  set({ list: { way, words: label, contacts: [], next: null, page: "", loading: true } });
  await more();
}

export async function more(): Promise<void> {
  const urls = useEditor.getState().document?.urls;
  const { list, span, versions } = useLive.getState();
  if (!urls || !list) return;
  const { way } = list;
  set({ list: { ...list, loading: true } });
  const query = new URLSearchParams({ step: way.step, exit: way.exit, target: way.target, kind: way.kind, span, versions, before: list.next ?? "" });
  try {
    const page = await ask<ContactPage>(`${urls.contacts}?${query.toString()}`);
    const now = useLive.getState().list;
    if (now?.way !== way) return;
    set({ list: { ...now, contacts: [...now.contacts, ...page.contacts], next: page.next, page: page.list, loading: false } });
  } catch (error) {
    const now = useLive.getState().list;
    if (now?.way === way) set({ list: { ...now, loading: false }, problem: sentence(error) });
  }
}

export function closeList(): void {
  set({ list: null, problem: "" });
}

/** One contact's way, in the version that it went through. */
export async function showContact(id: number): Promise<void> {
  const urls = useEditor.getState().document?.urls;
  if (!urls) return;
  const mineNow = ++question;
  const from = useLive.getState().traffic ? "traffic" : "nothing";
  set({ loading: true, problem: "", elsewhere: "", from });
  try {
    const trace = await ask<Trace>(`${urls.contact}${id}/`);
    if (mineNow !== question) return;
    useEditor.getState().look(trace.definition, trace.analysis, trace.title);
    looked = null;
    set({ trace, showing: "contact", visit: null, loading: false });
    lay(traceOverlay(trace), trace);
    const first = trace.visits.find((visit) => visit.step);
    if (first) useEditor.getState().reveal(first.step);
    set({ visit: null });
  } catch (error) {
    if (mineNow !== question) return;
    const elsewhere = error instanceof Refused && typeof error.body.elsewhere === "string" ? error.body.elsewhere : "";
    set({ loading: false, problem: sentence(error), elsewhere });
  }
}

/** What happened since, while the contact is under way. */
export async function refreshContact(): Promise<void> {
  const urls = useEditor.getState().document?.urls;
  const { trace } = useLive.getState();
  if (!urls || !trace) return;
  const mineNow = ++question;
  try {
    const again = await ask<Again>(`${urls.contact}${trace.contact.id}/?known=${trace.contact.turns}`);
    if (mineNow !== question) return;
    const fresh = { ...trace, ...again };
    set({ trace: fresh, problem: "" });
    lay(traceOverlay(fresh), fresh);
  } catch (error) {
    if (mineNow === question) set({ problem: sentence(error) });
  }
}

/** Back from a contact to where it was opened from. */
export async function leaveContact(): Promise<void> {
  if (useLive.getState().from === "traffic") await showTraffic();
  else stop();
}

export function chooseVisit(number: number): void {
  const found = useLive.getState().trace?.visits.find((visit) => visit.number === number);
  set({ visit: number });
  if (!found?.step) return;
  // On a small screen the panel covers the canvas; it opens again where it was.
  if (window.matchMedia("(max-width: 760px)").matches) useEditor.getState().closePanel();
  useEditor.getState().reveal(found.step);
}

function sentence(error: unknown): string {
  return error instanceof Error && error.message ? error.message : t("The server does not answer. Trying again.");
}
