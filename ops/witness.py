#!/usr/bin/env python3
# ruff: noqa: T201
"""A small witness: it cosigns a log's checkpoints while the log only grows.

    python3 witness.py make  FOLDER --name witness.example/w1
    python3 witness.py serve FOLDER --log LOG_KEY [--log …] [--port 8600]

For a university, a newspaper, a neighbouring county: whoever is not the county that
keeps the log. Needs Python 3.9 and the package `cryptography`; shares no code with it.

make    makes the key: FOLDER/witness.pem stays, FOLDER/witness.pub (name+hash+key) goes
        to the county (XIANGJI_WITNESSES) and to everybody who checks with it.
serve   answers POST /add-checkpoint and GET /<origin hash>/checkpoint as
        c2sp.org/tlog-witness has it, behind a web server with TLS. LOG_KEY is the line
        name+hash+key of a log (keys.json, "log"); name a log's new key beside the
        old one. FOLDER keeps the last checkpoint of each log: lose it, and this witness
        no longer knows what it saw.

见证程序：只要日志只增不改，就为它的检查点联署。
"""

import argparse
import base64
import fcntl
import hashlib
import os
import pathlib
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

MOST_BYTES = 64 * 1024
MOST_HASHES = 63
EMPTY = hashlib.sha256(b"").digest()


class Refused(Exception):
    """An answer other than 200: status, and the body that goes with it."""

    def __init__(self, status, body="", kind="text/plain; charset=utf-8"):
        super().__init__(f"{status} {body}".strip())
        self.status, self.body, self.kind = status, body, kind


def key_hash(name, kind, key):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def vkey(name, kind, key):
    typed = base64.b64encode(bytes([kind]) + key).decode()
    return f"{name}+{key_hash(name, kind, key).hex()}+{typed}"


def read_vkey(line, kind):
    name, told, encoded = line.strip().split("+", 2)
    typed = base64.b64decode(encoded, validate=True)
    right = typed[:1] == bytes([kind]) and len(typed) == 33
    if not right or key_hash(name, kind, typed[1:]).hex() != told:
        raise ValueError(f"{name}: not a key of this kind")
    return name, typed[1:]


# --- what is asked -------------------------------------------------------------------


def parse(body):
    """Old size, proof and checkpoint of a request. Refused with 400."""
    try:
        head, note = body.decode().split("\n\n", 1)
        first, *hashes = head.split("\n")
        word, old = first.split(" ")
        if word != "old" or not is_size(old) or len(hashes) > MOST_HASHES:
            raise ValueError("not an old size")
        proof = [base64.b64decode(item, validate=True) for item in hashes]
        if any(len(item) != 32 for item in proof):
            raise ValueError("not a hash")
        text, blank, lines = note.partition("\n\n")
        origin, size, root = text.split("\n")[:3]
        root = base64.b64decode(root, validate=True)
        if not blank or not is_size(size) or len(root) != 32:
            raise ValueError("not a checkpoint")
        return int(old), proof, (origin, int(size), root, text + "\n", lines)
    except (ValueError, UnicodeDecodeError) as error:
        raise Refused(400, f"{error}\n") from error


def is_size(text):
    """Whole, not negative, written without zeros before it."""
    return text.isascii() and text.isdecimal() and str(int(text)) == text


def check_signature(origin, text, lines, keys):
    """That a key trusted for the origin signed it: else 404 or 403."""
    if origin not in keys:
        raise Refused(404, "this log is not known here\n")
    good = False
    for line in lines.splitlines():
        try:
            dash, name, value = line.split(" ")
            raw = base64.b64decode(value, validate=True)
        except ValueError:
            continue
        for key in keys[origin]:
            if (dash, name, raw[:4]) != ("\u2014", origin, key_hash(origin, 1, key)):
                continue
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(raw[4:], text.encode())
            except InvalidSignature as error:
                raise Refused(403, "the signature is false\n") from error
            good = True
    if not good:
        raise Refused(403, "no signature of a known key\n")


def check_growth(old, proof, size, root, last):
    """What is known is the beginning of what is new: else 409 or 422."""
    if old > size:
        raise Refused(400, "the old size is larger\n")
    known, known_root = last
    if old != known:
        raise Refused(409, f"{known}\n", "text/x.tlog.size")
    if size == 0 and root != EMPTY:
        raise Refused(422, "an empty log has another root\n")
    if old in (0, size):
        fits = not proof and (old == 0 or root == known_root)
    else:
        fits = climb(old, size, proof, known_root) == (known_root, root)
    if not fits:
        raise Refused(422, "the log does not begin with what was seen here\n")


