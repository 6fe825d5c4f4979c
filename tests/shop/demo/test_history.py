"""The county's past: told in the order of its time, and by day."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from shop.demo.history import CLOSES, OPENS, by_day

MIDNIGHT = datetime(2026, 10, 4, 16, tzinfo=UTC)  # in Beijing


class TestByDay:
    @pytest.mark.parametrize("hours", range(24))
    def test_a_station_packs_while_it_is_open(self, hours):
        moment = MIDNIGHT + timedelta(hours=hours, minutes=25)
        packed = by_day(moment)
        assert OPENS <= timezone.localtime(packed).hour < CLOSES
        assert moment <= packed < moment + timedelta(hours=17)
        if OPENS <= hours < CLOSES:
            assert packed == moment
