"""Cancel, give back, send, complete in any order, with an Alipay that stumbles.

Whatever happened: every order ends with an empty escrow, the buyer of a cancelled part
has all of it back, nobody is paid for it, and its packs are on sale again once.
"""

import random

import pytest

from partners.ledger import queries as ledger
from partners.ledger.queries import balance_fen
from shop.alipay.models import Refund
from shop.alipay.operations import resolve_due
from shop.ordering import operations
from shop.ordering.models import SubOrder
from tests.factories.orders import payment_of
from tests.shop.alipay import hostile
from tests.shop.ordering.test_cancel_paid import (
    LATER,
    REFUND,
    arrive,
)
from tests.shop.ordering.test_place_order import left

NO_BALANCE = "ACQ.SELLER_BALANCE_NOT_ENOUGH"
REFUSALS = (
    operations.UnableToCancel,
    operations.UnableToGiveBack,
    operations.UnableToComplete,
)


class Walk:
    """One order's life, drawn from a seed."""

    def __init__(self, order, alipay, operator, seed: int) -> None:
        self.order, self.alipay, self.operator = order, alipay, operator
        self.draw = random.Random(seed)
        self.done: list[str] = []

    def step(self) -> None:
        act = self.draw.choice(
            [self.cancel] * 2 + [self.give] * 4 + [self.arrive, self.complete, self.ask]
        )
        self.stumble()
        try:
            self.done.append(act())
        except REFUSALS as reason:
            self.done.append(f"{act.__name__} refused: {reason}")

    def stumble(self) -> None:
        """Alipay does not answer, says neither yes nor no, or says no."""
        kind = self.draw.choice([0, 1, 1, 1, 2, 3])
        if kind == 0:
            self.alipay.fail(REFUND, hostile.time_out)
        elif kind == 1:
            self.alipay.refuse(REFUND, "ACQ.SYSTEM_ERROR")
        elif kind == 2:
            self.alipay.refuse(REFUND, NO_BALANCE)

    def part(self) -> SubOrder:
        return self.draw.choice(list(self.order.sub_orders.order_by("pk")))

    def cancel(self) -> str:
        parts = [self.part()] if self.draw.random() < 0.7 else self.all()
        operations.cancel_parts(order=self.order, parts=parts, at=LATER)
        return f"cancelled {[part.number for part in parts]}"

    def all(self) -> list[SubOrder]:
        return list(self.order.sub_orders.all())

    def give(self) -> str:
        part, whole = self.part(), self.draw.random() < 0.3
        of = self.draw.choice(
            [{}, {"sub_order": part}, {"terms": part.line_terms.first()}]
        )
        fen = self.draw.choice([1, 2, 333, 5_000, 8_700])
        amount = None if whole else fen
        try:
            seen = operations.refunding.plan(self.order, amount_fen=amount, **of)
        except operations.refunding.NothingLeft as reason:
            return f"nothing: {reason}"
        operations.give_back(
            order=self.order,
            amount_fen=amount,
            seen_fen=sum(each.amount_fen for each in seen),
            reason="示例",
            key=f"{self.draw.getrandbits(60):016x}",
            by=self.operator,
            at=LATER,
            **of,
        )
        return f"gave {amount} of {of}"

    def arrive(self) -> str:
        part = self.part()
        if part.status != "paid":
            return "nothing to send"
        arrive(part)
        return f"{part.number} arrived"

    def complete(self) -> str:
        operations.complete_order(order=self.order, at=LATER)
        return "completed"

    def ask(self) -> str:
        waiting = Refund.objects.filter(status=Refund.Status.WAITING).first()
        if waiting is not None:
            resolve_due(now=waiting.next_attempt_at)
        return "asked Alipay"

    def end(self) -> None:
        """What is still open is refused once more, then closed at a well Alipay."""
        self.alipay.faults.clear()
        self.alipay.refusals.clear()
        waiting = Refund.objects.filter(status=Refund.Status.WAITING).count()
        self.alipay.refuse(REFUND, *[NO_BALANCE] * waiting)
        self.ask()
        self.alipay.refusals.clear()
        for part in self.order.sub_orders.filter(status="paid"):
            arrive(part)
        while self.ask() and Refund.objects.filter(status="WAITING").exists():
            pass
        self.order.refresh_from_db()
        if self.order.status == "paid":
            operations.complete_order(order=self.order, at=LATER)
        self.order.refresh_from_db()


@pytest.mark.parametrize("seed", range(24))
def test_every_life_of_an_order_ends_at_zero(
    paid,
    oranges,
    honey,
    alipay,
    operator,
    seed,
):
    walk = Walk(paid, alipay, operator, seed)
    for _step in range(walk.draw.randrange(2, 9)):
        walk.step()
    walk.end()
    payment, told = payment_of(paid), "\n".join(walk.done)
    assert paid.status in ("completed", "cancelled"), told
    assert balance_fen(f"order:{paid.number}:escrow") == 0, told
    assert alipay.sent_back_fen == payment.refunded_fen == payment.reserved_fen, told
    assert ledger.verify().faults == []
    for listing, stock, bought in ((oranges, 60, 3), (honey, 20, 2)):
        part = paid.sub_orders.get(line_terms__listing=listing)
        called_off = part.status == "cancelled"
        assert left(listing) == stock - (0 if called_off else bought), told
        refunds = Refund.objects.filter(of_part__sub_order=part, status="DONE")
        back = sum(refund.amount_fen for refund in refunds)
        assert back <= part.total_fen, told
        if called_off:
            assert back == part.total_fen, told
            assert balance_fen(f"farmer:{listing.farmer_id}:payable") == 0, told
    kept = -sum(
        balance_fen(code)
        for code in (
            f"farmer:{oranges.farmer_id}:payable",
            f"farmer:{honey.farmer_id}:payable",
            "freight:payable",
            "platform:fee",
            *(f"supermarket:{s}:margin" for s in supermarkets(paid)),
        )
    )
    assert kept == payment.captured_fen - payment.refunded_fen, told


def supermarkets(order) -> set[int]:
    terms = order.sub_orders.values_list("line_terms__supermarket", flat=True)
    return {pk for pk in terms if pk}
