import { cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Comparison, Definition, FlowDocument, Version } from "../api/types";
import { ComparePanel } from "../compare/ComparePanel";
import { reset, startSaving } from "../state/autosave";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { overlayOf } from "./api";
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
    flow: { ...document.flow, live: { id: 12, number: 2 }, numbers: [{ address: "+4930", url: "/n/" }], ...more },
    urls: { ...document.urls, versions: "/versions/", compare: "/compare/", publish: "/publish/", roll_back: "/roll-back/" },
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
    "/roll-back/": () => [
      200,
      { version: { id: 13, number: 3 }, revision: 2, definition: old, analysis: analysisOf(old), differs_from_live: false, previous: 12 },
    ],
    "/publish/": () => [200, { version: { id: 13, number: 3 }, revision: 1, definition: draft, analysis: analysisOf(draft), differs_from_live: false }],
    "/draft/": () => [200, { revision: 9, analysis: analysisOf(draft), differs_from_live: true }],
  });
  vi.stubGlobal("fetch", vi.fn(serve));
  useEditor.setState({ messages: [], panel: null, overlay: null, selection: [] });
  const document = documentWith();
  useEditor.getState().open(document);
  stop = startSaving(document);
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

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

  it("goes back in one click, and undoes it in another", async () => {
    render(<VersionsPanel />);
    await userEvent.click(await screen.findByRole("button", { name: /Go back to it/ }));
    await waitFor(() => expect(useEditor.getState().document?.flow.live?.number).toBe(3));
    expect(posted("/roll-back/")).toEqual({ version: 11, despite_cases: false });
    expect(useEditor.getState().definition.steps.map((one) => one.id)).toEqual(["call", "gone"]);
    expect(posted("/draft/")).toBeUndefined();
    const message = useEditor.getState().messages.at(-1);
    expect(message?.text).toContain("Version 3 is live");
    answers["/roll-back/"] = () => [
      200,
      { version: { id: 14, number: 4 }, revision: 3, definition: draft, analysis: analysisOf(draft), differs_from_live: false, previous: 13 },
    ];
    message?.action?.run();
    await waitFor(() => expect(useEditor.getState().document?.flow.live?.number).toBe(4));
    expect(posted("/roll-back/")?.version).toBe(12);
    expect(useEditor.getState().definition.steps.map((one) => one.id)).toEqual(["call", "hi"]);
  });

  it("says what keeps a version from going live again", async () => {
    const faults = [{ message: "There is no queue “x”.", where: [], step: "gone", level: "error", mends: [] }];
    answers["/roll-back/"] = () => [422, { error: "Nothing was published: mend the faults first.", analysis: { faults, steps: {} } }];
    render(<VersionsPanel />);
    await userEvent.click(await screen.findByRole("button", { name: /Go back to it/ }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("There is no queue “x”.");
    expect(useEditor.getState().definition).toBe(draft);
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
    expect(screen.getByText(/New contacts on \+4930\./)).toBeTruthy();
    await userEvent.type(screen.getByLabelText("What changed, and why?"), "Gold skips the menu");
    await userEvent.click(screen.getByRole("button", { name: "Publish" }));
    await waitFor(() => expect(useEditor.getState().document?.flow.live?.number).toBe(3));
    expect(posted("/publish/")).toEqual({ revision: 1, note: "Gold skips the menu", despite_cases: false });
    expect(useEditor.getState().panel?.id).toBe("versions");
  });

  it("warns of numbers whose contacts nothing starts", async () => {
    useEditor.setState({ document: documentWith({ numbers: [{ address: "whatsapp:+49301", url: "" }, { address: "+49302", url: "" }] }) });
    useEditor.setState({ definition: flow([step("call", { started: "hi" }, {}, "call"), step("hi")]) });
    render(<PublishPanel />);
    expect(await screen.findByText(/whatsapp:\+49301 gets messages/)).toBeTruthy();
    expect(screen.queryByText(/\+49302 gets calls/)).toBeNull();
  });

  it("is kept back by errors, not by warnings", async () => {
    const fault = { message: "Wrong.", where: [], step: "", level: "warning" as const, mends: [] };
    useEditor.setState({ analysis: { ...analysisOf(draft), faults: [fault] } });
    render(<PublishPanel />);
    await screen.findByText(/1 new step/);
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Publish" }).disabled).toBe(false);
    useEditor.setState({ analysis: { ...analysisOf(draft), faults: [{ ...fault, level: "error" }] } });
    await screen.findByText("1 error keeps it from being published");
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Publish" }).disabled).toBe(true);
  });

  it("shows the test cases that differ, and publishes all the same if told so", async () => {
    answers["/publish/"] = (body) =>
      body.despite_cases
        ? [200, { version: { id: 13, number: 3 }, revision: 1, definition: draft, analysis: analysisOf(draft), differs_from_live: false }]
        : [409, { error: "One differs.", cases: [{ id: 1, name: "Gold caller", state: "differs", sentences: ["Ended in Standard."] }] }];
    render(<PublishPanel />);
    await screen.findByText(/1 new step/);
    await userEvent.click(screen.getByRole("button", { name: "Publish" }));
    expect(await screen.findByText("Gold caller")).toBeTruthy();
    expect(screen.getByText("Ended in Standard.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Publish all the same" }));
    await waitFor(() => expect(posted("/publish/")?.despite_cases).toBe(true));
  });
});
