#!/usr/bin/env python3
# ruff: noqa: T201
"""Check Xiangji's certificates and its public log without trusting Xiangji.

    python verify.py SOURCE [CERTIFICATE ...] --root ROOT
    python verify.py PROOF.json --root ROOT
    python verify.py box CODE --lists SOURCE --root ROOT

SOURCE is the log's address (https://HOST/log) or a folder with its files; PROOF.json is
what a certificate's page gives away, and needs no network at all. ROOT is the one thing
to know beforehand: the public half of the county's offline root, a line
name+hash+key or a file with it, from print, from the county, from anybody but SOURCE.
Needs Python 3.9 and the package `cryptography`; shares no code with the site and reads
nothing but published files:

    checkpoint                  C2SP signed note: name, size and root hash of the log
    tile/L/N, tile/entries/N    C2SP tlog-tiles: hashes and lines
    key-lists/N.json            lists of keys, signed by the root, each after the other
    certificates/NUMBER.json    a certificate's signed text and where the log has it
    keys.json                   public keys, for those who know no root
    revocations.json            what was withdrawn, signed by the log's key
    revocations/HASH.bin        withdrawn labels, six bytes of hash each

What is checked: every key list by the root, that each follows the one before and takes
nothing back, and that the newest one the log knows is the one shown; the checkpoint by
a key of that list; for each CERTIFICATE its text, its signature, its key in the list,
its place in the log (by Merkle proof, and that it was logged while the key was good),
and what became of it and its lot up to today.

CODE is what a box's QR code says, the whole address or what stands behind /V/: a
COSE_Sign1 message (RFC 9052) with all facts of the box. Its signature is checked by the
newest key list, its lot, certificate, batch and label against the revocation list, of
which it is told how old it is. SOURCE may be a folder that was copied before the
network went away. A signature proves issue, not that the box is the only one.

--memory F   of a box: refuse lists older than those that F remembers.
--whole      read every line of the log, not only those since the certificate: every
             tile, every key, nothing logged twice, no line dated before another.
--seen FILE  a checkpoint you kept: the log must still begin with it.
--keep FILE  afterwards keep the checkpoint of today there. Both with one FILE, run
             daily, watch the log: `verify.py SOURCE --root ROOT --seen it --keep it`.
--witness W  the checkpoint must carry this witness's cosignature (name+hash+key).
--key K      instead of a root: the log's own key as you noted it. With neither, the
             whole log is read, which only shows that it agrees with itself.

Prints a line for each finding. Exits with 0 where everything holds, 1 where anything
does not fit, 2 where all fits but a certificate or box was withdrawn, or is too old.

检查乡集的合格证和公开日志，不必相信乡集：只读公布的文件，只需事先知道根公钥。
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
from datetime import date, datetime, timedelta, timezone

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256
UTC = timezone.utc  # noqa: UP017  Python 3.9
BEIJING = timezone(timedelta(hours=8))
ENDED = ("revoked", "recalled", "superseded", "voided")


class Wrong(Exception):
    """Something does not fit; the message says what."""


# --- files ---------------------------------------------------------------------------


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


def fetch_json(source, name):
    try:
        return json.loads(fetch(source, name))
    except ValueError as error:
        raise Wrong(f"{name} cannot be read") from error


def path_of(kind, index, width):
    """tile/<kind>/x001/x234/067, with .p/<width> where it is not full."""
    text = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        text = f"x{index % 1000:03d}/{text}"
    partial = f".p/{width}" if width < WIDTH else ""
    return f"tile/{kind}/{text}{partial}"


# --- signatures ----------------------------------------------------------------------


def key_id(public_key):
    """The first 16 hexadecimal digits of the raw public key's SHA-256."""
    return hashlib.sha256(base64.b64decode(public_key)).hexdigest()[:16]


