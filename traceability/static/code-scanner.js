// Reads a label's QR code through the camera into the field above, where the browser can
// (BarcodeDetector). Where it cannot, it says so, and the field is typed into as ever.
(() => {
  "use strict";
  const OPEN = "code-scanner-open";
  // A label's address, or its 20 characters alone: see traceability/codes.py.
  const CODE = /(?:^|\/t\/)([0-9a-z]{20})\/?$/i;

  // With data-whole the address itself is taken, of a label's code or of a box's.
  const WHOLE = /^(https?:\/\/[^/]+\/[tv]\/[0-9a-z]{20,}\/?)$/i;

  const remember = (open) => {
    try {
      if (open) sessionStorage.setItem(OPEN, "1");
      else sessionStorage.removeItem(OPEN);
    } catch { /* private mode: the button is pressed again */ }
  };
  const wasOpen = () => { try { return sessionStorage.getItem(OPEN); } catch { return null; } };

  const reader = async () => {
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return null;
    const formats = await BarcodeDetector.getSupportedFormats();
    return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  };

  const equip = async (box) => {
    const field = document.getElementById(box.dataset.scanner);
    const view = box.querySelector("video");
    const start = box.querySelector("[data-start]");
    const stop = box.querySelector("[data-stop]");
    const say = (words) => { box.querySelector("[role=status]").textContent = words ?? ""; };
    const wanted = "whole" in box.dataset ? WHOLE : CODE;
    let stream = null;

    const close = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
      stream = null;
      view.srcObject = null;
      view.hidden = stop.hidden = true;
      start.hidden = false;
    };

    const take = (code) => {
      field.value = code.toUpperCase();
      close();
      say("");
      if ("send" in box.dataset) field.form.requestSubmit();
      else field.focus();
    };

    const look = async (detector) => {
      while (stream) {
        const found = view.readyState >= 2 ? await detector.detect(view).catch(() => []) : [];
        const read = found.map(({ rawValue }) => wanted.exec(rawValue.trim())?.[1]).find(Boolean);
        if (!stream) return;
        if (read) return take(read);
        if (found.length) say(box.dataset.foreign);
        await new Promise((next) => { setTimeout(next, 120); });
      }
    };

    const detector = await reader().catch(() => null);
    box.hidden = false;
    if (!field || !detector) return say(box.dataset.lacking);
    start.hidden = false;

    const open = async () => {
      start.hidden = true;
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      } catch {
        close();
        remember(false);
        return say(box.dataset.refused);
      }
      view.srcObject = stream;
      view.hidden = stop.hidden = false;
      say(box.dataset.point);
      await view.play().catch(() => {});
      remember(true);
      return look(detector);
    };
    start.addEventListener("click", open);
    stop.addEventListener("click", () => { close(); say(""); remember(false); });
    window.addEventListener("pagehide", close);
    // One package after the other: after each, the camera opens again by itself.
    if ("send" in box.dataset && wasOpen()) open();
  };

  for (const box of document.querySelectorAll("[data-scanner]")) equip(box);
})();
