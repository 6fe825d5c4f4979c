"""Posting: what is taken, what is refused, and that once means once."""

from datetime import datetime, timedelta

import pytest

from partners.ledger import operations, queries
from partners.ledger.models import Account, AccountKind, Entry, EntryLine
from partners.ledger.operations import Conflict, Line, Overdrawn, UnableToPost

from .conftest import NOON, captured

pytestmark = pytest.mark.django_db


class TestPost:
    def test_moves_money_from_credit_to_debit(self) -> None:
        captured("1", 2900)
        assert queries.balance_fen("alipay:clearing") == 2900
        assert queries.balance_fen("order:1:escrow") == -2900

    def test_opens_accounts_of_the_chart_with_their_kind(self) -> None:
        captured("1")
        escrow = Account.objects.get(code="order:1:escrow")
        assert (escrow.kind, escrow.never_overdrawn) == (AccountKind.LIABILITY, True)

    def test_keeps_the_lines_in_the_order_given(self) -> None:
        entry = captured("1")
        lines = entry.lines.values_list("position", "account__code")
        assert list(lines) == [(1, "alipay:clearing"), (2, "order:1:escrow")]

    def test_takes_one_account_twice(self) -> None:
        lines = [
            Line("alipay:clearing", 300),
            Line("order:1:escrow", -100),
            Line("order:1:escrow", -200),
        ]
        captured("1", lines=lines)
        assert queries.balance_fen("order:1:escrow") == -300

    @pytest.mark.parametrize(
        ("lines", "complaint"),
        [
            ([], "at least two"),
            ([Line("suspense", 1)], "at least two"),
            ([Line("alipay:clearing", 1), Line("suspense", -2)], "sum to -1 fen"),
            ([Line("alipay:clearing", 0), Line("suspense", 0)], "cannot move 0"),
            ([Line("alipay:clearing", 10**15 + 1), Line("suspense", -1)], "cannot"),
            ([Line("alipay:clearing", 1), Line("pocket", -1)], "no such family"),
        ],
    )
    def test_refuses_what_is_no_entry(self, lines: list[Line], complaint: str) -> None:
        with pytest.raises(UnableToPost, match=complaint):
            captured("1", lines=lines)
        assert not Entry.objects.exists()
        assert not EntryLine.objects.exists()

    def test_refuses_a_time_without_a_zone(self) -> None:
        with pytest.raises(UnableToPost, match="no time zone"):
            captured("1", at=datetime(2026, 11, 22))  # noqa: DTZ001

    def test_uses_an_account_opened_by_hand(self) -> None:
        operations.open_account(
            code="bank:county", kind=AccountKind.ASSET, name="County bank"
        )
        captured("1", lines=[Line("bank:county", 5), Line("suspense", -5)])
        assert queries.balance_fen("bank:county") == 5


class TestPostTwice:
    def test_returns_the_first_entry_even_at_another_time(self, entry: Entry) -> None:
        again = captured("1", at=NOON + timedelta(minutes=4))
        assert again == entry
        assert again.at == NOON
        assert Entry.objects.count() == 1
        assert queries.balance_fen("alipay:clearing") == 2900

    def test_sees_the_same_body_in_another_order_of_lines(self, entry: Entry) -> None:
        lines = [Line("order:1:escrow", -2900), Line("alipay:clearing", 2900)]
        assert captured("1", lines=lines) == entry

    @pytest.mark.parametrize(
        "change",
        [
            {"kind": "refund"},
            {"subject": "order:2"},
            {"memo": "paid by another"},
            {"lines": [Line("alipay:clearing", 1), Line("order:1:escrow", -1)]},
            {"lines": [Line("alipay:clearing", 2900), Line("suspense", -2900)]},
        ],
    )
    def test_refuses_another_body(
        self, entry: Entry, change: dict[str, object]
    ) -> None:
        with pytest.raises(Conflict, match="capture:1"):
            captured("1", **change)
        assert Entry.objects.count() == 1


