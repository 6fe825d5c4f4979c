"""Private keys: files that only this module opens, and what they sign.

A county that wants SM2 adds a class to ALGORITHMS; every signature names its
algorithm and key, so that old ones keep verifying.

Of the offline root only the public half is here: see traceability/keylists.py.
"""

import base64
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from django.conf import settings


class MissingKey(Exception):
    """A key is not there, not readable, or not allowed to sign; the message says what
    to do."""


class SignatureRejected(Exception):
    """The signature is not by this key over this text."""


@dataclass(frozen=True)
class Signer:
    """A loaded private key. `public_key` is raw, 32 bytes."""

    key_id: str
    algorithm: str
    public_key: bytes
    sign: Callable[[bytes], bytes]

    def sign_text(self, text: str) -> str:
        """The signature over the text's UTF-8, base64."""
        return base64.b64encode(self.sign(text.encode())).decode()


@dataclass(frozen=True)
class Root:
    """The public half of the county's offline root. `public_key` is base64."""

    key_id: str
    algorithm: str
    public_key: str


class Algorithm(Protocol):
    """One way to sign. Its `name` stands in every signature."""

    name: str

    def signer(self, private: object) -> Signer | None:
        """The private key as it signs; None where it is of another algorithm."""

    def verify(self, *, public_key: bytes, signature: bytes, message: bytes) -> None:
        """Errors: ValueError, InvalidSignature."""


class Ed25519:
    """RFC 8032, with raw public keys of 32 bytes."""

    name = "Ed25519"

    def signer(self, private: object) -> Signer | None:
        if not isinstance(private, Ed25519PrivateKey):
            return None
        public = private.public_key().public_bytes_raw()
        return Signer(key_id_of(public), self.name, public, private.sign)

    def verify(self, *, public_key: bytes, signature: bytes, message: bytes) -> None:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)


ALGORITHMS: dict[str, Algorithm] = {it.name: it for it in (Ed25519(),)}


def key_file(purpose: str) -> Path:
    """Where the first private key for a KeyPurpose is kept."""
    return Path(settings.SIGNING_KEY_FILES[purpose])


def key_files(purpose: str) -> list[Path]:
    """Every private key for a KeyPurpose: the first one, and those that came later."""
    first = key_file(purpose)
    later = sorted(first.parent.glob(f"{first.stem}-*{first.suffix}"))
    return [path for path in (first, *later) if path.is_file()]


def create_key_file(purpose: str) -> Path:
    """Make a new key pair and keep its private half in a file of its own.

    A file that is there is left alone, whoever made it first.
    """
    path = key_file(purpose)
    if not path.exists():
        _keep(path, Ed25519PrivateKey.generate())
    return path


def create_next_key(purpose: str) -> Signer:
    """Make another key pair for the purpose, beside the ones that are there. It signs
    nothing before a key list names it."""
    private = Ed25519PrivateKey.generate()
    key_id = key_id_of(private.public_key().public_bytes_raw())
    first = key_file(purpose)
    _keep(first.with_name(f"{first.stem}-{key_id}{first.suffix}"), private)
    return signer(purpose, key_id)


def _keep(path: Path, private: Ed25519PrivateKey) -> None:
    """Write the file whole, and leave one alone that somebody else made meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    temporary.touch(mode=0o600)
    temporary.write_bytes(pem)
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def signer(purpose: str, key_id: str = "") -> Signer:
    """The private key of this id; without one, the first for the purpose.

    Errors: MissingKey.
    """
    if not key_id:
        return signer_in(key_file(purpose))
    for path in key_files(purpose):
        found = signer_in(path)
        if found.key_id == key_id:
            return found
    raise MissingKey(
        f"The private key {key_id} is not beside {key_file(purpose)}. Bring it back,"
        " or let the next key list name another one."
    )


def signer_in(path: Path) -> Signer:
    """The private key in one of our files. Errors: MissingKey."""
    try:
        return _loaded(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, TypeError) as error:
        raise MissingKey(
            f"There is no usable signing key in {path}. Run `manage.py create_keys`."
        ) from error


@lru_cache(maxsize=16)
def _loaded(path: Path, _changed: int) -> Signer:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    for algorithm in ALGORITHMS.values():
        found = algorithm.signer(private)
        if found is not None:
            return found
    raise TypeError("no algorithm of ours")


def root() -> Root | None:
    """The root that vouches for our keys; None only where tests run without one.

    Errors: MissingKey.
    """
    if not settings.ROOT_KEY_FILE:
        return None
    path = Path(settings.ROOT_KEY_FILE)
    try:
        return _root_in(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        raise MissingKey(
            f"There is no public key of the offline root in {path}."
            " docs/keys.md says how it is made."
        ) from error


def root_line() -> str:
    """The root's public half as people print it; nothing where there is none."""
    try:
        if root() is None:
            return ""
    except MissingKey:
        return ""
    return Path(settings.ROOT_KEY_FILE).read_text(encoding="utf-8").strip()


@lru_cache(maxsize=4)
def _root_in(path: Path, _changed: int) -> Root:
    """The file holds one line, name+hash+key, as signed notes have it."""
    name, told, encoded = path.read_text(encoding="utf-8").strip().split("+", 2)
    typed = base64.b64decode(encoded, validate=True)
    wanted = hashlib.sha256(f"{name}\n".encode() + typed).hexdigest()[:8]
    if typed[:1] != b"\x01" or len(typed) != 33 or told != wanted:
        raise ValueError("not a verifier key of Ed25519")
    public = typed[1:]
    return Root(key_id_of(public), Ed25519.name, base64.b64encode(public).decode())


def key_id_of(public_key: bytes) -> str:
    """The first 16 hexadecimal digits of the raw public key's SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def key_id_of_text(public_key: str) -> str:
    """The key id of a raw public key in base64. Errors: ValueError."""
    return key_id_of(base64.b64decode(public_key, validate=True))


def verify_text(*, text: str, signature: str, algorithm: str, public_key: str) -> None:
    """Check a base64 signature by a base64 public key. Errors: SignatureRejected."""
    try:
        raw_key = base64.b64decode(public_key, validate=True)
        raw_signature = base64.b64decode(signature, validate=True)
    except ValueError as error:
        raise SignatureRejected("The signature does not fit.") from error
    verify_message(
        message=text.encode(),
        signature=raw_signature,
        algorithm=algorithm,
        public_key=raw_key,
    )


def verify_message(
    *, message: bytes, signature: bytes, algorithm: str, public_key: bytes
) -> None:
    """Check a signature over bytes, all of it raw. Errors: SignatureRejected."""
    try:
        ALGORITHMS[algorithm].verify(
            public_key=public_key, signature=signature, message=message
        )
    except (KeyError, ValueError, InvalidSignature) as error:
        raise SignatureRejected("The signature does not fit.") from error
