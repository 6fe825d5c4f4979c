"""A worker killed anywhere in a cancellation: money and packs come back once."""

from datetime import timedelta

import pytest

from partners.ledger import queries as ledger
from shop.alipay import operations as alipay
from shop.alipay.models import Payment, Refund
from shop.ordering.operations import UnableToCancel, cancel_parts
from tests.factories.people import SOME_DAY
from tests.faults.killing import each_death
from tests.faults.test_payment import payment_of, stock_of
from tests.shop.alipay.hostile import notice

pytestmark = pytest.mark.django_db(transaction=True)
LATER = SOME_DAY + timedelta(hours=1)


def test_a_cancellation_that_is_cut_off_anywhere_is_made_once_or_not_at_all(
    new_order, gateway, living_alipay
) -> None:
    states: list[tuple[str, int]] = []
    stocks: dict[str, tuple[int, int]] = {}

    def paid():
        order = new_order()
        payment = payment_of(order)
        living_alipay.paid(payment)
        alipay.receive_notice(params=notice(payment), at=SOME_DAY, gateway=gateway)
        stocks[order.number] = stock_of(order)
        return order

    def cancel(order) -> None:
        parts = list(order.sub_orders.all())
        cancel_parts(order=order, parts=parts, at=SOME_DAY, gateway=gateway)

    def recover(order) -> None:
        total, (lay, held) = order.purchase.total_fen, stocks[order.number]
        status = order.sub_orders.get().status
        trade = living_alipay.trades[f"T{payment_of(order).pk}"]
        states.append((status, trade["refunded"]))
        # Cancelled, on sale again and promised back: all three, or none of them.
        promised = Refund.objects.filter(payment__order_number=order.number)
        cancelled = status == "cancelled"
        assert promised.exists() is cancelled
        assert stock_of(order) == (lay + cancelled, held)
        alipay.resolve_due(now=LATER, gateway=gateway)
        if cancelled:
            with pytest.raises(UnableToCancel):
                cancel(order)
        else:
            cancel(order)
        order.refresh_from_db()
        assert (order.status, trade["refunded"]) == ("cancelled", total)
        assert stock_of(order) == (lay + 1, held)
        assert promised.get().status == Refund.Status.DONE
        assert payment_of(order).status == Payment.Status.REFUNDED
        assert ledger.balance_fen(f"order:{order.number}:escrow") == 0
        assert ledger.verify().faults == []

    deaths = each_death(prepare=paid, act=cancel, recover=recover)
    assert deaths > 20
    assert {status for status, _back in states} == {"paid", "cancelled"}
    assert len({back for _status, back in states}) == 2, "before and after Alipay's yes"