class TestNeverOverdrawn:
    def test_refuses_to_pay_out_more_than_was_held(self, entry: Entry) -> None:
        with pytest.raises(Overdrawn):
            refund("1", 2901)
        assert queries.balance_fen("order:1:escrow") == -2900

    def test_pays_out_all_that_was_held(self, entry: Entry) -> None:
        refund("1", 2900)
        assert queries.balance_fen("order:1:escrow") == 0

    def test_lets_unguarded_accounts_cross_zero(self) -> None:
        captured("1", lines=[Line("farmer:1:payable", 5), Line("suspense", -5)])
        assert queries.balance_fen("farmer:1:payable") == 5

    def test_holds_for_households_and_their_fund(self) -> None:
        accrue = [Line("supermarket:1:share", 500), Line("household:7:benefit", -500)]
        captured("accrual", lines=accrue)
        pay = [Line("household:7:benefit", 500), Line("benefit:fund", -500)]
        with pytest.raises(Overdrawn):
            captured("before it was paid in", lines=pay)
        pay_in = [Line("benefit:fund", 400), Line("supermarket:1:share", -400)]
        captured("pay-in", lines=pay_in)
        with pytest.raises(Overdrawn):
            captured("more than was paid in", lines=pay)
        pay = [Line("household:7:benefit", 400), Line("benefit:fund", -400)]
        captured("what was paid in", lines=pay)
        assert queries.balances("household:") == {"household:7:benefit": -100}


class TestReverse:
    def test_takes_every_line_back(self, entry: Entry) -> None:
        back = reverse(entry)
        assert back.reverses == entry
        assert queries.balance_fen("alipay:clearing") == 0
        assert queries.balance_fen("order:1:escrow") == 0

    def test_is_done_once_for_its_key(self, entry: Entry) -> None:
        assert reverse(entry) == reverse(entry)
        assert Entry.objects.count() == 2

    def test_is_refused_under_a_second_key(self, entry: Entry) -> None:
        reverse(entry)
        captured("2")
        with pytest.raises(operations.UnableToReverse, match="undo:1"):
            operations.reverse(entry=entry, key="undo:2", reason="again", at=NOON)

    def test_is_refused_when_the_money_has_gone_on(self, entry: Entry) -> None:
        refund("1", 1)
        with pytest.raises(Overdrawn):
            reverse(entry)

    def test_can_itself_be_reversed(self, entry: Entry) -> None:
        operations.reverse(entry=reverse(entry), key="redo:1", reason="no", at=NOON)
        assert queries.balance_fen("alipay:clearing") == 2900


class TestOpenAccount:
    def test_is_idempotent(self) -> None:
        first = operations.open_account(code="bank", kind=AccountKind.ASSET)
        assert operations.open_account(code="bank", kind=AccountKind.ASSET) == first

    def test_refuses_another_kind(self) -> None:
        operations.open_account(code="bank", kind=AccountKind.ASSET)
        with pytest.raises(operations.UnableToOpen):
            operations.open_account(code="bank", kind=AccountKind.INCOME)

    def test_refuses_what_the_chart_says_otherwise(self) -> None:
        with pytest.raises(operations.UnableToOpen):
            operations.open_account(code="suspense", kind=AccountKind.ASSET)

    @pytest.mark.parametrize("code", ["", "a::b", "a b", "张", ":a", "a:"])
    def test_refuses_a_code_of_no_shape(self, code: str) -> None:
        with pytest.raises(operations.UnableToOpen):
            operations.open_account(code=code, kind=AccountKind.ASSET)


def refund(order: str, amount_fen: int) -> Entry:
    return captured(
        order,
        key=f"refund:{order}:{amount_fen}",
        kind="refund",
        lines=[
            Line(f"order:{order}:escrow", amount_fen),
            Line("alipay:clearing", -amount_fen),
        ],
    )


def reverse(entry: Entry) -> Entry:
    return operations.reverse(
        entry=entry, key="undo:1", reason="duplicate notice", at=NOON
    )
