"""The month's margins as statements: what was earned less what was given back."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import translation

from partners.models import Statement
from partners.operations import UnableToFile, return_statement
from shop.settlement import operations, statements, tasks
from tests.factories.people import SOME_DAY

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
NOVEMBER = date(2026, 11, 1)
FIRST_OF_NOVEMBER = datetime(2026, 10, 31, 20, tzinfo=UTC)
FIRST_OF_OCTOBER = datetime(2026, 9, 30, 20, tzinfo=UTC)  # four in the morning there


@pytest.fixture
def settlement(completed):
    """Settled on 1 September; the supermarket's margin is ¥8.70."""
    return operations.settle_order(order=completed, at=SOME_DAY)


def take_back_half(settlement, *, at, request_no="R1"):
    return operations.take_back(
        settlement=settlement,
        amount_fen=settlement.total_fen // 2,
        request_no=request_no,
        at=at,
    )


def file(period):
    return statements.file_platform_statements(period=period, at=FIRST_OF_OCTOBER)


class TestFilePlatformStatements:
    def test_files_the_months_margins(self, settlement, supermarket):
        (statement,) = file(SEPTEMBER)
        assert statement.supermarket == supermarket
        assert statement.profit_fen == 870

    def test_files_nothing_for_a_month_without_margins(self, settlement):
        assert file(OCTOBER) == []

    def test_what_was_taken_back_in_the_month_is_missing(self, settlement):
        take_back_half(settlement, at=SOME_DAY)
        (statement,) = file(SEPTEMBER)
        assert statement.profit_fen == 435

    def test_what_was_taken_back_later_lowers_the_later_month(self, settlement):
        take_back_half(settlement, at=FIRST_OF_OCTOBER)
        (september,) = file(SEPTEMBER)
        (october,) = file(OCTOBER)
        assert (september.profit_fen, october.profit_fen) == (870, -435)
        assert october.share_fen == 0

    def test_what_a_month_lacks_is_carried_on(self, settlement, operator):
        """¥8.70 was shared; ¥8.70 is off later shares, not only the month it left."""
        take_back_half(settlement, at=FIRST_OF_OCTOBER)
        take_back_half(settlement, at=FIRST_OF_NOVEMBER, request_no="R2")
        file(SEPTEMBER)
        (october,) = file(OCTOBER)
        (november,) = file(NOVEMBER)
        assert (october.profit_fen, november.profit_fen) == (-435, -870)
        carried = november.lines.last()
        assert (carried.sales_fen, carried.receipt) == (-435, "202610-carried")
        assert file(NOVEMBER) == [november]

    def test_what_was_returned_is_not(self, settlement, operator):
        take_back_half(settlement, at=FIRST_OF_OCTOBER)
        take_back_half(settlement, at=FIRST_OF_NOVEMBER, request_no="R2")
        (october,) = file(OCTOBER)
        return_statement(
            statement=october, reason="示例", by=operator, at=FIRST_OF_NOVEMBER
        )
        (november,) = file(NOVEMBER)
        assert november.profit_fen == -435

    def test_an_earlier_gain_is_not(self, settlement):
        take_back_half(settlement, at=FIRST_OF_OCTOBER)
        file(SEPTEMBER)
        (october,) = file(OCTOBER)
        assert [line.sales_fen for line in october.lines.all()] == [-435]

    def test_says_the_same_in_every_language(self, settlement):
        take_back_half(settlement, at=SOME_DAY)
        for language in ("zh-hans", "en"):
            with translation.override(language):
                file(SEPTEMBER)
        assert Statement.objects.count() == 1

    def test_one_that_cannot_be_filed_keeps_nobody_else_from_it(
        self, settlement, monkeypatch, caplog
    ):
        def refuse(**_rest):
            raise UnableToFile("示例")

        monkeypatch.setattr(statements, "file_platform_statement", refuse)
        assert file(SEPTEMBER) == []
        assert "示例" in caplog.text


class TestFileLastMonthsStatements:
    @pytest.mark.parametrize("day", [1, 2, 3])
    def test_files_the_month_that_is_over(self, settlement, day):
        with time_machine.travel(datetime(2026, 10, day, 4, tzinfo=UTC), tick=False):
            assert tasks.file_last_months_statements() == 1
        assert Statement.objects.get().period == SEPTEMBER

    def test_again_changes_nothing(self, settlement):
        with time_machine.travel(FIRST_OF_OCTOBER, tick=False):
            tasks.file_last_months_statements()
            tasks.file_last_months_statements()
        assert Statement.objects.count() == 1
