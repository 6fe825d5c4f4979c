#!/usr/bin/env python3
# ruff: noqa: T201
"""The county's root key, on a machine that never had a network.

    python3 offline_root.py make  FOLDER --name HOST/COUNTY/root
    python3 offline_root.py show  LIST
    python3 offline_root.py sign  LIST --root FOLDER --out SIGNED

Needs Python 3.9 and the package `cryptography`; copy this file and both on a stick.

make    makes the root: FOLDER/root.pem, locked by a passphrase, and FOLDER/root.pub,
        one line for everybody. Keep root.pem in a safe, twice, apart. It never goes to
        the server; root.pub goes there and into print.
show    tells in words what a list says.
sign    shows the list, asks, signs. FOLDER/last-signed.json remembers what was signed:
        a list of the same number, or one that does not follow or takes something back,
        is not signed. Copy it together with root.pem.

离线根密钥：在从不联网的机器上生成，只用来签署公布的密钥清单。
"""

import argparse
import base64
import getpass
import hashlib
import json
import pathlib
import sys
from datetime import datetime

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Refused(Exception):
    """Nothing is signed; the message says why."""


def make(folder, name, passphrase):
    """A new root. A folder that holds one is left alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / "root.pem").exists():
        raise Refused(f"{folder}/root.pem exists. A root is made once.")
    private = Ed25519PrivateKey.generate()
    lock = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock
    )
    path = folder / "root.pem"
    path.touch(mode=0o600)
    path.write_bytes(pem)
    typed = b"\x01" + private.public_key().public_bytes_raw()
    short = hashlib.sha256(name.encode() + b"\n" + typed).hexdigest()[:8]
    line = f"{name}+{short}+{base64.b64encode(typed).decode()}\n"
    (folder / "root.pub").write_text(line, encoding="utf-8")
    return line.strip()


def canonical(value):
    """RFC 8785 for what key lists hold: objects, lists, texts, whole numbers, null."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def key_id(public_key):
    return hashlib.sha256(base64.b64decode(public_key)).hexdigest()[:16]


