"""Twenty at once, on a real database file: money moves once, and never too much."""

import pytest

from partners.ledger import queries as ledger
from shop.alipay import operations, queries
from shop.alipay.models import Capture, Payment, Refund
from shop.alipay.operations import Result, booking, refunding
from tests.races import at_once, meeting

from .conftest import NOW
from .hostile import notice

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 20


def state(payment) -> dict:
    payment.refresh_from_db()
    return queries.state(payment)


def test_twenty_equal_notices_book_once(payment):
    params = notice(payment)
    outcomes = at_once(
        *[lambda: operations.receive_notice(params=params, at=NOW).result] * THREADS
    )
    assert sorted(outcome.value for outcome in outcomes) == sorted(
        [Result.ALREADY.value] * (THREADS - 1) + [Result.CAPTURED.value]
    )
    found = state(payment)
    assert (found["received_fen"], found["capture_entries"]) == (1234, 1)


def test_notices_and_queries_together_book_once(payment, alipay):
    alipay.paid(payment)
    params = notice(payment)
    at_once(
        *[
            lambda: operations.receive_notice(params=params, at=NOW),
            lambda: operations.sync(payment=payment, at=NOW),
        ]
        * 8
    )
    found = state(payment)
    assert (found["received_fen"], found["capture_entries"]) == (1234, 1)


def test_without_lock_and_keys_the_same_notices_book_more_than_once(
    payment, monkeypatch
):
    # Negative control: each guard off, the race is really there.
    started = meeting(2)

    def unlocked(row):
        found = Payment.objects.get(pk=row.pk)
        started.wait()
        return found

    reasons = []
    monkeypatch.setattr(booking, "locked", unlocked)
    real = booking._reason_for_suspense

    def watched(payment, amount_fen):
        reasons.append(real(payment, amount_fen))
        return reasons[-1]

    monkeypatch.setattr(booking, "_reason_for_suspense", watched)
    at_once(
        *[
            lambda: booking._book_capture(payment, "T-one", 1234, NOW, NOW),
            lambda: booking._book_capture(payment, "T-two", 1234, NOW, NOW),
        ]
    )
    # Both believed to be the order's one payment; only the constraint stood between.
    assert reasons == ["", ""]
    assert Capture.objects.filter(payment=payment, kind="ORDER").count() == 1


def test_two_payments_at_once_are_one_for_the_order_and_one_for_suspense(payment):
    first, second = notice(payment), notice(payment, trade_no="T-second")
    at_once(
        *[
            lambda: operations.receive_notice(params=first, at=NOW),
            lambda: operations.receive_notice(params=second, at=NOW),
        ]
        * 5
    )
    found = state(payment)
    assert found["received_fen"] == found["suspense_fen"] == 1234
    assert Refund.objects.count() == 1


def test_refunds_at_once_never_promise_more_than_came_in(payment, alipay):
    alipay.paid(payment)
    operations.receive_notice(params=notice(payment), at=NOW)
    results = at_once(
        *[
            lambda number=number: (
                operations.refund(
                    payment=payment, amount_fen=400, request_no=f"R{number}", at=NOW
                ).status
            )
            for number in range(10)
        ]
    )
    assert results.count("DONE") == 3
    assert sum(isinstance(r, operations.UnableToRefund) for r in results) == 7
    assert state(payment)["refunded_fen"] == alipay.sent_back_fen == 1200
    assert ledger.balance_fen(f"order:{payment.order_number}:escrow") == -34


def test_without_the_promise_the_database_still_refuses(payment, alipay, monkeypatch):
    # Negative control: with the look at what is left skipped, only the constraint
    # is between us and paying back too much.
    alipay.paid(payment)
    operations.receive_notice(params=notice(payment), at=NOW)
    monkeypatch.setattr(refunding, "locked", _with_plenty)
    results = at_once(
        *[
            lambda number=number: (
                operations.refund(
                    payment=payment, amount_fen=1000, request_no=f"R{number}", at=NOW
                ).status
            )
            for number in range(2)
        ]
    )
    assert [type(result).__name__ for result in results] == ["IntegrityError"] * 2
    assert not alipay.asked("alipay.trade.refund")


def _with_plenty(row):
    found = Payment.objects.get(pk=row.pk)
    found.reserved_fen, found.captured_fen = 10_000, 20_000
    return found


def test_one_refund_asked_for_twenty_times_pays_once(payment, alipay):
    alipay.paid(payment)
    operations.receive_notice(params=notice(payment), at=NOW)
    at_once(
        *[
            lambda: operations.refund(
                payment=payment, amount_fen=1000, request_no="R1", at=NOW
            )
        ]
        * THREADS
    )
    assert state(payment)["refunded_fen"] == alipay.sent_back_fen == 1000


def test_two_workers_send_suspense_back_once(payment, alipay):
    alipay.paid(payment, amount="0.01")
    operations.receive_notice(params=notice(payment, total_amount="0.01"), at=NOW)
    at_once(*[lambda: operations.resolve_due(now=NOW)] * 4)
    assert state(payment)["refunded_fen"] == alipay.sent_back_fen == 1
    assert ledger.balance_fen("suspense") == 0


def test_paying_and_closing_at_once_end_in_one_of_both(payment, alipay):
    alipay.paid(payment, trade_status="WAIT_BUYER_PAY")
    params = notice(payment)
    at_once(
        *[
            lambda: operations.receive_notice(params=params, at=NOW),
            lambda: operations.close(payment=payment, at=NOW),
        ]
    )
    found = state(payment)
    assert (found["status"], found["received_fen"], found["suspense_fen"]) in {
        ("PAID", 1234, 0),
        ("CLOSED", 0, 1234),
    }


def test_one_order_opened_twice_at_once_has_one_payment(open_payment):
    made = at_once(*[lambda: open_payment(order_number="1").pk] * 6)
    assert len(set(made)) == 1
