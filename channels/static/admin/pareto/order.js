// An order that is under way: asks now and then how far it is, until it is done.
(() => {
  const place = document.getElementById("order");
  if (!place) return;
  const isOpen = () => place.firstElementChild?.dataset.open === "1";
  let shown = "";
  const look = async () => {
    try {
      const answer = await fetch(place.dataset.url, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        const html = await answer.text();
        // The same again would take the focus from a button; a form's token differs each time.
        const plain = html.replace(/<input[^>]*csrfmiddlewaretoken[^>]*>/g, "");
        if (plain !== shown) {
          place.innerHTML = html;
          shown = plain;
        }
      }
    } catch {
      // The network is away for a moment: the next look comes.
    }
    if (isOpen()) setTimeout(look, 1500);
  };
  if (isOpen()) setTimeout(look, 800);
})();
