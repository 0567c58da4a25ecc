import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useEditor } from "../state/store";
import { LivePanel } from "./LivePanel";
import { LiveWatch, whileVisible } from "./LiveWatch";
import { ANALYSIS, contact, DEFINITION, flowDocument, trace, traffic } from "./made";
import { forget, refreshContact, refreshTraffic, useLive } from "./state";

type Answers = Record<string, unknown>;
let asked: string[] = [];

function serve(answers: Answers, status = 200): void {
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    const found = Object.entries(answers).find(([part]) => url.includes(part));
    return Promise.resolve(new Response(JSON.stringify(found?.[1] ?? { error: "Nothing here." }), { status: found ? status : 404 }));
  });
}

const LOOKED = { definition: DEFINITION, analysis: ANALYSIS, title: "Version 3" };

beforeEach(() => {
  asked = [];
  window.history.replaceState({}, "", "/");
  useEditor.getState().open(flowDocument());
  useEditor.getState().setOverlay(null);
  useLive.setState({ span: "hour", versions: "all", traffic: null });
  forget();
});
afterEach(() => vi.unstubAllGlobals());

async function open(answers: Answers, status = 200) {
  serve(answers, status);
  render(
    <>
      <LiveWatch />
      <LivePanel />
    </>,
  );
  await act(async () => {
    await vi.waitFor(() => expect(useLive.getState().loading).toBe(false));
  });
}

describe("the numbers", () => {
  it("are laid over the live version, and stand in tables", async () => {
    await open({ "traffic/": traffic(), "versions/7/": LOOKED });
    expect(useEditor.getState().looking?.title).toBe("Version 3, as contacts use it");
    expect(useEditor.getState().overlay?.edges["call:started"]?.label).toBe("400 · 100 %");
    const ways = screen.getByRole("table", { name: "Ways taken" });
    expect(within(ways).getAllByRole("row")[1]?.textContent).toBe("Incoming call “When it starts” → Menu400100 %");
    expect(screen.getByRole("table", { name: "Ways that the live version no longer has" }).textContent).toContain("“Then”, the end · versions 1, 2");
    expect(screen.getByRole("table", { name: "Where contacts are or stopped" }).textContent).toContain("could not go on");
  });

  it("are asked for anew with another span or version", async () => {
    await open({ "traffic/": traffic(), "versions/7/": LOOKED });
    await userEvent.click(screen.getByRole("radio", { name: "Week" }));
    expect(asked.at(-1)).toContain("span=week&versions=all");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Versions" }), "live");
    expect(asked.at(-1)).toContain("span=week&versions=live");
  });

  it("say so where there was nobody", async () => {
    await open({ "traffic/": traffic({ total: 0, edges: [], stops: [], gone: [] }), "versions/7/": LOOKED });
    expect(screen.getByText("No contact in the last hour.")).toBeTruthy();
  });

  it("say until when they hold if nobody counts", async () => {
    await open({ "traffic/": traffic({ counted_at: "2026-11-23T11:20:00Z" }), "versions/7/": LOOKED });
    expect(screen.getByText(/background workers are behind/)).toBeTruthy();
  });

  it("stay when a refresh fails, with the reason", async () => {
    await open({ "traffic/": traffic(), "versions/7/": LOOKED });
    serve({ "traffic/": { error: "The house is on fire." } }, 500);
    await act(() => refreshTraffic());
    expect(screen.getByRole("alert").textContent).toContain("The house is on fire.");
    expect(screen.getByRole("table", { name: "Ways taken" })).toBeTruthy();
  });

  it("are not asked for by who may not see contacts", async () => {
    useEditor.getState().open({ ...flowDocument(), may: { edit: true, publish: false, view_contacts: false } });
    await open({});
    expect(asked).toEqual([]);
    expect(screen.getByText(/not allowed to see contacts/)).toBeTruthy();
  });

  it("end when something else is laid over the canvas", async () => {
    await open({ "traffic/": traffic(), "versions/7/": LOOKED });
    act(() => useEditor.getState().setOverlay({ title: "Somebody else's", steps: {}, edges: {} }));
    expect(useLive.getState().showing).toBe("nothing");
    expect(useEditor.getState().overlay?.title).toBe("Somebody else's");
  });
});

