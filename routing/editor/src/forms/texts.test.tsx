import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Schema } from "../api/types";
import { languageName } from "./prompts/languages";
import { voiceFor } from "./prompts/speech";
import { one, show } from "./testing";
import { split } from "./variables/TemplateField";

const PROMPT: Schema = {
  type: "object",
  required: ["prompt"],
  $defs: {
    Prompt: {
      type: "object",
      widget: "prompt",
      properties: {
        text: { type: "object", additionalProperties: { type: "string" }, default: {} },
        audio: { type: "object", additionalProperties: { type: "string" }, default: {} },
        voice: { type: "string", title: "Voice", default: "" },
        fallback: { type: "string", default: "" },
      },
    },
  },
  properties: { prompt: { $ref: "#/$defs/Prompt", title: "What to say" } },
};

describe("text with variables", () => {
  it("puts a variable where the cursor was", async () => {
    const form = show({ schema: one({ type: "string", template: true }), settings: { field: "Dear !" } });
    const input = screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Field" });
    await form.user.click(input);
    input.setSelectionRange(5, 5);
    fireEvent.select(input);
    await form.user.click(screen.getByRole("button", { name: "Insert a variable into Field" }));
    await form.user.keyboard("caller{Enter}");
    expect(form.settings().field).toBe("Dear {{ contact.from }}!");
  });

  it("marks in the text what nothing sets, and says so below", () => {
    const form = show({ schema: one({ type: "string", template: true }), settings: { field: "{{ loyalty.loyalty_status }} {{ loyalty.statu | upcase }}" } });
    expect([...form.container.querySelectorAll("mark.f-unknown")].map((mark) => mark.textContent)).toEqual(["{{ loyalty.statu | upcase }}"]);
    expect(screen.getByText("Nothing before this step sets “loyalty.statu”.")).toBeTruthy();
  });

  it("finds the variables in the braces, and takes what the text sets itself as known", () => {
    expect(split("a {{ x.y[0].z | default: 'b' }} c {% assign q = 1 %}{{ q }}{{ 'text' }}").filter((part) => part.path)).toEqual([
      { text: "{{ x.y[0].z | default: 'b' }}", braces: true, path: "x.y.0.z" },
    ]);
  });

  it("stays on one line where the engine wants one", async () => {
    const form = show({ schema: one({ type: "string", template: true }), settings: { field: "" } });
    await form.user.type(screen.getByRole("textbox", { name: "Field" }), "a{Enter}b");
    expect(form.settings().field).toBe("ab");
  });
});

describe("prompts", () => {
  it("have a tab for each language, moved through by the arrow keys", async () => {
    const form = show({ schema: PROMPT, settings: { prompt: { text: { "de-DE": "Hallo", en: "Hello" } } } });
    expect(screen.getAllByRole("tab").map((tab) => tab.textContent)).toEqual(["German (DE)", "English"]);
    screen.getByRole("tab", { name: "German (DE)" }).focus();
    await form.user.keyboard("{ArrowRight}");
    await form.user.type(screen.getByRole("textbox", { name: "What to say in English" }), "!");
    expect(form.settings().prompt).toEqual({ text: { "de-DE": "Hallo", en: "Hello!" } });
    expect(screen.getByText("Everybody else hears English")).toBeTruthy();
  });

  it("open in the language that is at fault, else in the one that everybody else hears", () => {
    const prompt = { text: { de: "Hallo {{ kunde }}", en: "Hello {{ oops", fr: "Bonjour" } };
    const first = show({ schema: PROMPT, settings: { prompt }, faults: [{ path: ["prompt", "text", "fr"], message: "No." }] });
    expect(screen.getByRole("tab", { selected: true }).textContent).toContain("French");
    first.unmount();
    show({ schema: PROMPT, settings: { prompt } });
    expect(screen.getByRole("tab", { selected: true }).textContent).toBe("English");
  });

  it("begin in the language that the rest of the flow speaks", async () => {
    const form = show({ schema: PROMPT, settings: { prompt: {} }, steps: [{ id: "a", type: "say", settings: { prompt: { text: { "de-DE": "x" } } } }] });
    await form.user.type(screen.getByRole("textbox", { name: "What to say in German (DE)" }), "Hi");
    expect(form.settings().prompt).toEqual({ text: { "de-DE": "Hi" } });
  });

  it("take further languages, those that the flow speaks by one click, and let them go", async () => {
    const form = show({ schema: PROMPT, settings: { prompt: { text: { en: "Hello" } } }, steps: [{ id: "a", type: "say", settings: { prompt: { text: { "de-DE": "x" } } } }] });
    await form.user.click(screen.getByRole("button", { name: "+ German (DE)" }));
    expect(form.settings().prompt).toEqual({ text: { en: "Hello", "de-DE": "" } });
    expect(screen.getByText("Nothing is written here yet: whoever speaks German (DE) hears nothing.")).toBeTruthy();
    await form.user.click(screen.getByRole("button", { name: "Add a language to What to say" }));
    await form.user.keyboard("fr-CA{Enter}");
    expect(screen.getAllByRole("tab")).toHaveLength(3);
    await form.user.click(screen.getByRole("button", { name: /^Remove .*French/ }));
    expect(form.settings().prompt).toEqual({ text: { en: "Hello", "de-DE": "" } });
  });

  it("show a fault at the language that it is in", () => {
    show({ schema: PROMPT, settings: { prompt: { text: { en: "{{", de: "x" } } }, faults: [{ path: ["prompt", "text", "en"], message: "The template cannot be read." }] });
    expect(screen.getByRole("tab", { name: "English (something is wrong)" })).toBeTruthy();
  });

  it("explain who hears what, and let a language be the one for everybody else", async () => {
    const form = show({ schema: PROMPT, settings: { prompt: { text: { en: "a", de: "b" } } } });
    await form.user.selectOptions(screen.getByRole("combobox", { name: "Language for everybody else", hidden: true }), "de");
    expect(form.settings().prompt).toMatchObject({ fallback: "de" });
    expect(screen.getByText(/A contact hears its own language/)).toBeTruthy();
  });
});

