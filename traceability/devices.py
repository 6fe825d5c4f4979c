"""Telling one scanning device from another without knowing whose it is."""

import hashlib
import hmac
import re
import secrets

from django.conf import settings

_SHAPE = re.compile(r"[0-9A-Za-z_-]{16,64}")


def new_device() -> str:
    """A random name for a device that has none yet."""
    return secrets.token_urlsafe(24)


def is_device(text: str) -> bool:
    """Whether the text can be a device's random name."""
    return _SHAPE.fullmatch(text) is not None


def device_hash(device: str) -> str:
    """The same for a device on every day, and useless without SCAN_SALT."""
    key = settings.SCAN_SALT.encode()
    return hmac.new(key, device.encode(), hashlib.sha256).hexdigest()