describe("the contacts of a way", () => {
  it("come by pages, and each opens its own way", async () => {
    await open({ "traffic/": traffic(), "versions/7/": LOOKED, "contacts/": { contacts: [contact()], list: "/list/", next: "2026_5" }, "contact/5/": trace() });
    await userEvent.click(screen.getByRole("button", { name: /Menu “1” → VIP/ }));
    expect(screen.getByRole("heading", { name: "“Menu”, left by “1”" })).toBe(document.activeElement);
    serve({ "contacts/": { contacts: [contact({ id: 6, who: "Grace Hopper" })], list: "/list/", next: null }, "contact/5/": trace() });
    await userEvent.click(screen.getByRole("button", { name: "Show more" }));
    expect(asked.at(-1)).toContain("before=2026_5");
    expect(screen.getByText("Grace Hopper")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: /Ada Lovelace/ }));
    expect(useEditor.getState().looking?.title).toBe("Contact ABCDEFGHJK · version 3");
    serve({ "traffic/": traffic(), "versions/7/": LOOKED });
    await userEvent.click(screen.getByRole("button", { name: "Back to the contacts" }));
    expect(useEditor.getState().looking?.title).toBe("Version 3, as contacts use it");
  });
});

describe("one contact's way", () => {
  it("opens from the address, with why on top and every turn below", async () => {
    window.history.replaceState({}, "", "/?contact=5");
    await open({ "contact/5/": trace() });
    expect(screen.getByText("Went to VIP because the caller answered 1.")).toBeTruthy();
    expect(screen.getByText("The caller pressed 1")).toBeTruthy();
    expect(asked.some((url) => url.includes("traffic/"))).toBe(false);
  });

  it("leads from a step of the list to the canvas, and from the canvas to the list", async () => {
    window.history.replaceState({}, "", "/?contact=5");
    await open({ "contact/5/": trace() });
    await userEvent.click(screen.getByRole("button", { name: /3 Menu → one/ }));
    expect(useEditor.getState().selection).toEqual(["menu"]);
    expect(screen.getAllByRole("button", { pressed: true }).map((button) => button.textContent?.[0])).toEqual(["3"]);
    act(() => useEditor.getState().select(["vip"]));
    expect(screen.getAllByRole("button", { pressed: true }).map((button) => button.textContent?.[0])).toEqual(["4"]);
  });

  it("grows while the contact is under way", async () => {
    window.history.replaceState({}, "", "/?contact=5");
    const begun = trace({ contact: { ...trace().contact, is_open: true }, turns: trace().turns.slice(0, 1) });
    await open({ "contact/5/": begun });
    expect(screen.getByText("Under way: this list grows by itself.")).toBeTruthy();
    const { contact: row, version, turns, visits, edges } = trace();
    serve({ "contact/5/?known=2": { contact: row, version, turns, visits, edges } });
    await act(() => refreshContact());
    expect(screen.getByText("The caller pressed 1")).toBeTruthy();
    expect(screen.queryByText("Under way: this list grows by itself.")).toBeNull();
  });

  it("says where a contact of another flow can be seen", async () => {
    window.history.replaceState({}, "", "/?contact=5");
    await open({ "contact/5/": { error: "It walked through another flow.", elsewhere: "/other/" } }, 404);
    expect(screen.getByRole("alert").textContent).toContain("It walked through another flow.");
    expect(screen.getByRole("link", { name: "Show it there" }).getAttribute("href")).toBe("/other/");
  });
});

describe("refreshing", () => {
  it("rests while the page is hidden, and catches up when it is seen again", () => {
    vi.useFakeTimers();
    const work = vi.fn();
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(false);
    const end = whileVisible(work, 1000);
    vi.advanceTimersByTime(2500);
    expect(work).toHaveBeenCalledTimes(2);
    hidden.mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange"));
    vi.advanceTimersByTime(5000);
    expect(work).toHaveBeenCalledTimes(2);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(work).toHaveBeenCalledTimes(3);
    end();
    vi.advanceTimersByTime(5000);
    expect(work).toHaveBeenCalledTimes(3);
    vi.useRealTimers();
  });
});