describe("listening", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    Reflect.deleteProperty(window, "speechSynthesis");
  });

  function browser(voices: { lang: string; default?: boolean }[], answer: unknown = { text: "Hello, Anna", unknown: [] }, status = 200) {
    const speak = vi.fn();
    Object.defineProperty(window, "speechSynthesis", { configurable: true, value: { getVoices: () => voices, speak, cancel: vi.fn(), addEventListener: (_: string, run: () => void) => setTimeout(run, 0) } });
    vi.stubGlobal("SpeechSynthesisUtterance", class { constructor(readonly text: string) {} });
    const asked = vi.fn(() => Promise.resolve(new Response(JSON.stringify(answer), { status })));
    vi.stubGlobal("fetch", asked);
    return { speak, asked };
  }

  it("speaks what the server made of the text", async () => {
    const { speak, asked } = browser([{ lang: "en-GB" }]);
    const form = show({ schema: PROMPT, settings: { prompt: { text: { en: "Hello, {{ customer.name }}" } } } });
    await form.user.click(screen.getByRole("button", { name: "Listen: English" }));
    await waitFor(() => expect(speak).toHaveBeenCalledOnce());
    expect(speak.mock.calls[0]?.[0]).toMatchObject({ text: "Hello, Anna", lang: "en-GB" });
    expect(asked).toHaveBeenCalledWith("/listen/", expect.anything());
    expect(await screen.findByRole("button", { name: "Stop: English" })).toBeTruthy();
  });

  it("says so when the browser has no voice for the language, and shows the text", async () => {
    const { speak } = browser([{ lang: "en-GB" }], { text: "Hallo", unknown: [] });
    const form = show({ schema: PROMPT, settings: { prompt: { text: { de: "Hallo" } } } });
    await form.user.click(screen.getByRole("button", { name: "Listen: German" }));
    expect(await screen.findByText(/This browser has no voice for German/)).toBeTruthy();
    expect(screen.getByText("Hallo", { selector: "q" })).toBeTruthy();
    expect(speak).not.toHaveBeenCalled();
  });

  it("shows why the server refused", async () => {
    browser([], { error: "This cannot be spoken yet." }, 400);
    const form = show({ schema: PROMPT, settings: { prompt: { text: { en: "{{" } } } });
    await form.user.click(screen.getByRole("button", { name: "Listen: English" }));
    expect(await screen.findByText("This cannot be spoken yet.")).toBeTruthy();
  });

  it("takes the nearest voice of a language", () => {
    const voices = [{ lang: "de-CH" }, { lang: "de-DE", default: true }, { lang: "en_US" }] as SpeechSynthesisVoice[];
    expect(voiceFor("de-CH", voices)?.lang).toBe("de-CH");
    expect(voiceFor("de-AT", voices)?.lang).toBe("de-DE");
    expect(voiceFor("en", voices)?.lang).toBe("en_US");
    expect(voiceFor("fr", voices)).toBeUndefined();
  });

  it("knows languages by name", () => {
    expect(languageName("de-AT", [{ code: "de", name: "German" }])).toBe("German (AT)");
    expect(languageName("fr", [])).toBe("French");
  });
});
