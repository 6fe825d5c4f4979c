{% load static %}// Keeps the page at /verify/ for when there is no network, and answers with it where a
// code's own address cannot be reached. Nothing else of the site passes through here.
"use strict";
const PAGE = "{{ page }}";
const NAME = "verify-{{ version }}";
const FILES = [PAGE, {% for file in files %}"{{ file|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(NAME);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("verify-") && name !== NAME);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

const opened = async (request) => {
  const cache = await caches.open(NAME);
  try {
    const answer = await fetch(request);
    // The page as it is now, in the language that is read now.
    if (answer.ok && new URL(request.url).pathname === PAGE) await cache.put(PAGE, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(PAGE);
    if (!kept) throw error;
    return kept;
  }
};

const file = async (request) => (await (await caches.open(NAME)).match(request)) ?? fetch(request);

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(opened(request));
  else if (FILES.includes(pathname)) event.respondWith(file(request));
});
