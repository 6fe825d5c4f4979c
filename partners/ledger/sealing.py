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


def fingerprint(
    *,
    kind: str,
    subject: str,
    memo: str,
    reverses: uuid.UUID | None,
    lines: Iterable[tuple[str, int]],
) -> str:
    """SHA-256 of what an entry says: 64 hexadecimal digits.

    `lines` are (account code, amount in fen), in any order. The time is left out: a
    message that is handled again a second later is still the same message.
    """
    body: dict[str, object] = {
        "kind": kind,
        "lines": [[code, amount_fen] for code, amount_fen in sorted(lines)],
        "memo": memo,
        "reverses": str(reverses) if reverses else None,
        "subject": subject,
    }
    return _sha256(rfc8785.dumps(body))  # type: ignore[arg-type]


def digest(*, key: str, at: datetime, fingerprint: str) -> str:
    """SHA-256 of an entry whole, its time included: 64 hexadecimal digits."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return _sha256(
        rfc8785.dumps(
            {
                "at": moment,
                "fingerprint": fingerprint,
                "id": str(entry_id(key)),
                "key": key,
            }
        )
    )


def link(*, previous: str, sequence: int, digest: str) -> str:
    """The seal of entry number `sequence`, which follows the seal `previous`."""
    return _sha256(
        bytes.fromhex(previous) + sequence.to_bytes(8, "big") + bytes.fromhex(digest)
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
