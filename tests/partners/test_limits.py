"""Limits: so many and no more, whoever counts at the same moment."""

from datetime import UTC, datetime, timedelta

import pytest

from partners.limits import Limit, TooOften, forget_allowances, give_back, spend
from partners.models import Allowance
from tests.races import at_once, refused

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
TWO = Limit("test", 2, timedelta(hours=1))


@pytest.mark.django_db
class TestSpend:
    def test_lets_so_many_pass_and_no_more(self):
        for _time in range(2):
            spend(limit=TWO, subject="a", at=NOON)
        with pytest.raises(TooOften, match="60"):
            spend(limit=TWO, subject="a", at=NOON)

    def test_counts_each_subject_and_each_limit_by_itself(self):
        for subject in "abc":
            spend(limit=Limit("test", 1, timedelta(hours=1)), subject=subject, at=NOON)
        spend(limit=Limit("other", 1, timedelta(hours=1)), subject="a", at=NOON)

    def test_begins_anew_when_the_window_is_over(self):
        for hour in range(3):
            for _time in range(2):
                spend(limit=TWO, subject="a", at=NOON + timedelta(hours=hour))

    def test_what_is_given_back_can_be_spent_again(self):
        for _time in range(2):
            spend(limit=TWO, subject="a", at=NOON)
        with pytest.raises(TooOften):
            spend(limit=TWO, subject="a", at=NOON)
        give_back(limit=TWO, subject="a", at=NOON)
        spend(limit=TWO, subject="a", at=NOON)

    def test_keeps_nobody_readable_and_forgets(self):
        spend(limit=TWO, subject="192.0.2.1", at=NOON)
        assert "192.0.2.1" not in Allowance.objects.get().key
        assert forget_allowances(now=NOON + timedelta(minutes=59)) == 0
        assert forget_allowances(now=NOON + timedelta(hours=2)) == 1


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_ten_at_once_two_get_through(self):
        outcomes = at_once(*[lambda: spend(limit=TWO, subject="a", at=NOON)] * 10)
        assert refused(outcomes, TooOften) == 8
        assert Allowance.objects.get().used == 2
