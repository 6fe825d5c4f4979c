"""The sandbox's two key pairs, made on first use: the shop's and "Alipay's".

Settings call this before Django is ready, so it needs nothing but files.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

APP_ID = "9021000100000001"
SELLER_ID = "2088000000000001"


class SandboxKeys(NamedTuple):
    """PEM files. Each side holds its own private key and the other's public key."""

    app_private: Path
    app_public: Path
    alipay_private: Path
    alipay_public: Path


def sandbox_keys(folder: Path) -> SandboxKeys:
    """The key files under `folder`, made where they are missing.

    Processes that start together end up with the same keys: the first file in place
    wins, and public keys are derived from it.
    """
    keys = SandboxKeys(
        app_private=folder / "alipay_sandbox_app_private.pem",
        app_public=folder / "alipay_sandbox_app_public.pem",
        alipay_private=folder / "alipay_sandbox_private.pem",
        alipay_public=folder / "alipay_sandbox_public.pem",
    )
    if all(path.exists() for path in keys):
        return keys
    folder.mkdir(parents=True, exist_ok=True)
    _make_pair(keys.app_private, keys.app_public)
    _make_pair(keys.alipay_private, keys.alipay_public)
    return keys


def _make_pair(private_file: Path, public_file: Path) -> None:
    if not private_file.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        content = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _put(private_file, content, first_wins=True)
    key = serialization.load_pem_private_key(private_file.read_bytes(), password=None)
    content = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _put(public_file, content, first_wins=False)


def _put(file: Path, content: bytes, *, first_wins: bool) -> None:
    """Write a file so that nobody ever reads half of it."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    if first_wins:
        with suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    else:
        draft.replace(file)
