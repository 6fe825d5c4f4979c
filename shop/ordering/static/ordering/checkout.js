// Works the total out anew as soon as the address changes. Without it the first press
// of the button does that, and the second one pays.
(() => {
  "use strict";
  const form = document.getElementById("checkout");
  const button = document.querySelector("[data-pay]");
  if (!form || !button) return;
  let newest = 0;

  // What the buyer last saw no longer counts: a press asks for the total, and pays nothing.
  const forget = (words) => {
    form.elements.seen_total_fen.value = "";
    button.textContent = words;
  };

  const recalculate = async () => {
    const turn = ++newest;
    forget(button.dataset.working);
    const typed = new FormData(form);
    typed.set("step", "keep");
    try {
      const answer = await fetch(form.action, { method: "POST", body: typed });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== newest) return;
      document.querySelector("[data-sums]").replaceWith(page.querySelector("[data-sums]"));
      button.textContent = page.querySelector("[data-pay]").textContent;
      form.elements.seen_total_fen.value =
        page.getElementById("checkout").elements.seen_total_fen.value;
    } catch {
      if (turn === newest) button.textContent = button.dataset.unknown;
    }
  };

  form.addEventListener("change", ({ target: { name } }) => {
    // The lists below are filled by then, and the last of them says so with a change.
    if (name === "province" || name === "city") forget(button.dataset.unknown);
    if (name === "county" || name === "which") recalculate();
  });
})();
