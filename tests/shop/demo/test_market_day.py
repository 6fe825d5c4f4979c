"""The market day goes on from what people did by hand before it."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shop.demo import people
from shop.demo.market_day import journey, sharing
from shop.demo.market_day.journey import Day

MONTH = date.today()  # noqa: DTZ011  as the day itself asks


class Shown:
    """A page of which only the words matter."""

    def __init__(self, text: str) -> None:
        self.text = text


class Said(Day):
    """A day without a demo: pages say what `shares` says, steps are kept."""

    def __init__(self, shares: dict[str, str]) -> None:
        super().__init__("http://x", "http://y", Path("/nowhere"))
        self.shares = shares
        self.words: list[str] = []

    def logged_in(self, phone: str, first: str) -> Any:
        line = f"{MONTH.year}年{MONTH.month}月 利润 ¥90,000.00，帮扶款 ¥"
        return phone, Shown(line + self.shares.get(phone, "0.00"))

    def say(self, words: str) -> None:
        self.words.append(words)


FULL = {
    shop.manager.phone: f"{shop.cap_fen / 100:,.2f}" for shop in people.SUPERMARKETS
}
FIRST, SECOND = (shop.manager.phone for shop in people.SUPERMARKETS[:2])


class TestStoreWithRoom:
    def test_is_the_first_where_nobody_filed(self) -> None:
        day = Said({})
        assert sharing.store_with_room(day)[0] == FIRST
        assert day.words == []

    def test_is_the_next_where_the_first_has_given_its_most_and_that_is_said(
        self,
    ) -> None:
        day = Said({FIRST: FULL[FIRST]})
        assert sharing.store_with_room(day)[0] == SECOND
        assert people.SUPERMARKETS[0].name in day.words[0]

    def test_is_still_the_first_where_a_fen_is_left(self) -> None:
        day = Said({FIRST: "14,999.99"})
        assert sharing.store_with_room(day)[0] == FIRST

    def test_is_none_where_all_have_and_that_is_said(self) -> None:
        day = Said(FULL)
        assert sharing.store_with_room(day) is None
        assert len(day.words) == len(people.SUPERMARKETS) + 1


class TestTextTo:
    TEXT = "100****0001 今天 10:01【乡集】¥5 http://x/farmer/1/"

    @pytest.fixture
    def day(self, monkeypatch: pytest.MonkeyPatch) -> Day:
        monkeypatch.setattr(journey, "PATIENCE_SECONDS", 0.01)
        day = Said({})
        day.read = Counter([journey.mark(self.TEXT)])
        return day

    def test_one_that_was_read_is_not_read_again(self, day, monkeypatch) -> None:
        monkeypatch.setattr(day, "outbox", lambda: [self.TEXT])
        with pytest.raises(journey.Unexpected):
            day.text_to("10000000001", "¥5")

    def test_two_that_say_the_same_are_two(self, day, monkeypatch) -> None:
        monkeypatch.setattr(day, "outbox", lambda: [self.TEXT, self.TEXT])
        assert day.text_to("10000000001", "¥5") == self.TEXT
