"""Cosignatures: a witness says when it saw the log at a size, grown as it must.

Sources: c2sp.org/tlog-cosignature (Ed25519, version 1), c2sp.org/tlog-witness. Asking
is here, over HTTP; what is believed of the answer is checked before it is used.
"""

import base64
import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import urllib3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from traceability.tlog import Checkpoint

_ED25519_V1 = b"\x04"
_LENGTH = 4 + 8 + 64
SECONDS = 5
MAX_ANSWER_BYTES = 64 * 1024


class WitnessAway(Exception):
    """The witness did not answer, or not as the protocol has it; says how."""


class WitnessRefuses(Exception):
    """The witness saw another history than ours; says what it answered."""


@dataclass(frozen=True)
class Witness:
    """Who watches: its name and raw public key, and where it is asked."""

    name: str
    public_key: bytes
    url: str

    @classmethod
    def read(cls, line: str) -> "Witness":
        """From `name+hash+key URL`, as the settings have it. Errors: ValueError."""
        key, url = line.split(" ", 1)
        name, told, encoded = key.split("+", 2)
        typed = base64.b64decode(encoded, validate=True)
        found = cls(name, typed[1:], url.strip().rstrip("/"))
        if typed[:1] != _ED25519_V1 or len(typed) != 33 or found.key_hash.hex() != told:
            raise ValueError(f"{name}: not the key of a witness")
        if not found.url.startswith(("https://", "http://")):
            raise ValueError(f"{name}: not an address")
        return found

    @property
    def key_hash(self) -> bytes:
        """The four bytes that name its cosignatures in a note."""
        named = f"{self.name}\n".encode() + _ED25519_V1 + self.public_key
        return hashlib.sha256(named).digest()[:4]


@dataclass(frozen=True)
class Seen:
    """One cosignature that holds: `line` is as it stands in a note."""

    witness: str
    at: datetime
    line: str


def believed(
    lines: Iterable[str], *, checkpoint: Checkpoint, witness: Witness
) -> Seen | None:
    """The witness's own cosignature of the checkpoint among signature lines; those of
    others, and any that do not hold, are passed over."""
    body = checkpoint.note.partition("\n\n")[0] + "\n"
    for line in lines:
        try:
            dash, name, value = line.split(" ")
            raw = base64.b64decode(value, validate=True)
        except ValueError:
            continue
        if (dash, name, raw[:4], len(raw)) != (
            "\u2014",
            witness.name,
            witness.key_hash,
            _LENGTH,
        ):
            continue
        (seconds,) = struct.unpack(">Q", raw[4:12])
        message = f"cosignature/v1\ntime {seconds}\n{body}".encode()
        if seconds and _fits(witness.public_key, raw[12:], message):
            return Seen(witness.name, datetime.fromtimestamp(seconds, UTC), line)
    return None


def _fits(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def ask(
    witness: Witness, *, checkpoint: Checkpoint, old: int, proof: Sequence[bytes]
) -> Seen | int:
    """Submit a checkpoint; its cosignature, or the size that the witness knows where
    that is not `old`. Errors: WitnessAway, WitnessRefuses."""
    hashes = "".join(f"{base64.b64encode(item).decode()}\n" for item in proof)
    body = f"old {old}\n{hashes}\n{checkpoint.note}"
    try:
        answer = _http().request(
            "POST",
            f"{witness.url}/add-checkpoint",
            body=body.encode(),
            preload_content=False,
            redirect=False,
        )
        try:
            text = answer.read(MAX_ANSWER_BYTES).decode()
        finally:
            answer.release_conn()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise WitnessAway(f"{witness.name}: {error}") from error
    if answer.status == 409 and text.strip().isdecimal():
        return int(text)
    if answer.status in (409, 422):
        raise WitnessRefuses(f"{witness.name} answers {answer.status} to size {old}")
    if answer.status != 200:
        raise WitnessAway(f"{witness.name} answers {answer.status}")
    seen = believed(text.splitlines(), checkpoint=checkpoint, witness=witness)
    if seen is None:
        raise WitnessAway(f"{witness.name} gives no cosignature that holds")
    return seen


@lru_cache(maxsize=1)
def _http() -> urllib3.PoolManager:
    return urllib3.PoolManager(retries=False, timeout=SECONDS)
