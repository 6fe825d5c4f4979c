"""An answer that needs no Django to be told: status, headers, bytes."""

from typing import NamedTuple

from django.http import HttpResponse, HttpResponseNotModified
from django.urls import ResolverMatch

Headers = list[tuple[str, str]]


class Answer(NamedTuple):
    """A kept page as one reader gets it. `match` says whose address it is."""

    status: int
    headers: Headers
    body: bytes
    match: ResolverMatch | None

    def as_response(self) -> HttpResponse:
        """The same for whoever stands among middlewares."""
        made = HttpResponseNotModified if self.status == 304 else HttpResponse
        response = made()
        # Both bring one of their own.
        del response["Content-Type"]
        for name, value in self.headers:
            response.headers[name] = value
        response.content = self.body
        return response
