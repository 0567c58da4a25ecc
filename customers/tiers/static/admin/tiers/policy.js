// The editor of the policy: plain form fields made from its JSON, and read back into it when it is sent.
"use strict";

const form = document.getElementById("policy");
const { spec, fields, operators, tiers, metrics, words } = JSON.parse(document.getElementById("policy-data").textContent);
const byName = new Map(fields.map((field) => [field.name, field]));

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function select(label, options, chosen, more = {}) {
  const element = make("select", { class: "t-input", "aria-label": label, ...more });
  for (const [value, text] of options) element.append(make("option", { value, selected: value === chosen }, text));
  if (!options.some(([value]) => value === chosen) && chosen) {
    element.append(make("option", { value: chosen, selected: true }, `${chosen} ?`));
  }
  return element;
}

const tierOptions = (empty) => [["", empty], ...tiers.map((tier) => [tier.key, tier.name])];
const icon = (name) => make("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name);

function iconButton(name, label, click) {
  return make("button", { type: "button", class: "t-icon", "aria-label": label, title: label, onclick: click }, icon(name));
}

function mover(element, name) {
  const go = (earlier) => () => {
    const other = earlier ? element.previousElementSibling : element.nextElementSibling;
    if (!other) return;
    if (earlier) other.before(element);
    else other.after(element);
    number();
    element.querySelector(earlier ? ".t-up" : ".t-down")?.focus();
  };
  const up = iconButton("arrow_upward", `${words.up}: ${name}`, go(true));
  const down = iconButton("arrow_downward", `${words.down}: ${name}`, go(false));
  up.classList.add("t-up");
  down.classList.add("t-down");
  return [up, down];
}

// --- who decides, in which order ---
const order = form.querySelector("[data-order]");
for (const decider of [...spec.order, ...["rule", "share", "crm"].filter((one) => !spec.order.includes(one))]) {
  const box = make("input", { type: "checkbox", value: decider, checked: spec.order.includes(decider), onchange: show });
  const line = make("li", { class: "t-line" });
  line.append(
    make("label", { class: "t-grow" }, box, make("span", {}, make("strong", {}, words[decider]), make("small", { class: "p-muted" }, words[`${decider}_help`]))),
    ...mover(line, words[decider]),
  );
  order.append(line);
}

function show() {
  for (const part of form.querySelectorAll("[data-part]")) {
    part.hidden = !order.querySelector(`input[value="${part.dataset.part}"]`).checked;
  }
}

// --- rules ---
const rules = form.querySelector("[data-rules]");

function addRule(rule) {
  const card = make("div", { class: "t-rule", role: "group" });
  const rows = make("div", { class: "t-rows" });
  card.append(
    make("div", { class: "t-line" },
      make("strong", { class: "t-number" }),
      select(words.tier, tierOptions(words.choose), rule.tier, { "data-tier": true }),
      select(words.comparison, [["all", words.all], ["any", words.any]], rule.match ?? "all", { "data-match": true }),
      make("span", { class: "t-grow" }),
      ...mover(card, words.rule_n),
      iconButton("delete", `${words.remove}: ${words.rule_n}`, () => { card.remove(); number(); }),
    ),
    rows,
    make("button", { type: "button", class: "t-button", onclick: () => addRow(rows, {}).querySelector("select").focus() }, words.add_row),
  );
  for (const row of rule.rows ?? []) addRow(rows, row);
  if (!rows.children.length) addRow(rows, {});
  rules.append(card);
  number();
  return card;
}

function addRow(rows, row) {
  const line = make("div", { class: "t-row" });
  const field = select(words.field, [["", words.choose], ...fields.map((one) => [one.name, one.label])], row.field ?? "", { "data-field": true });
  const op = make("span", { class: "t-slot" });
  const value = make("span", { class: "t-slot t-grow" });
  const showValue = (kept) => value.replaceChildren(...inputs(op.firstChild?.value, kept));
  const showOp = (kept) => {
    const known = byName.get(field.value);
    const chosen = kept.op ?? known?.operators[0] ?? "";
    op.replaceChildren(select(words.comparison, (known?.operators ?? []).map((one) => [one, operators[one].label]), chosen, { "data-op": true }));
    op.firstChild.addEventListener("change", () => showValue({}));
    showValue(kept);
  };
  field.addEventListener("change", () => showOp({}));
  line.append(field, op, value, iconButton("close", `${words.remove}: ${words.field}`, () => line.remove()));
  showOp(row);
  rows.append(line);
  return line;
}

function inputs(op, row) {
  const text = (name, value, more = {}) => make("input", { class: "t-input", "aria-label": words.value, "data-value": name, value: value ?? "", autocomplete: "off", ...more });
  switch (operators[op]?.wants) {
    case "number": return [text("number", row.number, { inputmode: "decimal" })];
    case "two numbers": return [text("number", row.number, { inputmode: "decimal", size: 8 }), make("span", {}, words.and), text("upto", row.upto, { inputmode: "decimal", size: 8 })];
    case "text": return [text("text", row.text)];
    case "texts": return [text("texts", (row.texts ?? []).join(", "), { placeholder: words.texts })];
    case "days": return [text("days", row.days, { inputmode: "numeric", size: 6 }), make("span", {}, words.days)];
    case "date": return [text("day", row.day, { type: "date" })];
    default: return [];
  }
}

function number() {
  rules.querySelectorAll(".t-rule").forEach((card, at) => {
    card.querySelector(".t-number").textContent = `${words.rule_n} ${at + 1}`;
    card.setAttribute("aria-label", `${words.rule_n} ${at + 1}`);
  });
}

// --- shares ---
const cuts = form.querySelector("[data-cuts]");

function addCut(cut) {
  const line = make("div", { class: "t-line" });
  line.append(
    select(words.tier, tierOptions(words.choose), cut.tier ?? "", { "data-tier": true }),
    make("input", { class: "t-input", "aria-label": words.percent, value: cut.percent ?? "", inputmode: "decimal", size: 6, "data-percent": true, autocomplete: "off" }),
    make("span", {}, "%"),
    iconButton("close", `${words.remove}: ${words.cut}`, () => line.remove()),
  );
  cuts.append(line);
  return line;
}

const plain = (text) => (text === undefined || text === null || text === "" ? "" : String(Number(text)));
for (const [name, label] of Object.entries(metrics)) {
  form.querySelector("[data-metric]").append(make("option", { value: name, selected: name === spec.metric }, label));
}
form.querySelector("[data-currency]").value = spec.currency;
form.querySelector("[data-margin]").value = plain(spec.margin);
const rest = form.querySelector("[data-rest]");
for (const [value, text] of tierOptions(words.nobody)) rest.append(make("option", { value, selected: value === spec.rest }, text));
for (const rule of spec.rules ?? []) addRule(rule);
for (const cut of spec.cuts ?? []) addCut({ ...cut, percent: plain(cut.percent) });
if (!cuts.children.length) {
  [50, 80, 95].slice(0, Math.max(1, tiers.length - 1)).forEach((percent, at) => addCut({ percent, tier: tiers[at]?.key }));
}
form.querySelector("[data-add-rule]").addEventListener("click", () => addRule({}).querySelector("select").focus());
form.querySelector("[data-add-cut]").addEventListener("click", () => addCut({}).querySelector("select").focus());
show();

// --- sending: "1.000,50" and "1,000.50" both mean a thousand and a half ---
function decimal(text) {
  let clean = text.trim().replace(/[\s']/g, "");
  const comma = clean.lastIndexOf(","), point = clean.lastIndexOf(".");
  if (comma > -1 && point > -1) clean = comma > point ? clean.replaceAll(".", "").replace(",", ".") : clean.replaceAll(",", "");
  else if (comma > -1) clean = /^-?\d{1,3}(,\d{3})+$/.test(clean) ? clean.replaceAll(",", "") : clean.replace(",", ".");
  return clean === "" ? null : clean;
}

function readRow(line) {
  const row = { field: line.querySelector("[data-field]").value, op: line.querySelector("[data-op]")?.value ?? "" };
  for (const input of line.querySelectorAll("[data-value]")) {
    const text = input.value.trim();
    switch (input.dataset.value) {
      case "number": case "upto": row[input.dataset.value] = decimal(text); break;
      case "days": row.days = text === "" ? null : text; break;
      case "day": row.day = text || null; break;
      case "texts": row.texts = text.split(/[,;\n]/).map((one) => one.trim()).filter(Boolean); break;
      default: row.text = text;
    }
  }
  return row;
}

form.addEventListener("submit", () => {
  form.elements.spec.value = JSON.stringify({
    order: [...order.querySelectorAll("input:checked")].map((box) => box.value),
    rules: [...rules.children].map((card) => ({
      tier: card.querySelector("[data-tier]").value,
      match: card.querySelector("[data-match]").value,
      rows: [...card.querySelectorAll(".t-row")].map(readRow),
    })),
    metric: form.querySelector("[data-metric]").value,
    currency: form.querySelector("[data-currency]").value.trim().toUpperCase(),
    // Cuts that nobody uses are kept only where shares decide.
    cuts: order.querySelector('input[value="share"]').checked
      ? [...cuts.children].map((line) => ({ tier: line.querySelector("[data-tier]").value, percent: decimal(line.querySelector("[data-percent]").value) }))
      : spec.cuts ?? [],
    margin: decimal(form.querySelector("[data-margin]").value) ?? "0",
    rest: rest.value,
  });
});
