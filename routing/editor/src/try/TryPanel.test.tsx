import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useEditor } from "../state/store";
import { CASE, DIFFERS, SCENARIO, SETUP, caseResult, flowDocument, result, visit } from "./made";
import type { Result, Scenario } from "./model";
import { cameBack, isOurs, reset, useTry } from "./state";
import { TryPanel } from "./TryPanel";
import { TryWatch } from "./TryWatch";

interface Sent {
  url: string;
  method: string;
  body: { scenario?: Scenario; name?: string; expected?: unknown; definition?: unknown; ids?: number[] };
}

let sent: Sent[] = [];
let came: (scenario: Scenario) => Result | { status: number; body: unknown };
const routes: Record<string, (request: Sent) => unknown> = {};

function tries(): Scenario[] {
  return sent.filter((one) => one.url === "/try/" && one.body.scenario).map((one) => one.body.scenario as Scenario);
}

beforeEach(() => {
  sent = [];
  came = () => result();
  for (const key of Object.keys(routes)) delete routes[key];
  routes["/cases/"] = () => ({ cases: [CASE] });
  routes["/cases/run/"] = () => ({ results: [DIFFERS] });
  window.history.replaceState({}, "", "/");
  vi.stubGlobal("fetch", (url: string, options: RequestInit) => {
    const body = typeof options.body === "string" ? (JSON.parse(options.body) as Sent["body"]) : {};
    const request: Sent = { url, method: options.method ?? "GET", body };
    sent.push(request);
    let status = 200;
    let answer: unknown = routes[url]?.(request);
    if (url === "/try/") {
      const found = body.scenario ? came(body.scenario) : null;
      if (found && "body" in found) {
        status = found.status;
        answer = found.body;
      } else answer = { setup: SETUP, scenario: body.scenario ?? SCENARIO, ...(found ? { result: found } : {}) };
    }
    return Promise.resolve(new Response(JSON.stringify(answer ?? { error: "Nothing here." }), { status: answer ? status : 404 }));
  });
  useEditor.getState().open(flowDocument());
  useEditor.setState({ panel: { id: "try", props: {} }, overlay: null, selection: [] });
  reset();
});
afterEach(() => vi.unstubAllGlobals());

async function open(): Promise<void> {
  render(
    <>
      <TryWatch />
      <TryPanel />
    </>,
  );
  await screen.findByRole("button", { name: "Start" });
}

async function start(): Promise<void> {
  await open();
  await userEvent.click(screen.getByRole("button", { name: "Start" }));
  await screen.findByRole("region", { name: "Conversation" });
}

