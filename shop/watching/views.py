"""Doors for machines: no session, no cookie, no language, nobody's data."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import ResolverMatch
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shop.watching.exposition import CONTENT_TYPE, exposition
from shop.watching.parts import readiness

# Every proxy that can reach us adds at least one of these.
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """This process lives. Asks nothing and nobody."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether people may be sent here; 503 where not, with the parts by name."""
    report = readiness.report()
    return JsonResponse(
        {"status": report.status, "parts": report.parts},
        status=200 if report.ready else 503,
    )


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus: with the token, or from this very machine."""
    if not may_read_metrics(request):
        return HttpResponse(
            "Ask from this machine, or with XIANGJI_METRICS_TOKEN as a bearer token.\n",
            content_type="text/plain",
            status=403,
        )
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def may_read_metrics(request: HttpRequest) -> bool:
    """Whether it brings the token, or comes from here and through no proxy."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return constant_time_compare(token, settings.METRICS_TOKEN)
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


# Answered by WatchMiddleware, before any address is looked up.
PROBES = {
    f"/{view.__name__}": ResolverMatch(
        view, (), {}, url_name=view.__name__, namespaces=["watching"]
    )
    for view in (healthz, readyz, metrics)
}
