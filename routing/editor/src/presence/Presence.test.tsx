import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Other } from "../api/types";
import { reset, startSaving } from "../state/autosave";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { EVERY_MS, Presence, peopleOf } from "./Presence";

const draft = flow([step("call", { started: "hi" }), step("hi")]);
const theirs = flow([step("call", { started: "hi" }), { ...step("hi"), title: "Hello there" }]);
const anna: Other = { session: "1:a", name: "Anna Lee", step: "hi", seconds_ago: 1 };
const server = { others: [anna] as Other[], revision: 1, down: false };
const bodies: Record<string, unknown>[] = [];
let stop: () => void;

function serve(url: string, init: RequestInit): Promise<Response> {
  if (server.down) return Promise.reject(new TypeError("Failed to fetch"));
  if (url === "/document/") {
    const document = documentOf(theirs, 2);
    return Promise.resolve(new Response(JSON.stringify({ ...document, flow: { ...document.flow, updated_by: "Anna Lee" } })));
  }
  bodies.push(JSON.parse(init.body as string) as Record<string, unknown>);
  return Promise.resolve(new Response(JSON.stringify({ others: server.others, revision: server.revision, updated_by: "Anna Lee" })));
}

beforeEach(() => {
  cleanup();
  reset();
  vi.useFakeTimers();
  bodies.length = 0;
  Object.assign(server, { others: [anna], revision: 1, down: false });
  vi.stubGlobal("fetch", vi.fn(serve));
  const document = { ...documentOf(draft), urls: { ...documentOf(draft).urls, presence: "/presence/" } };
  useEditor.setState({ messages: [], others: [], selection: [] });
  useEditor.getState().open(document);
  stop = startSaving(document);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const wait = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

describe("who else is here", () => {
  it("is shown by name, with the step, within eight seconds", async () => {
    render(<Presence />);
    await wait(1000);
    expect(screen.getByRole("group", { name: "Also here: Anna Lee" }).title).toBe("Anna Lee, at “hi”");
    expect(useEditor.getState().others.map((other) => other.step)).toEqual(["hi"]);
    server.others = [];
    await wait(EVERY_MS);
    expect(screen.queryByRole("group")).toBeNull();
  });

  it("is told which step is chosen here", async () => {
    render(<Presence />);
    act(() => useEditor.getState().select(["call"]));
    await wait(1000);
    expect(bodies.at(-1)).toMatchObject({ step: "call" });
  });

  it("takes over what another saved, and says so", async () => {
    render(<Presence />);
    await wait(1000);
    server.revision = 2;
    await wait(EVERY_MS);
    expect(useEditor.getState().definition.steps[1]?.title).toBe("Hello there");
    expect(useEditor.getState().messages.at(-1)?.text).toContain("Anna Lee changed “Hello there”");
  });

  it("is nobody while the server does not answer", async () => {
    render(<Presence />);
    await wait(1000);
    server.down = true;
    await wait(EVERY_MS);
    expect(useEditor.getState().others).toEqual([]);
  });

  it("names somebody with two tabs once", () => {
    useEditor.setState({ analysis: analysisOf(draft) });
    const people = peopleOf([anna, { ...anna, session: "1:b", step: "call" }, { ...anna, session: "2:c", name: "bert", step: "" }]);
    expect(people.map((person) => [person.name, person.initials, person.sentence])).toEqual([
      ["Anna Lee", "AL", "Anna Lee, at “hi”, “call”"],
      ["bert", "B", "bert"],
    ]);
  });
});
