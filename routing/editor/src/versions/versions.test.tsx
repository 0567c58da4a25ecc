import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Comparison, Definition, FlowDocument, FlowNumber, Version } from "../api/types";
import { ComparePanel } from "../compare/ComparePanel";
import { reset, startSaving } from "../state/autosave";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { liveWords, overlayOf, useBack } from "./api";
import { PublishPanel } from "./PublishPanel";
import { VersionsPanel } from "./VersionsPanel";

const draft = flow([step("call", { started: "hi" }), step("hi")]);
const old: Definition = flow([step("call", { started: "gone" }), step("gone")]);
const versions: Version[] = [
  { id: 12, number: 2, at: "2026-11-02T10:00:00Z", by: "anna", note: "Gold first", live: true, contacts_open: 0, used_by: ["+4930"] },
  { id: 11, number: 1, at: "2026-11-01T10:00:00Z", by: "", note: "", live: false, contacts_open: 3, used_by: ["Around"] },
];
const comparison: Comparison = {
  a: { title: "Version 2 (live)" },
  b: { title: "Draft" },
  definition: flow([step("call", { started: "hi" }), step("hi"), step("gone", { done: "call" })]),
  analysis: analysisOf(draft),
  changes: [
    {
      step: "call",
      title: "Incoming call",
      kind: "changed",
      fields: [{ label: "Name", path: ["title"], before: "Call", after: "Incoming call" }],
      exits: [
        { name: "started", label: "When it starts", before: "Gone", after: "Hi" },
        { name: "late", label: "Late", before: "Gone", after: "" },
      ],
    },
    { step: "hi", title: "Hi", kind: "added", fields: [], exits: [] },
    { step: "gone", title: "Gone", kind: "removed", fields: [], exits: [] },
  ],
  other: ["Note added: “Look”"],
  same: false,
};

const asked: { url: string; body: Record<string, unknown> | undefined }[] = [];
const answers: Record<string, (body: Record<string, unknown>) => [number, unknown]> = {};
let stop: () => void;

function serve(url: string, init: RequestInit): Promise<Response> {
  const body = init.body === undefined ? undefined : (JSON.parse(init.body as string) as Record<string, unknown>);
  asked.push({ url, body });
  const path = url.split("?")[0] as string;
  const [status, found] = answers[path]?.(body ?? {}) ?? [200, {}];
  return Promise.resolve(new Response(JSON.stringify(found), { status }));
}

function documentWith(more: Partial<FlowDocument["flow"]> = {}): FlowDocument {
  const document = documentOf(draft);
  return {
    ...document,
    flow: { ...document.flow, live: { id: 12, number: 2 }, numbers: [{ id: 1, address: "+4930", active: true, url: "/n/" }], ...more },
    urls: { ...document.urls, versions: "/versions/", compare: "/compare/", publish: "/publish/", roll_back: "/roll-back/", cases: "/cases/", numbers: "/numbers/", all_numbers: "/all/" },
  };
}

