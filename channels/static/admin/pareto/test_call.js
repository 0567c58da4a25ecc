// The test call: sends what the person does, shows what the caller hears, reads it aloud if asked to.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("test-call");
  if (!root) return;
  const find = (id) => document.getElementById(id);
  const start = find("test-call-start"), lines = find("t-lines"), state = find("t-state"), problem = find("t-problem");
  const icons = { say: "record_voice_over", play: "music_note", pause: "hourglass_empty", ring: "ring_volume", talk: "forum", beep: "graphic_eq", busy: "phone_disabled", error: "error" };
  let stepUrl = "", typed = "", line = 0, call = 0;
  // One request after the other, in the order of the clicks; the carrier's own steps come in between.
  let last = Promise.resolve();

  const post = async (url, fields) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    const answer = await fetch(url, {
      method: "POST", body, credentials: "same-origin",
      headers: { "X-CSRFToken": start.elements.csrfmiddlewaretoken.value, Accept: "application/json" },
    });
    const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
    const data = isJson ? await answer.json() : {};
    if (!answer.ok) throw new Error(data.problem || `${answer.status} ${answer.statusText}`);
    return data;
  };

  const tell = (text) => { problem.textContent = text; problem.hidden = !text; };

  const speak = (one) => {
    if (!one.said || !find("t-listen").checked || !("speechSynthesis" in window)) return;
    const words = new SpeechSynthesisUtterance(one.said);
    words.lang = one.language || "en-US";
    window.speechSynthesis.speak(words);
  };
  const hush = () => { if ("speechSynthesis" in window) window.speechSynthesis.cancel(); };

  const append = (one) => {
    const item = document.createElement("li");
    item.dataset.what = one.what;
    if (one.language) item.lang = one.language;
    const icon = document.createElement("span");
    icon.className = "material-symbols-outlined";
    icon.setAttribute("aria-hidden", "true");
    icon.textContent = icons[one.what] || "chevron_right";
    const text = document.createElement("span");
    text.textContent = one.shown;
    item.append(icon, text);
    lines.append(item);
    speak(one);
  };

  const show = (data) => {
    stepUrl = data.url;
    for (const one of data.lines.slice(line)) append(one);
    line = data.lines.length;
    state.innerHTML = data.state;
    find("t-pad-card").hidden = !data.keys;
    if (!data.keys) typed = "";
    find("t-typed").textContent = typed;
    // The button that was pressed may be gone; whoever uses the keyboard goes on from here.
    const first = data.goes_on ? null : state.querySelector("input, .t-primary");
    if (first) first.focus({ preventScroll: true });
    else if (document.activeElement === document.body) state.focus({ preventScroll: true });
  };

  const queue = (job) => {
    const mine = call;
    last = last.then(async () => {
      if (mine !== call) return;
      root.setAttribute("aria-busy", "true");
      try {
        const data = await job();
        if (mine !== call) return;
        tell("");
        show(data);
        if (data.goes_on) queue(() => post(stepUrl, { do: "go_on" }));
      } catch (error) {
        tell(error.message);
      } finally {
        root.removeAttribute("aria-busy");
      }
    });
  };

  const act = (what, value) => {
    if (!stepUrl) return;
    if (what === "press") { typed += value; find("t-typed").textContent = typed; }
    hush();
    queue(() => post(stepUrl, { do: what, what: value }));
  };

  start.addEventListener("submit", (event) => {
    event.preventDefault();
    call += 1;
    [stepUrl, typed, line] = ["", "", 0];
    hush();
    tell("");
    lines.replaceChildren();
    const fields = { number: start.elements.number.value, caller: start.elements.caller.value };
    queue(async () => {
      const data = await post(root.dataset.start, fields);
      find("t-live").hidden = false;
      return data;
    });
  });

  root.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (button) act(button.dataset.do, button.dataset.what);
  });
  root.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-do]");
    if (!form) return;
    event.preventDefault();
    if (form.elements.what.value.trim()) act(form.dataset.do, form.elements.what.value);
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || find("t-pad-card").hidden) return;
    if (/^[0-9*#]$/.test(event.key)) act("press", event.key);
  });
  find("t-listen").addEventListener("change", (event) => { if (!event.target.checked) hush(); });

  // Customers by name, once the typing rests.
  const caller = find("t-caller");
  let timer = 0;
  caller.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const answer = await fetch(`${root.dataset.callers}?q=${encodeURIComponent(caller.value)}`, { credentials: "same-origin" });
      if (!answer.ok) return;
      const { callers } = await answer.json();
      find("t-callers").replaceChildren(...callers.map((one) => {
        const option = document.createElement("option");
        option.value = one.number;
        // What was typed must be part of it, else the browser hides it.
        option.label = one.label;
        option.textContent = one.label;
        return option;
      }));
    }, 250);
  });
});
