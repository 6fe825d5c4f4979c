"""Visits: a browser for each role, an address for each door, nothing left behind."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access.table import ANONYMOUS, EVERYBODY, Door
from tests.access.world import World

# Being there, being let in and being counted leaves rows in these.
OF_NO_MATTER = ("django_session", "partners_allowance")
# Alone or within a WITH.
_WRITES = re.compile(
    r"(^|\()\s*(INSERT INTO|UPDATE|DELETE FROM)\s", re.IGNORECASE | re.MULTILINE
)
REFUSED = frozenset({400, 401, 403, 404})


class Nothing(Exception):
    """Rolls a visit back."""


@contextmanager
def undone() -> Iterator[list[str]]:
    """What happens inside is rolled back; gives the statements that wrote."""
    written: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        told = any(f'"{table}"' in sql for table in OF_NO_MATTER)
        if _WRITES.search(sql) and not told:
            written.append(sql)
        return execute(sql, params, many, context)

    try:
        with transaction.atomic(), connection.execute_wrapper(watch):
            yield written
            raise Nothing
    except Nothing:
        pass


def browser(world: World, role: str, door: Door) -> Client:
    """The role's browser, with what the door wants it to carry."""
    known, fresh = world.browsers[role], Client(raise_request_exception=True)
    fresh.cookies.load({name: morsel.value for name, morsel in known.cookies.items()})
    for name, value in door.cookies(world).items():
        fresh.cookies[name] = value
    if kept := door.session(world):
        session = fresh.session
        session.update(kept)
        session.save()
    return fresh


def address(door: Door, world: World) -> str:
    if door.name.startswith("media/"):
        return f"/media/{door.args(world)[0]}"
    return reverse(door.name, args=door.args(world)) + door.query


def finished(response: HttpResponseBase) -> HttpResponseBase:
    """The response with its body read, as a browser would."""
    if response.streaming:
        b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return response


def to_login(response: HttpResponseBase) -> bool:
    return response.status_code == 302 and response["Location"].startswith("/login/?")


def turned_away(response: HttpResponseBase, role: str) -> bool:
    """Whether somebody was refused, the way the site refuses."""
    if role == ANONYMOUS and to_login(response):
        return True
    return response.status_code in REFUSED


def patterns(
    found: list[Any] | None = None, prefix: str = "", space: str = ""
) -> Iterator[str]:
    """The name of every address of the site; its route where it has none."""
    for each in get_resolver().url_patterns if found is None else found:
        route = f"{prefix}{each.pattern}"
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from patterns(each.url_patterns, route, inner)
        elif isinstance(each, URLPattern):
            yield f"{space}{each.name}" if each.name else route


def label(door: Door) -> str:
    return f"{door.name} {door.case}".strip()


def asking(allowed: frozenset[str]) -> list[str]:
    """Who tries a door: all roles, and where it is for everybody, a few of them."""
    if allowed == EVERYBODY:
        return [ANONYMOUS, "assistant", "operator", "stranger"]
    return sorted(EVERYBODY)
