"""Slowing down whoever asks too often, without remembering who it was."""

import time

from django.core.cache import cache
from django.http import HttpRequest

from traceability.devices import device_hash


def allowed(request: HttpRequest, *, scope: str, limit: int, seconds: int) -> bool:
    """Whether this address may go on: at most `limit` times in a window of `seconds`.

    Addresses are kept as salted hashes, and only for the window.
    """
    who = device_hash(request.META.get("REMOTE_ADDR", ""))[:24]
    window = int(time.time() // seconds)
    key = f"limit:{scope}:{window}:{who}"
    if cache.add(key, 1, timeout=seconds):
        return limit >= 1
    try:
        return int(cache.incr(key)) <= limit
    except ValueError:  # it ran out between the two calls
        return True
