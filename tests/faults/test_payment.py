"""A worker killed anywhere in a payment or a refund: no fen lost, none twice."""

from datetime import timedelta

import pytest
from django.apps import apps

from partners.ledger import queries as ledger
from shop.alipay import operations
from shop.alipay.models import Capture, Payment, Refund
from shop.notices.models import TextMessage
from shop.ordering.models import Reservation
from tests.factories.people import SOME_DAY
from tests.faults.killing import each_death
from tests.shop.alipay.hostile import notice

pytestmark = pytest.mark.django_db(transaction=True)
LATER = SOME_DAY + timedelta(hours=1)


def stock_of(order) -> tuple[int, int]:
    """What lies there, and how much of it is promised."""
    held = order.reservations.get()
    record = apps.get_model("partner", "StockRecord").objects.get(
        pk=held.stockrecord_id
    )
    return record.num_in_stock, record.num_allocated


def payment_of(order) -> Payment:
    return Payment.objects.get(order_number=order.number)


def balanced() -> None:
    found = ledger.verify()
    assert found.faults == []


def test_a_notice_that_is_cut_off_anywhere_counts_once(new_order, gateway) -> None:
    """Alipay repeats a notice that was not acknowledged; so does this."""
    states: list[str] = []

    def hear(order) -> None:
        params = notice(payment_of(order))
        operations.receive_notice(params=params, at=SOME_DAY, gateway=gateway)

    def recover(order) -> None:
        order.refresh_from_db()
        states.append(order.status)
        before = stock_of(order)
        held = order.reservations.get().state == Reservation.State.HELD
        hear(order)
        hear(order)
        order.refresh_from_db()
        assert order.status == "paid"
        capture = Capture.objects.get(payment__order_number=order.number)
        assert capture.amount_fen == order.purchase.total_fen
        assert ledger.balance_fen(f"order:{order.number}:escrow") == -capture.amount_fen
        sold = (before[0] - 1, before[1] - 1) if held else before
        assert stock_of(order) == sold
        # The buyer hears of it once: the row is written with the money, or not at all.
        told = TextMessage.objects.filter(
            template="order_paid", key__contains=order.number
        )
        assert told.count() == 1
        balanced()

    deaths = each_death(prepare=new_order, act=hear, recover=recover)
    assert deaths > 10
    assert set(states) == {"pending", "paid"}, "death came before and after the commit"


def test_a_refund_that_is_cut_off_anywhere_is_made_once(
    new_order, gateway, living_alipay
) -> None:
    states: list[tuple[str, int]] = []

    def paid():
        order = new_order()
        payment = payment_of(order)
        living_alipay.paid(payment)
        operations.receive_notice(params=notice(payment), at=SOME_DAY, gateway=gateway)
        return order

    def pay_back(order) -> None:
        operations.refund(
            payment=payment_of(order),
            amount_fen=500,
            request_no=f"R{order.number}",
            reason="示例",
            at=SOME_DAY,
            gateway=gateway,
        )

    def recover(order) -> None:
        row = Refund.objects.filter(payment__order_number=order.number).first()
        left = living_alipay.trades[f"T{payment_of(order).pk}"]["refunded"]
        states.append((row.status if row else "none", left))
        operations.resolve_due(now=LATER, gateway=gateway)
        if row is None:
            pay_back(order)  # nobody was told that it was made: they ask again
        row = Refund.objects.get(payment__order_number=order.number)
        assert row.status == Refund.Status.DONE
        assert living_alipay.trades[f"T{payment_of(order).pk}"]["refunded"] == 500
        total = order.purchase.total_fen
        assert ledger.balance_fen(f"order:{order.number}:escrow") == -(total - 500)
        balanced()

    deaths = each_death(prepare=paid, act=pay_back, recover=recover)
    assert deaths > 10
    assert {
        ("none", 0),
        (Refund.Status.WAITING, 0),
        (Refund.Status.WAITING, 500),  # Alipay paid, and we died before we knew
        (Refund.Status.DONE, 500),
    } <= set(states)