def read(text):
    """What a list says, where it is written as lists are."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise Refused(f"this is not JSON: {error}") from error
    if not isinstance(told, dict) or told.get("type") != "xiangji-key-list":
        raise Refused("this is not a key list")
    if canonical(told) != text:
        raise Refused("the text is not in canonical form")
    ids = [key["key_id"] for key in told["keys"]]
    if len(set(ids)) != len(ids):
        raise Refused("a key stands in it twice")
    for key in told["keys"]:
        if key_id(key["public_key"]) != key["key_id"]:
            raise Refused(f"{key['key_id']} is not the id of the key beside it")
    return told


def words(told):
    """The list for people."""
    yield f"Key list {told['number']} of {told['log']}, made {told['made_at']}"
    yield f"follows {told['previous'] or 'nothing: it is the first'}"
    for key in told["keys"]:
        until = f"until {key['valid_until']}" if key["valid_until"] else "without end"
        yield (
            f"  {key['key_id']} {key['purpose']} {key['algorithm']} {key['state']},"
            f" from {key['valid_from']} {until}"
        )
        if key["state"] == "compromised":
            yield (
                f"    stolen {key['compromised_at']}: only the first"
                f" {key['trusted_lines']} lines of the log are believed"
            )


def require_follows(new, last):
    """That it follows what was signed last, and takes nothing back."""
    if last is None:
        if new["number"] != 1 or new["previous"]:
            raise Refused("nothing was signed here yet, and this is not list 1")
        return
    old = read(last)
    if new["number"] != old["number"] + 1:
        raise Refused(f"list {old['number']} was signed last; this is not the next")
    if new["previous"] != hashlib.sha256(last.encode()).hexdigest():
        raise Refused(f"it does not follow the list {old['number']} that was signed")
    if new["log"] != old["log"]:
        raise Refused("it is another log's")
    after = {key["key_id"]: key for key in new["keys"]}
    for key in old["keys"]:
        kept = after.get(key["key_id"])
        if kept is None:
            raise Refused(f"key {key['key_id']} is missing")
        require_kept(key, kept, datetime.fromisoformat(new["made_at"]))


def require_kept(key, kept, made_at):
    """What was declared of a key stays declared."""
    name = key["key_id"]
    for fact in ("purpose", "algorithm", "public_key", "valid_from"):
        if kept[fact] != key[fact]:
            raise Refused(f"key {name} is not what it was: {fact}")
    if key["state"] == "retired" and kept["state"] == "active":
        raise Refused(f"key {name} was retired and stays so")
    if key["state"] == "compromised" and (
        kept["state"] != "compromised" or kept["trusted_lines"] > key["trusted_lines"]
    ):
        raise Refused(f"key {name} was compromised and stays so")
    if kept["valid_until"] == key["valid_until"]:
        return
    if key["valid_until"] and datetime.fromisoformat(key["valid_until"]) <= made_at:
        raise Refused(f"key {name} had ended already")
    if kept["valid_until"] and datetime.fromisoformat(kept["valid_until"]) < made_at:
        raise Refused(f"key {name} would end before now")


def sign(text, folder, passphrase):
    """The signed list, as the server takes it in."""
    told = read(text)
    memory = folder / "last-signed.json"
    last = memory.read_text(encoding="utf-8") if memory.exists() else None
    if last == text:
        last = None  # again: the same signature comes out
    else:
        require_follows(told, last)
    pem = (folder / "root.pem").read_bytes()
    private = serialization.load_pem_private_key(pem, password=passphrase or None)
    if not isinstance(private, Ed25519PrivateKey):
        raise Refused("the root is not an Ed25519 key")
    memory.write_text(text, encoding="utf-8")
    raw = private.public_key().public_bytes_raw()
    signature = {
        "key_id": hashlib.sha256(raw).hexdigest()[:16],
        "algorithm": "Ed25519",
        "signature": base64.b64encode(private.sign(text.encode())).decode(),
    }
    signed = {"document": text, "signatures": [signature]}
    return json.dumps(signed, ensure_ascii=False, indent=1) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    does = parser.add_subparsers(dest="does", required=True)
    making = does.add_parser("make")
    making.add_argument("folder", type=pathlib.Path)
    making.add_argument("--name", required=True)
    showing = does.add_parser("show")
    showing.add_argument("list", type=pathlib.Path)
    signing = does.add_parser("sign")
    signing.add_argument("list", type=pathlib.Path)
    signing.add_argument("--root", type=pathlib.Path, required=True)
    signing.add_argument("--out", type=pathlib.Path, required=True)
    signing.add_argument("--yes", action="store_true", help="do not ask")
    for command in (making, signing):
        command.add_argument(
            "--no-passphrase", action="store_true", help="for rehearsals only"
        )
    given = parser.parse_args()
    try:
        return act(given)
    except (Refused, OSError, ValueError, KeyError, TypeError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1


def act(given):
    if given.does == "make":
        secret = None if given.no_passphrase else _new_passphrase()
        print(make(given.folder, given.name, secret))
        return 0
    text = given.list.read_text(encoding="utf-8")
    print(*words(read(text)), sep="\n")
    if given.does == "show":
        return 0
    if not given.yes and input("Sign this? Type its number: ") != str(
        read(text)["number"]
    ):
        raise Refused("not confirmed")
    secret = None if given.no_passphrase else getpass.getpass("Passphrase: ").encode()
    given.out.write_text(sign(text, given.root, secret), encoding="utf-8")
    print(f"{given.out}: carry it to the server, manage.py take_key_list")
    return 0


def _new_passphrase():
    first = getpass.getpass("New passphrase, 12 characters or more: ")
    if len(first) < 12:
        raise Refused("the passphrase is too short")
    if getpass.getpass("Again: ") != first:
        raise Refused("the two differ")
    return first.encode()


if __name__ == "__main__":
    sys.exit(main())
