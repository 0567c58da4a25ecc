import { describe, expect, it } from "vitest";
import type { Point } from "../../api/types";
import { analysisOf, flow, step } from "../../state/flows.testing";
import { heightOf } from "../sizes";
import { layoutOf } from "./layout";
import { coveredBy, openingView } from "../view";
import { walk } from "../walk";

const definition = flow([
  step("call", { started: "fetch" }),
  step("fetch", { found: "branch", failed: "standard" }),
  step("branch", { gold: "vip", otherwise: "standard" }),
  step("vip"),
  step("standard"),
]);
const analysis = analysisOf(definition);

describe("putting in order", () => {
  const places = layoutOf(definition, analysis);

  it("lets every way lead down", () => {
    for (const one of definition.steps) {
      for (const target of Object.values(one.exits ?? {})) {
        expect((places[target] as Point)[1]).toBeGreaterThan((places[one.id] as Point)[1] + heightOf(one, analysis) - 1);
      }
    }
  });

  it("sets what the first exit leads to on the left", () => {
    expect((places.vip as Point)[0]).toBeLessThan((places.standard as Point)[0]);
  });

  it("moves only the chosen steps, and leaves their corner where it was", () => {
    const moved = layoutOf({ ...definition, layout: { ...definition.layout, vip: [900, 300], standard: [1000, 800] } }, analysis, ["vip", "standard"]);
    expect(Object.keys(moved)).toEqual(["vip", "standard"]);
    expect(Math.min(...Object.values(moved).map((point) => point[0]))).toBe(904);
    expect(Math.min(...Object.values(moved).map((point) => point[1]))).toBe(304);
  });

  it("arranges 300 steps without making anybody wait, however many lead to one end", () => {
    const many = Array.from({ length: 300 }, (_, index) => step(`s${index}`, index < 299 ? { done: `s${index + 1}`, failed: "s299" } : {}));
    const big = flow(many);
    const begun = performance.now();
    expect(Object.keys(layoutOf(big, analysisOf(big)))).toHaveLength(300);
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  it("holds a circle", () => {
    const circle = flow([step("ask", { again: "ask", done: "say" }), step("say", { done: "ask" })]);
    expect(Object.keys(layoutOf(circle, analysisOf(circle)))).toEqual(["ask", "say"]);
  });
});

describe("the arrow keys", () => {
  const places = layoutOf(definition, analysis);
  const from = (id: string | undefined, to: "up" | "down" | "left" | "right") => walk(definition, places, id, to);

  it("begin at the beginning, and follow the lines", () => {
    expect(from(undefined, "down")).toBe("call");
    expect(from("call", "down")).toBe("fetch");
    expect(from("fetch", "down")).toBe("branch");
    expect(from("branch", "up")).toBe("fetch");
  });

  it("go from one exit's step to the next exit's", () => {
    expect(from("vip", "right")).toBe("standard");
    expect(from("standard", "left")).toBe("branch");
  });
});

describe("a panel that opens", () => {
  const view = { x: 300, y: 0, zoom: 1 };

  it("moves what it covers to the left, and no farther than the buttons", () => {
    expect(coveredBy({ x: 0, y: 0, width: 400, height: 500 }, view, 620)).toBe(96);
    expect(coveredBy({ x: 0, y: 0, width: 4000, height: 500 }, view, 620)).toBe(228);
  });

  it("moves nothing that is seen already", () => {
    expect(coveredBy({ x: 0, y: 0, width: 300, height: 500 }, view, 620)).toBe(0);
    expect(coveredBy({ x: -400, y: 0, width: 4000, height: 500 }, view, 620)).toBe(0);
  });
});

describe("what is seen first", () => {
  const size = { width: 1000, height: 700 };

  it("is all of a small flow, never larger than it is", () => {
    expect(openingView({ x: 0, y: 0, width: 300, height: 300 }, null, size).zoom).toBe(1);
  });

  it("is as wide as a telephone, from the top", () => {
    const { x, zoom } = openingView({ x: 100, y: 0, width: 600, height: 2000 }, null, { width: 390, height: 700 });
    expect(100 * zoom + x).toBeGreaterThan(0);
    expect(700 * zoom + x).toBeLessThan(390);
  });

  it("is the beginning of a large one, at a size that can be read", () => {
    const first = { x: 3000, y: 0, width: 248, height: 80 };
    const { x, y, zoom } = openingView({ x: 0, y: 0, width: 9000, height: 4000 }, first, size);
    expect(zoom).toBeGreaterThanOrEqual(0.75);
    expect(first.x * zoom + x).toBeGreaterThan(0);
    expect((first.x + first.width) * zoom + x).toBeLessThan(size.width);
    expect(first.y * zoom + y).toBeGreaterThanOrEqual(0);
  });

  it("leaves room at the top for the bar that says what is looked at, which moves nothing when it comes", () => {
    for (const height of [300, 640, 4000]) {
      const { y, zoom } = openingView({ x: 0, y: 16, width: 400, height }, { x: 0, y: 16, width: 248, height: 80 }, size);
      expect(16 * zoom + y).toBeGreaterThanOrEqual(48);
    }
  });
});
