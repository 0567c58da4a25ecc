import { describe, expect, it } from "vitest";
import { laneAround, pathAround, runsBehind } from "./around";

const box = (x: number, y: number) => ({ x, y, width: 248, height: 100 });

describe("a line that leads back", () => {
  const column = [box(0, 0), box(0, 160), box(0, 320)];

  it("goes up beside the steps between, by the nearer side", () => {
    const right = laneAround(column, [200, 420], [124, 0]);
    expect(right).toBeGreaterThan(248);
    expect(laneAround(column, [40, 420], [124, 0])).toBeLessThan(0);
  });

  it("takes a gap between two columns where there is one", () => {
    const lane = laneAround([...column, box(320, 0), box(320, 160)], [200, 420], [124, 0]);
    expect(lane).toBeGreaterThan(248);
    expect(lane).toBeLessThan(320);
  });

  it("goes straight up where nothing is in the way", () => {
    expect(laneAround([box(0, 0), box(0, 320)], [600, 420], [600, 10])).toBe(600);
  });

  it("is drawn through its lane, and ends on the step", () => {
    const path = pathAround([200, 420], [124, 0], 272, 16);
    expect(path.startsWith("M200,420")).toBe(true);
    expect(path).toContain("272,");
    expect(path.endsWith("L124,0")).toBe(true);
  });
});

describe("a line that leads on past other steps", () => {
  const column = [box(0, 160), box(0, 320), box(0, 480)];

  it("would run behind them where they stand in its way, and not where they stand aside", () => {
    expect(runsBehind(column, [124, 100], [124, 640])).toBe(true);
    expect(runsBehind(column, [420, 100], [420, 640])).toBe(false);
    expect(runsBehind([box(400, 160)], [124, 100], [124, 640])).toBe(false);
    expect(runsBehind([box(0, 660)], [124, 100], [124, 640])).toBe(false);
  });

  it("goes down beside them instead", () => {
    const lane = laneAround(column, [200, 100], [124, 640]);
    expect(lane).toBeGreaterThan(248);
    expect(laneAround([...column, box(280, 300)], [200, 100], [124, 640])).toBeLessThan(0);
  });

  it("comes to its lane behind no step either", () => {
    const tall = { x: 300, y: 60, width: 248, height: 120 };
    expect(laneAround([...column, tall], [200, 100], [124, 640])).not.toBeGreaterThan(300);
  });
});
