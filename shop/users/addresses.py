"""Where a request comes from."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def network_address(request: HttpRequest) -> str:
    """The asker's network: an IPv4 address, or the /64 of an IPv6 one.

    Behind `settings.PROXIES` proxies of ours, what the outermost of them saw. What the
    asker writes into X-Forwarded-For stands further left and is not believed.
    """
    seen = request.META.get("REMOTE_ADDR", "")
    if settings.PROXIES:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(forwarded) >= settings.PROXIES:
            seen = forwarded[-settings.PROXIES].strip()
    try:
        address = ipaddress.ip_address(seen)
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
