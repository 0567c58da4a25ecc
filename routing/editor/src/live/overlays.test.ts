import { describe, expect, it, vi } from "vitest";
import { ANALYSIS, DEFINITION, trace, traffic, visit } from "./made";
import { traceOverlay, trafficOverlay, withRoom } from "./overlays";
import { countAndShare, duration, share } from "./words";

describe("traffic over the canvas", () => {
  const overlay = trafficOverlay(traffic(), DEFINITION, () => undefined);

  it("says number and share on each line, and makes it as wide as its share", () => {
    expect(overlay.edges["call:started"]).toMatchObject({ label: "400 · 100 %", weight: 1, tone: "path" });
    expect(overlay.edges["menu:two"]).toMatchObject({ label: "2 · under 1 %", weight: 0.005 });
  });

  it("says 0 on a line that nobody took, which is faint and leads nowhere", () => {
    expect(overlay.edges["menu:timed_out"]).toEqual({ tone: "dim", label: "0", weight: 0, onClick: undefined });
  });

  it("says who is stopped at a step in words, and who ended there", () => {
    expect(overlay.steps.menu).toEqual({ tone: "warn", badge: undefined, detail: "3 hung up here" });
    expect(overlay.steps.vip).toEqual({ tone: "path", badge: "2 here now", detail: "120 ended by “After the conversation”" });
    expect(overlay.steps.standard).toMatchObject({ tone: "bad", detail: "1 could not go on" });
  });

  it("opens the contacts of a line", () => {
    const open = vi.fn();
    trafficOverlay(traffic(), DEFINITION, open).edges["menu:one"]?.onClick?.();
    expect(open).toHaveBeenCalledWith({ step: "menu", exit: "one", target: "vip", kind: "exit", title: "Menu" });
  });

  it("leave a line out that led to another step then", () => {
    const [first, ...others] = traffic().edges;
    const overlay = trafficOverlay(traffic({ edges: [{ ...first!, target: "vip" }, ...others] }), DEFINITION, vi.fn());
    expect(overlay.edges["call:started"]).toMatchObject({ tone: "dim", label: "0" });
  });

  it("leaves every step faint when there was nobody", () => {
    const empty = trafficOverlay(traffic({ total: 0, edges: [], stops: [], gone: [] }), DEFINITION, () => undefined);
    expect(Object.values(empty.steps).every((step) => step.tone === "dim")).toBe(true);
    expect(empty.edges["call:started"]?.label).toBe("0");
  });

  it("moves steps down as far as the words above them need", () => {
    const layout = withRoom(DEFINITION, ANALYSIS, overlay).layout ?? {};
    expect(layout.call).toEqual([0, 0]);
    expect(layout.menu).toEqual([0, 100]);
    expect(layout.vip?.[1]).toBe(220);
    expect(layout.standard?.[1]).toBe(220);
  });
});

describe("one contact's way over the canvas", () => {
  const overlay = traceOverlay(trace());

  it("numbers the steps in order, adds up the time, and says what was seen", () => {
    expect(overlay.steps.menu).toEqual({ tone: "path", badge: "2, 3", detail: "12 s\nHeard 1" });
    expect(overlay.steps.call).toMatchObject({ badge: "1", detail: "" });
  });

  it("says where it stopped", () => {
    expect(overlay.steps.vip).toMatchObject({ tone: "warn", detail: "Hung up here\n1 min 5 s" });
    expect(overlay.steps.standard).toBeUndefined();
  });

  it("lights up the lines that were taken, and says how often", () => {
    expect(Object.keys(overlay.edges)).toEqual(["call:started", "menu:timed_out", "menu:one"]);
    const twice = traceOverlay(trace({ edges: { "menu:timed_out": [2, 3] } }));
    expect(twice.edges["menu:timed_out"]?.label).toBe("2 times");
  });

  it("keeps what happened inside of a sub-flow to that flow's own canvas", () => {
    const visits = [visit({ number: 1, step: "menu", exit: "done", spent_ms: 3000 }), visit({ number: 2, step: "menu", is_inside: true, depth: 1, spent_ms: 2000 }), visit({ number: 3, step: "" })];
    const within = traceOverlay(trace({ visits, edges: {} }));
    expect(within.steps).toEqual({ menu: { tone: "path", badge: "1", detail: "3 s" } });
  });
});

describe("words", () => {
  it("rounds no share to none or to all while it is not", () => {
    expect([share(1, 1000), share(999, 1000), share(0, 10), share(1, 3), share(5, 0)]).toEqual(["under 1 %", "over 99 %", "0 %", "33 %", ""]);
    expect(countAndShare(1234, 2468)).toBe("1,234 · 50 %");
  });

  it("says times as people do", () => {
    expect([12, 340, 5000, 65_000, 120_000, 3_840_000].map(duration)).toEqual(["at once", "0.3 s", "5 s", "1 min 5 s", "2 min", "1 h 4 min"]);
  });
});
