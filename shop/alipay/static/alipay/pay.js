// A page that waits for a payment looks again by itself, ever more rarely. Without
// scripts its links do the same.
(() => {
  "use strict";
  const place = document.querySelector("[data-news]");
  if (place) {
    const { news, payment, paid } = place.dataset;
    let pause = 2000;
    const look = async () => {
      try {
        const answer = await fetch(news, { headers: { Accept: "application/json" } });
        if (answer.ok && (await answer.json()).status !== payment) {
          if (paid) location.href = paid; else location.reload();
          return;
        }
      } catch { /* offline: the next look may get through */ }
      pause = Math.min(pause * 1.15, 20000);
      setTimeout(look, pause);
    };
    setTimeout(look, pause);
  }

  const button = document.querySelector("[data-copy]");
  const field = document.querySelector("[data-copy-from]");
  if (button && field && navigator.clipboard) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.copied;
    });
    field.addEventListener("focus", () => field.select());
  }
})();
