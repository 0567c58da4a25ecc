import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Settings } from "../api/types";
import { focusField } from "../forms/focus";
import { one, show } from "./testing";

describe("text and numbers", () => {
  it("ties the label, the help and the fault to the input", () => {
    show({ schema: one({ type: "string", description: "Said first." }), faults: [{ path: ["field"], message: "Too short." }] });
    const input = screen.getByRole("textbox", { name: "Field" });
    expect(input.getAttribute("aria-invalid")).toBe("true");
    const described = (input.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent);
    expect(described).toEqual(["Said first.", "Too short."]);
  });

  it("keeps what is no number, and is one undo while typing", async () => {
    const form = show({ schema: one({ type: "integer", unit: "seconds", minimum: 1, maximum: 60 }), settings: { field: 5 } });
    const input = screen.getByRole("textbox", { name: "Field" });
    await form.user.clear(input);
    await form.user.type(input, "12x");
    expect(form.settings().field).toBe("12x");
    expect(input).toHaveProperty("value", "12x");
    await form.user.type(input, "{Backspace}");
    expect(form.settings().field).toBe(12);
    expect(new Set(form.acts.map((act) => act.merge)).size).toBe(1);
    expect(screen.getByText("seconds")).toBeTruthy();
    expect(screen.getByText("1 to 60")).toBeTruthy();
  });

  it("takes a decimal point that is typed last, and a comma for one", async () => {
    const form = show({ schema: one({ type: "number" }), settings: { field: 1 } });
    const input = screen.getByRole("textbox", { name: "Field" });
    await form.user.type(input, ".");
    expect(input).toHaveProperty("value", "1.");
    await form.user.type(input, "5");
    expect(form.settings().field).toBe(1.5);
    await form.user.clear(input);
    await form.user.type(input, "2,5");
    expect(form.settings().field).toBe(2.5);
  });

  it("shows long times as minutes and seconds", () => {
    const form = show({ schema: one({ type: "integer", unit: "seconds", minimum: 5, maximum: 3600 }), settings: { field: 150 } });
    const minutes = screen.getByRole("spinbutton", { name: "Field, minutes" });
    expect(minutes).toHaveProperty("value", "2");
    fireEvent.change(minutes, { target: { value: "3" } });
    expect(form.settings().field).toBe(210);
  });

  it("takes away what is the default again, so that the flow stays short", async () => {
    const schema = { type: "object", properties: { on: { type: "boolean", title: "On", default: false } } };
    const form = show({ schema });
    const input = screen.getByRole("switch", { name: "On" });
    await form.user.click(input);
    expect(form.settings()).toEqual({ on: true });
    await form.user.click(input);
    expect(form.settings()).toEqual({});
  });

  it("shows dates with the browser's field, and what is none as text", () => {
    show({ schema: one({ type: "string", format: "date" }), settings: { field: "some day" } });
    expect(screen.getByLabelText("Field")).toHaveProperty("value", "some day");
  });
});

