import { describe, expect, it } from "vitest";
import { DIFFERS, SCENARIO, SETUP, caseResult, result, visit } from "./made";
import { acts, answerWords, callerWords, countWords, fitted, overlayOf, typed } from "./model";
import { instantOf, moments, wallClock } from "./when";

describe("the way over the canvas", () => {
  it("numbers the steps and lights the lines that were followed", () => {
    const overlay = overlayOf(result());
    expect(overlay.steps).toEqual({
      call: { tone: "path", badge: "1" },
      loyalty: { tone: "path", badge: "2" },
      vip: { tone: "good", badge: "3" },
    });
    expect(overlay.edges["call:started"]?.tone).toBe("path");
  });

  it("tells all numbers of a step that was visited twice, and how often its line was taken", () => {
    const overlay = overlayOf(result({ visits: [visit(1, "menu"), visit(2, "menu")], edges: { "menu:timed_out": [1, 2] } }));
    expect(overlay.steps.menu?.badge).toBe("1, 2");
    expect(overlay.edges["menu:timed_out"]?.label).toBe("2 times");
  });

  it("shows where the flow could not go on, or somebody hung up, and nothing of the fallback queue", () => {
    const overlay = overlayOf(result({ visits: [visit(1, "menu", { stop: "hung_up" }), visit(2, "vip", { stop: "stranded" }), visit(3, "")] }));
    expect(overlay.steps.menu?.tone).toBe("warn");
    expect(overlay.steps.vip?.tone).toBe("bad");
    expect(Object.keys(overlay.steps)).toHaveLength(2);
  });

  it("gives a step with a sub-flow its own number, not those of the steps inside", () => {
    const inside = visit(2, "who", { depth: 1, path: "who/menu" });
    expect(overlayOf(result({ visits: [visit(1, "who"), inside, visit(3, "who")] })).steps.who?.badge).toBe("1, 3");
  });
});

describe("what a contact can do", () => {
  const labels = (found: ReturnType<typeof acts>) => found.map((act) => act.label);

  it("is each choice of a menu, silence and hanging up", () => {
    const choices = [
      { label: "Sales", keys: "1", words: "sales" },
      { label: "Help", keys: "", words: "help" },
    ];
    const found = acts({ kind: "input", keys: true, speech: true, choices }, false);
    expect(labels(found)).toEqual(["1: Sales", "“help”", "Silence", "Hang up"]);
    expect(found[0]?.input).toEqual({ do: "keys", keys: "1" });
    expect(labels(acts({ kind: "input", keys: true, choices }, true))).toEqual(["“sales”", "“help”", "No reply", "Leave"]);
  });

  it("is the number of an answer that was offered, and no reply for as long as the step waits", () => {
    const found = acts({ kind: "input", timeout: "10 minutes", choices: [{ label: "Sales", keys: "", words: "1" }] }, true);
    expect(labels(found)).toEqual(["“1”: Sales", "No reply for 10 minutes", "Leave"]);
    expect(found[0]?.input).toEqual({ do: "words", words: "1" });
  });

  it("is every end of a transfer", () => {
    const found = acts({ kind: "transfer", name: "VIP" }, false);
    expect(labels(found)).toEqual(["VIP answers", "Busy", "Nobody answers", "Cannot be reached", "Hang up while it rings"]);
    expect(found[1]?.input).toEqual({ do: "transfer", result: "busy", sip_code: 486 });
  });

  it("is an answer or none, where somebody wrote", () => {
    expect(labels(acts({ kind: "transfer", name: "VIP" }, true))).toEqual(["VIP answers", "Nobody answers", "Leave"]);
  });

  it("is nothing when it is over", () => {
    expect(acts(null, false)).toEqual([]);
    expect(labels(acts({ kind: "recording" }, false))).toEqual(["Leave a message", "Say nothing", "Hang up"]);
  });
});

describe("a scenario", () => {
  it("answers what the draft asks anew, and forgets what it no longer asks", () => {
    const before = { ...SCENARIO, fetches: { gone: { answer: "fails" as const } }, splits: { half: "new", lost: "x" } };
    const found = fitted(before, SETUP);
    expect(found.fetches).toEqual({ loyalty: { answer: "not_found" } });
    const known = fitted({ ...before, caller: { kind: "made_up" } }, SETUP);
    expect(known.fetches).toEqual({ loyalty: { values: { status: "gold" } } });
    expect(found.splits).toEqual({ half: "new" });
  });

  it("is told in words", () => {
    expect(callerWords(SCENARIO, null, SETUP)).toBe("Somebody unknown, +4915100000000");
    expect(callerWords({ ...SCENARIO, caller: { number: "+49", kind: "made_up", values: { tier: "gold" } } }, null, SETUP)).toBe("A made-up customer, Gold, +49");
    const fetch = SETUP.fetches[0];
    if (!fetch) throw new Error("no fetch");
    expect(answerWords(fetch, { values: { status: "gold" } })).toBe("Loyalty API: status = gold");
    expect(answerWords(fetch, { answer: "fails", after_s: 4 })).toBe("Loyalty API fails after 4 s");
    expect(answerWords(fetch, { answer: "real" })).toBe("Loyalty API is really asked");
  });

  it("reads what was typed as the kind of the field", () => {
    expect(typed("12,5", "number")).toBe(12.5);
    expect(typed("twelve", "number")).toBe("twelve");
    expect(typed("true", "boolean")).toBe(true);
    expect(typed("a, b", "list")).toEqual(["a", "b"]);
    expect(typed("", "number")).toBe("");
  });
});

describe("the clock on the wall", () => {
  it("is that of the time zone, in summer and in winter", () => {
    expect(wallClock("2026-03-02T09:00:00Z", "Europe/Berlin")).toBe("2026-03-02T10:00");
    expect(instantOf("2026-03-02T10:00", "Europe/Berlin")).toBe("2026-03-02T09:00:00.000Z");
    expect(instantOf("2026-07-02T10:00", "Europe/Berlin")).toBe("2026-07-02T08:00:00.000Z");
    expect(instantOf("2026-03-29T03:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00.000Z");
    expect(instantOf("", "UTC")).toBe("");
  });

  it("knows tonight and the next Sunday", () => {
    const found = moments(new Date("2026-03-02T09:00:00Z"), "UTC");
    expect(found.map((one) => one.at)).toEqual(["2026-03-02T09:00:00.000Z", "2026-03-02T23:00:00.000Z", "2026-03-08T12:00:00.000Z"]);
  });
});

describe("the count of the cases", () => {
  it("says how many differ", () => {
    expect(countWords([caseResult()])).toBe("1 test case passes");
    expect(countWords([caseResult(), caseResult({ id: 5 })])).toBe("All 2 test cases pass");
    expect(countWords([caseResult(), DIFFERS])).toBe("1 of 2 differ");
  });
});
