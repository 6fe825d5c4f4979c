"""A machine that lives in another time must not go unnoticed."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from partners.ledger.operations import Line, post, seal_entries
from shop.watching import parts
from shop.watching.readiness import NotWell

pytestmark = pytest.mark.django_db


def seal_something(*, at: datetime) -> None:
    post(
        key="clock",
        kind="test",
        subject="test",
        at=at,
        lines=[Line("alipay:clearing", 1), Line("platform:fee", -1)],
    )
    seal_entries(at=at)


def test_agrees_with_the_last_seal():
    parts.clock()
    now = timezone.now()
    seal_something(at=now)
    parts.clock()


def test_a_seal_of_a_time_to_come_means_that_somebodys_clock_is_wrong():
    now = timezone.now()
    seal_something(at=now)
    with (
        time_machine.travel(now - timedelta(hours=1)),
        pytest.raises(NotWell, match=r"to come|apart"),
    ):
        parts.clock()
