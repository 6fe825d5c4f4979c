// A print that is being made shows how far it is, without turning the page over.
(() => {
  "use strict";
  const place = document.getElementById("progress");
  if (!place?.hasAttribute("data-open")) return;
  const look = async () => {
    try {
      const answer = await fetch(location.href);
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("progress");
        if (!fresh?.hasAttribute("data-open")) {
          location.reload();
          return;
        }
        place.replaceChildren(...fresh.childNodes);
      }
    } catch { /* offline: the next look may get through */ }
    setTimeout(look, 2000);
  };
  setTimeout(look, 2000);
})();
