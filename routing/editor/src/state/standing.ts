/// Where the flow stands for contacts: which version is live, also when somebody in another window changed that.

import type { FlowInfo, Presence } from "../api/types";
import { t } from "../t";
import { isDirty } from "./autosave";
import { useEditor } from "./store";

/** Grows with each publishing, going back and renaming from here: what was asked before one is old news after it. */
let acts = 0;

export function actNow(): void {
  acts += 1;
}

export function actsSoFar(): number {
  return acts;
}

export function setFlow(changes: Partial<FlowInfo>): void {
  const { document } = useEditor.getState();
  if (document) useEditor.setState({ document: { ...document, flow: { ...document.flow, ...changes } } });
}

/** What another window did to the flow. True if it was said that another version is live. */
export function noticeStanding(found: Presence, askedAt: number): boolean {
  const flow = useEditor.getState().document?.flow;
  if (!flow || askedAt !== acts) return false;
  const { name, description, live, differs_from_live } = found.flow;
  const isOther = live?.id !== flow.live?.id;
  const differs = isDirty() ? flow.differs_from_live : differs_from_live;
  if (isOther || name !== flow.name || description !== flow.description || differs !== flow.differs_from_live) {
    setFlow({ name, description, live, differs_from_live: differs });
  }
  if (!isOther || !live) return false;
  useEditor.getState().say(wordsOn(live.number, found.went_live), "info", undefined, true);
  return true;
}

function wordsOn(number: number, how: Presence["went_live"]): string {
  const isMe = how !== null && how.by === useEditor.getState().document?.me.name;
  const who = isMe ? t("You, in another window,") : how?.by || t("Somebody");
  if (how?.back_to) return t("%(who)s went back to version %(old)s. It is live now, as version %(number)s.", { who, old: how.back_to, number });
  if (how?.note) return t("%(who)s published version %(number)s: “%(note)s”. It is live now.", { who, number, note: how.note });
  return t("%(who)s published version %(number)s. It is live now.", { who, number });
}
