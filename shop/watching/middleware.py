"""Names every request, times it, and says in one line what came of it."""

import logging
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from django.http import HttpRequest, HttpResponse

from shop.watching import metrics, request_ids
from shop.watching.console import tell
from shop.watching.logs import route_of
from shop.watching.views import PROBES

log = logging.getLogger(__name__)
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})


class WatchMiddleware:
    """Stands first of all, so that it sees every answer and no page keeps its header.

    Probes are answered here, before hosts, redirects to https, sessions and kept pages:
    whoever asks from inside knows neither our name nor a certificate.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = perf_counter()
        # Django logs a failed answer after us, so the name stays until the next request
        # or the end of this one (receivers.py), whichever comes first.
        name = begin(request.META)
        request.resolver_match = PROBES.get(request.path_info)
        if request.resolver_match is not None:
            response = request.resolver_match.func(request)
        else:
            response = self.get_response(request)
            note(
                method=request.method or "",
                route=route_of(request),
                status=response.status_code,
                seconds=perf_counter() - started,
            )
        response.headers[request_ids.HEADER] = name
        return response


def begin(environ: Mapping[str, Any]) -> str:
    """Name the request; every line of log carries the name from now on."""
    name = request_ids.accepted(environ.get("HTTP_X_REQUEST_ID"))
    request_ids.begin(**{request_ids.NAME: name})
    return name


def note(*, method: str, route: str, status: int, seconds: float) -> None:
    """One line, and one more in the figures."""
    metrics.request_answered(route=route, status=status, seconds=seconds)
    tell(
        log,
        "request",
        method=method if method in METHODS else "OTHER",
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
    )
