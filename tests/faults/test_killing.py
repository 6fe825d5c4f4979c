"""The killing itself: it finds what is not safe, and nothing where there is nothing."""

import signal
from datetime import UTC, datetime
from functools import partial
from itertools import count
from threading import Event

import pytest
from django.db import transaction

from partners.ledger.models import Entry
from partners.ledger.operations import Line, post
from tests.faults.killing import Elsewhere, Failed, each_death, in_child, lives
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


def book(key: str) -> None:
    lines = [Line("alipay:clearing", 100), Line(f"order:{key}:escrow", -100)]
    post(key=key, kind="capture", subject=f"order:{key}", lines=lines, at=NOON)


def both(name: str) -> None:
    """Two entries that belong together, and are not kept together."""
    book(f"{name}-first")
    book(f"{name}-second")


def entries(name: str) -> int:
    return Entry.objects.filter(key__startswith=f"{name}-").count()


def deaths(act) -> list[int]:
    """How many of the two entries stood after each death."""
    names = count(1)
    seen: list[int] = []
    each_death(
        prepare=lambda: f"n{next(names)}",
        act=act,
        recover=lambda name: seen.append(entries(name)),
    )
    return seen


def test_every_state_that_a_death_can_leave_is_seen() -> None:
    seen = deaths(both)
    assert set(seen) == {0, 1, 2}
    assert seen == sorted(seen), "a later death leaves more"


def test_one_transaction_leaves_all_or_nothing() -> None:
    assert set(deaths(transaction.atomic(both))) == {0, 2}


def test_a_child_that_fails_by_itself_is_no_death() -> None:
    def fail() -> None:
        raise ValueError("by itself")

    with pytest.raises(Failed, match="by itself"):
        lives(10**6, fail)


def test_who_is_not_killed_lives() -> None:
    assert lives(10**6, lambda: both("whole"))
    assert entries("whole") == 2


def test_a_child_that_hangs_is_ended_and_says_where() -> None:
    status, words = in_child(Event().wait, seconds=0.2)
    assert status == signal.SIGALRM
    assert "wait" in words


def test_everybody_who_asks_at_once_hears_their_own_answer() -> None:
    elsewhere = Elsewhere(lambda url, body: (body * 20_000).encode())
    try:
        asked = [f"{number:03d}" for number in range(20)]
        answers = at_once(*(partial(elsewhere.send, "url", each) for each in asked))
    finally:
        elsewhere.close()
    assert answers == [(each * 20_000).encode() for each in asked]
