import { act, cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Definition, Presence } from "../api/types";
import { flush, reset, startSaving } from "../state/autosave";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { actsSoFar, noticeStanding } from "../state/standing";
import { useEditor } from "../state/store";
import { ConflictDialog } from "./ConflictDialog";
import { Header } from "./Header";

const draft = flow([step("hi"), step("bye")]);
const theirs = flow([{ ...step("hi"), settings: { prompt: { text: { en: "Theirs" } } } }, step("bye")]);
const answers: Record<string, (body: Record<string, unknown>) => [number, unknown]> = {};
const asked: { url: string; body: Record<string, unknown> }[] = [];
let stop: () => void;

beforeEach(() => {
  cleanup();
  reset();
  asked.length = 0;
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    const body = JSON.parse((init.body as string | undefined) ?? "{}") as Record<string, unknown>;
    asked.push({ url, body });
    const [status, answer] = answers[url]?.(body) ?? [200, {}];
    return Promise.resolve(new Response(JSON.stringify(answer), { status }));
  });
  const made = documentOf(draft);
  const document = { ...made, urls: { ...made.urls, compare: "/compare/", naming: "/naming/", list: "/list/" } };
  useEditor.setState({ messages: [], selection: [], panel: null, others: [] });
  useEditor.getState().open(document);
  stop = startSaving(document);
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

describe("two people on one step", () => {
  it("see what each changed in the words of its form, not by the keys of the file", async () => {
    answers["/draft/"] = () => [409, { error: "Stale.", by: "Anna", at: "", revision: 2, definition: theirs, analysis: analysisOf(theirs) }];
    answers["/compare/"] = (body) => {
      const sent = (body.b as Definition).steps[0]?.settings?.prompt as { text: { en: string } };
      const fields = [{ label: "What to say (English)", path: ["settings", "prompt", "text", "en"], before: "", after: sent.text.en }];
      return [200, { changes: [{ step: "hi", title: "hi", kind: "changed", fields, exits: [] }], other: [] }];
    };
    render(<ConflictDialog />);
    act(() => useEditor.getState().edit("Say", (now) => void (now.steps[0] = { ...step("hi"), settings: { prompt: { text: { en: "Mine" } } } })));
    await act(() => flush().catch(() => undefined));
    const dialog = await screen.findByRole("dialog", { name: "Anna changed the same steps as you" });
    const mine = within(dialog).getByText("Mine", { selector: "ins" }).closest("label");
    await waitFor(() => expect(mine?.textContent).toContain("What to say (English)"));
    expect((await within(dialog).findByText("Theirs", { selector: "ins" })).closest("label")?.textContent).toContain("Anna's");
    expect(dialog.textContent).not.toContain("prompt");
    expect(asked.filter((one) => one.url === "/compare/").map((one) => (one.body.a as Definition).steps[0]?.settings)).toEqual([{}, {}]);
  });
});

describe("the name of a flow", () => {
  it("is changed from the header, and a name that is taken is said", async () => {
    render(<Header />);
    await userEvent.click(screen.getByRole("button", { name: "Line: change name and description" }));
    const name = screen.getByRole("textbox", { name: "Name" });
    await userEvent.clear(name);
    await userEvent.type(name, "Hotline");
    await userEvent.type(screen.getByRole("textbox", { name: "What it is for" }), "For gold.");
    answers["/naming/"] = () => [400, { error: "Another flow is called “Hotline” already." }];
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect((await screen.findByRole("alert")).textContent).toContain("already");
    answers["/naming/"] = (body) => [200, body];
    const before = actsSoFar();
    const { live, differs_from_live } = useEditor.getState().document!.flow;
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await screen.findByRole("button", { name: "Hotline: change name and description" });
    // What was asked before says the old name, and comes too late.
    noticeStanding({ flow: { name: "Line", description: "", live, differs_from_live } } as Presence, before);
    expect(useEditor.getState().document?.flow).toMatchObject({ name: "Hotline", description: "For gold." });
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("is only read by whoever may not change it", () => {
    const made = documentOf(draft);
    useEditor.getState().open({ ...made, may: { ...made.may, edit: false } });
    render(<Header />);
    expect(screen.getByRole("heading", { name: "Line" })).toBeTruthy();
    expect(screen.queryByRole("button", { name: /change name/ })).toBeNull();
  });
});
