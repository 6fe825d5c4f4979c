#!/usr/bin/env python3
# ruff: noqa: T201
"""Check Xiangji's transparency log and a certificate without trusting Xiangji.

    python verify_log.py SOURCE [CERTIFICATE ...] [--key VERIFIER_KEY] [--seen FILE]

SOURCE is the log's address (https://HOST/log) or a folder with its files. Needs Python
3.9 and the package `cryptography`; shares no code with the site and reads nothing but
published files:

    checkpoint                  C2SP signed note: name, size and root of the log
    tile/L/N, tile/entries/N    C2SP tlog-tiles: hashes and lines
    keys.json                   public keys
    certificates/NUMBER.json    a certificate's signed text and where the log has it

What is checked: the checkpoint's signature; that every line hashes to what the tiles
say, and all of them to the signed root; that every key stands under the id that is made
of it and was logged before it was used; that no key, certificate or batch was logged
twice; for each CERTIFICATE its signature, its line, and what the log says became of it.

--key   the log's key as you once noted it (keys.json, "log"); without it the key is
        taken from SOURCE, which only shows that the log agrees with itself.
--seen  a checkpoint you kept earlier: the log must still begin with what it said.

Prints one line for each finding; exits with 1 where anything does not fit.

检查乡集的公开日志和合格证，不必相信乡集：只读公布的文件。
"""

import argparse
import base64
import hashlib
import json
import pathlib
import struct
import sys
import urllib.error
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    """Something does not fit; the message says what."""


def fetch(source, name):
    """A published file's bytes."""
    try:
        if source.startswith(("http://", "https://")):
            address = source.rstrip("/") + "/" + name
            with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310
                return answer.read()
        return (pathlib.Path(source) / name).read_bytes()
    except (OSError, urllib.error.URLError) as error:
        raise Wrong(f"cannot read {name}: {error}") from error


def read_note(note, vkey):
    """Origin, size and root of a checkpoint whose signature by `vkey` holds."""
    name, key_hash, encoded = vkey.split("+", 2)
    key = base64.b64decode(encoded)
    if key[:1] != b"\x01":
        raise Wrong("the log's key is not Ed25519")
    wanted = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if wanted.hex() != key_hash:
        raise Wrong("the log's key and its hash do not belong together")
    body, _blank, signatures = note.rpartition("\n\n")
    body += "\n"
    for line in signatures.splitlines():
        dash, signer, value = line.split(" ", 2)
        raw = base64.b64decode(value)
        if dash == "\u2014" and signer == name and raw[:4] == wanted:
            try:
                public = Ed25519PublicKey.from_public_bytes(key[1:])
                public.verify(raw[4:], body.encode())
            except InvalidSignature as error:
                raise Wrong("the checkpoint's signature is false") from error
            break
    else:
        raise Wrong("the checkpoint is not signed by this key")
    origin, size, root = body.split("\n")[:3]
    if origin != name:
        raise Wrong("the checkpoint is another log's")
    return int(size), base64.b64decode(root)


def path_of(kind, index, width):
    """tile/<kind>/x001/x234/067, with .p/<width> where it is not full."""
    text = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        text = f"x{index % 1000:03d}/{text}"
    partial = f".p/{width}" if width < 256 else ""
    return f"tile/{kind}/{text}{partial}"


