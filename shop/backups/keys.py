"""Private keys and secrets: in a backup only encrypted, to a key that is not here.

age (X25519) by way of pyrage; `age --decrypt` opens the file as well.
"""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyrage
from django.conf import settings

from traceability.models import KeyPurpose
from traceability.signing import key_file, key_files

NAME = "keys.age"
SECRETS = (
    "SECRET_KEY",
    "FIELD_SECRET",
    "BLIND_INDEX_SECRET",
    "LABEL_SECRET",
    "SCAN_SALT",
)


class WrongKey(Exception):
    """The recipient or identity is none, or opens something else; says what to do."""


def sealed() -> bytes | None:
    """Keys and secrets for BACKUP_RECIPIENT alone; None where nobody was named.

    Errors: WrongKey.
    """
    if not settings.BACKUP_RECIPIENT:
        return None
    try:
        recipient = pyrage.x25519.Recipient.from_str(settings.BACKUP_RECIPIENT)
    except pyrage.RecipientError as error:
        raise WrongKey(
            "XIANGJI_BACKUP_RECIPIENT must be an age public key (age1…)."
        ) from error
    return pyrage.encrypt(_packed(), [recipient])


def unseal(*, data: bytes, identity: Path, folder: Path) -> list[str]:
    """Write what `sealed` took into `folder`, for its owner's eyes; the names.

    Errors: WrongKey.
    """
    try:
        lines = identity.read_text(encoding="ascii").splitlines()
        key = next(line for line in lines if line.startswith("AGE-SECRET-KEY-"))
        plain = pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(key.strip())])
    except (OSError, ValueError, StopIteration) as error:
        raise WrongKey(f"{identity} holds no age identity.") from error
    except (pyrage.IdentityError, pyrage.DecryptError) as error:
        raise WrongKey(f"{identity} does not open {NAME}.") from error
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tarfile.open(fileobj=io.BytesIO(plain)) as packed:
        return [_unpacked(packed, item, folder) for item in packed]


def _packed() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        for name, data in _contents():
            item = tarfile.TarInfo(name)
            item.size, item.mode = len(data), 0o600
            packed.addfile(item, io.BytesIO(data))
    return buffer.getvalue()


def _unpacked(packed: tarfile.TarFile, item: tarfile.TarInfo, folder: Path) -> str:
    # By hand: Debian 12's Python is older than the filters of `extractall`, and anybody
    # can encrypt an archive to a public key.
    held = packed.extractfile(item) if item.isfile() else None
    if held is None or Path(item.name).name != item.name:
        raise WrongKey(f"{NAME} holds something else than files: {item.name}.")
    path = folder / item.name
    path.touch(mode=0o600)
    path.write_bytes(held.read())
    return item.name


def _signing_keys() -> dict[str, Path]:
    """Every key that signs or once did, under one name whatever its file is called."""
    return {
        f"{purpose}{path.stem.removeprefix(key_file(purpose).stem)}.pem": path
        for purpose in KeyPurpose
        for path in key_files(purpose)
    }


def _contents() -> Iterator[tuple[str, bytes]]:
    named = {
        **_signing_keys(),
        "alipay_app_private.pem": settings.ALIPAY_APP_PRIVATE_KEY_FILE,
    }
    for name, path in named.items():
        if path and Path(path).is_file():
            yield name, Path(path).read_bytes()
    # The demo makes its secrets here; a county's come from its environment.
    for path in sorted(Path(settings.KEYS).glob("*")):
        if path.is_file() and path.name not in named:
            yield path.name, path.read_bytes()
    lines = [f"XIANGJI_{name}={getattr(settings, name)}\n" for name in SECRETS]
    yield "secrets.env", "".join(lines).encode()