def holds(public_key, signature, message):
    """Whether an Ed25519 signature fits; keys and signatures raw."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_vkey(text, kind):
    """Name and raw key of name+hash+key; `kind` is 1 for logs, 4 for witnesses."""
    name, told, encoded = text.strip().split("+", 2)
    typed = base64.b64decode(encoded)
    if hashlib.sha256(name.encode() + b"\n" + typed).hexdigest()[:8] != told:
        raise Wrong(f"the key of {name} and its hash do not belong together")
    if typed[0] != kind or len(typed) != 33:
        raise Wrong(f"the key of {name} is of another kind")
    return name, typed[1:]


def read_note(note):
    """Origin, size, root, signed text and signature lines of a checkpoint."""
    body, blank, lines = note.rpartition("\n\n")
    if not blank:
        raise Wrong("the checkpoint cannot be read")
    body += "\n"
    origin, size, root = body.split("\n")[:3]
    found = []
    for line in lines.splitlines():
        dash, name, value = line.split(" ", 2)
        if dash == "\u2014":
            found.append((name, base64.b64decode(value)))
    return origin, int(size), base64.b64decode(root), body.encode(), found


def check_note(note, keys):
    """Size and root of a checkpoint that one of the log's keys signed.

    `keys` are (name, raw key, lines): of a stolen key only so many lines are believed.
    """
    origin, size, root, body, found = read_note(note)
    for name, key, lines in keys:
        named = hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]
        for signer, raw in found:
            if signer != name or raw[:4] != named or origin != name:
                continue
            if not holds(key, raw[4:], body):
                raise Wrong("the checkpoint's signature is false")
            if lines is not None and size > lines:
                raise Wrong(f"the checkpoint is signed with a key stolen after {lines}")
            return size, root
    raise Wrong("the checkpoint is not signed by a key of the log")


def check_witness(note, vkey):
    """When the witness cosigned the checkpoint (c2sp.org/tlog-cosignature)."""
    name, key = read_vkey(vkey, 4)
    _origin, _size, _root, body, found = read_note(note)
    named = hashlib.sha256(name.encode() + b"\n\x04" + key).digest()[:4]
    for signer, raw in found:
        if signer == name and raw[:4] == named and len(raw) == 76:
            (seconds,) = struct.unpack(">Q", raw[4:12])
            message = f"cosignature/v1\ntime {seconds}\n".encode() + body
            if holds(key, raw[12:], message):
                return datetime.fromtimestamp(seconds, UTC)
    raise Wrong(f"the checkpoint is not cosigned by {name}")


# --- key lists -----------------------------------------------------------------------


def read_list(told, root):
    """What a key list says, where the root signed it."""
    text, mine = told["document"], key_id(base64.b64encode(root).decode())
    for entry in told["signatures"]:
        if (entry["key_id"], entry["algorithm"]) == (mine, "Ed25519"):
            if not holds(root, base64.b64decode(entry["signature"]), text.encode()):
                raise Wrong("the root's signature over a key list is false")
            break
    else:
        raise Wrong("a key list is not signed by this root")
    listed = json.loads(text)
    if listed["type"] != "xiangji-key-list":
        raise Wrong("what the root signed is no key list")
    for key in listed["keys"]:
        if key_id(key["public_key"]) != key["key_id"]:
            raise Wrong(f"key {key['key_id']} is not the key beside it")
    return listed


def check_follows(new, new_text, old, old_text):
    """The next list adds to the one before and takes nothing back."""
    number = new["number"]
    if old is None:
        if number != 1 or new["previous"]:
            raise Wrong("the first key list is not list 1")
        return
    if number != old["number"] + 1 or new["log"] != old["log"]:
        raise Wrong(f"key list {number} does not follow list {old['number']}")
    if new["previous"] != hashlib.sha256(old_text.encode()).hexdigest():
        raise Wrong(f"key list {number} follows another list {old['number']}")
    after = {key["key_id"]: key for key in new["keys"]}
    for key in old["keys"]:
        kept, name = after.get(key["key_id"]), key["key_id"]
        if kept is None:
            raise Wrong(f"key list {number} has lost key {name}")
        for fact in ("purpose", "algorithm", "public_key", "valid_from"):
            if kept[fact] != key[fact]:
                raise Wrong(f"key list {number} changes key {name}")
        check_kept(key, kept, number, moment(new["made_at"]))


def check_kept(key, kept, number, made_at):
    """What was declared of a key stays declared."""
    name, ends = key["key_id"], key["valid_until"]
    if key["state"] == "compromised" and (
        kept["state"] != "compromised" or kept["trusted_lines"] > key["trusted_lines"]
    ):
        raise Wrong(f"key list {number} takes back that key {name} was stolen")
    if ends and ends != kept["valid_until"] and moment(ends) <= made_at:
        raise Wrong(f"key list {number} moves the end of key {name}")


def read_lists(source, root):
    """The newest list with the number of its line, after all before were checked."""
    newest = fetch_json(source, "key-list.json")
    last = json.loads(newest["document"])["number"]
    old = old_text = told = None
    lines = []
    for number in range(1, last + 1):
        told = fetch_json(source, f"key-lists/{number:06d}.json")
        listed = read_list(told, root)
        check_follows(listed, told["document"], old, old_text)
        old, old_text = listed, told["document"]
        lines.append((told["index"], number, old_text))
    if newest != told:
        raise Wrong("key-list.json is not the last of the lists")
    return old, lines


def moment(text):
    return datetime.fromisoformat(text)


def log_keys(listed):
    """The keys that sign checkpoints, as check_note takes them."""
    return [
        (listed["log"], base64.b64decode(key["public_key"]), key["trusted_lines"])
        for key in listed["keys"]
        if key["purpose"] == "log" and key["algorithm"] == "Ed25519"
    ]


# --- Merkle trees, RFC 9162 ----------------------------------------------------------


def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def inner(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes):
    """The root over a power of two hashes."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2])  # noqa: B905  Python 3.9
        hashes = [inner(left, right) for left, right in pairs]
    return hashes[0]


