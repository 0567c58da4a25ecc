/// Not a test of its own: tests/routing/editor hands it step types as the server describes them, and it edits every field
/// of each by what the schema says, as a person would. What comes of it goes back to Python, where pydantic reads it.

import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, inject, it } from "vitest";
import type { Json, PaletteItem, Schema, Settings } from "../api/types";
import { key } from "./context";
import { type Path, getIn, properties, resolve, widgetOf } from "./schema";
import { show } from "./testing";

interface Edited {
  path: Path;
  widget: string;
  before: Json | undefined;
  after: Json | undefined;
}

declare module "vitest" {
  export interface ProvidedContext {
    proof: PaletteItem[];
  }
}

const TWO = ["first", "second"].map((name) => ({ key: name, name, url: `/${name}/`, inputs: [], fields: [] }));
const HOUSE = { queue: TWO, source: TWO, hours: TWO, flow: TWO };

export interface Proved {
  type: string;
  settings: Settings;
  edited: Edited[];
}

function inputsOf(place: HTMLElement): HTMLElement[] {
  return [...place.querySelectorAll<HTMLElement>("input, textarea, select")];
}

/** Changes what one field holds, by its widget alone. */
async function change(place: HTMLElement, schema: Schema, widget: string, form: ReturnType<typeof show>): Promise<void> {
  const [input] = inputsOf(place);
  const pick = async (name: RegExp) => {
    await form.user.click(within(place).getAllByRole("button", { name })[0] as HTMLElement);
    const options = within(screen.getByRole("listbox")).getAllByRole("option");
    const other = options.find((option) => option.getAttribute("aria-selected") !== "true");
    await form.user.click(other as HTMLElement);
  };
  switch (widget) {
    case "switch":
    case "checks":
      return form.user.click(input as HTMLElement);
    case "enum":
      if (input instanceof HTMLSelectElement) {
        const other = [...input.options].find((option) => !option.selected && option.value !== "null");
        return form.user.selectOptions(input, other?.value ?? "");
      }
      return form.user.click(inputsOf(place).find((radio) => !(radio as HTMLInputElement).checked) as HTMLElement);
    case "number": {
      const least = schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1;
      const now = (input as HTMLInputElement).value;
      fireEvent.change(input as HTMLElement, { target: { value: String(now === String(least) ? least + 1 : least) } });
      return;
    }
    case "duration":
      fireEvent.change(input as HTMLElement, { target: { value: "1" } });
      return;
    case "moment":
      fireEvent.change(input as HTMLElement, { target: { value: schema.format === "time" ? "09:30:00" : schema.format === "date" ? "2026-06-01" : "2026-06-01T09:30" } });
      return;
    case "catalog":
      return pick(/: /);
    case "variable":
      return pick(/: /);
    case "chips": {
      const items = resolve(schema.items ?? {}, schema);
      return form.user.type(input as HTMLElement, `${items.type === "string" ? "more" : "7"}{Enter}`);
    }
    case "map":
      if (input === undefined) {
        await form.user.click(within(place).getByRole("button", { name: /^Add a row/ }));
        const [name] = inputsOf(place);
        await form.user.type(name as HTMLElement, "added");
      } else {
        await form.user.type(input, "x");
      }
      return;
    case "conditions":
      return form.user.click(within(place).getAllByRole("button", { name: /^(Copy the condition|\+ Condition)/ })[0] as HTMLElement);
    case "value":
      if (input instanceof HTMLSelectElement) return form.user.selectOptions(input, [...input.options].find((option) => !option.selected)?.value ?? "");
      return form.user.type(input as HTMLElement, "1");
    case "prompt":
      return form.user.type(within(place).getAllByRole("textbox")[0] as HTMLElement, " And so on.");
    case "list":
      return form.user.click(within(place).getAllByRole("button", { name: /^(Copy|Add) / })[0] as HTMLElement);
    case "union": {
      const select = within(place).getAllByRole("combobox")[0] as HTMLSelectElement;
      return form.user.selectOptions(select, [...select.options].find((option) => !option.selected && option.value !== "-1")?.value ?? "");
    }
    default:
      fireEvent.change(input as HTMLElement, { target: { value: schema.pattern ? "edited" : "Edited by hand" } });
  }
}

async function edit(schema: Schema, path: Path, root: Schema, form: ReturnType<typeof show>, edited: Edited[]): Promise<void> {
  const widget = widgetOf(schema, root);
  if (widget === "constant") return;
  const place = form.container.querySelector<HTMLElement>(`[data-field='${key(path)}']`);
  expect(place, `a field for ${key(path)}`).not.toBeNull();
  if (widget === "object") {
    for (const field of properties(schema, root)) await edit(field.schema, [...path, field.name], root, form, edited);
    return;
  }
  if (widget === "tuple") {
    for (const [index, one] of (schema.prefixItems ?? []).entries()) await edit(resolve(one, root), [...path, index], root, form, edited);
    return;
  }
  const before = getIn(form.settings(), path);
  await change(place as HTMLElement, schema, widget, form);
  await waitFor(() => expect(getIn(form.settings(), path), `what ${key(path)} holds after it was edited as ${widget}`).not.toEqual(before));
  edited.push({ path, widget, before, after: getIn(form.settings(), path) });
}

describe.each(inject("proof").map((item) => [item.type, item] as const))("%s", (type, item) => {
  it("shows and edits every field, and knows nothing of it but its schema", { timeout: 60_000 }, async () => {
    const form = show({ schema: item.schema, settings: structuredClone(item.sample), catalog: HOUSE });
    form.container.querySelectorAll("details").forEach((details) => (details.open = true));
    const edited: Edited[] = [];
    for (const field of properties(item.schema, item.schema)) await edit(field.schema, [field.name], item.schema, form, edited);
    // Every input has a name that is read out.
    const nameless = inputsOf(form.container).filter((input) => !(input as HTMLInputElement).labels?.length && !input.getAttribute("aria-label"));
    expect(nameless.map((input) => input.outerHTML)).toEqual([]);
    const proved: Proved = { type, settings: form.settings(), edited };
    cleanup();
    // Somebody may have written anything into a file or the text form: it is shown, to be mended.
    const garbage: Json[] = [null, 7, "x", true, [], {}, [null], [7], ["x"], { a: null }, { text: 7, conditions: [null, { conditions: 7 }] }, [{}]];
    for (const value of garbage) {
      show({ schema: item.schema, settings: Object.fromEntries(Object.keys(item.schema.properties ?? {}).map((name) => [name, value])) });
      cleanup();
    }
    console.log(`PROVED ${JSON.stringify(proved)}`);
  });
});
