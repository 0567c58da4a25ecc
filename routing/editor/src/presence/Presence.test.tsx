import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Other } from "../api/types";
import { reset, startSaving } from "../state/autosave";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { actNow, actsSoFar, noticeStanding, setFlow } from "../state/standing";
import { EVERY_MS, Presence, TOGETHER_MS, peopleOf } from "./Presence";

const draft = flow([step("call", { started: "hi" }), step("hi")]);
const theirs = flow([step("call", { started: "hi" }), { ...step("hi"), title: "Hello there" }]);
const anna: Other = { session: "1:a", name: "Anna Lee", step: "hi", seconds_ago: 1 };
const STANDING = { name: "Line", description: "", live: { id: 12, number: 2 }, differs_from_live: false };
const server = { others: [anna] as Other[], revision: 1, down: false, flow: STANDING, went_live: null as object | null };
const bodies: Record<string, unknown>[] = [];
let stop: () => void;

function serve(url: string, init: RequestInit): Promise<Response> {
  if (server.down) return Promise.reject(new TypeError("Failed to fetch"));
  if (url === "/document/") {
    const document = documentOf(theirs, 2);
    return Promise.resolve(new Response(JSON.stringify({ ...document, flow: { ...document.flow, updated_by: "Anna Lee" } })));
  }
  bodies.push(JSON.parse(init.body as string) as Record<string, unknown>);
  return Promise.resolve(new Response(JSON.stringify({ ...server, updated_by: "Anna Lee" })));
}

beforeEach(() => {
  cleanup();
  reset();
  vi.useFakeTimers();
  bodies.length = 0;
  Object.assign(server, { others: [anna], revision: 1, down: false, flow: STANDING, went_live: null });
  vi.stubGlobal("fetch", vi.fn(serve));
  const made = documentOf(draft);
  const document = { ...made, flow: { ...made.flow, live: STANDING.live, differs_from_live: false }, urls: { ...made.urls, presence: "/presence/" } };
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

  it("is told within a few seconds who went back to which version, and the header is right", async () => {
    render(<Presence />);
    await wait(1000);
    expect(bodies.at(-1)).toMatchObject({ live: 12 });
    Object.assign(server, { revision: 2, flow: { ...STANDING, live: { id: 13, number: 3 } }, went_live: { by: "Anna Lee", at: "", note: "", back_to: 1 } });
    await wait(TOGETHER_MS);
    expect(useEditor.getState().messages.map((one) => one.text)).toEqual(["Anna Lee went back to version 1. It is live now, as version 3."]);
    expect(useEditor.getState().document?.flow).toMatchObject({ live: { id: 13, number: 3 }, differs_from_live: false, revision: 2 });
    expect(useEditor.getState().definition.steps[1]?.title).toBe("Hello there");
    await wait(TOGETHER_MS);
    expect(useEditor.getState().messages).toHaveLength(1);
  });

  it("is told what somebody published, called anew, or saved beside what is live", async () => {
    render(<Presence />);
    await wait(1000);
    const went_live = { by: "Me", at: "", note: "Gold first", back_to: null };
    Object.assign(server, { flow: { name: "Hotline", description: "", live: { id: 14, number: 4 }, differs_from_live: true }, went_live });
    await wait(TOGETHER_MS);
    expect(useEditor.getState().messages.at(-1)?.text).toBe("You, in another window, published version 4: “Gold first”. It is live now.");
    expect(useEditor.getState().document?.flow).toMatchObject({ name: "Hotline", differs_from_live: true });
  });

  it("does not take old news for new: what was asked before publishing here says nothing of it", async () => {
    render(<Presence />);
    await wait(1000);
    const old = { ...server, updated_by: "", went_live: { by: "Anna Lee", at: "", note: "", back_to: null } };
    const before = actsSoFar();
    actNow();
    setFlow({ live: { id: 15, number: 5 } });
    expect(noticeStanding(old as never, before)).toBe(false);
    expect(useEditor.getState().document?.flow.live?.number).toBe(5);
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
    const [me] = peopleOf([{ ...anna, own: true, name: "You, in another tab", real_name: "Me Myself" }]);
    expect([me?.name, me?.initials]).toEqual(["You, in another tab", "MM"]);
  });
});
