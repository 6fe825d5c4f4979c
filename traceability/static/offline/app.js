// The page that checks boxes without a network. It keeps the newest lists that it verified,
// in the browser's own cache, and never takes an older one for them.
(async () => {
  "use strict";
  const { Refused, keyList, revocations, labelFile, requireNewer, judge } = globalThis.xiangjiLists;
  const page = document.getElementById("offline");
  const words = JSON.parse(document.getElementById("offline-words").textContent);
  const { root, fallback, log, worker } = page.dataset;
  const part = (name) => page.querySelector(`[data-${name}]`);
  const language = document.documentElement.lang === "en" ? "en-GB" : "zh-CN";
  const KEPT = "xiangji-lists";
  const NAMES = ["key-list.json", "revocations.json"];
  let lists = { keys: null, revocations: null, files: {}, texts: {}, fallback };
  let last = "";

  const filled = (sentence, values) => sentence.replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
  const when = (moment) => new Intl.DateTimeFormat(language, {
    year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit",
  }).format(moment);
  const dayOf = (text) => new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(new Date(text));
  const ago = (moment) => {
    const minutes = Math.round((moment - Date.now()) / 60_000);
    const [count, unit] = Math.abs(minutes) < 60 ? [minutes, "minute"]
      : Math.abs(minutes) < 2_880 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1_440), "day"];
    return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(count, unit);
  };

  // --- lists ---------------------------------------------------------------------------

  const verified = async (texts, file) => {
    const keys = texts[NAMES[0]] ? await keyList(texts[NAMES[0]], root, fallback) : null;
    const ended = keys && texts[NAMES[1]] ? await revocations(texts[NAMES[1]], keys, fallback) : null;
    const files = {};
    for (const [status, { sha256 }] of Object.entries(ended?.labels ?? {})) {
      files[status] = await labelFile(await file(`revocations/${sha256}.bin`), sha256);
    }
    return { keys, revocations: ended, files, texts, fallback };
  };

  const store = () => ("caches" in window ? caches.open(KEPT) : null);
  const kept = async () => {
    const cache = await store();
    if (!cache) return;
    const file = async (name) => {
      const found = await cache.match(log + name);
      if (!found) throw new Refused("a file is missing");
      return new Uint8Array(await found.arrayBuffer());
    };
    const texts = {};
    for (const name of NAMES) texts[name] = await (await cache.match(log + name))?.text();
    lists = await verified(texts, file);
  };

  const keep = async (files) => {
    const cache = await store();
    if (!cache) return;
    for (const [name, data] of Object.entries(files)) await cache.put(log + name, new Response(data));
    // Lists last: stopped before them, the older ones still have all their files.
    for (const name of NAMES) await cache.put(log + name, new Response(lists.texts[name]));
    const wanted = [...NAMES, ...Object.keys(files)].map((name) => new URL(log + name, location.href).href);
    for (const asked of await cache.keys()) if (!wanted.includes(asked.url)) await cache.delete(asked);
  };

  const fetched = async (name) => {
    const answer = await fetch(log + name, { cache: "no-cache" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer;
  };

  const refresh = async () => {
    part("refresh").disabled = true;
    let told = "";
    try {
      const texts = {};
      for (const name of NAMES) texts[name] = await (await fetched(name)).text();
      const files = {};
      const now = await verified(texts, async (name) => {
        files[name] = new Uint8Array(await (await fetched(name)).arrayBuffer());
        return files[name];
      });
      for (const [index, name] of ["keys", "revocations"].entries()) {
        requireNewer(now[name], lists[name], texts[NAMES[index]], lists.texts[NAMES[index]]);
      }
      lists = now;
      await keep(files).catch(() => { told = words.unkept; });
    } catch (error) {
      told = error instanceof TypeError || /^\d+$/.test(error.message) ? words.unreachable : words.refused;
    }
    part("refresh").disabled = false;
    tellLists(told);
    if (last) await check(last);
  };

  const tellLists = (told) => {
    const list = lists.revocations;
    const issued = list && new Date(list.issued_at);
    part("lists").textContent = list
      ? filled(words.lists, { when: when(issued), ago: ago(issued) }) : words.nolists;
    const late = list && new Date(list.next_update) < new Date();
    const early = list && issued - Date.now() > 600_000;
    part("late").textContent = late ? words.late : early ? words.clock : "";
    part("late").hidden = !part("late").textContent;
    part("told").textContent = told;
    part("numbers").textContent = list
      ? filled(words.numbers, { keys: lists.keys.number, list: list.number, lines: list.lines }) : "";
  };

  // --- verdict -------------------------------------------------------------------------

  const show = (found) => {
    const { tone, icon, word, line, more } = words.states[found.state];
    const list = lists.revocations;
    const late = list && new Date(list.next_update) < new Date();
    const values = {
      issuer: words.issuer,
      when: found.facts ? when(new Date(found.facts.issued_at * 1000)) : "",
      since: found.since ? when(new Date(found.since)) : "",
      date: found.facts?.use_by ? dayOf(found.facts.use_by) : "",
    };
    const isOld = late && tone === "ok";
    page.querySelector(".verdict").className = `verdict${isOld ? " verdict-warn" : tone && ` verdict-${tone}`}`;
    const shown = page.querySelector(".verdict use");
    shown.setAttribute("href", shown.getAttribute("href").replace(/#.*/, `#${isOld ? "triangle-alert" : icon}`));
    page.querySelector(".verdict h1").textContent = word;
    part("line").textContent = filled(line, values);
    part("more").textContent = isOld ? words.late : filled(more, values);
    part("verdict").hidden = false;
    part("intro").hidden = true;
    part("online").hidden = !["holds", "unlisted", "bag", "stolen", "nokeys"].includes(found.state) && !found.facts;
    document.title = document.title.replace(/^[^·]*/, `${word} `);
    tellFacts(found.facts, found.code);
  };

  const tellFacts = (facts, code) => {
    const told = facts
      ? [
        [words.facts.product, facts.product],
        [words.facts.weight, filled(words.jin, { jin: facts.pack_g / 500 })],
        [words.facts.village, facts.village],
        [words.facts.harvested, dayOf(facts.harvested_on)],
        [words.facts.use_by, facts.use_by && dayOf(facts.use_by)],
        [words.facts.lot, facts.lot],
        [words.facts.certificate, facts.certificate],
        [words.facts.code, facts.code.match(/.{5}/g).join("-")],
      ]
      : code ? [[words.facts.code, code.match(/.{5}/g).join("-")]] : [];
    const rows = told.filter(([, value]) => value).flatMap(([name, value]) => {
      const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
      dt.textContent = name;
      dd.textContent = value;
      return [dt, dd];
    });
    part("facts").replaceChildren(...rows);
    part("box").hidden = rows.length === 0;
  };

  const check = async (text) => {
    last = text;
    const address = /(\/[TV]\/.+)$/i.exec(text.trim())?.[1];
    part("online").href = address ?? `/${text.trim().length > 60 ? "V" : "T"}/${encodeURIComponent(text.trim())}`;
    try {
      show(await judge(text, lists, new Date()));
    } catch {
      show({ state: "unreadable" });
    }
  };

  // --- the page ------------------------------------------------------------------------

  const form = page.querySelector("form");
  const field = form.elements.text;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!field.value.trim()) return;
    await check(field.value);
    field.value = "";
    scrollTo({ top: 0 });
  });
  part("refresh").addEventListener("click", refresh);
  addEventListener("online", refresh);

  // A picture of the label, where the browser reads codes at all.
  const picture = page.querySelector("input[type=file]");
  const formats = await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => []);
  page.querySelector("[data-picture]").hidden = !formats?.includes("qr_code");
  picture.addEventListener("change", async () => {
    const [file] = picture.files;
    picture.value = "";
    if (!file) return;
    const image = await createImageBitmap(file).catch(() => null);
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    const [code] = image ? await detector.detect(image).catch(() => []) : [];
    if (code) await check(code.rawValue);
    part("told").textContent = code ? "" : words.nopicture;
  });

  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    part("install").hidden = false;
    part("install").addEventListener("click", () => event.prompt(), { once: true });
  });

  page.hidden = false;
  if (!globalThis.crypto?.subtle) {
    part("lists").textContent = words.insecure;
    return;
  }
  // One worker, for this page and for the addresses that codes lead to; not for the shop.
  for (const scope of ["/verify/", "/V/", "/T/"]) {
    navigator.serviceWorker?.register(worker, { scope }).catch(() => { /* online it works */ });
  }
  await kept().catch(() => { /* none yet, or damaged: fetched anew */ });
  tellLists("");
  const [, way] = /^\/([TV])\/./i.exec(location.pathname) ?? [];
  if (way) await check(location.pathname);
  await refresh();
  page.dataset.ready = "";
})();
