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
    if isinstance(address, ipaddress.IPv6Address):
        # ::ffff:192.0.2.1 is IPv4 on a socket for both.
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
