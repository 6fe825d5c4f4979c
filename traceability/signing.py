"""Private keys: files that only this module opens, and what they sign.

A county that wants SM2 adds a class to ALGORITHMS; every signature names its
algorithm and key, so that old ones keep verifying.
"""

import base64
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from django.conf import settings

ED25519 = "Ed25519"


class MissingKey(Exception):
    """The private key's file is not there or not readable; the message names it."""


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


def key_file(purpose: str) -> Path:
    """Where the private key for a KeyPurpose is kept."""
    return Path(settings.SIGNING_KEY_FILES[purpose])


def create_key_file(purpose: str) -> Path:
    """Make a new key pair and keep its private half in a file of its own.

    A file that is there is left alone, whoever made it first.
    """
    path = key_file(purpose)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
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
    return path


def signer(purpose: str) -> Signer:
    """The key that signs now. Errors: MissingKey."""
    path = key_file(purpose)
    try:
        return _loaded(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, TypeError) as error:
        raise MissingKey(
            f"There is no usable signing key in {path}. Run `manage.py create_keys`."
        ) from error


@lru_cache(maxsize=8)
def _loaded(path: Path, _changed: int) -> Signer:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError("not an Ed25519 key")
    public = private.public_key().public_bytes_raw()
    return Signer(
        key_id=key_id_of(public),
        algorithm=ED25519,
        public_key=public,
        sign=private.sign,
    )


def key_id_of(public_key: bytes) -> str:
    """The first 16 hexadecimal digits of the raw public key's SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def key_id_of_text(public_key: str) -> str:
    """The key id of a raw public key in base64. Errors: ValueError."""
    return key_id_of(base64.b64decode(public_key, validate=True))


def verify_text(*, text: str, signature: str, algorithm: str, public_key: str) -> None:
    """Check a base64 signature by a base64 public key. Errors: SignatureRejected."""
    try:
        check = ALGORITHMS[algorithm]
        check(
            base64.b64decode(public_key, validate=True),
            base64.b64decode(signature, validate=True),
            text.encode(),
        )
    except (KeyError, ValueError, InvalidSignature) as error:
        raise SignatureRejected("The signature does not fit.") from error


def _check_ed25519(public_key: bytes, signature: bytes, message: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)


ALGORITHMS: dict[str, Callable[[bytes, bytes, bytes], None]] = {
    ED25519: _check_ed25519,
}
