// Small things of the admin's own pages: colors from data, lines of a text, asking before leaving. No inline handlers.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const dot of document.querySelectorAll("[data-color]")) {
    dot.style.background = dot.dataset.color;
  }
  for (const bar of document.querySelectorAll("[data-share]")) {
    bar.style.setProperty("--share", bar.dataset.share);
  }
  for (const button of document.querySelectorAll("[data-line]")) {
    button.addEventListener("click", () => selectLine(document.querySelector(button.dataset.in), Number(button.dataset.line)));
  }
});

function selectLine(area, line) {
  if (!area) return;
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  area.scrollTop = Math.max(0, (line - 6) * Number.parseFloat(getComputedStyle(area).lineHeight));
}
