"""Whatever is posted and taken back, in whatever order, the sums stay right."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from partners.ledger import operations, queries
from partners.ledger.models import Account, Entry, EntryLine
from partners.ledger.operations import Line, Overdrawn, UnableToReverse
from partners.measures import apportion

from .conftest import NOON, captured

pytestmark = pytest.mark.django_db
quietly = settings(max_examples=25, deadline=None)

CODES = [
    "alipay:clearing",
    "order:1:escrow",
    "order:2:escrow",
    "farmer:1:payable",
    "household:1:benefit",
    "benefit:fund",
    "platform:fee",
]


@st.composite
def balanced(draw: st.DrawFn) -> list[Line]:
    """Two to six lines that sum to zero; accounts may repeat."""
    size = draw(st.integers(1, 5))
    amount = st.integers(-5000, 5000).filter(bool)
    amounts = draw(st.lists(amount, min_size=size, max_size=size).filter(sum))
    amounts.append(-sum(amounts))
    return [Line(draw(st.sampled_from(CODES)), amount) for amount in amounts]


@contextmanager
def forgotten() -> Iterator[None]:
    """Every example starts from an empty ledger."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@quietly
@given(steps=st.lists(balanced() | st.integers(0, 9), max_size=10))
def test_posting_and_reversing_keeps_every_sum(steps: list[list[Line] | int]) -> None:
    """A list of lines is posted; a number takes back the entry of that number."""
    with forgotten():
        posted: list[Entry] = []
        expected: Counter[str] = Counter()
        for number, step in enumerate(steps):
            try:
                if isinstance(step, list):
                    posted.append(captured(f"n{number}", lines=step))
                elif step < len(posted):
                    posted.append(undo(posted[step], number))
                else:
                    continue
            except (Overdrawn, UnableToReverse):
                continue
            for line in posted[-1].lines.select_related("account"):
                expected[line.account.code] += line.amount_fen
        assert queries.balances("") == expected
        assert (EntryLine.objects.aggregate(t=Sum("amount_fen"))["t"] or 0) == 0
        for account in Account.objects.filter(never_overdrawn=True):
            assert account.holds_fen(expected[account.code]) >= 0
        operations.seal_entries(at=NOON)
        assert queries.verify().faults == []
        assert queries.trial_balance(NOON).balanced


@quietly
@given(
    order=st.lists(st.integers(1, 90_000), min_size=1, max_size=5),
    turns=st.randoms(use_true_random=False),
)
def test_refunding_every_line_in_any_order_leaves_nothing(
    order: list[int], turns: object
) -> None:
    with forgotten():
        captured("1", sum(order))
        completed = []
        for number, goods_fen in enumerate(order):
            farmer, margin, fee = apportion(goods_fen, [88, 10, 2])
            parts = [("farmer:1:payable", farmer), ("supermarket:1:margin", margin)]
            parts.append(("platform:fee", fee))
            lines = [Line(code, -fen) for code, fen in parts if fen]
            lines.append(Line("order:1:escrow", goods_fen))
            completed.append(captured("1", key=f"done:{number}", lines=lines))
        assert queries.balance_fen("order:1:escrow") == 0
        turns.shuffle(completed)  # type: ignore[attr-defined]
        for number, done in enumerate(completed):
            back = undo(done, number)
            amount_fen = -next(
                line.amount_fen
                for line in back.lines.all()
                if line.account.code == "order:1:escrow"
            )
            refund = [
                Line("order:1:escrow", amount_fen),
                Line("alipay:clearing", -amount_fen),
            ]
            captured("1", key=f"refund:{number}", lines=refund)
        assert set(queries.balances("").values()) == {0}


def undo(entry: Entry, number: int) -> Entry:
    return operations.reverse(entry=entry, key=f"undo:{number}", reason="back", at=NOON)
