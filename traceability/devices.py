"""Telling one scanning device from another without knowing whose it is."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping

from django.conf import settings

# The cookie that keeps a device's random name; only a POST sets it.
COOKIE = "scan_device"
_SHAPE = re.compile(r"[0-9A-Za-z_-]{16,64}")


def new_device() -> str:
    """A random name for a device that has none yet."""
    return secrets.token_urlsafe(24)


def is_device(text: str) -> bool:
    """Whether the text can be a device's random name."""
    return _SHAPE.fullmatch(text) is not None


def device_in(cookies: Mapping[str, str]) -> str | None:
    """The random name that a browser keeps for us; None where it keeps none."""
    name = cookies.get(COOKIE, "")
    return name if is_device(name) else None


def device_hash(device: str) -> str:
    """The same for a device on every day, and useless without SCAN_SALT."""
    key = settings.SCAN_SALT.encode()
    return hmac.new(key, device.encode(), hashlib.sha256).hexdigest()
