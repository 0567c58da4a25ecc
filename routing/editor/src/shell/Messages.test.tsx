import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useEditor } from "../state/store";
import { GOES_AFTER_MS, Messages } from "./Messages";

const say = (...words: Parameters<ReturnType<typeof useEditor.getState>["say"]>): void => act(() => useEditor.getState().say(...words));
const wait = (ms: number): void => act(() => void vi.advanceTimersByTime(ms));
const texts = () => useEditor.getState().messages.map((message) => message.text);

beforeEach(() => {
  cleanup();
  vi.useFakeTimers();
  useEditor.setState({ messages: [] });
  render(<Messages />);
});
afterEach(() => vi.useRealTimers());

describe("what is said", () => {
  it("goes after eight seconds, with or without something to do about it", () => {
    say("Saved.", "good");
    say("Version 3 is live.", "good", { label: "Undo", run: () => undefined });
    wait(GOES_AFTER_MS - 100);
    expect(texts()).toHaveLength(2);
    wait(200);
    expect(texts()).toEqual([]);
  });

  it("stays as long as somebody points at it, and while it is an error", () => {
    say("It failed.", "bad");
    say("Version 3 is live.", "good");
    fireEvent.pointerEnter(screen.getByText("Version 3 is live.").parentElement as Element);
    wait(60_000);
    expect(texts()).toEqual(["It failed.", "Version 3 is live."]);
    fireEvent.pointerLeave(screen.getByText("Version 3 is live.").parentElement as Element);
    wait(GOES_AFTER_MS);
    expect(texts()).toEqual(["It failed."]);
    fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
    expect(texts()).toEqual([]);
  });

  it("is never more than three, an error being the last to make room, and nothing twice", () => {
    say("It failed.", "bad");
    for (const count of [1, 2, 3, 3]) say(`Done ${count}.`);
    expect(texts()).toEqual(["It failed.", "Done 2.", "Done 3."]);
  });
});
