"""Every address, every role: who sees, who changes, and that a look writes nothing."""

import pytest
from django.urls import get_resolver, path

from tests.access.table import EVERYBODY, NOBODY, PEOPLE, TABLE, Door
from tests.access.walking import (
    address,
    asking,
    browser,
    finished,
    label,
    patterns,
    to_login,
    turned_away,
    undone,
)
from tests.access.world import World

pytestmark = pytest.mark.django_db


class TestTable:
    def test_has_a_line_for_every_address_and_no_other(self) -> None:
        known = {door.name for door in TABLE}
        site = set(patterns())
        assert site - known == set(), "say in table.py who may see these"
        assert known - site == set(), "these are gone"

    def test_misses_an_address_that_is_new(self) -> None:
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
        for role in asking(door.reads or NOBODY):
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
        for role in asking(may):
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
    "traceability:place",
    "traceability:scratch",
    "traceability:report",
    "alipay:notify",
    "carriers:push",
}
