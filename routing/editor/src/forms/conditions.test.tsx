import { fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Json, Schema } from "../api/types";
import { adapted, splitList, typed } from "./conditions/model";
import { show, VARIABLES } from "./testing";

// As routing/engine writes it; tests/routing/editor gives the real one of every step to the form.
const SCHEMA: Schema = {
  type: "object",
  required: ["rules"],
  $defs: {
    Operator: { type: "string", enum: ["equals", "is_one_of", "at_least", "between", "before", "is_true", "is_blank", "matches", "is_before_time"] },
    Condition: {
      type: "object",
      required: ["variable", "operator"],
      properties: {
        variable: { type: "string", widget: "variable" },
        operator: {
          $ref: "#/$defs/Operator",
          labels: { equals: "is", is_one_of: "is one of", at_least: "is at least", between: "is between", before: "is before", is_true: "is true", is_blank: "is blank", matches: "matches the pattern", is_before_time: "is earlier in the day than" },
          fits: { text: ["is_one_of", "equals", "is_blank"], number: ["at_least", "between", "equals"], boolean: ["is_true"], date: ["before", "between"] },
          values: { equals: "text", is_one_of: "list", at_least: "number", between: "range", before: "moment", is_true: "none", is_blank: "none", matches: "pattern", is_before_time: "time" },
        },
        value: {},
      },
    },
    Group: {
      type: "object",
      widget: "conditions",
      deepest: 2,
      most: 4,
      properties: { match: { enum: ["all", "any"], type: "string" }, conditions: { type: "array", items: { anyOf: [{ $ref: "#/$defs/Condition" }, { $ref: "#/$defs/Group" }] } } },
    },
    Rule: {
      type: "object",
      noun: "case",
      either: ["when", "expression"],
      required: ["name"],
      properties: {
        name: { type: "string", exit: "name" },
        label: { type: "string", default: "", exit: "label" },
        when: { anyOf: [{ $ref: "#/$defs/Group" }, { type: "null" }], default: null, title: "Conditions" },
        expression: { type: "string", default: "", title: "Expression", widget: "expression" },
      },
    },
  },
  properties: { rules: { type: "array", title: "Cases", items: { $ref: "#/$defs/Rule" }, rest: "otherwise" } },
};

const GOLD = { variable: "loyalty.loyalty_status", operator: "is_one_of", value: ["gold"] };

function branch(...conditions: Json[]) {
  const exits = ["valuable", "otherwise"].map((name) => ({ name, label: name, optional: false }));
  const form = show({ schema: SCHEMA, settings: { rules: [{ name: "valuable", when: { match: "all", conditions } }] }, exits, edges: { valuable: "vip" } });
  return { ...form, when: () => (form.settings().rules as { when: { match: string; conditions: Json[] } }[])[0]?.when };
}

function operators(): string[] {
  return within(screen.getByRole("combobox", { name: "How it is compared" }))
    .getAllByRole("option")
    .map((option) => option.textContent ?? "");
}

