// Moves the cuts of the Pareto page: by mouse, finger, keys or typing; everything is reckoned from the snapshot's points.
"use strict";

const source = document.getElementById("pareto-data");
if (source) start(JSON.parse(source.textContent));

function start({ points, customers, revenue, box, words }) {
  const [width, height, left, right, top, bottom] = box;
  const svg = document.querySelector("[data-curve]");
  const form = document.querySelector("[data-cuts]");
  const language = document.documentElement.lang || undefined;
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const cents = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const tenth = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const xOf = (share) => left + share * (width - left - right);
  const yOf = (share) => height - bottom - share * (height - top - bottom);
  const currency = form.querySelector("[data-out=revenue]").textContent.trim().split(/\s/).pop();
  const total = points.at(-1)[1];

  // As customers/tiers/drawing.py has it.
  function placeOf(percent) {
    if (percent <= 0) return { customers: 0, revenue: 0, amount: null };
    const wanted = (total * percent) / 100;
    let low = 0, high = points.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle][1] >= wanted - 1e-9) high = middle;
      else low = middle + 1;
    }
    const [reach, upto, amount] = points[low];
    const [before, above] = low ? points[low - 1] : [0, 0];
    const count = reach - before, brought = upto - above;
    if (Math.abs(amount * count - brought) <= 0.01 * count || wanted >= upto) return { customers: reach, revenue: upto, amount };
    const more = Math.ceil(((wanted - above) / brought) * count);
    return { customers: before + more, revenue: above + (brought * more) / count, amount };
  }

  const cuts = [...form.querySelectorAll("[data-row]")].filter((row) => row.dataset.row).map((row) => {
    const group = svg.querySelector(`[data-key="${CSS.escape(row.dataset.row)}"]`);
    const input = row.querySelector("input");
    return { row, input, group, handle: group.querySelector("[data-handle]"), name: group.querySelector("[data-name]").textContent.replace(/[\d.,]+ %$/, "").trim(), percent: Number(input.value) };
  });

  const put = (row, name, text) => { row.querySelector(`[data-out=${name}]`).textContent = text; };

  function write(row, count, money) {
    put(row, "customers", whole.format(count));
    put(row, "customer_share", `${tenth.format((100 * count) / customers)} %`);
    put(row, "revenue", `${whole.format(money)} ${currency}`);
    put(row, "revenue_share", `${tenth.format((100 * money) / revenue)} %`);
  }

  function show(typing) {
    let count = 0, money = 0, last = -1, isWrong = false;
    for (const cut of cuts) {
      isWrong ||= !(cut.percent > last);
      last = cut.percent;
      const place = placeOf(cut.percent);
      const x = xOf(place.customers / customers), y = yOf(place.revenue / total);
      for (const [part, values] of [["[data-up]", { x1: x, x2: x, y1: y }], ["[data-across]", { x2: x, y1: y, y2: y }], ["[data-name]", { x, y }], ["[data-handle]", { cx: x, cy: y }]]) {
        const element = cut.group.querySelector(part);
        for (const [name, value] of Object.entries(values)) element.setAttribute(name, value.toFixed(2));
      }
      cut.group.querySelector("[data-name]").textContent = `${cut.name} ${cut.percent} %`;
      cut.handle.setAttribute("aria-valuenow", cut.percent);
      cut.handle.setAttribute("aria-valuetext", words.value.replace("{percent}", cut.percent).replace("{customers}", whole.format(place.customers)).replace("{share}", tenth.format((100 * place.customers) / customers)));
      if (cut !== typing) cut.input.value = cut.percent;
      write(cut.row, Math.max(0, place.customers - count), Math.max(0, place.revenue - money));
      put(cut.row, "amount", place.amount === null ? words.nobody : `${cents.format(place.amount)} ${currency}`);
      count = place.customers;
      money = place.revenue;
    }
    const rest = form.querySelector('[data-row=""]');
    if (rest) write(rest, customers - count, revenue - money);
    form.querySelector("[data-wrong]").hidden = !isWrong;
    for (const link of form.querySelectorAll("[data-export]")) {
      const address = new URL(link.href);
      for (const cut of cuts) address.searchParams.set(cut.input.name, cut.percent);
      link.href = address;
    }
    spread();
  }

  // Names of cuts that lie close together stand below each other.
  function spread() {
    let last = -Infinity;
    for (const cut of [...cuts].reverse()) {
      const text = cut.group.querySelector("[data-name]");
      const y = Math.max(Number(cut.handle.getAttribute("cy")) + 16, last + 18);
      last = y;
      const isRight = Number(text.getAttribute("x")) > width * 0.72;
      text.setAttribute("y", Math.min(y, height - bottom - 4));
      text.setAttribute("dy", isRight ? 8 : 0); // The curve comes from the left, and is nearly level there.
      text.setAttribute("text-anchor", isRight ? "end" : "start");
      text.setAttribute("dx", isRight ? -14 : 14);
    }
  }

  function move(cut, percent) {
    const at = cuts.indexOf(cut);
    const low = at ? cuts[at - 1].percent + 0.1 : 0;
    const high = at < cuts.length - 1 ? cuts[at + 1].percent - 0.1 : 100;
    cut.percent = Number(Math.min(Math.max(percent, low), high).toFixed(1));
    show();
  }

  const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5 };
  for (const cut of cuts) {
    cut.handle.addEventListener("keydown", (event) => {
      if (event.key === "Home") move(cut, 0);
      else if (event.key === "End") move(cut, 100);
      else if (event.key in steps) move(cut, cut.percent + steps[event.key] * (event.shiftKey ? 0.1 : 1));
      else return;
      event.preventDefault();
    });
    cut.handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      cut.handle.focus();
      cut.handle.setPointerCapture(event.pointerId);
    });
    cut.handle.addEventListener("pointermove", (event) => {
      if (cut.handle.hasPointerCapture(event.pointerId)) move(cut, nearest(event));
    });
    cut.input.addEventListener("input", () => {
      const percent = Number(cut.input.value.replace(",", "."));
      if (cut.input.value.trim() && percent >= 0 && percent <= 100) {
        cut.percent = percent;
        show(cut);
      }
    });
    cut.input.addEventListener("change", () => {
      const text = cut.input.value.trim(), percent = Number(text.replace(",", "."));
      form.querySelector("[data-odd]").hidden = text !== "" && percent >= 0 && percent <= 100;
      cut.input.value = cut.percent;
    });
  }

  // The share of the revenue at the point of the curve that lies nearest to the pointer.
  function nearest(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    let best = 0, least = Infinity, from = [xOf(0), yOf(0)], share = 0;
    for (const [reach, upto] of points) {
      const to = [xOf(reach / customers), yOf(upto / total)];
      const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
      const part = Math.min(1, Math.max(0, ((at.x - from[0]) * dx + (at.y - from[1]) * dy) / (dx * dx + dy * dy || 1)));
      const distance = Math.hypot(at.x - from[0] - part * dx, at.y - from[1] - part * dy);
      if (distance < least) {
        least = distance;
        best = share + part * (upto / total - share);
      }
      from = to;
      share = upto / total;
    }
    return best * 100;
  }

  show();
}
