// Enhances pages that work without it: the basket's count, putting things into it
// without leaving the page, and a few conveniences. No code of others, no inline code.
(() => {
  "use strict";
  const here = document.documentElement;
  const isPublic = document.body.hasAttribute("data-public");
  const remembered = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode */ } },
  };

  const show = (count) => {
    for (const place of document.querySelectorAll("[data-basket-count]")) {
      place.textContent = count ? String(count) : "";
    }
  };

  // An order of this browser that waits for its money; not on pages that are about it.
  const remind = (unpaid) => {
    const strip = document.querySelector("[data-unpaid-strip]");
    if (!strip || document.querySelector("[data-unpaid]")) return;
    strip.hidden = !unpaid;
    if (!unpaid) return;
    strip.href = unpaid.url;
    strip.querySelector("span > span").textContent = unpaid.words;
  };

  // Count and token come apart from the page, so that pages can be kept for everybody.
  // Somebody who only looks around is never asked for, and so never gets a cookie.
  const badge = async () => {
    const answer = await fetch("/basket/badge/", { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const { count, csrf, unpaid } = await answer.json();
    remembered.set("basket", "1");
    show(count);
    remind(unpaid);
    return csrf;
  };
  // A bar of chips wider than the screen opens where its page is.
  for (const chip of document.querySelectorAll(".chips-scroll [aria-current]")) {
    const bar = chip.closest(".chips-scroll");
    bar.scrollLeft += chip.getBoundingClientRect().left - bar.getBoundingClientRect().left - 40;
  }

  if (!isPublic) remembered.set("basket", "1");
  if (remembered.get("basket")) badge().catch(() => {});

  const toast = (words, form) => {
    document.querySelector(".toast")?.remove();
    const box = document.createElement("div");
    box.className = "toast";
    box.setAttribute("role", "status");
    const said = document.createElement("span");
    said.textContent = words;
    box.append(said);
    if (form) {
      const link = document.createElement("a");
      link.href = "/basket/";
      link.textContent = form.dataset.see;
      box.append(link);
    }
    document.body.append(box);
    setTimeout(() => box.remove(), 6000);
  };

  // <form data-basket action="/basket/add/7/" method="get">: without script its page asks
  // again with a token; with script the token is fetched and the thing is put in at once.
  const putIntoBasket = async (form, button) => {
    button.disabled = true;
    try {
      const body = new FormData(form);
      body.set("csrfmiddlewaretoken", await badge());
      const answer = await fetch(form.action, {
        method: "POST", body, headers: { Accept: "application/json" },
      });
      if (!(answer.headers.get("Content-Type") ?? "").startsWith("application/json")) {
        throw new Error(String(answer.status));
      }
      const { count, message } = await answer.json();
      toast(message ?? form.dataset.added, answer.ok ? form : null);
      if (answer.ok) show(count);
    } catch {
      form.removeAttribute("data-basket");
      form.submit();
    } finally {
      button.disabled = false;
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("form[data-basket]")) {
      event.preventDefault();
      putIntoBasket(form, event.submitter ?? form.querySelector("button"));
    } else if (form.matches("form[data-once]")) {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
    }
  });

  // A form that was sent may be sent again after coming back to its page.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  document.addEventListener("click", async (event) => {
    const target = event.target.closest("[data-print], [data-copy], [data-step]");
    if (!target) return;
    if (target.hasAttribute("data-print")) window.print();
    if (target.dataset.copy) {
      await navigator.clipboard.writeText(target.dataset.copy);
      target.textContent = target.dataset.copied ?? target.textContent;
    }
    if (target.dataset.step) {
      const input = target.parentElement.querySelector("input");
      if (Number(target.dataset.step) > 0) input.stepUp(); else input.stepDown();
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });

  // <select data-go> or a form with data-go: sends itself on change.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-go]");
    if (form) form.requestSubmit();
    const input = event.target;
    if (input.type === "file" && input.dataset.preview) {
      const place = document.getElementById(input.dataset.preview);
      place.replaceChildren(...[...input.files].filter((f) => f.type.startsWith("image/")).map((file) => {
        const picture = new Image(96, 96);
        picture.alt = file.name;
        // A data: address, because the page's policy knows no blob: pictures.
        const reader = new FileReader();
        reader.addEventListener("load", () => { picture.src = reader.result; });
        reader.readAsDataURL(file);
        return picture;
      }));
    }
  });
  // A form that came back begins where the first thing is wrong.
  document.querySelector('main [aria-invalid="true"]')?.focus();
  // A strip of chips that is wider than the phone begins at the chosen one.
  for (const chip of document.querySelectorAll(".chips-scroll [aria-current]")) {
    const strip = chip.closest(".chips-scroll");
    strip.scrollLeft = chip.offsetLeft - strip.offsetLeft - (strip.clientWidth - chip.offsetWidth) / 2;
  }
  for (const place of document.querySelectorAll("[data-needs-script]")) place.hidden = false;
  // In a row of chips that is wider than the screen, show the one we are at.
  for (const chip of document.querySelectorAll(".chips-scroll > [aria-current]")) {
    chip.parentElement.scrollLeft = chip.offsetLeft - (chip.parentElement.clientWidth - chip.offsetWidth) / 2;
  }
  here.classList.add("scripted");
})();