describe("conditions", () => {
  it("read like a sentence", () => {
    branch(GOLD, { match: "any", conditions: [{ variable: "loyalty.orders", operator: "at_least", value: 10 }, { variable: "customer.active", operator: "is_true" }] });
    expect(screen.getByText("If loyalty status is one of gold and (orders is at least 10 or active is true)")).toBeTruthy();
  });

  it("offer the operators that fit the variable first, and all others behind", () => {
    branch({ variable: "loyalty.orders", operator: "at_least", value: 3 });
    expect(operators().slice(0, 3)).toEqual(["is at least", "is between", "is"]);
    expect(operators()).toHaveLength(9);
    expect(within(screen.getByRole("group", { name: "All others" })).getByRole("option", { name: "is blank" })).toBeTruthy();
  });

  it("suggest values, and take others", async () => {
    const form = branch(GOLD);
    await form.user.click(screen.getByRole("button", { name: /^Add platinum/ }));
    await form.user.type(screen.getByLabelText(/^Value for/), "diamond{Enter}");
    expect(form.when()?.conditions).toEqual([{ ...GOLD, value: ["gold", "platinum", "diamond"] }]);
  });

  it("choose a variable with the keyboard, and the comparison that is likeliest for it", async () => {
    const form = branch({ variable: "", operator: "is_one_of", value: [] });
    screen.getByRole("button", { name: "Variable: Choose a variable…" }).focus();
    await form.user.keyboard("{Enter}orders{Enter}");
    expect(form.when()?.conditions).toEqual([{ variable: "loyalty.orders", operator: "at_least", value: "" }]);
    await form.user.type(screen.getByRole("textbox", { name: /^Value for/ }), "12.5");
    expect(form.when()?.conditions).toEqual([{ variable: "loyalty.orders", operator: "at_least", value: 12.5 }]);
  });

  it("take a variable that is not in the list, and say that nothing sets it", async () => {
    const form = branch({ variable: "", operator: "equals", value: "x" });
    await form.user.click(screen.getByRole("button", { name: "Variable: Choose a variable…" }));
    await form.user.keyboard("vars.mood{Enter}");
    expect(form.when()?.conditions).toMatchObject([{ variable: "vars.mood" }]);
    expect(screen.getByText("Nothing before this step sets “vars.mood”.")).toBeTruthy();
  });

  it("say what is known on some ways only", () => {
    branch({ variable: "loyalty.orders", operator: "at_least", value: 3 });
    expect(screen.getByText("“orders” is not known on every way to this step.")).toBeTruthy();
  });

  it("keep the value when the operator changes, and give it back when it needs none for a while", async () => {
    const form = branch(GOLD);
    const operator = screen.getByRole("combobox", { name: "How it is compared" });
    await form.user.selectOptions(operator, "equals");
    expect(form.when()?.conditions).toEqual([{ ...GOLD, operator: "equals", value: "gold" }]);
    await form.user.selectOptions(operator, "is_blank");
    expect(form.when()?.conditions).toEqual([{ variable: GOLD.variable, operator: "is_blank" }]);
    await form.user.selectOptions(operator, "is_one_of");
    expect(form.when()?.conditions).toEqual([GOLD]);
  });

  it("take dates, times and what is counted from now", async () => {
    const form = branch({ variable: "customer.since", operator: "before", value: "2026-05-01" });
    const day = screen.getByLabelText(/^Value for/);
    expect(day).toHaveProperty("type", "date");
    fireEvent.change(day, { target: { value: "2026-06-01" } });
    expect(form.when()?.conditions).toMatchObject([{ value: "2026-06-01" }]);
    await form.user.selectOptions(screen.getByRole("combobox", { name: /^Kind of Value/ }), "relative");
    await form.user.selectOptions(screen.getByLabelText(/^Value for/), "ago");
    expect(form.when()?.conditions).toMatchObject([{ value: "-30 days" }]);
    await form.user.selectOptions(screen.getByRole("combobox", { name: "How it is compared" }), "is_before_time");
    fireEvent.change(screen.getByLabelText(/^Value for/), { target: { value: "09:30" } });
    expect(form.when()?.conditions).toMatchObject([{ operator: "is_before_time", value: "09:30" }]);
  });

  it("take a lowest and a highest value", async () => {
    const form = branch({ variable: "loyalty.orders", operator: "between", value: [1, 5] });
    const most = screen.getByRole("textbox", { name: /highest$/ });
    await form.user.clear(most);
    await form.user.type(most, "50");
    expect(form.when()?.conditions).toMatchObject([{ value: [1, 50] }]);
  });

  it("are added, copied, removed and joined by all or any", async () => {
    const form = branch(GOLD);
    await form.user.click(screen.getByRole("button", { name: "+ And …" }));
    expect(form.when()?.conditions).toHaveLength(2);
    await form.user.selectOptions(screen.getByRole("combobox", { name: /True when/ }), "any");
    expect(form.when()?.match).toBe("any");
    await form.user.click(screen.getAllByRole("button", { name: /^Copy the condition/ })[0] as HTMLElement);
    expect(form.when()?.conditions.slice(0, 2)).toEqual([GOLD, GOLD]);
    await form.user.click(screen.getAllByRole("button", { name: /^Remove the condition/ })[2] as HTMLElement);
    expect(form.when()?.conditions).toEqual([GOLD, GOLD]);
  });

  it("are joined by whichever word the second one was added with", async () => {
    const form = branch(GOLD);
    await form.user.click(screen.getByRole("button", { name: "+ Or …" }));
    expect(form.when()).toMatchObject({ match: "any", conditions: [GOLD, { variable: "" }] });
  });

  it("are nested as deeply as the engine allows, and no more than it takes", async () => {
    const form = branch(GOLD);
    await form.user.click(screen.getByRole("button", { name: "+ Group of conditions" }));
    expect(form.when()?.conditions[1]).toMatchObject({ match: "any", conditions: [{ variable: "" }] });
    expect(screen.getAllByRole("button", { name: "+ Group of conditions" })).toHaveLength(1);
    await form.user.click(screen.getAllByRole("button", { name: /^\+ (Condition|And …|Or …)$/ })[0] as HTMLElement);
    await form.user.click(screen.getAllByRole("button", { name: /^\+ (Condition|And …|Or …)$/ })[0] as HTMLElement);
    screen.getAllByRole("button", { name: /^\+ (Condition|And …|Or …)$/ }).forEach((button) => expect(button).toHaveProperty("disabled", true));
  });

  it("can be written as an expression instead, and come back when one changes one's mind", async () => {
    const form = branch(GOLD);
    await form.user.click(screen.getByRole("radio", { name: "Expression" }));
    await form.user.type(screen.getByRole("textbox", { name: "Expression" }), "customer.orders > 3");
    expect(form.settings().rules).toEqual([{ name: "valuable", expression: "customer.orders > 3" }]);
    await form.user.click(screen.getByRole("radio", { name: "Conditions" }));
    expect(form.settings().rules).toEqual([{ name: "valuable", when: { match: "all", conditions: [GOLD] } }]);
  });

  it("show their faults beside their row", () => {
    const form = show({
      schema: SCHEMA,
      settings: { rules: [{ name: "valuable", when: { conditions: [GOLD] } }] },
      faults: [{ path: ["rules", 0, "when", "conditions", 0, "value"], message: "The list is empty." }],
    });
    expect(within(screen.getByRole("group", { name: /^loyalty status/ })).getByText("The list is empty.")).toBeTruthy();
    expect(form.container.querySelectorAll(".f-faults li")).toHaveLength(1);
  });

  it("work while nobody knows yet what is in scope", () => {
    show({ schema: SCHEMA, settings: { rules: [{ name: "a", when: { conditions: [GOLD] } }] }, known: null });
    expect(screen.getByRole("button", { name: "Variable: loyalty status loyalty.loyalty_status" })).toBeTruthy();
    expect(document.querySelector(".f-doubt")).toBeNull();
  });
});

describe("values", () => {
  it("are adapted without losing what was typed", () => {
    expect(adapted("gold, platinum", "list", "text")).toEqual(["gold", "platinum"]);
    expect(adapted(["gold", "platinum"], "text", "text")).toBe("gold");
    expect(adapted("12", "number", "number")).toBe(12);
    expect(adapted("twelve", "number", "number")).toBe("twelve");
    expect(adapted(5, "range", "number")).toEqual([5, ""]);
    expect(splitList("{{ a, b }}")).toEqual(["{{ a, b }}"]);
    expect(typed("007", "number")).toBe("007");
    expect(VARIABLES.length).toBeGreaterThan(0);
  });
});
