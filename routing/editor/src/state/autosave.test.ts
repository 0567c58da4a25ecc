import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Definition } from "../api/types";
import { SAVE_AFTER_MS, conflictNow, decide, flush, isDirty, reset, startSaving } from "./autosave";
import { analysisOf, documentOf, flow, step } from "./flows.testing";
import { rescued } from "./rescue";
import { useEditor } from "./store";

const begin = flow([step("call", { started: "greet" }), step("greet", {}, { text: "Hello" })]);
const state = () => useEditor.getState();

/** The server: one draft, one revision, and a switch that takes the network away. */
const server = { definition: begin, revision: 1, down: false, posts: 0, by: "Anna" };
let stop: () => void;

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status });
}

function serve(url: string, init: RequestInit): Promise<Response> {
  if (server.down) return Promise.reject(new TypeError("Failed to fetch"));
  const body = JSON.parse(init.body as string) as { definition: Definition; revision: number };
  const analysis = analysisOf(body.definition);
  if (url === "/analyse/") return Promise.resolve(answer(200, { analysis }));
  server.posts += 1;
  if (body.revision !== server.revision) {
    const { definition, revision, by } = server;
    return Promise.resolve(answer(409, { error: "Stale.", by, at: "2026-11-01T10:00:00Z", revision, definition, analysis: analysisOf(definition) }));
  }
  server.definition = body.definition;
  server.revision += 1;
  return Promise.resolve(answer(200, { revision: server.revision, analysis, differs_from_live: true }));
}

function rename(id: string, title: string): void {
  state().edit("Rename", (draft) => {
    const found = draft.steps.find((one) => one.id === id);
    if (found) found.title = title;
  });
}

function titles(definition: Definition): (string | undefined)[] {
  return definition.steps.map((one) => one.title);
}

describe("the draft saves itself", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    reset();
    localStorage.clear();
    Object.assign(server, { definition: begin, revision: 1, down: false, posts: 0 });
    vi.stubGlobal("fetch", vi.fn(serve));
    useEditor.setState({ messages: [] });
    state().open(documentOf(begin));
    stop = startSaving(documentOf(begin));
  });
  afterEach(() => {
    stop();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("once, soon after the last change", async () => {
    rename("greet", "A");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS - 100);
    rename("greet", "AB");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS - 100);
    expect(server.posts).toBe(0);
    await vi.advanceTimersByTimeAsync(200);
    expect(server.posts).toBe(1);
    expect(titles(server.definition)).toEqual(["call", "AB"]);
    expect(state().saving.state).toBe("saved");
    expect(isDirty()).toBe(false);
  });

  it("shows the faults of what is there after undo and redo, while it was being saved and afterwards", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    vi.stubGlobal("fetch", vi.fn((url: string, init: RequestInit) => held.then(() => serve(url, init))));
    const shown = () => state().analysis.steps.greet?.title;
    rename("greet", "A");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS + 10);
    expect(state().saving.state).toBe("saving");
    state().undo();
    await vi.advanceTimersByTimeAsync(50);
    release();
    await vi.advanceTimersByTimeAsync(50);
    state().redo();
    await vi.advanceTimersByTimeAsync(3000);
    expect(shown()).toBe("A");
    state().undo();
    await vi.advanceTimersByTimeAsync(3000);
    expect(shown()).toBe("greet");
    state().redo();
    await vi.advanceTimersByTimeAsync(3000);
    expect(shown()).toBe("A");
  });

  it("again and again while nobody answers, and says so", async () => {
    server.down = true;
    rename("greet", "A");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS + 50);
    expect(state().saving.state).toBe("offline");
    rename("greet", "AB");
    await vi.advanceTimersByTimeAsync(5000);
    expect(rescued(7)?.mine.steps[1]?.title).toBe("AB");
    server.down = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(titles(server.definition)).toEqual(["call", "AB"]);
    expect(state().saving.state).toBe("saved");
    expect(rescued(7)).toBeNull();
  });

  it("puts together what two people changed in different steps, and says who did what", async () => {
    server.definition = { ...begin, steps: begin.steps.map((one) => (one.id === "call" ? { ...one, title: "Theirs" } : one)) };
    server.revision = 5;
    rename("greet", "Mine");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS + 3000);
    expect(titles(server.definition)).toEqual(["Theirs", "Mine"]);
    expect(titles(state().definition)).toEqual(["Theirs", "Mine"]);
    expect(state().messages.map((one) => one.text).join()).toContain("Anna changed “Theirs”");
    expect(state().saving.state).toBe("saved");
  });

  it("asks where both changed one step, and overwrites nothing before", async () => {
    server.definition = { ...begin, steps: begin.steps.map((one) => (one.id === "greet" ? { ...one, title: "Theirs" } : one)) };
    server.revision = 5;
    rename("greet", "Mine");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS + 3000);
    expect(state().saving.state).toBe("conflict");
    expect(conflictNow()?.conflicts.map((one) => one.step)).toEqual(["greet"]);
    rename("call", "Meanwhile");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(titles(server.definition)).toEqual(["call", "Theirs"]);
    await expect(flush()).rejects.toThrow();
    decide({ greet: "mine" });
    await vi.advanceTimersByTimeAsync(3000);
    expect(titles(server.definition)).toEqual(["Meanwhile", "Mine"]);
    expect(state().saving.state).toBe("saved");
  });

  it("takes theirs where they were chosen", async () => {
    server.definition = { ...begin, steps: begin.steps.map((one) => (one.id === "greet" ? { ...one, title: "Theirs" } : one)) };
    server.revision = 5;
    rename("greet", "Mine");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS + 100);
    decide({ greet: "theirs" });
    await vi.advanceTimersByTimeAsync(3000);
    expect(titles(state().definition)).toEqual(["call", "Theirs"]);
    expect(state().saving.state).toBe("saved");
  });

  it("warns before the page closes, as long as something is not saved", async () => {
    const closes = () => {
      const event = new Event("beforeunload", { cancelable: true });
      window.dispatchEvent(event);
      return !event.defaultPrevented;
    };
    expect(closes()).toBe(true);
    rename("greet", "A");
    expect(closes()).toBe(false);
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS + 100);
    expect(closes()).toBe(true);
  });

  it("sends what is left when the page closes all the same", () => {
    rename("greet", "A");
    window.dispatchEvent(new Event("pagehide"));
    const [, init] = vi.mocked(fetch).mock.calls.at(-1) as [string, RequestInit];
    expect(init.keepalive).toBe(true);
    expect(titles(server.definition)).toEqual(["call", "A"]);
  });

  it("saves on demand", async () => {
    rename("greet", "A");
    await expect(flush()).resolves.toBe(2);
    expect(isDirty()).toBe(false);
  });
});
