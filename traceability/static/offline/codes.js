// Reads box codes without a network: base 32 (RFC 4648), CBOR in its one shortest spelling
// (RFC 8949, 4.2.1), COSE_Sign1 (RFC 9052) and the claims of traceability/boxcodes.py.
// What it cannot read it throws at, as Unreadable. It says nothing about who signed.
(() => {
  "use strict";
  class Unreadable extends Error {}
  const BOX = -65537n;
  const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const require = (holds, why) => { if (!holds) throw new Unreadable(why); };
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

  const fromBase32 = (text) => {
    const bytes = [];
    let held = 0;
    let bits = 0;
    for (const sign of text.toUpperCase()) {
      const value = BASE32.indexOf(sign);
      require(value >= 0, "not base 32");
      held = (held << 5) | value;
      bits += 5;
      if (bits < 8) continue;
      bits -= 8;
      bytes.push(held >> bits);
      held &= (1 << bits) - 1;
    }
    // Spare bits would spell one message in two ways.
    require(held === 0 && bits < 5 && text.length > 0, "not base 32");
    return Uint8Array.from(bytes);
  };

  // Integers become BigInt, so that none is rounded; maps become Map.
  const cbor = (data) => {
    let at = 0;
    const take = (count) => {
      require(count <= data.length - at, "cut off");
      at += count;
      return data.subarray(at - count, at);
    };
    const head = (short) => {
      if (short < 24) return BigInt(short);
      require(short < 28, "a length that is not told");
      const size = 1 << (short - 24);
      const number = BigInt(`0x${hex(take(size))}`);
      require(number >= (size === 1 ? 24n : 1n << BigInt(4 * size)), "longer than it must be");
      return number;
    };
    const map = (count, depth) => {
      const found = new Map();
      let before = "";
      for (let pair = 0; pair < count; pair += 1) {
        const start = at;
        const key = value(depth + 1);
        const spelled = hex(data.subarray(start, at));
        require(typeof key === "bigint" || typeof key === "string", "a kind of key not taken");
        require(spelled > before, "out of order");
        before = spelled;
        found.set(key, value(depth + 1));
      }
      return found;
    };
    const value = (depth) => {
      require(depth <= 8, "too deep");
      const first = take(1)[0];
      if (first === 0xf4 || first === 0xf5) return first === 0xf5;
      if (first === 0xf6) return null;
      const kind = first >> 5;
      require(kind !== 7, "a kind of value not taken");
      const number = head(first & 31);
      if (kind === 0) return number;
      if (kind === 1) return -1n - number;
      if (kind === 6) return { tag: number, value: value(depth + 1) };
      // Every item takes a byte at least: nothing is set aside for promises.
      require(number <= BigInt(data.length - at), "cut off");
      const count = Number(number);
      if (kind === 2) return take(count);
      if (kind === 3) {
        try {
          return utf8.decode(take(count));
        } catch {
          throw new Unreadable("not UTF-8");
        }
      }
      if (kind === 4) return Array.from({ length: count }, () => value(depth + 1));
      return map(count, depth);
    };
    const found = value(0);
    require(at === data.length, "it goes on behind its end");
    return found;
  };

  const bstr = (data) => {
    const size = data.length;
    const length = size < 24 ? [0x40 | size] : size < 256 ? [0x58, size] : [0x59, size >> 8, size & 255];
    return [...length, ...data];
  };
  // ["Signature1", protected, h'', payload]: RFC 9052, 4.4.
  const toBeSigned = (head, payload) =>
    Uint8Array.from([0x84, 0x6a, ...new TextEncoder().encode("Signature1"), ...bstr(head), 0x40, ...bstr(payload)]);

  const labelCode = (token) => {
    require(token instanceof Uint8Array && token.length === 13 && token[0] < 16, "no label's code");
    const value = BigInt(`0x${hex(token)}`);
    return Array.from({ length: 20 }, (_, at) => CROCKFORD[Number((value >> BigInt(5 * (19 - at))) & 31n)]).join("");
  };
  const isInteger = (value) => typeof value === "bigint" && value >= -2_000_000n && value < 1n << 53n;
  const day = (days) => {
    const date = new Date(Number(days) * 86_400_000);
    require(date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999, "no day");
    return date.toISOString().slice(0, 10);
  };

  const facts = (claims) => {
    require(claims instanceof Map && claims.size === 4, "other claims");
    const [certificate, seconds, token, box] = [2n, 6n, 7n, BOX].map((name) => claims.get(name));
    require(Array.isArray(box) && box.length === 8 && typeof certificate === "string", "other claims");
    const [product, packG, villageCode, village, lot, batch, harvested, useBy] = box;
    require([product, village, lot, batch].every((it) => typeof it === "string"), "other claims");
    require([seconds, packG, villageCode, harvested].every(isInteger), "other claims");
    require(useBy === null || isInteger(useBy), "other claims");
    require(packG > 0n && seconds >= 0n && seconds <= 253_402_300_799n, "other claims");
    require(/^\d{12}$/.test(String(villageCode)), "other claims");
    return {
      code: labelCode(token),
      product,
      pack_g: Number(packG),
      village_code: String(villageCode),
      village,
      lot,
      batch,
      certificate,
      harvested_on: day(harvested),
      use_by: useBy === null ? null : day(useBy),
      issued_at: Number(seconds),
    };
  };

  // { keyId, signature, signed, facts } of what stands behind /V/.
  const readBox = (text) => {
    require(text.length <= 600, "too long");
    const message = cbor(fromBase32(text));
    const parts = message?.value;
    require(message?.tag === 18n && Array.isArray(parts) && parts.length === 4, "no COSE_Sign1 message");
    const [head, others, payload, signature] = parts;
    require([head, payload, signature].every((it) => it instanceof Uint8Array), "no COSE_Sign1 message");
    const headers = cbor(head);
    const keyId = headers instanceof Map ? headers.get(4n) : null;
    require(
      headers instanceof Map && headers.size === 2 && headers.get(1n) === -8n
        && keyId instanceof Uint8Array && keyId.length === 8
        && others instanceof Map && others.size === 0 && signature.length === 64,
      "other headers",
    );
    return { keyId: hex(keyId), signature, signed: toBeSigned(head, payload), facts: facts(cbor(payload)) };
  };

  // 20 characters however they were typed, or null: as traceability/codes.py forgives.
  const bagCode = (text) => {
    const typed = text.normalize("NFKC").toUpperCase().replace(/[\s\-\u2010-\u2014\u2212]/g, "");
    const read = typed.replace(/[IL]/g, "1").replace(/O/g, "0");
    return read.length === 20 && [...read].every((sign) => CROCKFORD.includes(sign)) ? read : null;
  };

  // What somebody scanned, typed or pasted: ["box", text], ["bag", code] or ["other", text].
  const told = (text) => {
    const plain = text.trim();
    const [, way, rest] = /^(?:https?:\/\/[^/]+)?\/([TV])\/([^/?#]+)\/?(?:[?#].*)?$/i.exec(plain) ?? [];
    const inside = rest === undefined ? plain : decodeURIComponent(rest);
    if (way?.toUpperCase() === "V" || (!way && inside.length > 60)) return ["box", inside];
    const code = bagCode(inside);
    return code === null ? ["other", plain] : ["bag", code];
  };

  globalThis.xiangjiCodes = { Unreadable, readBox, bagCode, told, hex };
})();
