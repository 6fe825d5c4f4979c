"""What every request passes: kept pages first, and no sign that nobody can type."""

from collections.abc import Callable, Hashable
from datetime import date
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language_from_request

from shop.storefront.kept import KeptPage, Pages

# Longer addresses are somebody's play, not a page that many ask for.
LONGEST_QUERY = 200

pages = Pages()


class KeptPageMiddleware:
    """Serves kept pages; must stand first, so that what it keeps is complete.

    Pages differ by address, language, letter size and day (they say "tomorrow"), by
    nothing else. A reader who is logged in gets the same page: the basket's number
    and the token for forms come apart from it, by `/basket/badge/`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        key = page_key(request)
        page = pages.get(key)
        if page is not None and page.is_current():
            request.resolver_match = page.match
            return page.answer(request)
        response = self.get_response(request)
        made = KeptPage.of(response, request.resolver_match)
        if made is None:
            return response
        # Django empties the body of a HEAD only after us; nothing is kept of one.
        if (
            request.method == "GET"
            and len(request.META["QUERY_STRING"]) <= LONGEST_QUERY
        ):
            pages.put(key, made)
        return made.answer(request)


class NoNulMiddleware:
    """Answers 400 to a NUL in an address, a cookie or a form.

    No keyboard makes one, and no text of ours has one; PostgreSQL refuses it with an
    error wherever the value is looked up or written, SQLite takes it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if (
            "\x00" in request.path_info
            or "%00" in query
            or "\x00" in query
            or any("\x00" in value for value in request.COOKIES.values())
        ):
            raise SuspiciousOperation("A NUL in an address or a cookie.")
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_rest: object
    ) -> None:
        """Once CSRF has read the form, and before the view does.

        What CSRF leaves alone are other programs' messages: their views read them
        raw, in the charset they name, and believe nothing that is not signed.
        """
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return
        for name, values in request.POST.lists():
            if "\x00" in name or any("\x00" in str(value) for value in values):
                raise SuspiciousOperation("A NUL in a form.")


class MethodPageMiddleware:
    """Gives a page to the empty 405 that Django answers: somebody reloaded a form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and request.method == "GET":
            response.content = render_to_string("405.html", request=request)
        return response


def page_key(request: HttpRequest) -> Hashable:
    """Everything that one public page can differ by."""
    query = request.META.get("QUERY_STRING", "")
    return request.path_info, query, reader_of(request)


class Reader(NamedTuple):
    """Everything that a page can differ by from reader to reader."""

    scheme: str | None
    host: str
    language: str
    large: bool
    today: date
    demo: bool


def reader_of(request: HttpRequest) -> Reader:
    return Reader(
        request.scheme,
        request.META.get("HTTP_HOST", ""),
        get_language_from_request(request),
        request.COOKIES.get("type") == "large",
        timezone.localdate(),
        settings.DEMO,
    )
