/// A remark on the canvas; a double click or Enter writes in it.

import type { NodeProps } from "@xyflow/react";
import { memo, useEffect, useRef, useState } from "react";
import { useEditor } from "../state/store";
import { t } from "../t";
import type { NoteNode as Node } from "./model";
import { focusSoon } from "./view";
import { useWriting } from "./writing";

const LONGEST = 4000;

export const NoteNode = memo(function NoteNode({ data, selected }: NodeProps<Node>) {
  const { note, index, readOnly } = data;
  const writing = useWriting((state) => state.note === index) && !readOnly;
  const edit = useEditor((state) => state.edit);
  const [begun] = useState(() => Date.now());
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (writing) focusSoon(() => field.current);
  }, [writing]);
  const stop = () => useWriting.setState({ note: null });
  if (writing) {
    return (
      <div className="fe-note is-writing nodrag">
        <textarea
          ref={field}
          aria-label={t("Note")}
          value={note.text}
          maxLength={LONGEST}
          rows={Math.min(14, Math.max(3, note.text.split("\n").length + 1))}
          onChange={(event) => {
            const text = event.target.value;
            edit(
              t("Write a note"),
              (draft) => {
                const one = draft.notes?.[index];
                if (one) one.text = text;
              },
              { merge: `note-${index}-${begun}` },
            );
          }}
          onKeyDown={(event) => {
            if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
            event.stopPropagation();
            stop();
            document.querySelector<HTMLElement>(`[data-note="${index}"]`)?.focus();
          }}
          onBlur={stop}
        />
      </div>
    );
  }
  return (
    <div
      className={`fe-note ${selected ? "is-selected" : ""}`}
      data-note={index}
      role="note"
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the canvas is an application, with keys of its own
      tabIndex={selected ? 0 : -1}
      onDoubleClick={() => !readOnly && useWriting.setState({ note: index })}
    >
      {note.text || <span className="fe-muted">{t("An empty note")}</span>}
    </div>
  );
});
