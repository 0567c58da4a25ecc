/// Speaks to the server: JSON both ways, Django's session and its CSRF token, refusals as `Refused`.

import { t } from "../t";

/** The server said no, with a sentence for people and whatever else it sent. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: Record<string, unknown>,
  ) {
    super(message);
  }
}

/** Nobody answered: the network, or a server that is down. Worth trying again, and said in words of ours. */
export class Unreachable extends Error {
  constructor(cause?: unknown) {
    super(t("The server does not answer. Nothing is lost: try again in a moment."), { cause });
  }
}

export interface Asking {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
  /** Goes out even if the page closes meanwhile (at most 64 kB). */
  keepalive?: boolean;
}

/** The answer as JSON. Throws Refused, Unreachable, or the signal's own reason. */
export async function ask<T>(url: string, { method, body, signal, keepalive }: Asking = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", "X-CSRFToken": csrfToken() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(url, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      // A session that ended redirects to the login page: that is no answer.
      redirect: "manual",
      signal,
      keepalive,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable(error);
  }
  if (response.type === "opaqueredirect") {
    throw new Refused(401, "You are no longer signed in. Sign in again in another tab, then go on here.", {});
  }
  const text = await response.text();
  let answer: unknown;
  try {
    answer = text === "" ? {} : JSON.parse(text);
  } catch {
    answer = {};
  }
  if (response.ok) return answer as T;
  const said = (answer ?? {}) as Record<string, unknown>;
  // A proxy's own pages while the server restarts.
  if ([502, 503, 504].includes(response.status) && said.error === undefined) throw new Unreachable(response.statusText);
  const sentence = typeof said.error === "string" ? said.error : `The server refused this (${response.status}).`;
  throw new Refused(response.status, sentence, said);
}

export function csrfToken(): string {
  const field = document.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]");
  if (field) return field.value;
  return /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";
}
