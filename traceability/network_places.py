"""Roughly where a network is, by a city database that the operator chose, if any."""

import logging
from functools import lru_cache
from typing import Any

import maxminddb
from django.conf import settings

from traceability.places import Place, rounded

logger = logging.getLogger(__name__)

# Where the database does not say how exact it is.
_WITHIN_KM = 200
_MOST_KM = 20_000


def network_place(address: str) -> Place | None:
    """The place of a network, as `network_address` spells it; None where not known.

    Without XIANGJI_NETWORK_PLACES nothing is looked up and nothing guessed.
    """
    if not settings.NETWORK_PLACES:
        return None
    database = _opened(settings.NETWORK_PLACES)
    try:
        found = database.get(address.partition("/")[0]) if database else None
    except (ValueError, maxminddb.InvalidDatabaseError):
        return None  # "unknown", or IPv6 in a database of IPv4, or a damaged file
    location: Any = found.get("location") if isinstance(found, dict) else None
    if not location or "latitude" not in location or "longitude" not in location:
        return None
    within_km = int(location.get("accuracy_radius") or _WITHIN_KM)
    return rounded(
        location["latitude"], location["longitude"], min(within_km, _MOST_KM)
    )


@lru_cache(maxsize=2)
def _opened(path: str) -> maxminddb.Reader | None:
    """A file that cannot be read is said once, and stops no scan."""
    try:
        return maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError):
        logger.exception("network places cannot be read")
        return None
