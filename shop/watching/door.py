"""The web server's door: what is kept is told before Django makes a request of it."""

from collections.abc import Iterable
from http import HTTPStatus
from time import perf_counter
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from shop.storefront import front
from shop.watching import request_ids
from shop.watching.logs import name_of
from shop.watching.middleware import begin, note

_STATUS = {
    status: f"{status} {HTTPStatus(status).phrase}"
    for status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)
}


class Door(WSGIHandler):
    """Django's handler, asked only for what is not kept.

    An answer of ours is the same to the byte as the one that KeptMiddleware gives, and
    has its line in the log and its place in the figures.
    """

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        started = perf_counter()
        name = begin(environ)
        try:
            answer = _answer(environ)
        except DatabaseError:
            # Django takes a connection anew and says what is wrong.
            answer = None
        if answer is None:
            return super().__call__(environ, start_response)
        start_response(
            _STATUS[answer.status], [*answer.headers, (request_ids.HEADER, name)]
        )
        note(
            method=environ["REQUEST_METHOD"],
            route=name_of(answer.match),
            status=answer.status,
            seconds=perf_counter() - started,
        )
        request_ids.forget()
        return (answer.body,)


def _answer(environ: dict[str, Any]) -> front.Answer | None:
    # Bytes of a path are told as Latin-1 here and as UTF-8 by Django.
    if not environ["PATH_INFO"].isascii():
        return None
    # As `request_started` does, but for the question whether it still lives: ours are
    # asked again by Django where the first was one too many.
    connection = connections[DEFAULT_DB_ALIAS]
    connection.close_if_unusable_or_obsolete()
    connection.health_check_done = True
    return front.answer(environ)