describe("a try", () => {
  it("begins with who calls, and lights the way when the contact has called", async () => {
    await start();
    const talk = screen.getByRole("region", { name: "Conversation" });
    expect(within(talk).getByText("Welcome.")).toBeTruthy();
    expect(screen.getByText("Went to VIP because status was “gold”.")).toBeTruthy();
    expect(useEditor.getState().overlay?.steps.vip?.badge).toBe("3");
    expect(isOurs(useEditor.getState().overlay)).toBe(true);
  });

  it("goes on with each thing that the contact does, and takes it back", async () => {
    await start();
    await userEvent.click(screen.getByRole("button", { name: "Busy" }));
    expect(tries().at(-1)?.inputs).toEqual([{ do: "transfer", result: "busy", sip_code: 486 }]);
    came = (scenario) => result({ used: (scenario.inputs ?? []).length });
    await userEvent.click(screen.getByRole("button", { name: "Nobody answers" }));
    // The first one did not fit any more, and is left out with what followed it.
    expect(tries().at(-1)?.inputs).toEqual([{ do: "transfer", result: "no_answer" }]);
    await userEvent.click(screen.getByRole("button", { name: "One step back" }));
    expect(tries().at(-1)?.inputs).toEqual([]);
  });

  it("presses keys by themselves when there are enough, and with # otherwise", async () => {
    came = () => result({ waits_for: { kind: "input", keys: true, speech: false, digits: 2, choices: [] } });
    await start();
    await userEvent.click(screen.getByText("Keypad"));
    await userEvent.click(screen.getByRole("button", { name: "4" }));
    expect(tries()).toHaveLength(1);
    await userEvent.click(screen.getByRole("button", { name: "2" }));
    expect(tries().at(-1)?.inputs).toEqual([{ do: "keys", keys: "42" }]);
  });

  it("shows the answers on offer in the message itself, and a click answers", async () => {
    const choices = [{ label: "Sales", payload: "choice:sales" }];
    const asked = { number: 0, at: SCENARIO.at, event: "They wrote “Hi”", visits: [], heard: [{ kind: "say" as const, text: "What is it?", look: "buttons" as const, choices }] };
    came = () => result({ turns: [asked], waits_for: { kind: "input", timeout: "10 minutes", choices: [{ label: "Sales", keys: "", words: "1" }] } });
    await open();
    act(() => useTry.setState({ scenario: { ...SCENARIO, trigger: "message", channel: "whatsapp" } }));
    await userEvent.click(screen.getByRole("button", { name: "Start" }));
    expect(await screen.findByRole("button", { name: "No reply for 10 minutes" })).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Sales" }));
    expect(tries().at(-1)?.inputs).toEqual([{ do: "words", words: "Sales", payload: "choice:sales" }]);
  });

  it("is written on any channel, with a first text, also where no number uses the flow", async () => {
    await open();
    act(() => useTry.setState({ setup: { ...SETUP, triggers: ["message"], numbers: [] }, scenario: { ...SCENARIO, trigger: "message", channel: "sms" } }));
    await userEvent.selectOptions(screen.getByLabelText("Written on"), "WhatsApp");
    await userEvent.type(screen.getByLabelText("What they write first"), "Hi");
    await userEvent.click(screen.getByRole("button", { name: "Start" }));
    expect(tries().at(-1)).toMatchObject({ channel: "whatsapp", details: { text: "Hi" }, caller: { number: "whatsapp:+4915100000000" } });
  });

  it("does not start with a real customer until one of those found is chosen", async () => {
    await open();
    await userEvent.click(screen.getByLabelText("A real customer"));
    expect(screen.getByRole("button", { name: "Start" }).hasAttribute("disabled")).toBe(true);
    expect(screen.getByText("Find the customer first, and choose one of those found.")).toBeTruthy();
  });

  it("says of each turn how a step stood when it was over", async () => {
    const visits = [visit(1, "menu", { way: "→ Sales" })];
    const turn = (number: number, way: string) => ({ number, at: SCENARIO.at, event: `Turn ${number}`, heard: [], visits: [1], ways: [way] });
    came = () => result({ visits, turns: [turn(0, "· waits for the reply"), turn(1, "· asks again"), turn(2, "→ Sales")] });
    await start();
    for (const words of ["waits for the reply", "asks again", "Sales"]) expect(screen.getAllByText(words)).toHaveLength(1);
  });

  it("opens what a step saw, from the list and from the canvas", async () => {
    await start();
    await userEvent.click(screen.getByRole("button", { name: /LOYALTY/ }));
    expect(screen.getByText("status = “gold”")).toBeTruthy();
    expect(useEditor.getState().revealing?.step).toBe("loyalty");
    act(() => useEditor.getState().select(["vip"]));
    expect(screen.queryByText("status = “gold”")).toBeNull();
    expect(screen.getByText("loyalty.status")).toBeTruthy();
  });

  it("runs again by itself when the draft changes, and not when a step only moves", async () => {
    await start();
    const before = tries().length;
    act(() => useEditor.getState().edit("Move", (draft) => void (draft.layout = { ...draft.layout, vip: [9, 9] })));
    await new Promise((done) => setTimeout(done, 500));
    expect(tries()).toHaveLength(before);
    act(() =>
      useEditor.getState().edit("Title", (draft) => {
        const step = draft.steps.find((one) => one.id === "vip");
        if (step) step.title = "Other";
      }),
    );
    await vi.waitFor(() => expect(tries()).toHaveLength(before + 1), 2000);
  });

  it("takes its way off the canvas at once when the draft changes, and leaves the canvas where it is", async () => {
    await start();
    useEditor.setState({ panel: { id: "settings", props: {} } });
    const before = tries().length;
    act(() => useEditor.getState().edit("Delete", (draft) => void (draft.steps = draft.steps.filter((one) => one.id !== "menu"))));
    expect(useEditor.getState().overlay).toBeNull();
    expect(useTry.getState().stale).toBe(true);
    // Nobody watches: nothing is tried until the panel is open again.
    await new Promise((done) => setTimeout(done, 500));
    expect(tries()).toHaveLength(before);
    expect(screen.getByText(/The draft has changed since/)).toBeTruthy();
    act(() => {
      useEditor.setState({ panel: { id: "try", props: {} } });
      cameBack();
    });
    await vi.waitFor(() => expect(useEditor.getState().overlay?.steps.vip).toBeTruthy(), 2000);
    expect(useTry.getState().stale).toBe(false);
  });

  it("names the faults that keep the draft from being tried, and leads to them", async () => {
    came = () => ({
      status: 422,
      body: { error: "This flow cannot be tried yet.", analysis: { faults: [{ message: "There is no queue “gone”.", where: [], step: "vip", level: "error", mends: [] }] } },
    });
    await open();
    await userEvent.click(screen.getByRole("button", { name: "Start" }));
    await userEvent.click(await screen.findByRole("button", { name: "There is no queue “gone”." }));
    expect(useEditor.getState().revealing?.step).toBe("vip");
    expect(useEditor.getState().overlay).toBeNull();
  });

  it("keeps what was really asked, so that a key more asks nobody again", async () => {
    const reply = { source: "loyalty", inputs: { phone: "+49" }, status: "found" as const };
    came = () => result({ replies: [reply] });
    await start();
    await userEvent.click(screen.getByRole("button", { name: "Busy" }));
    expect(tries().at(-1)?.replies).toEqual([reply]);
  });

  it("says when it went to the fallback queue, and which words no longer fitted", async () => {
    came = () => result({ notes: ["The flow could not go on: no address"], visits: [visit(1, "", { fallback: true, title: "Fallback queue" })] });
    await start();
    expect(screen.getByText("The flow could not go on: no address")).toBeTruthy();
    // Once: its name says it.
    expect(screen.getAllByText(/fallback queue/i)).toHaveLength(1);
  });
});

