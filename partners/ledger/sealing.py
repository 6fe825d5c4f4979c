"""The bytes that fingerprints and seals are made of; anyone can recompute them.

Canonical JSON is RFC 8785, hashes are SHA-256. Change nothing here: what was sealed
must verify for ever.
"""

import hashlib
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

import rfc8785

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:xiangji:ledger:entry")
GENESIS = "0" * 64


def entry_id(key: str) -> uuid.UUID:
    """The id that an entry with this idempotency key has, and no other."""
    return uuid.uuid5(NAMESPACE, key)


def body(
    *,
    kind: str,
    subject: str,
    memo: str,
    reverses: uuid.UUID | None,
    lines: Iterable[tuple[str, int]],
) -> bytes:
    """What an entry says, as canonical JSON.

    `lines` are (account code, amount in fen), in any order. The time is left out: a
    message that is handled again a second later is still the same message. The memo
    goes in as its hash, so that a body can be shown to anyone and the memo to some.
    """
    parts: dict[str, object] = {
        "kind": kind,
        "lines": [[code, amount_fen] for code, amount_fen in sorted(lines)],
        "memo_sha256": _sha256(memo.encode()),
        "reverses": str(reverses) if reverses else None,
        "subject": subject,
    }
    return rfc8785.dumps(parts)  # type: ignore[arg-type]


def fingerprint(body: bytes) -> str:
    """SHA-256 of a body: 64 hexadecimal digits."""
    return _sha256(body)


def whole(*, key: str, at: datetime, fingerprint: str) -> bytes:
    """An entry whole, as canonical JSON: its key and id, its time, its body's hash."""
    return rfc8785.dumps(
        {
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "fingerprint": fingerprint,
            "id": str(entry_id(key)),
            "key": key,
        }
    )


def digest(whole: bytes) -> str:
    """SHA-256 of an entry whole: 64 hexadecimal digits."""
    return _sha256(whole)


def link(*, previous: str, sequence: int, digest: str) -> str:
    """The seal of entry number `sequence`, which follows the seal `previous`."""
    return _sha256(
        bytes.fromhex(previous) + sequence.to_bytes(8, "big") + bytes.fromhex(digest)
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
