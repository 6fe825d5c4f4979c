"""A refund of a settled order: everyone gives back theirs, once Alipay has made it."""

import pytest

from partners.ledger.queries import balance_fen, balances
from shop.alipay.models import Payment, Refund
from shop.alipay.operations import receive_notice, refund
from shop.settlement import operations
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.shop.alipay import hostile
from tests.shop.alipay.hostile import notice
from tests.shop.ordering.test_place_order import basket_with, place

REFUND = "alipay.trade.refund"


@pytest.fixture
def settled(hanshou, oranges, honey, supermarket, alipay) -> Payment:
    """The payment of an order that is paid, completed and shared out."""
    load_places("430104")
    type(oranges).objects.filter(pk=oranges.pk).update(
        supermarket=supermarket, margin_bp=1000
    )
    order = place(basket_with((oranges, 3), (honey, 1)))
    payment = Payment.objects.get(order_number=order.number)
    alipay.paid(payment)
    receive_notice(params=notice(payment), at=SOME_DAY)
    type(order).objects.filter(pk=order.pk).update(status="completed")
    order.refresh_from_db()
    operations.settle_order(order=order, at=SOME_DAY)
    payment.refresh_from_db()
    return payment


def give_back(payment: Payment, amount_fen: int, request_no: str) -> Refund:
    return refund(
        payment=payment, amount_fen=amount_fen, request_no=request_no, at=SOME_DAY
    )


def owed() -> dict[str, int]:
    """What is left with those who earned it, in fen."""
    return {code: fen for code, fen in balances("").items() if fen}


class TestRefundOfASettledOrder:
    def test_comes_from_everyone_who_earned_it(self, settled, alipay):
        before = owed()
        assert give_back(settled, 1_000, "R1").status == Refund.Status.DONE
        after = owed()
        assert alipay.sent_back_fen == 1_000
        assert balance_fen(f"order:{settled.order_number}:escrow") == 0
        assert all(abs(after[code]) < abs(before[code]) for code in before)
        assert sum(before.values()) == sum(after.values()) == 0

    def test_of_everything_in_parts_leaves_nobody_anything(self, settled):
        give_back(settled, 7, "R1")
        give_back(settled, 3_333, "R2")
        give_back(settled, settled.amount_fen - 3_340, "R3")
        assert owed() == {}

    def test_that_alipay_refuses_costs_nobody_anything(self, settled, alipay):
        before = owed()
        alipay.refuse(REFUND, "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        assert give_back(settled, 1_000, "R1").status == Refund.Status.REFUSED
        assert owed() == before

    def test_whose_answer_is_lost_is_taken_back_only_when_it_is_known(
        self, settled, alipay
    ):
        before = owed()
        alipay.fail(REFUND, hostile.time_out)
        assert give_back(settled, 1_000, "R1").status == Refund.Status.WAITING
        assert owed() == before
        assert give_back(settled, 1_000, "R1").status == Refund.Status.DONE
        assert alipay.sent_back_fen == 1_000
        assert balance_fen("alipay:clearing") == settled.amount_fen - 1_000