describe("the scenario", () => {
  it("says where each of two values of one name is from", () => {
    const status = { name: "status", type: "text", sample: "gold", suggestions: [] };
    useTry.setState({ scenario: { ...SCENARIO, caller: { kind: "made_up" } }, setup: { ...SETUP, customer: [...SETUP.customer, status] } });
    render(<TryPanel />);
    expect(screen.getByLabelText("status synced by the CRM")).toBeDefined();
    expect(screen.getByLabelText("status answer of Loyalty API")).toBeDefined();
    expect(screen.getByLabelText("orders")).toBeDefined();
  });

  it("has a made-up customer with a tier and values", async () => {
    await open();
    await userEvent.click(screen.getByRole("radio", { name: "A made-up customer" }));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Tier" }), "gold");
    await userEvent.type(screen.getByRole("textbox", { name: "orders" }), "7");
    expect(useTry.getState().scenario?.caller).toEqual({ number: "+4915100000000", kind: "made_up", customer_id: undefined, values: { tier: "gold", orders: 7 } });
  });

  it("has nobody known at first, and answers that nobody chose go along with who calls", async () => {
    routes["/try/"] = () => ({ setup: SETUP, scenario: { ...SCENARIO, fetches: { loyalty: { answer: "not_found" } } } });
    await open();
    useTry.setState({ scenario: { ...SCENARIO, fetches: { loyalty: { answer: "not_found" } } } });
    expect(await screen.findByText("Loyalty API does not know the caller")).toBeTruthy();
    await userEvent.click(screen.getByRole("radio", { name: "A made-up customer" }));
    expect(useTry.getState().scenario?.fetches?.loyalty).toEqual({ values: { status: "gold" } });
    await userEvent.click(screen.getByRole("radio", { name: "A real customer" }));
    expect(useTry.getState().scenario?.fetches?.loyalty).toEqual({ answer: "recorded" });
    useTry.setState({ scenario: { ...SCENARIO, caller: { kind: "real" }, fetches: { loyalty: { answer: "fails" } } } });
    await userEvent.click(screen.getByRole("radio", { name: "Somebody unknown" }));
    expect(useTry.getState().scenario?.fetches?.loyalty).toEqual({ answer: "fails" });
  });

  it("is in the time of whose clock somebody chooses, and says which that is", async () => {
    await open();
    expect(screen.getByLabelText<HTMLInputElement>("Date and time").value).toBe("2026-03-02T10:00");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Whose clock" }), "UTC");
    expect(screen.getByLabelText<HTMLInputElement>("Date and time").value).toBe("2026-03-02T09:00");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Whose clock" }), "Europe/Berlin");
    await userEvent.click(screen.getByRole("button", { name: "Start" }));
    expect(await screen.findByText(/Times are those of Europe\/Berlin \((CET|GMT\+1)\)/)).toBeTruthy();
  });

  it("has a real customer, found by name", async () => {
    routes["/try/customers/?q=Anna"] = () => ({ customers: [{ id: 9, name: "Anna", external_id: "C-9", tier: "Gold", addresses: ["+49123"] }] });
    await open();
    await userEvent.click(screen.getByRole("radio", { name: "A real customer" }));
    await userEvent.type(screen.getByRole("searchbox", { name: "Find a customer" }), "Anna");
    await userEvent.click(await screen.findByRole("button", { name: /Anna/ }));
    expect(useTry.getState().scenario?.caller).toEqual({ kind: "real", customer_id: 9, number: "+49123" });
  });

  it("lets a data source fail, with what it had answered before", async () => {
    await open();
    await userEvent.click(screen.getByText("Loyalty API: status = gold"));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Answer" }), "fails");
    await userEvent.click(screen.getByRole("checkbox", { name: "It had answered before" }));
    expect(useTry.getState().scenario?.fetches?.loyalty).toEqual({ answer: "fails", values: { status: "gold" }, last_known: { status: "gold" } });
  });

  it("steers a split", async () => {
    await open();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Half and half" }), "new");
    expect(useTry.getState().scenario?.splits).toEqual({ half: "new" });
  });
});