describe("choices", () => {
  it("makes radio buttons of a few, with the labels of the schema", async () => {
    const form = show({ schema: one({ enum: ["", "busy"], type: "string", labels: { "": "No", busy: "As busy" } }), settings: { field: "" } });
    await form.user.click(screen.getByRole("radio", { name: "As busy" }));
    expect(form.settings().field).toBe("busy");
  });

  it("makes a list of many, and keeps a value that is no longer possible", () => {
    show({ schema: one({ enum: ["a", "b", "c", "d", "e"], type: "string" }), settings: { field: "old" } });
    const select = screen.getByRole("combobox", { name: "Field" });
    expect(within(select).getByRole("option", { name: "old (no longer possible)" })).toHaveProperty("selected", true);
  });

  it("finds a queue by its name with the keyboard alone", async () => {
    const form = show({ schema: one({ type: "string", choices: "queue" }), settings: { field: "" } });
    const button = screen.getByRole("button", { name: "Field: not chosen" });
    button.focus();
    await form.user.keyboard("{Enter}");
    await form.user.keyboard("stand{Enter}");
    expect(form.settings().field).toBe("standard");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(document.activeElement).toBe(button);
    expect(screen.getByRole("link", { name: "Open Standard in the admin" }).getAttribute("href")).toBe("/admin/queues/queue/2/change/");
  });

  it("marks one that was deleted, and says where to create the first", () => {
    show({ schema: { type: "object", required: ["q", "h"], properties: { q: { type: "string", choices: "queue" }, h: { type: "string", choices: "hours" } } }, settings: { q: "gone", h: "" } });
    expect(screen.getByText("no longer there")).toBeTruthy();
    expect(screen.getByRole("link", { name: /Create one/ }).getAttribute("href")).toBe("/admin/queues/openinghours/add/");
  });

  it("closes with Escape and leaves everything as it was", async () => {
    const form = show({ schema: one({ type: "string", choices: "queue" }), settings: { field: "vip" } });
    await form.user.click(screen.getByRole("button", { name: "Field: VIP" }));
    await form.user.keyboard("{ArrowDown}{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(form.settings().field).toBe("vip");
  });

  it("makes check boxes of a set", async () => {
    const form = show({ schema: one({ type: "array", uniqueItems: true, items: { enum: ["mon", "tue"], type: "string" } }), settings: { field: ["tue"] } });
    await form.user.click(screen.getByRole("checkbox", { name: "Mon" }));
    expect(form.settings().field).toEqual(["mon", "tue"]);
  });
});

describe("lists", () => {
  const SHARES = {
    type: "object",
    required: ["shares"],
    $defs: {
      Share: {
        type: "object",
        noun: "share",
        required: ["name", "percent"],
        properties: {
          name: { type: "string", pattern: "^[a-z]", exit: "name" },
          label: { type: "string", default: "", exit: "label" },
          percent: { type: "number", title: "Percent", exclusiveMinimum: 0, unit: "%" },
        },
      },
    },
    properties: { shares: { type: "array", title: "Shares", items: { $ref: "#/$defs/Share" }, rest: "otherwise" } },
  };
  const exits = ["one", "two", "otherwise"].map((name) => ({ name, label: name, optional: false }));
  const two: Settings = { shares: [{ name: "one", percent: 10 }, { name: "two", label: "Two", percent: 20 }] };

  it("adds, removes and puts in order, by buttons and by Alt with the arrow keys", async () => {
    const form = show({ schema: SHARES, settings: two, exits });
    await form.user.click(screen.getByRole("button", { name: "Add share to Shares" }));
    expect(form.settings().shares).toHaveLength(3);
    expect(form.settings().shares).toMatchObject([{ name: "one" }, { name: "two" }, { name: "share", percent: 1 }]);
    await form.user.click(screen.getByRole("button", { name: "Move Two up" }));
    expect(form.settings().shares).toMatchObject([{ name: "two" }, { name: "one" }, { name: "share" }]);
    screen.getAllByRole("textbox", { name: "Percent" })[0]?.focus();
    await form.user.keyboard("{Alt>}{ArrowDown}{/Alt}");
    expect(form.settings().shares).toMatchObject([{ name: "one" }, { name: "two" }, { name: "share" }]);
  });

  it("counts on where items have a digit each, and leaves one out where somebody gave none", async () => {
    const schema = structuredClone(SHARES);
    Object.assign(schema.$defs.Share.properties, { key: { type: "string", default: "", title: "Key", counts: true } });
    const keyed: Settings = { shares: [{ name: "one", percent: 10, key: "1" }, { name: "three", percent: 20, key: "3" }] };
    const form = show({ schema, settings: keyed, exits });
    await form.user.click(screen.getByRole("button", { name: "Add share to Shares" }));
    await form.user.click(screen.getByRole("button", { name: "Copy Three" }));
    expect(form.settings().shares).toMatchObject([{ key: "1" }, { key: "3" }, { key: "4" }, { key: "2" }]);
    cleanup();
    const plain = show({ schema, settings: two, exits });
    await plain.user.click(screen.getByRole("button", { name: "Add share to Shares" }));
    expect((plain.settings().shares as Settings[])[2]).toEqual({ name: "share", percent: 1 });
  });

  it("keeps the line of an exit when it is renamed, in one act", async () => {
    const form = show({ schema: SHARES, settings: two, exits, edges: { two: "vip", otherwise: "standard" } });
    const input = screen.getAllByRole("textbox", { name: "Name of the exit" })[1] as HTMLElement;
    await form.user.clear(input);
    await form.user.type(input, "New greeting");
    expect(form.settings().shares).toMatchObject([{}, { name: "new_greeting", label: "New greeting" }]);
    expect(form.step().exits).toEqual({ new_greeting: "vip", otherwise: "standard" });
    expect(new Set(form.acts.map((act) => act.merge)).size).toBe(1);
  });

  it("gives a copy a name and no line of its own, and takes the line along with what is removed", async () => {
    const form = show({ schema: SHARES, settings: two, exits, edges: { two: "vip" } });
    await form.user.click(screen.getByRole("button", { name: "Copy Two" }));
    expect(form.settings().shares).toMatchObject([{}, { name: "two" }, { name: "copy_of_two", label: "Copy of Two", percent: 20 }]);
    expect(form.step().exits).toEqual({ two: "vip" });
    await form.user.click(screen.getByRole("button", { name: "Remove Two" }));
    expect(form.step().exits).toEqual({});
  });

  it("does not let two exits have one name", async () => {
    const form = show({ schema: SHARES, settings: two, exits });
    const input = screen.getAllByRole("textbox", { name: "Name of the exit" })[1] as HTMLElement;
    await form.user.clear(input);
    await form.user.type(input, "One");
    expect(form.settings().shares).toMatchObject([{ name: "one" }, { name: "one_2", label: "One" }]);
  });

  it("shows the way of everybody else last", () => {
    show({ schema: SHARES, settings: two, exits, edges: { otherwise: "standard" } });
    expect(screen.getByText("→ Step standard")).toBeTruthy();
  });

  it("offers what the chosen sub-flow ends with, and takes the line along with what is removed", async () => {
    const schema = {
      type: "object",
      required: ["flow"],
      properties: { flow: { type: "string", choices: "flow" }, results: { type: "array", title: "Results", default: [], main: true, items: { type: "string" }, exit: "name", keys: { field: "flow", list: "results" } } },
    };
    const flow = [{ key: "identify", name: "Identify", url: "/", results: ["known", "unknown"] }];
    const form = show({ schema, settings: { flow: "identify" }, edges: { known: "vip" }, catalog: { queue: [], source: [], hours: [], flow } });
    await form.user.click(screen.getByRole("button", { name: "Add known to Results" }));
    expect(form.settings().results).toEqual(["known"]);
    await form.user.click(screen.getByRole("button", { name: "Remove known from Results" }));
    expect(form.step().exits).toEqual({});
  });

  it("takes a short list by Enter, comma and pasting", async () => {
    const form = show({ schema: one({ type: "array", items: { type: "string" } }), settings: { field: ["gold"] } });
    const input = screen.getByRole("textbox", { name: "Field" });
    await form.user.type(input, "silver{Enter}bronze,");
    expect(form.settings().field).toEqual(["gold", "silver", "bronze"]);
    await form.user.type(input, "{Backspace}");
    expect(form.settings().field).toEqual(["gold", "silver"]);
    await form.user.click(screen.getByRole("button", { name: "Remove gold from Field" }));
    await form.user.paste("a\nb;c");
    expect(form.settings().field).toEqual(["silver", "a", "b", "c"]);
  });
});

describe("maps", () => {
  it("keeps a row whose name is there twice until it is mended", async () => {
    const form = show({ schema: one({ type: "object", additionalProperties: { type: "string" } }), settings: { field: { a: "1" } } });
    await form.user.click(screen.getByRole("button", { name: "Add a row to Field" }));
    const names = screen.getAllByRole("textbox", { name: "Name of Field" });
    await form.user.type(names[1] as HTMLElement, "a");
    expect(screen.getByText("This name is there twice; only the first counts.")).toBeTruthy();
    expect(form.settings().field).toEqual({ a: "1" });
    await form.user.type(names[1] as HTMLElement, "b");
    expect(form.settings().field).toEqual({ a: "1", ab: "" });
    await form.user.type(screen.getByRole("textbox", { name: "ab in Field" }), "2");
    expect(form.settings().field).toEqual({ a: "1", ab: "2" });
  });

  it("offers the names that the chosen data source asks for", async () => {
    const schema = {
      type: "object",
      required: ["source", "inputs"],
      properties: {
        source: { type: "string", choices: "source" },
        inputs: { type: "object", title: "Inputs", additionalProperties: { type: "string" }, keys: { field: "source", list: "inputs" } },
      },
    };
    const form = show({ schema, settings: { source: "loyalty", inputs: { phone: "x" } } });
    await form.user.click(screen.getByRole("button", { name: "Add email to Inputs" }));
    expect(form.settings().inputs).toEqual({ phone: "x", email: "" });
  });

  it("shows the default, and stores all of it with the first change", async () => {
    const schema = { type: "object", properties: { inputs: { type: "object", title: "Inputs", additionalProperties: { type: "string" }, default: { phone: "x", other: "y" } } } };
    const form = show({ schema });
    const phone = screen.getByRole("textbox", { name: "phone in Inputs" });
    expect(phone).toHaveProperty("value", "x");
    await form.user.type(phone, "1");
    expect(form.settings()).toEqual({ inputs: { phone: "x1", other: "y" } });
  });

  it("lets a value be a text, a number or yes and no", async () => {
    const schema = one({ type: "object", additionalProperties: { anyOf: [{ type: "string" }, { type: "integer" }, { type: "number" }, { type: "boolean" }] } });
    const form = show({ schema, settings: { field: { orders: "12" } } });
    await form.user.selectOptions(screen.getByRole("combobox", { name: "Kind of orders in Field" }), "number");
    expect(form.settings().field).toEqual({ orders: 12 });
    await form.user.selectOptions(screen.getByRole("combobox", { name: "Kind of orders in Field" }), "boolean");
    expect(form.settings().field).toEqual({ orders: true });
  });
});

describe("objects and unions", () => {
  const UNION = {
    type: "object",
    required: ["way"],
    $defs: {
      Mail: { type: "object", title: "Mail", required: ["kind", "address"], properties: { kind: { const: "mail", type: "string" }, address: { type: "string", title: "Address" } } },
      Phone: { type: "object", title: "Phone", required: ["kind", "number"], properties: { kind: { const: "phone", type: "string" }, number: { type: "integer", title: "Number", minimum: 1 } } },
    },
    properties: { way: { title: "Way", oneOf: [{ $ref: "#/$defs/Mail" }, { $ref: "#/$defs/Phone" }], discriminator: { propertyName: "kind" } } },
  };

  it("asks for the kind of a union, and remembers what another kind held", async () => {
    const form = show({ schema: UNION, settings: { way: { kind: "mail", address: "a@b" } } });
    const kind = screen.getByRole("combobox", { name: "Kind of Way" });
    await form.user.selectOptions(kind, "Phone");
    expect(form.settings().way).toEqual({ kind: "phone", number: 1 });
    await form.user.selectOptions(kind, "Mail");
    expect(form.settings().way).toEqual({ kind: "mail", address: "a@b" });
    await form.user.type(screen.getByRole("textbox", { name: "Address" }), "c");
    expect(form.settings().way).toEqual({ kind: "mail", address: "a@bc" });
  });

  it("folds what need not be given, and says what differs from the default", () => {
    const schema = { type: "object", required: ["a"], properties: { a: { type: "string" }, ring_s: { type: "integer", title: "Ring for", default: 30 }, other: { type: "boolean", default: false } } };
    show({ schema, settings: { a: "", ring_s: 45 } });
    expect(screen.getByText("Ring for: 45")).toBeTruthy();
    expect(document.querySelector("details")).toHaveProperty("open", false);
  });

  it("opens what is folded for a fault inside, and focuses its field when asked", async () => {
    const schema = { type: "object", required: ["a"], properties: { a: { type: "string" }, ring_s: { type: "integer", title: "Ring for", default: 30 } } };
    show({ schema, settings: { a: "" }, faults: [{ path: ["ring_s"], message: "Too long." }] });
    expect(document.querySelector("details")).toHaveProperty("open", true);
    focusField(["steps", 0, "settings", "ring_s"]);
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Ring for" })));
  });

  it("shows a fault that belongs to no field at the top", async () => {
    show({ schema: one({ type: "string" }), faults: [{ path: ["colour"], message: "“colour” is not known here." }] });
    expect(await screen.findByText("“colour” is not known here.")).toBeTruthy();
  });

  it("offers to mend a fault where it stands", async () => {
    const mends = [{ label: "Use “vip”", patch: [] }];
    const form = show({ schema: one({ type: "string", choices: "queue" }), settings: { field: "vipp" }, faults: [{ path: ["field"], message: "There is no queue “vipp”.", mends }] });
    await form.user.click(screen.getByRole("button", { name: "Use “vip”" }));
    expect(form.mended).toEqual(["There is no queue “vipp”. Use “vip”"]);
  });

  it("lets nothing be changed where nothing may be", () => {
    show({ schema: UNION, settings: { way: { kind: "mail", address: "a@b" } }, readOnly: true });
    expect(screen.getByRole("textbox", { name: "Address" })).toHaveProperty("disabled", true);
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("shows a schema that points at itself", async () => {
    const schema = {
      type: "object",
      required: ["tree"],
      $defs: { Node: { type: "object", title: "Node", required: ["text"], properties: { text: { type: "string", title: "Text" }, inside: { type: "array", title: "Inside", items: { $ref: "#/$defs/Node" }, default: [] } } } },
      properties: { tree: { $ref: "#/$defs/Node" } },
    };
    const form = show({ schema, settings: { tree: { text: "a" } } });
    await form.user.click(screen.getByRole("button", { name: "Add item to Inside" }));
    expect(form.settings().tree).toEqual({ text: "a", inside: [{ text: "" }] });
  });
});