beforeEach(() => {
  cleanup();
  reset();
  asked.length = 0;
  Object.assign(answers, {
    "/versions/": () => [200, versions],
    "/versions/11/": () => [200, { definition: old, analysis: analysisOf(old), title: "Version 1" }],
    "/compare/": () => [200, comparison],
    "/cases/run/": () => [200, { results: [{ id: 1, name: "Gold caller", state: "passes", sentences: [] }] }],
    "/roll-back/": () => [
      200,
      { version: { id: 13, number: 3 }, revision: 2, definition: old, analysis: analysisOf(old), differs_from_live: false, previous: 12 },
    ],
    "/publish/": () => [200, { version: { id: 13, number: 3 }, revision: 1, definition: draft, analysis: analysisOf(draft), differs_from_live: false }],
    "/draft/": () => [200, { revision: 9, analysis: analysisOf(draft), differs_from_live: true }],
  });
  vi.stubGlobal("fetch", vi.fn(serve));
  useEditor.setState({ messages: [], panel: null, overlay: null, selection: [] });
  useBack.setState({ done: null });
  const document = documentWith();
  useEditor.getState().open(document);
  stop = startSaving(document);
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

function number(address: string): FlowNumber {
  return { id: address.length, address, active: true, url: "" };
}

function posted(url: string): Record<string, unknown> | undefined {
  return asked.filter((one) => one.url === url).at(-1)?.body;
}

describe("the list of versions", () => {
  it("says who, why, what still runs on each, and which numbers use it", async () => {
    render(<VersionsPanel />);
    expect(await screen.findByText("Gold first")).toBeTruthy();
    expect(screen.getByText("by anna")).toBeTruthy();
    const first = screen.getByRole("listitem", { name: "Version 1" });
    expect(first.textContent).toContain("3 contacts under way");
    expect(first.textContent).toContain("by a command or a program");
    expect(first.textContent).toContain("walked through by Around");
    expect(screen.getByRole("link", { name: "+4930" }).getAttribute("href")).toBe("/n/");
  });

  it("shows a version on the canvas and leads back to the draft", async () => {
    render(<VersionsPanel />);
    await userEvent.click(await screen.findByRole("button", { name: /Look\s*Version 1/ }));
    await waitFor(() => expect(useEditor.getState().mode).toBe("look"));
    expect(useEditor.getState().definition.steps.map((one) => one.id)).toEqual(["call", "gone"]);
    useEditor.getState().back();
    expect(useEditor.getState().definition).toBe(draft);
  });

  async function ask(): Promise<HTMLElement> {
    render(<VersionsPanel />);
    await userEvent.click(await screen.findByRole("button", { name: /Go back to it/ }));
    return await screen.findByRole("dialog", { name: "Go back to version 1?" });
  }

  it("asks before it goes back: what changes, for whom, and what the test cases say", async () => {
    const dialog = await ask();
    expect(posted("/roll-back/")).toBeUndefined();
    await waitFor(() => expect(dialog.textContent).toContain("1 new step, 1 changed step, 1 removed step."));
    expect(asked.some((one) => one.url === "/compare/?a=live&b=11")).toBe(true);
    expect(dialog.textContent).toContain("New contacts on +4930.");
    expect(await within(dialog).findByText("Its test case passes.")).toBeTruthy();
    expect(posted("/cases/run/")?.definition).toEqual(old);
    await userEvent.click(within(dialog).getByRole("button", { name: "Cancel" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(posted("/roll-back/")).toBeUndefined();
  });

  it("goes back and keeps a draft that has changes of its own, unless told otherwise", async () => {
    answers["/roll-back/"] = () => [
      200,
      { version: { id: 13, number: 3 }, revision: 1, definition: draft, analysis: analysisOf(draft), differs_from_live: true, previous: 12 },
    ];
    const dialog = await ask();
    expect(within(dialog).getByRole<HTMLInputElement>("radio", { name: /stays as it is/ }).checked).toBe(true);
    await within(dialog).findByText("Its test case passes.");
    await userEvent.click(within(dialog).getByRole("button", { name: "Go back to version 1" }));
    await waitFor(() => expect(useEditor.getState().document?.flow).toMatchObject({ live: { number: 3 }, differs_from_live: true }));
    expect(posted("/roll-back/")).toEqual({ version: 11, despite_cases: false, keep_draft: true });
    expect(useEditor.getState().definition).toBe(draft);
    expect(useEditor.getState().messages.at(-1)?.text).toBe("Back to version 1: it is live as version 3.");
  });

  it("replaces the draft where that was chosen, and one click undoes all of it", async () => {
    const dialog = await ask();
    await userEvent.click(within(dialog).getByRole("radio", { name: /becomes version 1/ }));
    await within(dialog).findByText("Its test case passes.");
    await userEvent.click(within(dialog).getByRole("button", { name: "Go back to version 1" }));
    await waitFor(() => expect(useEditor.getState().document?.flow.live?.number).toBe(3));
    expect(posted("/roll-back/")).toEqual({ version: 11, despite_cases: false, keep_draft: false, revision: 1 });
    expect(useEditor.getState().definition.steps.map((one) => one.id)).toEqual(["call", "gone"]);
    answers["/roll-back/"] = () => [
      200,
      { version: { id: 14, number: 4 }, revision: 2, definition: old, analysis: analysisOf(old), differs_from_live: true, previous: 13 },
    ];
    await userEvent.click(await screen.findByRole("button", { name: "Undo: version 2 again" }));
    await waitFor(() => expect(useEditor.getState().document?.flow.live?.number).toBe(4));
    expect(posted("/roll-back/")).toMatchObject({ version: 12, keep_draft: true, despite_cases: true });
    expect(useEditor.getState().definition.steps.map((one) => one.id)).toEqual(["call", "hi"]);
    expect(screen.queryByRole("button", { name: /Undo: version/ })).toBeNull();
  });

  it("says what keeps a version from going live again", async () => {
    const faults = [{ message: "There is no queue “x”.", where: [], step: "gone", level: "error", mends: [] }];
    answers["/versions/11/"] = () => [200, { definition: old, analysis: { ...analysisOf(old), faults }, title: "Version 1" }];
    answers["/cases/run/"] = () => [422, { error: "It cannot be tried." }];
    const dialog = await ask();
    expect((await within(dialog).findByText(/There is no queue “x”/))).toBeTruthy();
    expect(within(dialog).getByRole<HTMLButtonElement>("button", { name: "Go back to version 1" }).disabled).toBe(true);
  });

  it("names the test cases that would fail, and goes back only when told all the same", async () => {
    answers["/cases/run/"] = () => [200, { results: [{ id: 1, name: "Gold caller", state: "differs", sentences: ["Ended in Standard."] }] }];
    const dialog = await ask();
    expect(await within(dialog).findByText("Ended in Standard.")).toBeTruthy();
    await userEvent.click(within(dialog).getByRole("button", { name: "Go back all the same" }));
    await waitFor(() => expect(posted("/roll-back/")?.despite_cases).toBe(true));
  });

  it("offers nothing that may not be done", async () => {
    const document = documentWith();
    useEditor.getState().open({ ...document, may: { edit: true, publish: false, view_contacts: false } });
    render(<VersionsPanel />);
    await screen.findByText("Gold first");
    expect(screen.queryByRole("button", { name: /Go back/ })).toBeNull();
  });
});

describe("a comparison", () => {
  it("is shown on the canvas with what went as ghosts", () => {
    const overlay = overlayOf(comparison);
    expect(overlay.title).toBe("1 new step, 1 changed step, 1 removed step");
    expect(overlay.steps.call).toEqual({ tone: "changed", badge: "changed", detail: "Name, “When it starts” leads elsewhere …" });
    expect(overlay.steps.gone?.tone).toBe("removed");
    expect(overlay.edges["call:started"]).toEqual({ tone: "changed", label: "was: Gone" });
    expect(overlay.edges["call:late"]?.tone).toBe("removed");
    expect(overlay.edges["gone:done"]?.tone).toBe("removed");
  });

  it("is told in words, with before and after, and leaves the canvas as it was", async () => {
    const { unmount } = render(<ComparePanel props={{ a: "live", b: "draft" }} />);
    expect((await screen.findByText("Incoming call", { selector: "ins" })).textContent).toContain("Incoming call");
    expect(screen.getByText("Call", { selector: "del" })).toBeTruthy();
    expect(screen.getByText("“Late” leads to")).toBeTruthy();
    expect(screen.getByText("Note added: “Look”")).toBeTruthy();
    expect(useEditor.getState().looking?.title).toBe("From Version 2 (live) to Draft");
    unmount();
    expect(useEditor.getState().looking).toBeNull();
    expect(useEditor.getState().definition).toBe(draft);
  });

  it("is made of any two", async () => {
    render(<ComparePanel props={{ a: "11", b: "draft" }} />);
    await screen.findByRole("option", { name: /Version 1/, selected: true });
    await userEvent.selectOptions(screen.getByLabelText("To"), "12");
    await waitFor(() => expect(asked.some((one) => one.url === "/compare/?a=11&b=12")).toBe(true));
    await userEvent.click(screen.getByRole("button", { name: "The other way round" }));
    await waitFor(() => expect(asked.some((one) => one.url === "/compare/?a=12&b=11")).toBe(true));
  });
});

describe("publishing", () => {
  it("shows what changes and whom it concerns, and sends the note", async () => {
    render(<PublishPanel />);
    expect(await screen.findByText("1 new step, 1 changed step, 1 removed step.")).toBeTruthy();
    expect(screen.getByRole("link", { name: "+4930" })).toBeTruthy();
    await screen.findByText("Its test case passes.");
    await userEvent.type(screen.getByLabelText("What changed, and why?"), "Gold skips the menu");
    await userEvent.click(screen.getByRole("button", { name: "Publish" }));
    await waitFor(() => expect(useEditor.getState().document?.flow.live?.number).toBe(3));
    expect(posted("/publish/")).toEqual({ revision: 1, note: "Gold skips the menu", despite_cases: false });
    expect(useEditor.getState().panel?.id).toBe("versions");
  });

  it("warns of numbers whose contacts nothing starts", async () => {
    useEditor.setState({ document: documentWith({ numbers: [number("whatsapp:+49301"), number("+49302")] }) });
    useEditor.setState({ definition: flow([step("call", { started: "hi" }, {}, "call"), step("hi")]) });
    render(<PublishPanel />);
    expect(await screen.findByText(/WhatsApp \+49301 gets messages/)).toBeTruthy();
    expect(screen.queryByText(/\+49302 gets calls/)).toBeNull();
  });

  it("asks once more before it goes without a note, or with warnings", async () => {
    const fault = { message: "Wrong.", where: [], step: "", level: "warning" as const, mends: [] };
    useEditor.setState({ analysis: { ...analysisOf(draft), faults: [fault] } });
    render(<PublishPanel />);
    await screen.findByText("Its test case passes.");
    await userEvent.click(screen.getByRole("button", { name: "Publish" }));
    expect(screen.getByRole("alert").textContent).toContain("There is no note");
    expect(screen.getByRole("alert").textContent).toContain("1 warning stands above.");
    expect(posted("/publish/")).toBeUndefined();
    // Another doubt is asked of anew.
    await userEvent.type(screen.getByLabelText("What changed, and why?"), "Gold first");
    expect(screen.queryByRole("alert")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Publish" }));
    expect(screen.getByRole("alert").textContent).toContain("1 warning stands above.");
    await userEvent.click(screen.getByRole("button", { name: "Publish all the same" }));
    await waitFor(() => expect(posted("/publish/")).toEqual({ revision: 1, note: "Gold first", despite_cases: false }));
  });

  it("is kept back by errors, not by warnings", async () => {
    const fault = { message: "Wrong.", where: [], step: "", level: "warning" as const, mends: [] };
    useEditor.setState({ analysis: { ...analysisOf(draft), faults: [fault] } });
    render(<PublishPanel />);
    await screen.findByText("Its test case passes.");
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Publish" }).disabled).toBe(false);
    useEditor.setState({ analysis: { ...analysisOf(draft), faults: [{ ...fault, level: "error" }] } });
    await screen.findByText("1 error keeps it from being published");
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Publish" }).disabled).toBe(true);
  });

  it("says which test cases differ before anybody presses Publish", async () => {
    answers["/cases/run/"] = () => [200, { results: [{ id: 1, name: "Gold caller", state: "differs", sentences: ["Ended in Standard."] }] }];
    render(<PublishPanel />);
    expect(screen.getByText("Trying the test cases…")).toBeTruthy();
    expect(await screen.findByText("Ended in Standard.")).toBeTruthy();
    expect(posted("/publish/")).toBeUndefined();
    expect(screen.queryByRole("button", { name: "Publish" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Publish all the same" }));
    await waitFor(() => expect(posted("/publish/")?.despite_cases).toBe(true));
  });

  it("says no more than is true: without a number nobody reaches the flow, and one is chosen right there", async () => {
    const mine = [number("+4930901")];
    answers["/numbers/"] = (body) => [
      200,
      {
        numbers: [
          { id: 5, address: "+4930901", name: "Hotline", active: true, flow: body.number ? { id: 7, name: "Line" } : { id: 3, name: "Old line" } },
          { id: 6, address: "+4930902", name: "", active: true, flow: null },
        ],
        mine: body.number ? mine : [],
      },
    ];
    const document = documentWith({ numbers: [], live: null });
    useEditor.getState().open({ ...document, may: { ...document.may, choose_numbers: true } });
    render(<PublishPanel />);
    expect(await screen.findByText(/Nobody yet: no number starts this flow/)).toBeTruthy();
    expect(liveWords(1)).toContain("nobody reaches it");
    await userEvent.click(screen.getByRole("button", { name: "Choose a number" }));
    await userEvent.selectOptions(await screen.findByLabelText("Number or address"), "+4930901, Hotline (now “Old line”)");
    expect(screen.getByText(/It leaves “Old line” at once/)).toBeTruthy();
    expect(screen.getByText(/This flow has no “Incoming call”/)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Use it for this flow" }));
    expect(screen.getByText(/Do you mean that/)).toBeTruthy();
    expect(posted("/numbers/")).toBeUndefined();
    await userEvent.click(screen.getByRole("button", { name: "Use it all the same" }));
    expect(await screen.findByText("+4930901")).toBeTruthy();
    expect(posted("/numbers/")).toEqual({ number: 5, seen: 3, flow: 7 });
    expect(liveWords(1)).toBe("Version 1 is live: new contacts on +4930901 walk through it from now on.");
    useEditor.getState().messages.at(-1)?.action?.run();
    await waitFor(() => expect(posted("/numbers/")).toEqual({ number: 5, seen: 7, flow: 3 }));
  });

  it("gives a number back to the flow that it left for this one", async () => {
    const listed = [{ id: 5, address: "+4930901", name: "", active: true, flow: { id: 7, name: "Line" } }];
    answers["/numbers/"] = (body) => [
      200,
      { numbers: listed, mine: body.number ? [] : [{ ...number("+4930901"), id: 5 }], left: { 5: { id: 3, name: "Old line" } } },
    ];
    const document = documentWith({ numbers: [{ ...number("+4930901"), id: 5 }] });
    useEditor.getState().open({ ...document, may: { ...document.may, choose_numbers: true } });
    render(<PublishPanel />);
    await userEvent.click(await screen.findByRole("button", { name: "Give a number back" }));
    await userEvent.click(await screen.findByRole("button", { name: "Back to “Old line”" }));
    await waitFor(() => expect(posted("/numbers/")).toEqual({ number: 5, seen: 7, flow: 3 }));
    expect(await screen.findByText(/Nobody yet: no number starts this flow/)).toBeTruthy();
  });

  it("offers no number to whoever may not choose one", async () => {
    useEditor.setState({ document: documentWith({ numbers: [] }) });
    render(<PublishPanel />);
    expect(await screen.findByText(/Whoever manages the numbers/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: /Choose/ })).toBeNull();
  });

  it("shows the test cases that differ, and publishes all the same if told so", async () => {
    answers["/publish/"] = (body) =>
      body.despite_cases
        ? [200, { version: { id: 13, number: 3 }, revision: 1, definition: draft, analysis: analysisOf(draft), differs_from_live: false }]
        : [409, { error: "One differs.", cases: [{ id: 1, name: "Gold caller", state: "differs", sentences: ["Ended in Standard."] }] }];
    render(<PublishPanel />);
    await screen.findByText("Its test case passes.");
    await userEvent.type(screen.getByLabelText("What changed, and why?"), "Gold first");
    await userEvent.click(screen.getByRole("button", { name: "Publish" }));
    expect(await screen.findByText("Gold caller")).toBeTruthy();
    expect(screen.getByText("Ended in Standard.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Publish all the same" }));
    await waitFor(() => expect(posted("/publish/")?.despite_cases).toBe(true));
  });
});