def read_entries(source, size):
    """Every line of the log, in order."""
    for index in range((size + 255) // 256):
        width = min(256, size - index * 256)
        bundle = fetch(source, path_of("entries", index, width))
        position = 0
        for _line in range(width):
            if position + 2 > len(bundle):
                raise Wrong(f"bundle {index} is too short")
            (length,) = struct.unpack_from(">H", bundle, position)
            entry = bundle[position + 2 : position + 2 + length]
            if len(entry) != length:
                raise Wrong(f"bundle {index} is too short")
            position += 2 + length
            yield entry
        if position != len(bundle):
            raise Wrong(f"bundle {index} is too long")


def inner(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Sum:
    """The root of a growing log: one hash for each complete subtree at its edge."""

    def __init__(self):
        self.size = 0
        self.edge = []

    def add(self, leaf):
        self.edge.append(leaf)
        self.size += 1
        size = self.size
        while size % 2 == 0:
            right = self.edge.pop()
            self.edge.append(inner(self.edge.pop(), right))
            size //= 2

    def root(self):
        if not self.edge:
            return hashlib.sha256(b"").digest()
        root = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            root = inner(left, root)
        return root


def check_tiles(source, leaves):
    """The hash tiles say what the lines say, on every level."""
    level, hashes = 0, leaves
    while hashes:
        above = []
        for index in range((len(hashes) + 255) // 256):
            tile = hashes[index * 256 : (index + 1) * 256]
            if fetch(source, path_of(level, index, len(tile))) != b"".join(tile):
                raise Wrong(f"tile {level}/{index} does not fit the lines")
            if len(tile) == 256:
                subtree = Sum()
                for item in tile:
                    subtree.add(item)
                above.append(subtree.root())
        level, hashes = level + 1, above


def note_name(entry, index, names):
    """A key's id is made of the key, and no key, certificate or batch comes twice."""
    kind = entry["type"]
    if kind not in ("key", "certificate", "batch"):
        return
    name = entry["key_id" if kind == "key" else "number"]
    first = names.setdefault((kind, name), index)
    if first != index:
        raise Wrong(f"{kind} {name} was logged twice: lines {first} and {index}")
    if kind == "key" and key_id(entry["public_key"]) != name:
        raise Wrong(f"key {name} is not the key that was logged under this id")


def key_id(public_key):
    """The first 16 hexadecimal digits of the raw public key's SHA-256."""
    return hashlib.sha256(base64.b64decode(public_key)).hexdigest()[:16]


def check_keys(published, keys, vkey):
    """What is published beside the log was logged, the log's own key too."""
    for key in published:
        logged = keys.get(key["key_id"])
        facts = ("purpose", "algorithm", "public_key")
        if logged is None or any(logged[fact] != key[fact] for fact in facts):
            raise Wrong(f"keys.json: key {key['key_id']} is not what was logged")
    signer = base64.b64encode(base64.b64decode(vkey.split("+", 2)[2])[1:]).decode()
    mine = keys.get(key_id(signer))
    if mine is None or mine["purpose"] != "log":
        raise Wrong("the key that signs the log was not logged as such")


def check_certificate(source, number, entries, keys):
    """A certificate's signature, its line, and what became of it."""
    try:
        told = json.loads(fetch(source, f"certificates/{number}.json"))
    except ValueError as error:
        raise Wrong(f"{number}: its file cannot be read") from error
    text, index = told["document"].encode(), told["index"]
    if not 0 <= index < len(entries):
        raise Wrong(f"{number}: there is no line {index}")
    line = entries[index]
    digest = hashlib.sha256(text).hexdigest()
    if line.get("type") != "certificate" or line["number"] != number:
        raise Wrong(f"{number}: line {index} is about something else")
    if line["sha256"] != digest or line["signature"] != told["signature"]:
        raise Wrong(f"{number}: line {index} is about another text")
    key = keys.get(line["key_id"])
    if key is None or key["line"] > index or key["purpose"] != "certificate":
        raise Wrong(f"{number}: its key was not logged before it")
    if line["algorithm"] != "Ed25519":
        raise Wrong(f"{number}: unknown algorithm {line['algorithm']}")
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key["public_key"]))
    try:
        public.verify(base64.b64decode(line["signature"]), text)
    except InvalidSignature as error:
        raise Wrong(f"{number}: its signature is false") from error
    document = json.loads(text)
    if document["number"] != number or document["key_id"] != line["key_id"]:
        raise Wrong(f"{number}: its text says another number or key")
    became = [
        f"{entry['status']} {entry['at']}"
        for entry in entries[index:]
        if entry.get("type") == "status"
        and (entry["of"], entry["id"])
        in (("certificate", number), ("lot", document["lot"]))
    ]
    return index, document, became


def verify(source, numbers, vkey, seen):
    """Yield a sentence for each finding; raise Wrong at the first that is bad."""
    published = json.loads(fetch(source, "keys.json"))
    note = fetch(source, "checkpoint").decode()
    size, root = read_note(note, vkey or published["log"])
    yield f"checkpoint: {size} lines, signed by {vkey or published['log']}"
    earlier = read_note(seen, vkey or published["log"]) if seen else None
    if earlier and earlier[0] > size:
        raise Wrong("the log is shorter than the checkpoint you kept")
    total, leaves, entries, keys, names = Sum(), [], [], {}, {}
    for raw in read_entries(source, size):
        leaf = hashlib.sha256(b"\x00" + raw).digest()
        leaves.append(leaf)
        total.add(leaf)
        if earlier and total.size == earlier[0] and total.root() != earlier[1]:
            raise Wrong("the log no longer begins with the checkpoint you kept")
        entry = json.loads(raw)
        note_name(entry, len(entries), names)
        if entry["type"] == "key":
            keys[entry["key_id"]] = dict(entry, line=len(entries))
        entries.append(entry)
    if total.root() != root:
        raise Wrong("the lines do not hash to the signed root")
    yield f"root: recomputed from {size} lines, as signed: {root.hex()}"
    check_tiles(source, leaves)
    yield "tiles: every hash is that of its lines"
    if earlier:
        yield f"history: begins with your checkpoint of {earlier[0]} lines"
    check_keys(published["keys"], keys, vkey or published["log"])
    yield f"keys: {len(keys)} logged, each under its own id, and as published"
    for number in numbers:
        index, document, became = check_certificate(source, number, entries, keys)
        facts = f"{document['product']}, {document['quantity_g'] / 1000:g} kg"
        place = document["origin"]["name"]
        since = "since then: " + ", ".join(became) if became else "stands"
        yield f"{number}: line {index + 1}, signature good, {facts}, {place}; {since}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source")
    parser.add_argument("certificate", nargs="*")
    parser.add_argument("--key")
    parser.add_argument("--seen", type=pathlib.Path)
    given = parser.parse_args()
    seen = given.seen.read_text(encoding="utf-8") if given.seen else None
    try:
        for line in verify(given.source, given.certificate, given.key, seen):
            print("ok   " + line)
    except (Wrong, KeyError, ValueError, TypeError) as error:
        print(f"BAD  {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
