"""What every request passes: no sign that nobody can type, no page that is empty."""

from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


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
