// Whom to believe without a network: the root's key, which came with the page, vouches for
// the key list, and a key of that for the revocation list. The words for what is found are
// those of the table `State` below; the page turns them into sentences.
(() => {
  "use strict";
  const { Unreadable, readBox, told, hex } = globalThis.xiangjiCodes;
  class Refused extends Error {}
  const require = (holds, why) => { if (!holds) throw new Refused(why); };
  const utf8 = new TextEncoder();
  const HASH_BYTES = 6;
  // Worst first: what is told where more than one thing happened.
  const ENDED = ["recalled", "revoked", "voided", "superseded"];

  const fromBase64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  const join = (...parts) => {
    const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of parts) { joined.set(part, at); at += part.length; }
    return joined;
  };

  // Browsers before 2025 have no Ed25519 of their own: then noble-ed25519, from `fallback`.
  const holds = async (publicKey, signature, message, fallback) => {
    let key;
    try {
      key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    } catch {
      const { verifyAsync } = await import(fallback);
      return verifyAsync(signature, message, publicKey, { zip215: false }).catch(() => false);
    }
    return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  };

  // The root's line, name+hash+key, as signed notes have it.
  const readRoot = async (line) => {
    const [name, mark, ...rest] = line.trim().split("+");
    const typed = fromBase64(rest.join("+"));
    const wanted = hex(await sha256(join(utf8.encode(`${name}\n`), typed))).slice(0, 8);
    require(typed.length === 33 && typed[0] === 1 && mark === wanted, "the root's key is damaged");
    return typed.slice(1);
  };
  const keyIdOf = async (publicKey) => hex(await sha256(publicKey)).slice(0, 16);

  const requireSigned = async (published, keyId, publicKey, fallback) => {
    const mine = published.signatures.filter((it) => it.key_id === keyId && it.algorithm === "Ed25519");
    require(mine.length > 0, "signed by somebody else");
    const message = utf8.encode(published.document);
    require(await holds(publicKey, fromBase64(mine[0].signature), message, fallback), "the signature is false");
  };

  const keyList = async (text, rootLine, fallback) => {
    const published = JSON.parse(text);
    const root = await readRoot(rootLine);
    await requireSigned(published, await keyIdOf(root), root, fallback);
    const listed = JSON.parse(published.document);
    require(listed.type === "xiangji-key-list", "no key list");
    for (const key of listed.keys) {
      require(await keyIdOf(fromBase64(key.public_key)) === key.key_id, "a key under another's id");
    }
    return listed;
  };

  const isGoodAt = (key, moment) =>
    new Date(key.valid_from) <= moment && (!key.valid_until || moment < new Date(key.valid_until));

  const revocations = async (text, keys, fallback) => {
    const published = JSON.parse(text);
    const listed = JSON.parse(published.document);
    require(listed.type === "xiangji-revocation-list" && listed.log === keys.log, "another list");
    const key = keys.keys.find((it) => it.key_id === listed.key_id && it.purpose === "log");
    require(key && key.state !== "compromised", "a key that is not to be trusted");
    require(isGoodAt(key, new Date(listed.issued_at)), "a key that was not good then");
    await requireSigned(published, key.key_id, fromBase64(key.public_key), fallback);
    return listed;
  };

  const labelFile = async (data, wanted) => {
    require(hex(await sha256(data)) === wanted, "a file of labels is another one");
    return data;
  };

  // Whoever has `old` takes `now` for it only where that is no step back.
  const requireNewer = (now, old, text, oldText) => {
    if (!old) return;
    require(now.log === old.log, "another log's");
    require(now.number >= old.number && !(now.lines < old.lines), "older than what is here");
    require(now.number > old.number || text === oldText, "two lists of one number");
  };

  // `files`: status -> sorted hashes. A label's hash is its leaf's, RFC 9162.
  const statusOfLabel = async (code, files) => {
    const wanted = (await sha256(join(Uint8Array.of(0), utf8.encode(code)))).subarray(0, HASH_BYTES);
    const compare = (data, at) => {
      for (let i = 0; i < HASH_BYTES; i += 1) {
        if (data[at + i] !== wanted[i]) return data[at + i] - wanted[i];
      }
      return 0;
    };
    const has = (data) => {
      let [low, high] = [0, data.length / HASH_BYTES];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compare(data, middle * HASH_BYTES) < 0) low = middle + 1;
        else high = middle;
      }
      return low * HASH_BYTES < data.length && compare(data, low * HASH_BYTES) === 0;
    };
    return ENDED.filter((status) => files[status] && has(files[status]));
  };

  const beijingDay = (moment) => new Date(moment.getTime() + 8 * 3_600_000).toISOString().slice(0, 10);

  // One of: unreadable foreign false stolen undated recalled revoked voided superseded
  // expired holds unlisted (a good signature, no revocation list), nokeys; for a label's
  // code alone: recalled revoked voided bag; and "other".
  const judgeBox = async (text, lists, now) => {
    let code;
    try {
      code = readBox(text);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return { state: "unreadable" };
    }
    if (!lists.keys) return { state: "nokeys" };
    const key = lists.keys.keys.find((it) => it.key_id === code.keyId && it.purpose === "box");
    if (!key) return { state: "foreign" };
    if (!await holds(fromBase64(key.public_key), code.signature, code.signed, lists.fallback)) return { state: "false" };
    if (key.state === "compromised") return { state: "stolen", since: key.compromised_at };
    if (!isGoodAt(key, new Date(code.facts.issued_at * 1000))) return { state: "undated" };
    const { facts } = code;
    if (!lists.revocations) return { state: "unlisted", facts };
    const named = (numbers, name) => ENDED.filter((status) => numbers[status]?.includes(name));
    const found = [
      ...named(lists.revocations.lots, facts.lot),
      ...named(lists.revocations.certificates, facts.certificate),
      ...named(lists.revocations.batches, facts.batch),
      ...await statusOfLabel(facts.code, lists.files),
    ];
    const ended = ENDED.find((status) => found.includes(status));
    if (ended) return { state: ended, facts };
    if (facts.use_by && facts.use_by < beijingDay(now)) return { state: "expired", facts };
    return { state: "holds", facts };
  };

  const judge = async (text, lists, now) => {
    const [kind, inside] = told(text);
    if (kind === "box") return judgeBox(inside, lists, now);
    if (kind === "other") return { state: "other" };
    const [ended] = lists.revocations ? await statusOfLabel(inside, lists.files) : [];
    return { state: ended ?? "bag", code: inside };
  };

  globalThis.xiangjiLists = { Refused, keyList, revocations, labelFile, requireNewer, judge };
})();
