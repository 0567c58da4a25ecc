import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { CatalogEntry } from "../api/types";
import { documentOf, flow } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { NewQueue } from "./NewQueue";

const answer = (status: number, body: unknown) => Promise.resolve(new Response(JSON.stringify(body), { status }));

beforeEach(() => {
  // jsdom has no modal dialogs.
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
  };
  const document = documentOf(flow([]));
  useEditor.getState().open({ ...document, urls: { ...document.urls, new_queue: "/new-queue/" } });
});
afterEach(() => vi.unstubAllGlobals());

describe("a queue made beside the canvas", () => {
  it("is there to be chosen at once", async () => {
    const queue = { key: "gold", name: "Gold", url: "/q/3/" };
    const sent = vi.fn(() => answer(200, { queue, silent: false }));
    vi.stubGlobal("fetch", sent);
    const made: (CatalogEntry | null)[] = [];
    render(<NewQueue close={(one) => made.push(one)} />);
    await userEvent.type(screen.getByLabelText("Name"), "Gold");
    await userEvent.type(screen.getByLabelText("SIP address of the team"), "sip:gold@pbx.example.com");
    await userEvent.click(screen.getByRole("button", { name: "Make the queue" }));
    expect(JSON.parse(String((sent.mock.calls as unknown as [string, { body: string }][])[0]?.[1].body))).toEqual({
      name: "Gold",
      address: "sip:gold@pbx.example.com",
    });
    expect(made).toEqual([queue]);
    expect(useEditor.getState().document?.catalog.queue).toEqual([queue]);
  });

  it("says why it could not be made, and keeps what was typed", async () => {
    vi.stubGlobal("fetch", () => answer(400, { error: "There is a queue “Gold” already." }));
    render(<NewQueue close={() => {}} />);
    await userEvent.type(screen.getByLabelText("Name"), "Gold{Enter}");
    expect((await screen.findByRole("alert")).textContent).toBe("There is a queue “Gold” already.");
    expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("Gold");
  });
});
