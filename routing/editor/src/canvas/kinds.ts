/// Pictures of kinds and of well-known types; a type nobody thought of gets the picture of its kind.

import type { Kind } from "../api/types";
import { t } from "../t";

const BY_KIND: Record<Kind, string> = {
  trigger: "bolt",
  say: "campaign",
  ask: "dialpad",
  data: "database",
  decide: "call_split",
  hand_over: "groups",
  end: "call_end",
};

const BY_TYPE: Record<string, string> = {
  call: "call",
  message: "chat",
  fetch: "cloud_download",
  set_variables: "edit_note",
  check_hours: "schedule",
  hours: "schedule",
  split: "percent",
  percentage_split: "percent",
  transfer: "phone_forwarded",
  voicemail: "voicemail",
  subflow: "account_tree",
};

export const KINDS: Kind[] = ["trigger", "say", "ask", "data", "decide", "hand_over", "end"];

export function iconOf(type: string, kind: Kind | undefined): string {
  return BY_TYPE[type] ?? (kind ? BY_KIND[kind] : undefined) ?? "extension";
}

export function kindName(kind: Kind): string {
  const names: Record<Kind, string> = {
    trigger: t("How it starts"),
    say: t("Say something"),
    ask: t("Ask something"),
    data: t("Know the customer"),
    decide: t("Decide the way"),
    hand_over: t("Put through"),
    end: t("End"),
  };
  return names[kind] ?? kind;
}
