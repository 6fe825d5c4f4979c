"""A worker whose clock is a day off: early or late, and nobody's money is lost."""

from datetime import timedelta

import pytest

from partners.ledger import operations as ledger_operations
from partners.ledger import queries as ledger
from shop.alipay import operations
from shop.alipay.models import Capture, Payment
from shop.notices.models import TextMessage
from shop.notices.operations import deliver_due_texts, send_text
from shop.ordering.models import Reservation
from tests.factories.people import SOME_DAY
from tests.shop.alipay.hostile import notice

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def payment_of(order) -> Payment:
    return Payment.objects.get(order_number=order.number)


def waiting_at(alipay, order) -> None:
    """The buyer stands at the cashier and has not paid."""
    alipay.paid(payment_of(order), trade_status="WAIT_BUYER_PAY")


def test_a_clock_ahead_does_not_close_what_was_paid(
    new_order, gateway, living_alipay
) -> None:
    """The order's time seems over, its notice is lost: Alipay is asked first."""
    order = new_order()
    living_alipay.paid(payment_of(order))
    operations.resolve_due(now=SOME_DAY + DAY, gateway=gateway)
    order.refresh_from_db()
    assert order.status == "paid"
    assert Capture.objects.get().kind == Capture.Kind.ORDER


def test_a_clock_ahead_closes_an_unpaid_order_and_a_late_payment_goes_back(
    new_order, gateway, living_alipay
) -> None:
    order = new_order()
    waiting_at(living_alipay, order)
    operations.resolve_due(now=SOME_DAY + DAY, gateway=gateway)
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert order.reservations.get().state == Reservation.State.RELEASED

    # Alipay closed it as well; should it say "paid" all the same, the money is parked
    # and sent back, and the books balance.
    payment = payment_of(order)
    living_alipay.paid(payment)
    operations.receive_notice(params=notice(payment), at=SOME_DAY, gateway=gateway)
    operations.resolve_due(now=SOME_DAY + 2 * DAY, gateway=gateway)
    assert living_alipay.sent_back_fen == payment.amount_fen
    assert ledger.balance_fen(f"order:{order.number}:escrow") == 0
    assert ledger.verify().faults == []


def test_a_clock_behind_does_nothing_and_the_right_one_catches_up(
    new_order, gateway, living_alipay
) -> None:
    order = new_order()
    living_alipay.paid(payment_of(order))
    operations.resolve_due(now=SOME_DAY - DAY, gateway=gateway)
    order.refresh_from_db()
    assert order.status == "pending"
    operations.resolve_due(now=SOME_DAY + timedelta(hours=1), gateway=gateway)
    order.refresh_from_db()
    assert order.status == "paid"


def test_entries_of_both_clocks_stand_in_one_chain(new_order, gateway) -> None:
    for at in (SOME_DAY, SOME_DAY + DAY, SOME_DAY - DAY):
        payment = payment_of(new_order())
        operations.receive_notice(params=notice(payment), at=at, gateway=gateway)
        while ledger_operations.seal_entries(at=at):
            pass
    found = ledger.verify()
    assert found.faults == []
    assert found.unsealed == 0


def test_a_text_goes_once_whoever_is_early(db) -> None:
    message = send_text(
        phone="10012345678",
        template="farmer_owed",
        params={"amount": "¥51.04", "link": "/"},
        at=SOME_DAY + DAY,
        key="ahead",
    )
    deliver_due_texts(now=SOME_DAY)
    deliver_due_texts(now=SOME_DAY + DAY)
    deliver_due_texts(now=SOME_DAY + DAY)
    message.refresh_from_db()
    assert (message.status, message.tries) == (TextMessage.Status.SENT, 1)
