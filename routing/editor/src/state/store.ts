/// What the editor knows: the draft, what the server thinks of it, what is chosen, and what is laid over it.

import { create } from "zustand";
import { t } from "../t";
import type { Analysis, Definition, FlowDocument, Other, Overlay, StepAnalysis } from "../api/types";
import { type History, NO_HISTORY, record, redone, undone } from "./history";
import { remember } from "./said";
import { placed } from "./steps";
import { share } from "./share";

export interface Looking {
  title: string;
  /** The draft, kept while something else is shown. */
  definition: Definition;
  analysis: Analysis;
  selection: string[];
}

export type Saving =
  | { state: "saved"; at: number }
  | { state: "unsaved" | "saving" }
  | { state: "offline"; since: number }
  | { state: "refused"; message: string }
  | { state: "conflict" };

export interface Message {
  id: number;
  text: string;
  tone: "info" | "good" | "bad";
  action?: { label: string; run: () => void };
  /** Until somebody closes it: what went wrong, and what asks something that matters. */
  stays: boolean;
}

export interface EditorState {
  document: FlowDocument | null;
  /** What is shown: the draft, or what is looked at. */
  definition: Definition;
  analysis: Analysis;
  /** Ids of the chosen steps, the last one chosen last. */
  selection: string[];
  /** Chosen lines, `${stepId}:${exit}`, and chosen notes by their place in the list. */
  edgeSelection: string[];
  noteSelection: number[];
  readOnly: boolean;
  mode: "edit" | "look";
  looking: Looking | null;
  overlay: Overlay | null;
  panel: { id: string; props: Record<string, unknown> } | null;
  history: History;
  saving: Saving;
  /** Who else is on this draft, and at which step: shown on the steps. */
  others: Other[];
  messages: Message[];
  /** Grows when `reveal` asks the canvas to show a step. */
  revealing: { step: string; count: number } | null;

  open: (document: FlowDocument) => void;
  /** One act, one undo; acts with the same `merge` within two seconds are one. */
  edit: (label: string, change: (draft: Definition) => void, options?: { merge?: string }) => void;
  /** What came from elsewhere (the server, another person): no undo of it. */
  receive: (definition: Definition, analysis?: Analysis) => void;
  setAnalysis: (analysis: Analysis) => void;
  undo: () => void;
  redo: () => void;
  select: (ids: string[], more?: { edges?: string[]; notes?: number[] }) => void;
  reveal: (stepId: string) => void;
  openPanel: (id: string, props?: Record<string, unknown>) => void;
  closePanel: () => void;
  setOverlay: (overlay: Overlay | null) => void;
  look: (definition: Definition, analysis: Analysis, title: string) => void;
  back: () => void;
  setOthers: (others: Other[]) => void;
  say: (text: string, tone?: Message["tone"], action?: Message["action"], stays?: boolean) => void;
  dismiss: (id: number) => void;
}

export const EMPTY: Definition = { format: 1, steps: [], notes: [], layout: {} };
const NOTHING: Analysis = { faults: [], steps: {} };
const MESSAGES = 3;
let messageId = 0;

