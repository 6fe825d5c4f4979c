"""The one way in which we write JSON that is hashed or signed: RFC 8785."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785

_BEIJING = ZoneInfo("Asia/Shanghai")


def canonical_json(value: Mapping[str, Any]) -> str:
    """The canonical text of a JSON object.

    Errors: ValueError where it holds what JSON cannot say exactly.
    """
    try:
        return rfc8785.dumps(dict(value)).decode()
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error


def sha256_hex(text: str) -> str:
    """SHA-256 of the text's UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def commitment(*, value: str, salt: str) -> str:
    """What stands in the signed text for a personal value: SHA-256 of salt‖value."""
    return hashlib.sha256(bytes.fromhex(salt) + value.encode()).hexdigest()


def timestamp(moment: datetime) -> str:
    """2026-11-19T09:00:00+08:00: whole seconds in Beijing time."""
    return moment.astimezone(_BEIJING).isoformat(timespec="seconds")