describe("test cases", () => {
  it("are saved with how it ended, as far as that matters", async () => {
    routes["/cases/"] = (request) => (request.method === "POST" ? { case: { ...CASE, id: 7, name: "Mine" }, result: caseResult({ id: 7 }) } : { cases: [] });
    await start();
    await userEvent.click(screen.getByRole("button", { name: "Save as test case" }));
    await userEvent.type(screen.getByRole("textbox", { name: "Name of the test case" }), "Mine");
    await userEvent.click(screen.getByRole("checkbox", { name: /Last step/ }));
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    const kept = sent.find((one) => one.url === "/cases/" && one.method === "POST");
    expect(kept?.body.name).toBe("Mine");
    expect(kept?.body.expected).toEqual({ outcome: "transferred", queue: "vip" });
    expect(await screen.findByText("Test case “Mine”")).toBeTruthy();
  });

  it("never overwrite each other: another name makes another one, unless somebody says to rename", async () => {
    const answer = (id: number, name: string) => ({ case: { ...CASE, id, name }, result: caseResult({ id }) });
    routes["/cases/"] = (request) => (request.method === "POST" ? answer(7, request.body.name ?? "") : { cases: [] });
    routes["/cases/7/"] = (request) => answer(7, request.body.name ?? "");
    await start();
    await userEvent.click(screen.getByRole("button", { name: "Save as test case" }));
    expect(screen.getByText(/holds nobody real/)).toBeTruthy();
    await userEvent.type(screen.getByRole("textbox", { name: "Name of the test case" }), "First");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await userEvent.click(await screen.findByRole("button", { name: "Save or change the test case" }));
    expect(screen.getByRole("button", { name: "Change “First”" })).toBeTruthy();
    const name = screen.getByRole("textbox", { name: "Name of the test case" });
    await userEvent.clear(name);
    await userEvent.type(name, "Second{Enter}");
    await screen.findByText("Test case “Second”");
    expect(sent.filter((one) => one.method === "POST" && one.url.startsWith("/cases/")).map((one) => [one.url, one.body.name])).toEqual([
      ["/cases/", "First"],
      ["/cases/", "Second"],
    ]);
    await userEvent.click(screen.getByRole("button", { name: "Save or change the test case" }));
    await userEvent.type(screen.getByRole("textbox", { name: "Name of the test case" }), " one");
    await userEvent.click(screen.getByRole("button", { name: "Rename and change “Second”" }));
    expect(sent.at(-1)).toMatchObject({ url: "/cases/7/", body: { name: "Second one" } });
  });

  it("say what differs, light their way, and learn a new end", async () => {
    await open();
    await userEvent.click(screen.getByRole("button", { name: "Test cases" }));
    expect(await screen.findByText("1 of 1 differ")).toBeTruthy();
    const row = screen.getByText("Gold goes to VIP").closest("li");
    expect(row?.textContent).toContain("Queueexpected VIP");
    expect(row?.textContent).toContain("now Standard");
    routes["/cases/4/"] = () => ({ case: CASE, result: caseResult() });
    await userEvent.click(screen.getByRole("button", { name: "Expect this from now on" }));
    expect(await screen.findByText("passes")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Show its way" }));
    expect(await screen.findByText("Test case “Gold goes to VIP”")).toBeTruthy();
    expect(useEditor.getState().overlay?.steps.vip).toBeTruthy();
  });

  it("are deleted only when somebody is sure", async () => {
    routes["/cases/4/"] = () => ({ deleted: 4 });
    await open();
    await userEvent.click(screen.getByRole("button", { name: "Test cases" }));
    await userEvent.click(await screen.findByRole("button", { name: "Delete “Gold goes to VIP”" }));
    await userEvent.click(screen.getByRole("button", { name: "Delete" }));
    expect(await screen.findByText(/No test cases yet/)).toBeTruthy();
  });

  it("are only looked at by whoever may not change the flow", async () => {
    useEditor.getState().open(flowDocument(false));
    await open();
    await userEvent.click(screen.getByRole("button", { name: "Test cases" }));
    expect(await screen.findByText("1 of 1 differ")).toBeTruthy();
    expect(screen.queryByRole("button", { name: /Delete/ })).toBeNull();
  });
});
