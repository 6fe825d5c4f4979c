"""Reading the ledger: balances, statements, the trial balance."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.ledger import queries
from partners.ledger.models import Account, AccountKind, EntryLine
from partners.ledger.operations import Line

from .conftest import NOON, captured
from .test_post import refund

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class TestBalance:
    def test_is_nothing_for_an_unknown_account(self) -> None:
        assert queries.balance_fen("order:404:escrow") == 0

    def test_of_many_is_told_by_code(self) -> None:
        captured("1", 100)
        captured("2", 200)
        captured("20", 5)
        assert queries.balances("order:2:") == {"order:2:escrow": -200}
        assert queries.balances("order:2") == {
            "order:2:escrow": -200,
            "order:20:escrow": -5,
        }

    def test_is_read_from_the_index_alone(self) -> None:
        account = Account(code="bank", kind=AccountKind.ASSET)
        account.save()
        lines = EntryLine.objects.filter(account=account).values("amount_fen")
        if connection.vendor == "postgresql":
            # So few rows are read whole unless that is forbidden.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
        plan = lines.order_by().explain()
        if connection.vendor == "sqlite":
            assert "COVERING INDEX line_by_account" in plan
        else:
            assert "line_by_account" in plan

    def test_is_one_question(self) -> None:
        captured("1")
        with CaptureQueriesContext(connection) as asked:
            queries.balance_fen("order:1:escrow")
        assert len(asked) == 1


class TestStatement:
    @pytest.fixture(autouse=True)
    def _three_days(self) -> None:
        for day, fen in enumerate((100, 200, 300)):
            captured(str(day), fen, at=NOON + day * DAY)

    def test_runs_from_line_to_line(self) -> None:
        rows = list(queries.statement("alipay:clearing"))
        assert [row.amount_fen for row in rows] == [100, 200, 300]
        assert [row.balance_fen for row in rows] == [100, 300, 600]

    def test_carries_what_was_before(self) -> None:
        [row] = queries.statement("alipay:clearing", NOON + DAY, NOON + 2 * DAY)
        assert (row.entry.key, row.amount_fen, row.balance_fen) == (
            "capture:1",
            200,
            300,
        )


class TestEntriesOf:
    def test_tells_a_subjects_story_in_order(self) -> None:
        captured("1", at=NOON - DAY)
        captured("2")
        refund("1", 100)
        kinds = [entry.kind for entry in queries.entries_of("order:1")]
        assert kinds == ["capture", "refund"]


class TestTrialBalance:
    def test_sums_families_to_two_equal_sides(self) -> None:
        captured("1", 100)
        captured("2", 200)
        trial = queries.trial_balance(NOON)
        assert trial.balanced
        assert trial.debit_fen == trial.credit_fen == 300
        escrow = next(row for row in trial.rows if row.pattern == "order:*:escrow")
        assert (escrow.accounts, escrow.debit_fen, escrow.credit_fen) == (2, 0, 300)
        assert escrow.label != escrow.pattern

    def test_knows_only_what_had_happened(self) -> None:
        captured("1", 100)
        captured("2", 200, at=NOON + DAY)
        assert queries.trial_balance(NOON).debit_fen == 100

    def test_names_an_account_on_the_wrong_side(self) -> None:
        """Possible only at an earlier moment than the entries were posted for."""
        captured("1", 100, at=NOON + DAY)
        lines = [Line("order:1:escrow", 100), Line("alipay:clearing", -100)]
        captured("1", key="too early", lines=lines)
        trial = queries.trial_balance(NOON)
        assert trial.overdrawn == ["order:1:escrow"]
        assert not trial.balanced
