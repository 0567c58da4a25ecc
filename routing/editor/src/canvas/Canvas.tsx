/// The canvas itself: draws the flow with React Flow, and turns what the mouse does into commands.

import "@xyflow/react/dist/base.css";
import {
  Background,
  BackgroundVariant,
  type Connection,
  type EdgeTypes,
  type FinalConnectionState,
  type NodeChange,
  type NodeTypes,
  ReactFlow,
  SelectionMode,
  applyNodeChanges,
} from "@xyflow/react";
import { type DragEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Point } from "../api/types";
import { useEditor } from "../state/store";
import { t } from "../t";
import { useAsking } from "./asking";
import "./canvas.css";
import { add, dropOnLine, itemOf, link, openChosen, openClicked, placeAt, places, standsAlone, underPointer } from "./commands";
import { Controls } from "./Controls";
import { ConnectDialog } from "./ConnectDialog";
import { Find } from "./Find";
import { HelpDialog } from "./HelpDialog";
import { GRID } from "./sizes";
import { LineEdge } from "./LineEdge";
import { type AnyNode, Drawing, type LineEdge as Line, lineParts, noteIndex, placeOf } from "./model";
import { NoteNode } from "./NoteNode";
import { StepNode } from "./StepNode";
import { SubflowDialog } from "./SubflowDialog";
import { Start } from "./Start";
import { onCanvas, open, setView, show, stayPut } from "./view";
import { first } from "./walk";
import { onCopy, onKey, onPaste } from "./keyboard";

/** What is dragged from the palette. */
export const DRAGGED = "application/x-pareto-step";

const NODE_TYPES: NodeTypes = { step: StepNode, note: NoteNode };
const EDGE_TYPES: EdgeTypes = { line: LineEdge };
// From here on, what is out of sight is not drawn.
const MANY = 120;
// Below this nobody reads exits or meets a plus, and drawing them takes time.
const FAR = 0.5;
// On the screen a label is never smaller than so much of its size, and on the canvas never larger than so many times.
const LABEL_LEAST = 0.9;
const LABEL_MOST = 5;
const SNAP: [number, number] = [GRID, GRID];
const HOLD = ["Shift", "Meta", "Control"];

