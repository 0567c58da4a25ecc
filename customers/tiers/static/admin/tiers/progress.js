// Watches work that a worker does, and shows the page anew when it is over.
"use strict";

for (const card of document.querySelectorAll("[data-progress]")) {
  const bar = card.querySelector("progress");
  const looked = card.querySelector("[data-looked]");
  const slow = card.querySelector("[data-slow]");
  const began = Date.now();
  const ask = async () => {
    try {
      const answer = await fetch(card.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const work = await answer.json();
        if (!["waiting", "running"].includes(work.state)) return location.reload();
        bar.value = work.percent;
        // Until a worker begins nobody knows how many there are.
        card.querySelector("[data-of]").hidden = !work.total;
        const lang = document.documentElement.lang || undefined;
        card.querySelector("[data-total]").textContent = work.total.toLocaleString(lang);
        looked.textContent = work.looked_at.toLocaleString(lang);
        slow.hidden = work.state !== "waiting" || Date.now() - began < 8000;
      }
    } catch {
      // The server may be away for a moment; the next question finds it again.
    }
    setTimeout(ask, 500);
  };
  setTimeout(ask, 300);
}