class Tiles:
    """Hashes of a log of `size` lines, from its tiles."""

    def __init__(self, source, size):
        self.source, self.size, self.kept = source, size, {}

    def tile(self, level, index):
        if (level, index) not in self.kept:
            width = min(WIDTH, (self.size >> 8 * level) - index * WIDTH)
            data = fetch(self.source, path_of(level, index, width))
            if len(data) != width * 32:
                raise Wrong(f"tile {level}/{index} is of another length")
            self.kept[level, index] = [
                data[at : at + 32] for at in range(0, len(data), 32)
            ]
        return self.kept[level, index]

    def node(self, level, index):
        """The hash over lines index << level up to (index + 1) << level."""
        high, inside = divmod(level, 8)
        number, offset = divmod(index << inside, WIDTH)
        return fold(self.tile(high, number)[offset : offset + (1 << inside)])

    def over(self, start, end):
        """The hash over a range that begins where a subtree of its size may."""
        count = end - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self.node(level, start >> level)
        middle = start + (1 << (count - 1).bit_length() - 1)
        return inner(self.over(start, middle), self.over(middle, end))

    def inclusion(self, index):
        start, end, path = 0, self.size, []
        while end - start > 1:
            middle = start + (1 << (end - start - 1).bit_length() - 1)
            if index < middle:
                path.append(self.over(middle, end))
                end = middle
            else:
                path.append(self.over(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old):
        start, end, known, path = 0, self.size, True, []
        while old != end:
            middle = start + (1 << (end - start - 1).bit_length() - 1)
            if old <= middle:
                path.append(self.over(middle, end))
                end = middle
            else:
                path.append(self.over(start, middle))
                start, known = middle, False
        if not known:
            path.append(self.over(start, end))
        return path[::-1]


def check_inclusion(entry, index, size, path, root):
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        raise Wrong(f"there is no line {index} among {size}")
    fn, sn, got = index, size - 1, leaf_hash(entry)
    for item in path:
        if sn == 0:
            raise Wrong(f"the proof of line {index} is too long")
        if fn & 1 or fn == sn:
            got = inner(item, got)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            got = inner(got, item)
        fn, sn = fn >> 1, sn >> 1
    if sn or got != root:
        raise Wrong(f"line {index} is not what was signed")


def check_consistency(old, new, path):
    """RFC 9162, 2.1.4.2. `old` and `new` are (size, root)."""
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size > new_size:
        raise Wrong("the log is shorter than the checkpoint you kept")
    if old_size in (0, new_size):
        fits = not path and (not old_size or old_root == new_root)
    else:
        if old_size & (old_size - 1) == 0:
            path = [old_root, *path]
        fits = climb(path, old_size - 1, new_size - 1) == (old_root, new_root)
    if not fits:
        raise Wrong("the log no longer begins with the checkpoint you kept")


def climb(path, fn, sn):
    """The old and the new root that a proof of consistency leads to."""
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    was = now = path[0] if path else b""
    for item in path[1:]:
        if sn == 0:
            raise Wrong("the proof of consistency is too long")
        if fn & 1 or fn == sn:
            was, now = inner(item, was), inner(item, now)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            now = inner(now, item)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise Wrong("the proof of consistency is too short")
    return was, now


# --- lines ---------------------------------------------------------------------------


def read_lines(tiles, root, start):
    """Every line from `start` (a multiple of 256) on, each proven to be in the tree.

    What comes before is taken from the tiles of higher levels: were one of those hashes
    another, or one of these lines, the root would be another.
    """
    edge, size, at = [], tiles.size, 0
    while at < start:
        level = (start - at).bit_length() - 1
        edge.append((level, tiles.node(level, at >> level)))
        at += 1 << level
    lines = {}
    for number in range(start // WIDTH, (size + WIDTH - 1) // WIDTH):
        width = min(WIDTH, size - number * WIDTH)
        for entry in read_bundle(tiles.source, number, width):
            lines[at], at = entry, at + 1
            edge.append((0, leaf_hash(entry)))
            while len(edge) > 1 and edge[-1][0] == edge[-2][0]:
                level, right = edge.pop()
                edge.append((level + 1, inner(edge.pop()[1], right)))
    total = edge[-1][1] if edge else hashlib.sha256(b"").digest()
    for _level, left in reversed(edge[:-1]):
        total = inner(left, total)
    if total != root:
        raise Wrong("the lines do not hash to the signed root")
    return {index: json.loads(entry) for index, entry in lines.items()}


def read_bundle(source, number, width):
    data, at = fetch(source, path_of("entries", number, width)), 0
    for _line in range(width):
        length = int.from_bytes(data[at : at + 2], "big")
        entry = data[at + 2 : at + 2 + length]
        if at + 2 > len(data) or len(entry) != length:
            raise Wrong(f"bundle {number} is too short")
        at += 2 + length
        yield entry
    if at != len(data):
        raise Wrong(f"bundle {number} is too long")


def check_lines(lines, listed):
    """No line is dated before another, none speaks of one thing twice, and no later key
    list than the one shown."""
    names, clock = {}, None
    for index, line in lines.items():
        at = moment(line["at"])
        if clock is not None and at < clock:
            raise Wrong(f"line {index} is dated before the one it follows")
        clock, kind = at, line["type"]
        if kind == "key_list" and listed and line["number"] > listed["number"]:
            raise Wrong(f"the log knows key list {line['number']}, which is not shown")
        if kind not in ("key", "certificate", "batch", "key_list"):
            continue
        name = line["key_id"] if kind == "key" else line["number"]
        first = names.setdefault((kind, name), index)
        if first != index:
            raise Wrong(f"{kind} {name} was logged twice: lines {first} and {index}")
        if kind == "key" and key_id(line["public_key"]) != name:
            raise Wrong(f"key {name} is not the key that was logged under this id")


def check_tiles(tiles):
    """On every level the tiles say what the lines say."""
    bundles = (tiles.size + WIDTH - 1) // WIDTH
    level = 0
    hashes = [item for number in range(bundles) for item in line_hashes(tiles, number)]
    while hashes:
        above = []
        for index in range((len(hashes) + WIDTH - 1) // WIDTH):
            tile = hashes[index * WIDTH : (index + 1) * WIDTH]
            if tiles.tile(level, index) != tile:
                raise Wrong(f"tile {level}/{index} does not fit the lines")
            if len(tile) == WIDTH:
                above.append(fold(tile))
        level, hashes = level + 1, above


def check_published_keys(source, lines, vkey):
    """For those who know no root: what is published beside the log was logged in it."""
    logged = {
        line["key_id"]: dict(line, line=index)
        for index, line in lines.items()
        if line["type"] == "key"
    }
    facts = ("purpose", "algorithm", "public_key")
    for key in fetch_json(source, "keys.json")["keys"]:
        kept = logged.get(key["key_id"])
        if kept is None or any(kept[fact] != key[fact] for fact in facts):
            raise Wrong(f"keys.json: key {key['key_id']} is not what was logged")
    signer = base64.b64encode(read_vkey(vkey, 1)[1]).decode()
    mine = logged.get(key_id(signer))
    if mine is None or mine["purpose"] != "log":
        raise Wrong("the key that signs the log was not logged as such")
    return logged


# --- certificates --------------------------------------------------------------------


def check_certificate(told, line, index, keys, listed):
    """A certificate's text, its signature, its key, its line; what it says."""
    text = told["document"].encode()
    document = json.loads(text)
    number = document["number"]
    if line.get("type") != "certificate" or line["number"] != number:
        raise Wrong(f"{number}: line {index} is about something else")
    if line["sha256"] != hashlib.sha256(text).hexdigest():
        raise Wrong(f"{number}: line {index} is about another text")
    if line["signature"] != told["signature"]:
        raise Wrong(f"{number}: line {index} has another signature")
    if document["key_id"] != line["key_id"]:
        raise Wrong(f"{number}: its text says another key")
    key = keys.get(line["key_id"])
    if key is None or key["purpose"] != "certificate":
        raise Wrong(f"{number}: its key is not one for certificates")
    if line["algorithm"] != "Ed25519" or key["algorithm"] != "Ed25519":
        raise Wrong(f"{number}: unknown algorithm {line['algorithm']}")
    public = base64.b64decode(key["public_key"])
    if not holds(public, base64.b64decode(line["signature"]), text):
        raise Wrong(f"{number}: its signature is false")
    if listed is not None:
        check_time(number, line, index, key)
    elif key["line"] > index:
        raise Wrong(f"{number}: its key was logged after it")
    return document


def check_time(number, line, index, key):
    """It was logged while the key was good: what counts is the log's own order."""
    if key["state"] == "compromised" and index >= key["trusted_lines"]:
        raise Wrong(
            f"{number}: its key was stolen {key['compromised_at']}, and line {index}"
            f" is not among the first {key['trusted_lines']}"
        )
    at = moment(line["at"])
    if at < moment(key["valid_from"]):
        raise Wrong(f"{number}: logged before its key was good")
    if key["valid_until"] and at >= moment(key["valid_until"]):
        raise Wrong(f"{number}: logged after its key had ended")


def became(lines, number, document, index):
    """What the log says of a certificate and its lot after the certificate's line."""
    for line in [line for at, line in lines.items() if at > index]:
        about = (line.get("of"), line.get("id"))
        if line["type"] == "status" and about in (
            ("certificate", number),
            ("lot", document["lot"]),
        ):
            yield f"{line['status']} {line['at']}", line["status"] in ENDED


def described(document):
    return (
        f"{document['product']}, {document['quantity_g'] / 1000:g} kg,"
        f" {document['origin']['name']}, issued {document['issued_at']}"
    )


# --- box codes: CBOR (RFC 8949), COSE (RFC 9052), CWT (RFC 8392) ----------------------

BOX = -65537
SIMPLE = {0xF4: False, 0xF5: True, 0xF6: None}


def read_cbor(data):
    """The one value that the bytes are, in its shortest spelling and no other."""
    value, at = cbor_item(data, 0, 0)
    if at != len(data):
        raise Wrong("the box code goes on behind its end")
    return value


def cbor_item(data, at, depth):
    """A value and where it ends."""
    if at >= len(data) or depth > 8:
        raise Wrong("the box code is cut off")
    first = data[at]
    if first in SIMPLE:
        return SIMPLE[first], at + 1
    kind, number, at = first >> 5, *cbor_head(data, at)
    if kind in (0, 1):
        return (number if kind == 0 else -1 - number), at
    if kind in (2, 3):
        piece = data[at : at + number]
        if len(piece) != number:
            raise Wrong("the box code is cut off")
        return (piece if kind == 2 else piece.decode("utf-8")), at + number
    if kind == 6:
        value, at = cbor_item(data, at, depth + 1)
        return ("tag", number, value), at
    if kind == 7 or number > len(data):
        raise Wrong("the box code holds what box codes do not")
    return cbor_group(data, at, depth, number, kind == 5)


def cbor_group(data, at, depth, number, is_map):
    """The values of an array or map, a map's keys in their one order."""
    items, keys = [], []
    for place in range(number * (2 if is_map else 1)):
        start = at
        value, at = cbor_item(data, at, depth + 1)
        items.append(value)
        if is_map and place % 2 == 0:
            if keys and data[start:at] <= keys[-1]:
                raise Wrong("the box code's facts are out of order")
            keys.append(data[start:at])
    if not is_map:
        return items, at
    return dict(zip(items[::2], items[1::2])), at  # noqa: B905  Python 3.9


def cbor_head(data, at):
    """The number in a value's head, and where the head ends."""
    short = data[at] & 31
    if short < 24:
        return short, at + 1
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(short)
    if size is None or at + 1 + size > len(data):
        raise Wrong("the box code is cut off")
    number = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    if number < (24 if size == 1 else 1 << 4 * size):
        raise Wrong("the box code is not in its shortest spelling")
    return number, at + 1 + size


def cbor_bytes(value):
    """A byte string or short text as CBOR, for the text that is signed."""
    kind = 2 if isinstance(value, bytes) else 3
    data = value if kind == 2 else value.encode()
    size = len(data)
    if size < 24:
        return bytes([kind << 5 | size]) + data
    if size < 256:
        return bytes([kind << 5 | 24, size]) + data
    return bytes([kind << 5 | 25]) + size.to_bytes(2, "big") + data


def read_box(text):
    """Key id, signature, signed text and facts of a box code."""
    text = text.strip().rstrip("/").rpartition("/")[2].upper()
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError as error:
        raise Wrong("the box code is not base 32") from error
    if base64.b32encode(data).decode().rstrip("=") != text:
        raise Wrong("the box code is not base 32")
    message = read_cbor(data)
    if not isinstance(message, tuple) or message[1] != 18 or len(message[2]) != 4:
        raise Wrong("the box code is no COSE_Sign1 message")
    protected, others, payload, signature = message[2]
    headers = read_cbor(protected)
    if others != {} or set(headers) != {1, 4} or headers[1] != -8:
        raise Wrong("the box code is not signed by EdDSA")
    signed = b"\x84" + b"".join(
        map(cbor_bytes, ("Signature1", protected, b"", payload))
    )
    claims = read_cbor(payload)
    if set(claims) != {2, 6, 7, BOX} or len(claims[BOX]) != 8:
        raise Wrong("the box code says something else than boxes do")
    return headers[4].hex(), signature, signed, box_facts(claims)


def box_facts(claims):
    """The claims under names; days and moments as such."""
    names = ("product", "pack_g", "village_code", "village", "lot", "batch")
    facts = dict(zip(names, claims[BOX]))  # noqa: B905  Python 3.9
    harvested, use_by = claims[BOX][6:]
    value = int.from_bytes(claims[7], "big")
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return dict(
        facts,
        certificate=claims[2],
        issued_at=datetime.fromtimestamp(claims[6], UTC),
        code="".join(alphabet[value >> 5 * at & 31] for at in range(19, -1, -1)),
        harvested_on=day_of(harvested),
        use_by=None if use_by is None else day_of(use_by),
    )


def day_of(days):
    return date(1970, 1, 1) + timedelta(days=days)


def read_revocations(source, listed):
    """The revocation list, signed by a key of the log that was good at its date."""
    told = fetch_json(source, "revocations.json")
    found = json.loads(told["document"])
    if (found["type"], found["log"]) != ("xiangji-revocation-list", listed["log"]):
        raise Wrong("revocations.json is another log's, or something else")
    keys = [key for key in listed["keys"] if key["key_id"] == found["key_id"]]
    if not keys or keys[0]["purpose"] != "log" or keys[0]["state"] == "compromised":
        raise Wrong("the revocation list's key is not to be trusted")
    require_time(keys[0], moment(found["issued_at"]), "the revocation list")
    public = base64.b64decode(keys[0]["public_key"])
    text = told["document"].encode()
    mine = [it for it in told["signatures"] if it["key_id"] == found["key_id"]]
    if not mine or not holds(public, base64.b64decode(mine[0]["signature"]), text):
        raise Wrong("the revocation list's signature is false")
    return found


def require_time(key, at, what):
    ends = key["valid_until"]
    if at < moment(key["valid_from"]) or (ends and at >= moment(ends)):
        raise Wrong(f"{what} is dated outside its key's time")


def withdrawn(source, found, facts):
    """Every status that the revocation list has for a box."""
    for names, name in (
        ("lots", facts["lot"]),
        ("certificates", facts["certificate"]),
        ("batches", facts["batch"]),
    ):
        for status, numbers in found[names].items():
            if name in numbers:
                yield status
    wanted = leaf_hash(facts["code"].encode())[:6]
    for status, held in found["labels"].items():
        data = fetch(source, f"revocations/{held['sha256']}.bin")
        if hashlib.sha256(data).hexdigest() != held["sha256"]:
            raise Wrong("a file of withdrawn labels is not the one that was signed")
        if any(data[at : at + 6] == wanted for at in range(0, len(data), 6)):
            yield status


def verify_box(given):
    """A box code and the lists that somebody kept; nothing else is needed."""
    if not given.root or len(given.certificate) != 1 or not given.lists:
        raise Wrong("say: verify.py box CODE --lists SOURCE --root ROOT")
    told = fetch_json(given.lists, "key-list.json")
    listed = read_list(told, read_vkey(given.root, 1)[1])
    yield finding(f"key list {listed['number']}: signed by the root")
    found = read_revocations(given.lists, listed)
    remember(given.memory, listed["number"], found["number"])
    yield from age_of(found)
    key_of_box, signature, signed, facts = read_box(given.certificate[0])
    keys = {key["key_id"]: key for key in listed["keys"]}
    key = keys.get(key_of_box)
    if key is None or key["purpose"] != "box":
        raise Wrong("the box code is signed by a key that is not ours")
    if not holds(base64.b64decode(key["public_key"]), signature, signed):
        raise Wrong("the box code's signature is false")
    if key["state"] == "compromised":
        raise Wrong(
            f"its key was stolen {key['compromised_at']}: only the site can tell"
            " whether this was issued before"
        )
    require_time(key, facts["issued_at"], "the box code")
    yield finding(
        f"box {facts['code']}: signed {facts['issued_at'].isoformat()};"
        f" {facts['product']}, {facts['pack_g'] / 1000:g} kg, {facts['village']},"
        f" harvested {facts['harvested_on']}, lot {facts['lot']},"
        f" certificate {facts['certificate']}"
    )
    ended = sorted(set(withdrawn(given.lists, found, facts)))
    if ended:
        yield finding("since then: " + ", ".join(ended), ended=True)
    if facts["use_by"] and facts["use_by"] < datetime.now(BEIJING).date():
        yield finding(f"use by {facts['use_by']}: too old", ended=True)
    yield finding("this proves issue, not that it is the only box with this code")


def age_of(found):
    """How old the revocation list is."""
    at, now = moment(found["issued_at"]), datetime.now(UTC)
    hours = (now - at).total_seconds() / 3600
    late = ": OLD, fetch a new one" if now > moment(found["next_update"]) else ""
    yield finding(
        f"revocation list {found['number']} of {found['issued_at']},"
        f" {hours:.1f} hours old{late}"
    )


def remember(memory, key_list, revocations):
    """That no list is older than the ones that were seen before."""
    if memory is None:
        return
    now = {"key_list": key_list, "revocations": revocations}
    if memory.exists():
        before = json.loads(memory.read_text(encoding="utf-8"))
        for name, number in now.items():
            if number < before[name]:
                raise Wrong(
                    f"{name} {number} is older than {before[name]}, seen before"
                )
    memory.write_text(json.dumps(now), encoding="utf-8")


# --- the whole -----------------------------------------------------------------------


class Finding(str):
    """A sentence about what was found; `ended` where a certificate no longer stands."""

    ended = False


def finding(text, *, ended=False):
    made = Finding(text)
    made.ended = ended
    return made


def verify(given):
    """Yield a finding for each thing that holds; raise Wrong at the first that not."""
    source = given.source
    listed, list_lines, keys = None, [], {}
    if given.root:
        listed, list_lines = read_lists(source, read_vkey(given.root, 1)[1])
        keys = {key["key_id"]: key for key in listed["keys"]}
        yield finding(f"key list {listed['number']}: signed by the root, as all before")
        trusted = log_keys(listed)
    else:
        vkey = given.key or fetch_json(source, "keys.json")["log"]
        trusted = [(*read_vkey(vkey, 1), None)]
    note = fetch(source, "checkpoint").decode()
    size, root = check_note(note, trusted)
    yield finding(f"checkpoint: {size} lines, signed by the log {trusted[0][0]}")
    tiles = Tiles(source, size)
    yield from check_history(given, note, tiles, root, trusted)
    told = {
        it: fetch_json(source, f"certificates/{it}.json") for it in given.certificate
    }
    whole = given.whole or not given.root
    places = [it["index"] for it in told.values()] + [it[0] for it in list_lines[-1:]]
    # One bundle more, so that the line before is known too.
    start = 0 if whole else max(0, min(places) // WIDTH - 1) * WIDTH
    lines = read_lines(tiles, root, start)
    yield finding(f"lines {start + 1} to {size}: hash to the signed root {root.hex()}")
    if whole:
        check_tiles(tiles)
        yield finding("tiles: every hash is that of its lines")
    check_lines(lines, listed)
    if not given.root:
        keys = check_published_keys(source, lines, vkey)
        yield finding(f"keys: {len(keys)} logged, each under its own id; no root asked")
    for index, number, text in list_lines:
        check_list_line(tiles, root, index, number, text)
    for number, it in told.items():
        yield judge(number, it, tiles, root, lines, keys, listed)
    if given.keep:
        given.keep.write_text(note, encoding="utf-8")


def check_history(given, note, tiles, root, trusted):
    """What others say of the checkpoint: witnesses, and one that was kept."""
    for witness in given.witness:
        seen_at = check_witness(note, witness)
        yield finding(f"witness: {witness.split('+')[0]} saw it {seen_at.isoformat()}")
    if not given.seen or (given.seen == given.keep and not given.seen.exists()):
        return
    old = check_note(given.seen.read_text(encoding="utf-8"), trusted)
    path = tiles.consistency(old[0]) if 0 < old[0] <= tiles.size else []
    check_consistency(old, (tiles.size, root), path)
    yield finding(f"history: begins with your checkpoint of {old[0]} lines")


def judge(number, told, tiles, root, lines, keys, listed):
    """A certificate: whether it is genuine, and whether it still stands."""
    index = told["index"]
    line = lines.get(index)
    if line is None or json.loads(told["document"])["number"] != number:
        raise Wrong(f"{number}: there is no line {index} about it")
    document = check_certificate(told, line, index, keys, listed)
    path = tiles.inclusion(index)
    check_inclusion(entry_of(tiles, index), index, tiles.size, path, root)
    after = list(became(lines, number, document, index))
    fate = ", ".join(what for what, _ended in after) or "stands"
    return finding(
        f"{number}: line {index + 1}, signature good, {described(document)};"
        f" since then: {fate}",
        ended=any(ended for _what, ended in after),
    )


def line_hashes(tiles, number):
    width = min(WIDTH, tiles.size - number * WIDTH)
    return [leaf_hash(entry) for entry in read_bundle(tiles.source, number, width)]


def entry_of(tiles, index):
    width = min(WIDTH, tiles.size - index // WIDTH * WIDTH)
    return list(read_bundle(tiles.source, index // WIDTH, width))[index % WIDTH]


def check_list_line(tiles, root, index, number, text):
    """A key list has its own line, so that nobody can show another one to some."""
    entry = entry_of(tiles, index)
    check_inclusion(entry, index, tiles.size, tiles.inclusion(index), root)
    line = json.loads(entry)
    told = (line.get("type"), line.get("number"), line.get("sha256"))
    if told != ("key_list", number, hashlib.sha256(text.encode()).hexdigest()):
        raise Wrong(f"key list {number} is not what was logged in line {index}")


def verify_proof(given):
    """A certificate's proof from its page: everything is in one file."""
    told = json.loads(pathlib.Path(given.source).read_text(encoding="utf-8"))
    if not given.root:
        raise Wrong("a proof by itself says nothing without --root")
    listed = read_list(told["key_list"], read_vkey(given.root, 1)[1])
    yield finding(f"key list {listed['number']}: signed by the root")
    size, root = check_note(told["checkpoint"], log_keys(listed))
    yield finding(f"checkpoint: {size} lines, signed by the log {listed['log']}")
    for witness in given.witness:
        seen_at = check_witness(told["checkpoint"], witness)
        yield finding(f"witness: {witness.split('+')[0]} saw it {seen_at.isoformat()}")
    index, entry = told["index"], told["line"].encode()
    path = [base64.b64decode(item) for item in told["inclusion"]]
    check_inclusion(entry, index, size, path, root)
    yield finding(f"line {index + 1}: leads by {len(path)} hashes to the signed root")
    earlier = told.get("consistency")
    if earlier:
        old = check_note(earlier["checkpoint"], log_keys(listed))
        path = [base64.b64decode(item) for item in earlier["proof"]]
        check_consistency(old, (size, root), path)
        yield finding(
            f"history: the log of {old[0]} lines is the beginning of this one"
        )
    keys = {key["key_id"]: key for key in listed["keys"]}
    line = json.loads(entry)
    document = check_certificate(told["certificate"], line, index, keys, listed)
    yield finding(
        f"{document['number']}: signature good, {described(document)}; whether it was"
        " revoked since is in the log, not in this file"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source")
    parser.add_argument("certificate", nargs="*")
    parser.add_argument("--root", help="name+hash+key, or a file with it")
    parser.add_argument("--key")
    parser.add_argument("--seen", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--witness", action="append", default=[])
    parser.add_argument("--lists", help="of a box: an address or folder of the log")
    parser.add_argument("--memory", type=pathlib.Path)
    parser.add_argument("--whole", action="store_true")
    given = parser.parse_args()
    ended = False
    try:
        if given.root and pathlib.Path(given.root).is_file():
            given.root = pathlib.Path(given.root).read_text(encoding="utf-8").strip()
        act = verify_proof if given.source.endswith(".json") else verify
        if given.source == "box":
            act = verify_box
        for found in act(given):
            print(("END  " if found.ended else "ok   ") + found)
            ended = ended or found.ended
    except (
        Wrong,
        OSError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
    ) as error:
        print(f"BAD  {error}")
        return 1
    return 2 if ended else 0


if __name__ == "__main__":
    sys.exit(main())