export function Canvas() {
  const definition = useEditor((state) => state.definition);
  const analysis = useEditor((state) => state.analysis);
  const selection = useEditor((state) => state.selection);
  const edgeSelection = useEditor((state) => state.edgeSelection);
  const noteSelection = useEditor((state) => state.noteSelection);
  const overlay = useEditor((state) => state.overlay);
  const others = useEditor((state) => state.others);
  const readOnly = useEditor((state) => state.readOnly);
  const palette = useEditor((state) => state.document?.palette);
  const revealing = useEditor((state) => state.revealing);
  const ask = useAsking((state) => state.ask);
  const finding = useAsking((state) => state.finding);
  const [boxing, setBoxing] = useState(false);
  const [drawing] = useState(() => new Drawing());
  const frame = useRef<HTMLDivElement>(null);

  const shown = useMemo(
    () => ({ definition, analysis, selection, edgeSelection, noteSelection, overlay, others, palette: palette ?? [], readOnly }),
    [definition, analysis, selection, edgeSelection, noteSelection, overlay, others, palette, readOnly],
  );
  const wanted = useMemo(() => drawing.nodes(shown), [drawing, shown]);
  const edges = useMemo(() => drawing.edges(shown), [drawing, shown]);
  // React Flow measures boxes and moves them while they are dragged; the rest is the definition's.
  const [nodes, setNodes] = useState<AnyNode[]>(wanted);
  const [source, setSource] = useState(wanted);
  if (source !== wanted) {
    setSource(wanted);
    setNodes(withMeasures(wanted, nodes));
  }

  const onNodesChange = useCallback((changes: NodeChange<AnyNode>[]) => {
    const lasting = changes.filter((change) => change.type !== "select" && change.type !== "remove");
    if (lasting.length) setNodes((before) => applyNodeChanges(lasting, before));
    const chosen = changes.filter((change) => change.type === "select");
    if (!chosen.length) return;
    const state = useEditor.getState();
    const steps = new Set(state.selection);
    const notes = new Set(state.noteSelection);
    for (const { id, selected } of chosen) {
      const note = noteIndex(id);
      if (note !== null && selected) notes.add(note);
      else if (note !== null) notes.delete(note);
      else if (selected) steps.add(id);
      else steps.delete(id);
    }
    // A box over everything selects step by step; only a real difference is passed on.
    if (!sameSet(steps, state.selection) || !sameSet(notes, state.noteSelection)) {
      state.select([...steps], { notes: [...notes], edges: state.edgeSelection });
    }
  }, []);

  const onConnect = useCallback((connection: Connection) => {
    if (connection.sourceHandle) link(connection.source, connection.sourceHandle, connection.target);
  }, []);

  const onConnectEnd = useCallback((event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
    const from = state.fromHandle;
    if (state.isValid || !from?.id || from.type !== "source") return;
    const { clientX, clientY } = "changedTouches" in event ? (event.changedTouches[0] as Touch) : event;
    const target = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>("[data-step]")?.dataset.step;
    if (target !== undefined) {
      const step = useEditor.getState().definition.steps.find((one) => one.id === target);
      if (step && itemOf(step.type)?.kind !== "trigger") link(from.nodeId, from.id, target);
      return;
    }
    if (!document.elementFromPoint(clientX, clientY)?.closest(".react-flow__pane")) return;
    const [x, y] = onCanvas(clientX, clientY);
    useAsking.setState({ ask: { kind: "connect", source: from.nodeId, exit: from.id, at: [x, y] } });
  }, []);

  const onReconnect = useCallback((line: Line, connection: Connection) => {
    if (line.data && connection.target) link(line.data.source, line.data.exit, connection.target);
  }, []);

  const onDragStop = useCallback((event: MouseEvent | TouchEvent, _node: AnyNode, dragged: AnyNode[]) => {
    const steps: Record<string, Point> = {};
    const notes: Record<number, Point> = {};
    const before = places();
    for (const node of dragged) {
      const at = placeOf(node);
      const note = noteIndex(node.id);
      if (note !== null) notes[note] = at;
      else if (before[node.id]?.[0] !== at[0] || before[node.id]?.[1] !== at[1]) steps[node.id] = at;
    }
    const only = dragged.length === 1 ? dragged[0] : undefined;
    if (only?.type === "step" && standsAlone(only.id)) {
      const { clientX, clientY } = "changedTouches" in event ? (event.changedTouches[0] as Touch) : event;
      const line = lineUnder(clientX, clientY);
      // One act, not a move and a line.
      if (line) return dropOnLine(only.id, line);
    }
    placeAt(steps, notes);
  }, []);

  // --- from the palette -----------------------------------------------------------------------
  const marked = useRef<Element | null>(null);
  const mark = (line: string | null) => {
    const element = line === null ? null : (frame.current?.querySelector(`[data-line="${CSS.escape(line)}"]`) ?? null);
    if (element === marked.current) return;
    marked.current?.classList.remove("is-target");
    element?.classList.add("is-target");
    marked.current = element;
  };
  const onDragOver = (event: DragEvent) => {
    if (readOnly || !event.dataTransfer.types.includes(DRAGGED)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    mark(lineUnder(event.clientX, event.clientY));
  };
  const onDrop = (event: DragEvent) => {
    // With the key of what it is called after, where it is set already.
    const [type = "", key] = event.dataTransfer.getData(DRAGGED).split(/:(.*)/s);
    mark(null);
    if (readOnly || !type) return;
    event.preventDefault();
    const [x, y] = onCanvas(event.clientX, event.clientY);
    const line = lineUnder(event.clientX, event.clientY);
    add(type, line && itemOf(type)?.kind !== "trigger" ? { on: lineParts(line) } : { at: underPointer(type, [x, y]) }, key);
  };

  // --- the keys, and what others ask to be shown ------------------------------------------------
  useEffect(() => {
    const keyed: [keyof DocumentEventMap, (event: never) => void][] = [
      ["keydown", onKey],
      ["copy", onCopy],
      ["cut", onCopy],
      ["paste", onPaste],
    ];
    for (const [name, listener] of keyed) document.addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of keyed) document.removeEventListener(name, listener as EventListener);
    };
  }, []);
  useEffect(() => {
    if (revealing) show(revealing.step, true);
  }, [revealing]);
  // A panel takes room: the step that it is about stays in sight.
  const panelOpen = useEditor((state) => state.panel !== null);
  useEffect(() => {
    const step = useEditor.getState().selection.at(-1);
    if (panelOpen && step !== undefined) setTimeout(() => show(step), 80);
  }, [panelOpen]);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    let { left } = element.getBoundingClientRect();
    // What is seen stays where it is on the screen, whatever opens or closes beside it.
    const watch = new ResizeObserver(() => {
      const now = element.getBoundingClientRect().left;
      stayPut(left - now);
      left = now;
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => () => setView(null, null), []);

  return (
    <div
      className="fe-canvas"
      data-read-only={readOnly || undefined}
      ref={frame}
      tabIndex={-1}
      role="application"
      aria-label={t("The flow. Arrow keys go from step to step, the question mark shows all keys.")}
      onDragOver={onDragOver}
      onDragLeave={() => mark(null)}
      onDrop={onDrop}
      onFocus={(event) => {
        if (event.target === frame.current) return;
        const id = (event.target as HTMLElement).dataset.step;
        if (id && !useEditor.getState().selection.includes(id)) useEditor.getState().select([id]);
      }}
    >
      <ReactFlow<AnyNode, Line>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={onNodesChange}
        onConnect={onConnect}
        onConnectEnd={onConnectEnd}
        onReconnect={onReconnect}
        onNodeDragStop={onDragStop}
        onSelectionDragStop={(event, dragged) => {
          if (dragged[0]) onDragStop(event.nativeEvent, dragged[0], dragged);
        }}
        onNodeClick={(event, node) => {
          if (node.type === "step" && !event.shiftKey && !event.ctrlKey && !event.metaKey) openClicked();
        }}
        onNodeDoubleClick={(_event, node) => node.type === "step" && openChosen()}
        onEdgeClick={(event, line) => {
          if (line.data?.onClick) line.data.onClick();
          else {
            const { select, edgeSelection: chosen, selection: steps } = useEditor.getState();
            const more = event.shiftKey || event.ctrlKey || event.metaKey;
            select(more ? steps : [], { edges: more ? [...chosen.filter((id) => id !== line.id), line.id] : [line.id] });
          }
        }}
        onPaneClick={() => useEditor.getState().select([])}
        onInit={(found) => {
          setView(found, frame.current);
          requestAnimationFrame(() => {
            const { definition: drawn } = useEditor.getState();
            open(
              drawn.steps.map((step) => step.id),
              first(drawn, places()),
            );
          });
        }}
        onMoveStart={() => frame.current?.classList.add("is-moving")}
        onMove={(_event, { zoom }) => {
          frame.current?.classList.toggle("is-far", zoom < FAR);
          const size = labelSize(zoom);
          // In few steps, so that hardly any frame has to be styled anew.
          if (frame.current?.style.getPropertyValue("--fe-label") !== size) frame.current?.style.setProperty("--fe-label", size);
        }}
        onMoveEnd={() => frame.current?.classList.remove("is-moving")}
        minZoom={0.05}
        maxZoom={2}
        panOnScroll
        zoomOnDoubleClick={false}
        panOnDrag={boxing ? [1, 2] : true}
        selectionOnDrag={boxing}
        selectionMode={SelectionMode.Partial}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={HOLD}
        deleteKeyCode={null}
        disableKeyboardA11y
        nodesFocusable={false}
        edgesFocusable={false}
        nodesDraggable={!readOnly}
        nodesConnectable={!readOnly}
        connectionRadius={28}
        connectOnClick={false}
        elevateNodesOnSelect
        nodeDragThreshold={3}
        snapToGrid
        snapGrid={SNAP}
        onlyRenderVisibleElements={definition.steps.length > MANY}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={24} size={1.5} />
      </ReactFlow>
      {!definition.steps.length && <Start />}
      <Controls boxing={boxing} onBoxing={setBoxing} />
      {finding && <Find />}
      {ask?.kind === "help" && <HelpDialog />}
      {ask?.kind === "subflow" && <SubflowDialog />}
      {(ask?.kind === "connect" || ask?.kind === "insert") && <ConnectDialog key={`${ask.kind}${ask.source}${ask.exit ?? ""}`} ask={ask} />}
    </div>
  );
}

/** New boxes in place of the old, with what was measured of those. */
function withMeasures(wanted: AnyNode[], before: AnyNode[]): AnyNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return wanted.map((node) => {
    const old = known.get(node.id);
    return old?.measured && old.type === node.type ? ({ ...node, measured: old.measured }) : node;
  });
}

/** What numbers on lines are enlarged by, so that they stay readable from afar. */
export function labelSize(zoom: number): string {
  return String(Math.min(LABEL_MOST, Math.max(1, Math.ceil((LABEL_LEAST / zoom) * 4) / 4)));
}

/** The line under a point, even if a box that is dragged lies over it. */
function lineUnder(x: number, y: number): string | null {
  for (const element of document.elementsFromPoint(x, y)) {
    const line = element.closest<SVGElement>("[data-line]");
    if (line?.dataset.line) return line.dataset.line;
  }
  return null;
}

function sameSet<T>(a: Set<T>, b: T[]): boolean {
  return a.size === b.length && b.every((one) => a.has(one));
}
