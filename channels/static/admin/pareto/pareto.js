// Small things of the admin's pages: colors from data, lines of a text, names for those who hear the page. No inline handlers.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  skipToContent(document.getElementById("content"));
  // What was written last is what is answered.
  for (const thread of document.querySelectorAll(".p-thread")) thread.scrollTop = thread.scrollHeight;
  for (const dot of document.querySelectorAll("[data-color]")) {
    dot.style.background = dot.dataset.color;
  }
  for (const bar of document.querySelectorAll("[data-share]")) {
    bar.style.setProperty("--share", bar.dataset.share);
  }
  for (const button of document.querySelectorAll("[data-line]")) {
    button.addEventListener("click", () => selectLine(document.querySelector(button.dataset.in), Number(button.dataset.line)));
  }
  for (const choice of document.querySelectorAll("select[data-submits]")) {
    choice.addEventListener("change", () => choice.value && choice.form.requestSubmit());
  }
  for (const field of document.querySelectorAll("[data-fills]")) {
    const places = [...document.querySelectorAll("[data-place]")].filter((place) => place.dataset.place === field.dataset.fills);
    const fill = () => places.forEach((place) => (place.textContent = field.value.trim() || place.dataset.place));
    field.addEventListener("input", fill);
    fill();
  }
  hideIcons(document);
  nameCells(document);
  const page = document.querySelector("[data-news-at]");
  if (page) setInterval(() => document.hidden || readAgain(page), 4000);
});

// A conversation that is open shows what comes meanwhile; what is being written stays as it is.
async function readAgain(page) {
  try {
    const said = await fetch(page.dataset.newsAt, { redirect: "error" });
    const { news } = said.ok ? await said.json() : { news: page.dataset.news };
    if (news === page.dataset.news) return;
    const fresh = new DOMParser().parseFromString(await (await fetch(location.pathname, { redirect: "error" })).text(), "text/html");
    const thread = document.getElementById("thread");
    const isAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 40;
    for (const id of ["facts", "thread"]) document.getElementById(id).replaceChildren(...fresh.getElementById(id).childNodes);
    const seen = document.getElementById("seen");
    if (seen) seen.value = fresh.getElementById("seen")?.value ?? seen.value;
    if (isAtEnd) thread.scrollTop = thread.scrollHeight;
    page.dataset.news = fresh.querySelector("[data-news-at]").dataset.news;
  } catch {
    // The server is away, or one is signed out: the page stays as it was.
  }
}

// Rows of a table that are added later are Django's own event.
document.addEventListener("formset:added", (event) => nameCells(event.target));

// The icon font writes words (“groups”), which a screen reader would read before each name.
function hideIcons(root) {
  for (const icon of root.querySelectorAll(".material-symbols-outlined:not([aria-hidden])")) {
    const control = icon.closest("a, button");
    if (!control || control.textContent.replace(icon.textContent, "").trim()) {
      icon.setAttribute("aria-hidden", "true");
    }
  }
}

// Fields in a table have their name at the head of the column only.
function nameCells(root) {
  for (const cell of root.querySelectorAll("td[data-label]")) {
    for (const field of cell.querySelectorAll("input:not([type=hidden]), select, textarea")) {
      if (!field.labels?.length && !field.hasAttribute("aria-label") && cell.dataset.label) {
        field.setAttribute("aria-label", cell.dataset.label);
      }
    }
  }
}

function selectLine(area, line) {
  if (!area) return;
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  area.scrollTop = Math.max(0, (line - 6) * Number.parseFloat(getComputedStyle(area).lineHeight));
}

// Unfold's pages begin with the whole menu: whoever goes by keys is past it with one.
function skipToContent(content) {
  if (!content || !document.getElementById("nav-sidebar-inner")) return;
  const link = document.createElement("a");
  link.className = "p-skip";
  link.href = "#content";
  link.textContent = "Skip to content";
  content.tabIndex = -1;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    content.focus();
    content.scrollIntoView();
  });
  document.body.prepend(link);
}
