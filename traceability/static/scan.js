// Says that somebody is looking at a scanned package, and shows which scan this is. The
// device's name is random, made here and kept here; without a script a button does it.
(() => {
  "use strict";
  const verdict = document.getElementById("verdict");

  const device = () => {
    const fresh = () =>
      Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    try {
      let name = localStorage.getItem("scan-device");
      if (!name) localStorage.setItem("scan-device", (name = fresh()));
      return name;
    } catch {
      return fresh(); // private mode: a new device each time
    }
  };

  // A form that acts for this phone says whose it is.
  document.addEventListener("submit", ({ target }) => {
    const name = target.querySelector("[data-device]");
    if (name) name.value = device();
  });

  // Asked for by a tap only, and rounded here: what leaves the phone names a town.
  const place = document.querySelector("[data-place]");
  const answer = place?.querySelector("[role=status]");
  const tenths = (degrees) => String(Math.round(degrees * 10));
  const sendPlace = async ({ coords }) => {
    try {
      const told = await fetch(place.dataset.place, {
        method: "POST",
        body: new URLSearchParams({
          device: device(),
          latitude: tenths(coords.latitude),
          longitude: tenths(coords.longitude),
        }),
        headers: { Accept: "application/json" },
      });
      answer.textContent = (await told.json()).words;
      if (told.ok) place.querySelector("button").hidden = true;
    } catch {
      answer.textContent = place.dataset.failed;
    }
  };
  if (place && window.isSecureContext && navigator.geolocation) {
    place.hidden = false;
    place.querySelector("button").addEventListener("click", () =>
      navigator.geolocation.getCurrentPosition(sendPlace, () => {
        answer.textContent = place.dataset.failed;
      }, { maximumAge: 3_600_000, timeout: 20_000 }));
  }

  if (!verdict?.dataset.seen) return;
  // Until it is counted, readers that speak wait for the whole verdict.
  verdict.setAttribute("aria-busy", "true");

  const tell = async () => {
    try {
      const answer = await fetch(verdict.dataset.seen, {
        method: "POST",
        body: new URLSearchParams({ device: device() }),
        headers: { Accept: "application/json" },
        keepalive: true,
      });
      const { html, title } = await answer.json();
      if (!html) throw new Error(String(answer.status));
      verdict.innerHTML = html;
      document.title = title;
    } catch {
      const line = document.createElement("p");
      line.textContent = verdict.dataset.failed;
      verdict.querySelector(".verdict")?.append(line);
    } finally {
      verdict.removeAttribute("aria-busy");
    }
  };

  // A page that is only fetched ahead, or opened behind others, is not being looked at.
  const whenSeen = () => {
    if (document.visibilityState !== "visible" || document.prerendering) return;
    document.removeEventListener("visibilitychange", whenSeen);
    document.removeEventListener("prerenderingchange", whenSeen);
    tell();
  };
  document.addEventListener("visibilitychange", whenSeen);
  document.addEventListener("prerenderingchange", whenSeen);
  whenSeen();
})();
