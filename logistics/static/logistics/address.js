// Enhances the address form, which works without it: each list of places is filled
// as soon as the place above it is chosen, and a pasted address is read at once.
(() => {
  "use strict";

  const fill = async (list) => {
    const above = document.getElementById(list.dataset.placesIn);
    const kept = list.options[0];
    list.replaceChildren(kept);
    if (above.value) {
      const address = list.dataset.placesUrl.replace("000000000000", above.value);
      const wanted = new URLSearchParams({
        level: list.dataset.level,
        lang: document.documentElement.lang,
      });
      const answer = await fetch(`${address}?${wanted}`);
      if (!answer.ok) return;
      const { places } = await answer.json();
      list.append(...places.map(({ code, name }) => new Option(name, code)));
      if (places.length === 1 && list.dataset.level !== "township") list.selectedIndex = 1;
    }
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };

  document.addEventListener("change", (event) => {
    if (!event.target.id) return;
    for (const list of document.querySelectorAll("select[data-places-in]")) {
      if (list.dataset.placesIn === event.target.id) fill(list).catch(() => {});
    }
  });

  document.addEventListener("paste", (event) => {
    if (event.target.matches("textarea[name=pasted]")) {
      // The text is in the field only after this event.
      setTimeout(() => event.target.form.requestSubmit(), 0);
    }
  });
})();
