"""What pages differ by from reader to reader, read off a request's environment."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from io import BytesIO
from time import time
from typing import Any, NamedTuple

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.utils import timezone
from django.utils.translation import get_language_from_request

Environ = Mapping[str, Any]

# All that a reader is known by.
_NAMED = ("HTTP_HOST", "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "wsgi.url_scheme")
# Headers are as long as a server lets them be; most readers send the same few.
_MOST_READERS = 256
_QUARTER = 900


class Reader(NamedTuple):
    """Everything that one page can differ by."""

    scheme: str | None
    host: str
    language: str
    large: bool
    today: date
    demo: bool


def reader_of(environ: Environ) -> Reader:
    """Who asks: no person, but a way to be answered."""
    proxy = settings.SECURE_PROXY_SSL_HEADER
    named = (*_NAMED, proxy[0]) if proxy else _NAMED
    said = tuple((name, environ.get(name, "")) for name in named)
    return _reader(said, today(), settings.DEMO)


def today() -> date:
    """`timezone.localdate()`, for those who ask often."""
    return _day_in(int(time() // _QUARTER))


@lru_cache(maxsize=4)
def _day_in(quarter: int) -> date:
    # Days begin at a full quarter of an hour everywhere on earth.
    return timezone.localdate(datetime.fromtimestamp(quarter * _QUARTER, UTC))


@lru_cache(maxsize=_MOST_READERS)
def _reader(said: tuple[tuple[str, str], ...], day: date, demo: bool) -> Reader:
    # Django's own reading of the same headers.
    request = WSGIRequest(
        dict(said) | {"REQUEST_METHOD": "GET", "wsgi.input": BytesIO()}
    )
    return Reader(
        request.scheme,
        request.META["HTTP_HOST"],
        get_language_from_request(request),
        request.COOKIES.get("type") == "large",
        day,
        demo,
    )
