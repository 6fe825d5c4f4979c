"""Every address, asked and told nonsense by somebody who may: never an error of ours.

Clumsy hands, old links, scanners and attackers. Whatever they send, the answer is a
page that says what to do; an exception in a view would end these tests.
"""

from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.test import Client

from tests.access.table import TABLE, Door
from tests.access.walking import address, browser, finished, label, undone
from tests.access.world import World
from tests.bounds import little_work

pytestmark = pytest.mark.django_db

# Every parameter that some page reads from its address.
PARAMETERS = (
    *("before", "after", "status", "part", "month", "page", "q", "place", "sort"),
    *("to", "kind", "plot", "level", "code", "next", "role", "edit", "category"),
    *("township", "reported", "out", "packs", "farmer", "village"),
    *("amount", "goods_yuan"),
)
IN_ADDRESSES = ("\x00", "9" * 5000, "1." + "9" * 30, "²")
IN_PATHS = ("%00", "9" * 30, "%ff%fe", "x" * 999, "%2e%2e%2f")
IN_FIELDS = (
    *("", " ", "\x00", "a\x00b", "9" * 30, "9" * 5000, "-1", "0", "NaN", "-Infinity"),
    *("1E+99999999999", "1e400", "0001-01-01", "9999-12-31", "0001-01-01T00:00"),
    *("9999-12-31T23:59", "2026-02-30", "<script>alert(1)</script>", "😀" * 50),
    *("\u202eabc\u200b\ufeff", "'; DROP TABLE users_user --", "%s%(x)d{0}{{7*7}}"),
    *("../../etc/passwd", "٣", "x" * 20_000),
)
NASTIEST = ("\x00", "9" * 5000, "1E+99999999999", "0001-01-01T00:00", "\u202e")


def answered(client: Client, verb: str, url: str, data: Any = None) -> None:
    """The answer came, and it is none that says that we broke."""
    with undone(), little_work():
        response = finished(getattr(client, verb)(url, data))
        assert response.status_code < 500, (verb, url[:99], data, response.status_code)


@pytest.mark.parametrize("door", [d for d in TABLE if d.reads], ids=label)
class TestAsked:
    def test_with_nonsense_in_the_address(self, door: Door, world: World) -> None:
        with undone():
            client = browser(world, min(door.reads or ()), door)
            url = urlsplit(address(door, world)).path
            for value in IN_ADDRESSES:
                query = "&".join(f"{name}={quote(value)}" for name in PARAMETERS)
                answered(client, "get", f"{url}?{query}")

    def test_for_what_is_not_there(self, door: Door, world: World) -> None:
        with undone():
            client = browser(world, min(door.reads or ()), door)
            given = [quote(str(value)) for value in door.args(world)]
            url = urlsplit(address(door, world)).path
            for value in given:
                for other in IN_PATHS:
                    answered(client, "get", url.replace(value, other, 1))


@pytest.mark.parametrize("door", [d for d in TABLE if d.writes], ids=label)
class TestTold:
    def test_nonsense_in_every_field(self, door: Door, world: World) -> None:
        with undone():
            client = browser(world, min(door.writes or ()), door)
            names, url = list(door.post(world)), address(door, world)
            answered(client, "post", url, {})
            for value in IN_FIELDS:
                answered(client, "post", url, dict.fromkeys(names, value))

    def test_nonsense_in_one_field(self, door: Door, world: World) -> None:
        with undone():
            client = browser(world, min(door.writes or ()), door)
            good, url = dict(door.post(world)), address(door, world)
            for name in good:
                for value in NASTIEST:
                    answered(client, "post", url, good | {name: value})


def test_an_error_of_ours_would_be_noticed(world: World, monkeypatch: Any) -> None:
    # The negative control.
    from partners.views import board

    monkeypatch.setattr(board, "key_in", lambda text: int(text or 0))
    door = next(d for d in TABLE if d.name == "partners:board_month")
    with pytest.raises(ValueError, match="limit"), undone():
        answered(
            browser(world, "stranger", door),
            "get",
            f"{address(door, world)}?after={'9' * 5000}",
        )
