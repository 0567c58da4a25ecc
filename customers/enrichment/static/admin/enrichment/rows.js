// Tables in the data source's form: rows come and go. Without this script there is one blank row at each opening.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("[data-rows]")) setUp(table);
});

function setUp(table) {
  const body = table.querySelector("tbody");
  const blank = table.querySelector("template");
  const add = table.querySelector("[data-add]");
  const most = Number(table.dataset.most);
  const show = () => {
    for (const button of body.querySelectorAll("[data-remove]")) button.hidden = false;
    add.hidden = body.rows.length >= most;
  };
  add.addEventListener("click", () => {
    body.append(blank.content.cloneNode(true));
    show();
    body.rows[body.rows.length - 1].querySelector("input").focus();
  });
  body.addEventListener("click", (event) => {
    const row = event.target.closest("[data-remove]")?.closest("tr");
    if (!row) return;
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    show();
    (next?.querySelector("input") ?? add).focus();
  });
  show();
}
