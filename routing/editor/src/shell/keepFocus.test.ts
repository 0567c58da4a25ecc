import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepFocus } from "./keepFocus";

describe("the keyboard's place", () => {
  let stop: () => void;
  let page: HTMLElement;

  beforeEach(() => {
    document.body.innerHTML = `
      <div id="page"><section id="fe-panel" tabindex="-1">
        <form class="f-form"><div data-field='["queue"]'><select><option>VIP</option></select><button id="mend">Use VIP</button></div></form>
        <div id="talk"><button id="answer">Standard answers</button></div>
      </section></div>`;
    page = document.querySelector("#page") as HTMLElement;
    stop = keepFocus(page);
  });
  afterEach(() => stop());

  const element = (id: string) => document.getElementById(id) as HTMLElement;

  it("is the field again whose mend went away with its fault", async () => {
    element("mend").focus();
    element("mend").remove();
    await vi.waitFor(() => expect(document.activeElement).toBe(page.querySelector("select")));
  });

  it("is the next question, once it may be answered", async () => {
    element("answer").focus();
    element("talk").innerHTML = '<section data-next=""><button id="next" disabled>Nobody answers</button></section>';
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(document.activeElement).toBe(document.body);
    element("next").removeAttribute("disabled");
    await vi.waitFor(() => expect(document.activeElement).toBe(element("next")));
  });

  it("is the panel where nothing took its place, and stays where somebody went meanwhile", async () => {
    element("answer").focus();
    element("answer").remove();
    await vi.waitFor(() => expect(document.activeElement).toBe(element("fe-panel")));
    element("mend").focus();
    element("mend").remove();
    (page.querySelector("select") as HTMLElement).insertAdjacentHTML("afterend", '<input id="other">');
    element("other").focus();
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(document.activeElement).toBe(element("other"));
  });
});
