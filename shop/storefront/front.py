"""Answers before anything else is looked at: pages that are kept for everybody.

Two ask here. The web server's door (shop/watching/door.py) does before Django makes a
request of it; the middleware does for whoever came in another way, and hands over what
was made in the end. See docs/decisions/0225.
"""

from collections.abc import Callable, Hashable
from typing import Any

from django.http import HttpRequest, HttpResponse

from shop.storefront import kept_scans
from shop.storefront.answers import Answer
from shop.storefront.kept import KeptPage, Pages
from shop.storefront.readers import Environ, reader_of

# Longer addresses are somebody's play, not a page that many ask for.
LONGEST_QUERY = 200
_ASKED = "xiangji.asked"

pages = Pages()


def answer(environ: dict[str, Any]) -> Answer | None:
    """What is kept for this request, and holds at this moment; None where nothing is.

    Asks the database once. Errors: DatabaseError.
    """
    environ[_ASKED] = True
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    if (code := kept_scans.code_in(environ)) is not None:
        return kept_scans.answer(environ, code)
    page = pages.get(page_key(environ))
    return page.answer(environ) if page is not None and page.is_current() else None


class KeptMiddleware:
    """Keeps what is handed over; must stand first, so that it is complete.

    Pages differ by what `Reader` holds, by nothing else. A reader who is logged in gets
    the same page: the basket's number and the token for forms come apart from it, by
    `/basket/badge/`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _ASKED not in request.META:
            found = answer(request.META)
            if found is not None:
                request.resolver_match = found.match
                return found.as_response()
        response = self.get_response(request)
        kept_scans.keep(request, response)
        made = KeptPage.of(response, request.resolver_match)
        if made is None:
            return response
        # Django empties the body of a HEAD only after us; nothing is kept of one.
        if (
            request.method == "GET"
            and len(request.META["QUERY_STRING"]) <= LONGEST_QUERY
        ):
            pages.put(page_key(request.META), made)
        return made.answer(request.META).as_response()


def page_key(environ: Environ) -> Hashable:
    """Everything that one public page can differ by."""
    return environ["PATH_INFO"], environ["QUERY_STRING"], reader_of(environ)
