"""Every address, every role: who sees, who changes, and that a look writes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access.table import ANONYMOUS, EVERYBODY, NOBODY, PEOPLE, TABLE, Door
from tests.access.world import NOW, World, build

pytestmark = pytest.mark.django_db

# Being there, being let in and being counted leaves rows in these.
OF_NO_MATTER = ("django_session", "partners_allowance")
REFUSED = frozenset({400, 403, 404})


@pytest.fixture
def _django_db_helper(world: "World") -> None:
    """Instead of pytest-django's transaction for each test: the county's own."""


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """The county, built once; what a visit changes is rolled back after it."""
    from django.test.utils import override_settings

    folder = tmp_path_factory.mktemp("county")
    here = override_settings(
        PRIVATE_ROOT=folder / "private",
        LOG_FOLDER=folder / "log",
        ALIPAY_TIMEOUT_SECONDS=1,
    )
    with (
        django_db_blocker.unblock(),
        here,
        time_machine.travel(NOW),
        transaction.atomic(),
    ):
        yield build()
        transaction.set_rollback(True)


class Nothing(Exception):
    """Rolls a visit back."""


@contextmanager
def undone() -> Iterator[list[str]]:
    """What happens inside is rolled back; gives the statements that wrote."""
    written: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        verb = sql.split(maxsplit=1)[0].upper()
        told = any(f'"{table}"' in sql for table in OF_NO_MATTER)
        if verb in {"INSERT", "UPDATE", "DELETE"} and not told:
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


class TestTable:
    def test_has_a_line_for_every_address_and_no_other(self) -> None:
        known = {door.name for door in TABLE}
        site = set(patterns())
        assert site - known == set(), "say in table.py who may see these"
        assert known - site == set(), "these are gone"

    def test_misses_an_address_that_is_new(self) -> None:
        from django.urls import path

        new = path("new/", lambda request: None, name="new")
        assert set(patterns([*get_resolver().url_patterns, new])) - {
            door.name for door in TABLE
        } == {"new"}

    def test_knows_every_role(self, world: World) -> None:
        assert set(world.people) == PEOPLE
        assert set(world.browsers) == EVERYBODY

    def test_names_no_line_twice(self) -> None:
        assert len({label(door) for door in TABLE}) == len(TABLE)


@pytest.mark.parametrize("door", TABLE, ids=label)
class TestEveryAddress:
    def test_is_seen_by_those_it_is_for(self, door: Door, world: World) -> None:
        for role in sorted(EVERYBODY):
            with undone() as written:
                client = browser(world, role, door)
                del written[:]
                response = finished(client.get(address(door, world)))
                seen = f"{role} got {response.status_code}"
                if door.reads is None:
                    assert response.status_code == 405 or turned_away(response, role), (
                        seen
                    )
                elif role in door.reads:
                    assert response.status_code in door.answers, seen
                    assert not to_login(response), seen
                else:
                    assert turned_away(response, role), seen
                assert written == [], f"a look by {role} wrote"

    def test_is_changed_by_those_who_may(self, door: Door, world: World) -> None:
        may = NOBODY if door.writes is None else door.writes
        for role in sorted(EVERYBODY):
            with undone() as written:
                client = browser(world, role, door)
                del written[:]
                response = finished(
                    client.post(address(door, world), dict(door.post(world)))
                )
                told = f"{role} got {response.status_code}"
                if role in may:
                    assert response.status_code < 400, told
                    assert not to_login(response), told
                    assert bool(written) is door.moves, (told, written)
                else:
                    assert written == [], told
                    assert response.status_code != 500, told

    def test_takes_no_post_from_elsewhere(self, door: Door, world: World) -> None:
        if door.writes is None or not door.writes or door.name in WITHOUT_TOKEN:
            return
        role = min(door.writes)
        with undone() as written:
            client = browser(world, role, door)
            client.handler.enforce_csrf_checks = True
            del written[:]
            response = client.post(address(door, world), dict(door.post(world)))
            assert response.status_code == 403, role
            assert written == []


# Why a forged post is harmless here stands beside each view.
WITHOUT_TOKEN = {
    "storefront:reading",
    "traceability:seen",
    "traceability:report",
    "alipay:notify",
    "carriers:push",
}