export const useEditor = create<EditorState>()((set, get) => ({
  document: null,
  definition: EMPTY,
  analysis: NOTHING,
  selection: [],
  edgeSelection: [],
  noteSelection: [],
  readOnly: true,
  mode: "edit",
  looking: null,
  overlay: null,
  panel: null,
  history: NO_HISTORY,
  saving: { state: "saved", at: 0 },
  others: [],
  messages: [],
  revealing: null,

  open: (document) => {
    remember(document.definition, document.analysis);
    set({
      document,
      definition: document.definition,
      analysis: document.analysis,
      readOnly: !document.may.edit,
      mode: "edit",
      looking: null,
      history: NO_HISTORY,
      saving: { state: "saved", at: Date.parse(document.flow.updated_at) },
    });
  },

  edit: (label, change, options) => {
    const { definition: before, readOnly, history, analysis } = get();
    if (readOnly) return;
    const draft = structuredClone(before);
    // Steps that never had a place keep the one they were shown at.
    draft.layout = placed(before, analysis);
    change(draft);
    const after = share(before, draft);
    if (after === before) return;
    const entry = { label, before, after, merge: options?.merge, at: Date.now() };
    set({ definition: after, history: record(history, entry), ...onlyThere(get(), after) });
  },

  receive: (definition, analysis) => {
    const state = get();
    if (state.looking) {
      set({ looking: { ...state.looking, definition, analysis: analysis ?? state.looking.analysis } });
      return;
    }
    const shared = share(state.definition, definition);
    set({ definition: shared, ...onlyThere(state, shared) });
    if (analysis) get().setAnalysis(analysis);
  },

  setAnalysis: (analysis) => {
    const state = get();
    if (state.looking) {
      set({ looking: { ...state.looking, analysis } });
      return;
    }
    remember(state.definition, analysis);
    set({ analysis: share(state.analysis, analysis) });
  },

  undo: () => {
    const state = get();
    const found = state.readOnly ? null : undone(state.history, state.definition);
    if (!found) return;
    set({ history: found.history, definition: found.definition, ...onlyThere(state, found.definition) });
  },

  redo: () => {
    const state = get();
    const found = state.readOnly ? null : redone(state.history, state.definition);
    if (!found) return;
    set({ history: found.history, definition: found.definition, ...onlyThere(state, found.definition) });
  },

  select: (ids, more) => set({ selection: ids, edgeSelection: more?.edges ?? [], noteSelection: more?.notes ?? [] }),

  reveal: (step) => {
    if (!get().definition.steps.some((one) => one.id === step)) return;
    set({ selection: [step], edgeSelection: [], noteSelection: [], revealing: { step, count: (get().revealing?.count ?? 0) + 1 } });
  },

  openPanel: (id, props = {}) => set({ panel: { id, props } }),
  closePanel: () => set({ panel: null }),
  setOverlay: (overlay) => set({ overlay }),

  look: (definition, analysis, title) => {
    const { looking, definition: draft, analysis: draftAnalysis, selection } = get();
    remember(definition, analysis);
    set({
      looking: looking ? { ...looking, title } : { title, definition: draft, analysis: draftAnalysis, selection },
      mode: "look",
      readOnly: true,
      definition,
      analysis,
      overlay: null,
      selection: [],
      edgeSelection: [],
      noteSelection: [],
    });
  },

  back: () => {
    const { looking, document } = get();
    if (!looking) return;
    set({
      looking: null,
      mode: "edit",
      readOnly: !document?.may.edit,
      definition: looking.definition,
      analysis: looking.analysis,
      selection: looking.selection,
      edgeSelection: [],
      noteSelection: [],
      overlay: null,
    });
  },

  setOthers: (others) => set({ others: share(get().others, others) }),

  say: (text, tone = "info", action, stays = tone === "bad") => {
    const id = ++messageId;
    // Said again is said once.
    const others = get().messages.filter((message) => message.text !== text);
    while (others.length >= MESSAGES) others.splice(Math.max(0, others.findIndex((message) => !message.stays)), 1);
    set({ messages: [...others, { id, text, tone, action, stays }] });
  },
  dismiss: (id) => set({ messages: get().messages.filter((message) => message.id !== id) }),
}));

/** The draft, whatever is shown at the moment. */
export function draftOf(state: EditorState): Definition {
  return state.looking?.definition ?? state.definition;
}

/** What the server says of a step, or what is known of its like until it was asked. */
export function analysisOf(state: EditorState, stepId: string): StepAnalysis | undefined {
  return state.analysis.steps[stepId];
}

/** The flow's name for people, even before it was loaded. */
export function flowName(state: EditorState): string {
  return state.document?.flow.name ?? t("Flow");
}

/** Nothing stays chosen that is no longer there. */
function onlyThere(state: EditorState, definition: Definition): Partial<EditorState> {
  const ids = new Set(definition.steps.map((step) => step.id));
  const there = {
    selection: state.selection.filter((id) => ids.has(id)),
    edgeSelection: state.edgeSelection.filter((id) => ids.has(id.slice(0, id.indexOf(":")))),
    noteSelection: state.noteSelection.filter((index) => index < (definition.notes?.length ?? 0)),
  };
  return {
    ...(there.selection.length === state.selection.length ? {} : { selection: there.selection }),
    ...(there.edgeSelection.length === state.edgeSelection.length ? {} : { edgeSelection: there.edgeSelection }),
    ...(there.noteSelection.length === state.noteSelection.length ? {} : { noteSelection: there.noteSelection }),
  };
}
