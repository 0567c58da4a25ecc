/// The whole page: loads the flow, then shows header, palette, canvas and panels.

import { useEffect, useState } from "react";
import { ask } from "../api/client";
import type { FlowDocument } from "../api/types";
import { useEditor } from "../state/store";
import { t } from "../t";

export function App({ documentUrl }: { documentUrl: string }) {
  const document = useEditor((state) => state.document);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const leaving = new AbortController();
    ask<FlowDocument>(documentUrl, { signal: leaving.signal })
      .then((found) => useEditor.getState().open(found))
      .catch((error: Error) => {
        if (!leaving.signal.aborted) setProblem(error.message || t("The server does not answer."));
      });
    return () => leaving.abort();
  }, [documentUrl]);
  if (problem) return <p role="alert">{problem}</p>;
  return <p>{document ? document.flow.name : t("Loading…")}</p>;
}