def climb(old, size, proof, old_root):
    """RFC 9162, 2.1.4.2: the two roots that a proof leads to; None for neither."""
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return None
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    was = now = path[0]
    for item in path[1:]:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            was, now = node(item, was), node(item, now)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            now = node(now, item)
        fn, sn = fn >> 1, sn >> 1
    return (was, now) if sn == 0 else None


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


# --- what is kept and answered -------------------------------------------------------


class Witness:
    """One key, and the last checkpoint of each log that it cosigned."""

    def __init__(self, folder, logs):
        self.folder = pathlib.Path(folder)
        line = (self.folder / "witness.pub").read_text(encoding="utf-8")
        self.name, self.public = read_vkey(line, 4)
        pem = (self.folder / "witness.pem").read_bytes()
        self.private = serialization.load_pem_private_key(pem, password=None)
        self.keys = {}
        for log in logs:
            origin, key = read_vkey(log, 1)
            self.keys.setdefault(origin, []).append(key)

    def file_of(self, origin):
        return self.folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"

    def last(self, origin):
        """Size and root that were cosigned last; an empty log before the first."""
        path = self.file_of(origin)
        if not path.exists():
            return 0, EMPTY
        _origin, size, root = path.read_text(encoding="utf-8").split("\n")[:3]
        return int(size), base64.b64decode(root)

    def add_checkpoint(self, body):
        """The cosignature, once the checkpoint is kept. Errors: Refused."""
        old, proof, (origin, size, root, text, lines) = parse(body)
        check_signature(origin, text, lines, self.keys)
        # Comparing and keeping are one step, for threads and processes alike.
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            check_growth(old, proof, size, root, self.last(origin))
            line = self.cosign(text)
            self.keep(origin, f"{text}\n{self.own(origin, lines)}{line}")
        return line

    def own(self, origin, lines):
        """The log's own signature lines, without what others added."""
        mine = [it for it in lines.splitlines() if it.startswith(f"\u2014 {origin} ")]
        return "".join(f"{it}\n" for it in mine)

    def cosign(self, text):
        now = int(time.time())
        message = f"cosignature/v1\ntime {now}\n{text}".encode()
        signed = struct.pack(">Q", now) + self.private.sign(message)
        raw = key_hash(self.name, 4, self.public) + signed
        return f"\u2014 {self.name} {base64.b64encode(raw).decode()}\n"

    def keep(self, origin, note):
        path = self.file_of(origin)
        half = path.with_suffix(".half")
        with half.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)


def handler_of(witness):
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self):
            if self.path != "/add-checkpoint":
                return self.answer(404)
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                return self.answer(400)
            try:
                line = witness.add_checkpoint(self.rfile.read(int(length)))
            except Refused as no:
                return self.answer(no.status, no.body, no.kind)
            return self.answer(200, line)

        def do_GET(self):
            for origin in witness.keys:
                path = witness.file_of(origin)
                if self.path == f"/{path.stem}/checkpoint" and path.exists():
                    return self.answer(200, path.read_text(encoding="utf-8"))
            return self.answer(404)

        def answer(self, status, body="", kind="text/plain; charset=utf-8"):
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, pattern, *words):
            print(pattern % words, file=sys.stderr)

    return Handler


def make(folder, name):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / "witness.pem").exists():
        raise SystemExit(f"{folder}/witness.pem exists. A witness's key is made once.")
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "witness.pem"
    path.touch(mode=0o600)
    path.write_bytes(pem)
    line = vkey(name, 4, private.public_key().public_bytes_raw())
    (folder / "witness.pub").write_text(line + "\n", encoding="utf-8")
    return line


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    does = parser.add_subparsers(dest="does", required=True)
    making = does.add_parser("make")
    making.add_argument("folder")
    making.add_argument("--name", required=True)
    serving = does.add_parser("serve")
    serving.add_argument("folder")
    serving.add_argument("--log", action="append", required=True)
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, default=8600)
    given = parser.parse_args()
    if given.does == "make":
        print(make(given.folder, given.name))
        return
    handler = handler_of(Witness(given.folder, given.log))
    server = ThreadingHTTPServer((given.host, given.port), handler)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
