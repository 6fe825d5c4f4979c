"""Cancelling and giving back, attacked: refusals that come late, pages that are old."""

import pytest

from shop.alipay.models import Refund
from shop.alipay.operations import resolve_due
from shop.ordering import operations
from shop.ordering.models import SubOrder
from tests.factories.parcels import new_parcel
from tests.shop.ordering.test_cancel_paid import (
    LATER,
    REFUND,
    cancel,
    escrow,
    part_of,
)
from tests.shop.ordering.test_place_order import left


def give(order, by, **changes) -> list[Refund]:
    facts = {"seen_fen": 500, "amount_fen": 500, "reason": "示例", "key": "a" * 16}
    return operations.give_back(order=order, by=by, at=LATER, **facts | changes)


class TestARefundOfAPartThatIsCancelledAfterwards:
    """Staff give a sum back, nobody knows yet whether it was paid; then the buyer
    cancels the part, and Alipay refuses staff's sum."""

    @pytest.fixture
    def part(self, paid, oranges, operator, alipay):
        part = part_of(paid, oranges)
        alipay.refuse(REFUND, "ACQ.SYSTEM_ERROR")
        (refund,) = give(paid, operator, sub_order=part)
        assert refund.status == Refund.Status.WAITING
        cancel(paid, part)
        self.refund = refund
        return part

    def test_is_owed_and_tried_until_the_buyer_has_all(
        self,
        paid,
        part,
        honey,
        alipay,
    ):
        alipay.refuse(REFUND, "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        resolve_due(now=self.refund.next_attempt_at)
        self.refund.refresh_from_db()
        assert self.refund.status == Refund.Status.WAITING
        resolve_due(now=self.refund.next_attempt_at)
        assert alipay.sent_back_fen == part.total_fen
        assert escrow(paid) == part_of(paid, honey).total_fen


class TestAnOldPage:
    def test_never_sells_what_lies_in_a_box_closed_meanwhile(
        self,
        paid,
        oranges,
        operator,
    ):
        seen = part_of(paid, oranges)
        SubOrder.objects.filter(pk=seen.pk).update(parcel=new_parcel())
        changes = {"amount_fen": None, "seen_fen": seen.total_fen}
        give(paid, operator, sub_order=seen, **changes)
        assert part_of(paid, oranges).status == "cancelled"
        assert left(oranges) == 57

    def test_calls_nothing_off_that_was_sent_meanwhile(
        self,
        paid,
        oranges,
        operator,
        alipay,
    ):
        seen = part_of(paid, oranges)
        SubOrder.objects.filter(pk=seen.pk).update(
            parcel=new_parcel(), status="shipped"
        )
        alipay.refuse(REFUND, "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        changes = {"amount_fen": None, "seen_fen": seen.total_fen}
        (refund,) = give(paid, operator, sub_order=seen, **changes)
        assert refund.status == Refund.Status.REFUSED
        assert part_of(paid, oranges).status == "shipped"
