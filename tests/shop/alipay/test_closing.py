"""Closing and asking: what happens when Alipay, too, has something to say."""

from datetime import timedelta

import pytest
import time_machine

from shop.alipay import operations, queries
from shop.alipay.models import Payment
from shop.alipay.operations import CloseResult, SyncResult

from . import hostile
from .conftest import NOW
from .hostile import Crash, notice, refusal, says

pytestmark = pytest.mark.django_db
QUERY = "alipay.trade.query"
CLOSE = "alipay.trade.close"


def state(payment):
    payment.refresh_from_db()
    return queries.state(payment)


def close(payment, at=NOW):
    return operations.close(payment=payment, at=at)


def sync(payment, at=NOW):
    return operations.sync(payment=payment, at=at)


class TestOpenPayment:
    def test_asks_nobody(self, payment, alipay):
        assert payment.status == "PENDING"
        assert not alipay.calls

    def test_for_the_same_order_again_is_the_same_payment(self, open_payment, payment):
        assert open_payment(order_number=payment.order_number) == payment

    def test_for_another_sum_is_refused(self, open_payment, payment):
        with pytest.raises(operations.UnableToOpenPayment):
            open_payment(1, order_number=payment.order_number)

    def test_after_closing_is_a_new_one_with_a_new_number(self, open_payment, payment):
        close(payment)
        again = open_payment(order_number=payment.order_number)
        assert again.out_trade_no != payment.out_trade_no

    @pytest.mark.parametrize("amount_fen", [0, -1, 10_000_000_001])
    def test_of_a_sum_alipay_does_not_take_is_refused(self, open_payment, amount_fen):
        with pytest.raises(operations.UnableToOpenPayment):
            open_payment(amount_fen)

    def test_when_the_time_is_over_is_refused(self, open_payment):
        with pytest.raises(operations.UnableToOpenPayment):
            open_payment(expires_at=NOW)

    def test_keeps_numbers_and_subjects_as_alipay_wants_them(self, open_payment):
        made = open_payment(
            order_number="A-2026-" + "9" * 50, subject="a/b=c&d\n" + "橙" * 300
        )
        assert len(made.out_trade_no) <= 64
        assert made.out_trade_no.replace("_", "").isalnum()
        assert len(made.subject) == 256
        assert not set("/=&\n") & set(made.subject)


class TestPayUrl:
    def test_leads_to_the_cashier_while_it_can_be_paid(self, payment):
        with time_machine.travel(NOW, tick=False):
            url = operations.pay_url(payment=payment, wap=True)
        assert payment.out_trade_no in url

    def test_is_refused_when_the_time_is_over_or_the_money_there(self, payment):
        with (
            time_machine.travel(NOW + timedelta(minutes=31), tick=False),
            pytest.raises(operations.UnableToPay),
        ):
            operations.pay_url(payment=payment, wap=False)
        operations.receive_notice(params=notice(payment), at=NOW)
        payment.refresh_from_db()
        with (
            time_machine.travel(NOW, tick=False),
            pytest.raises(operations.UnableToPay),
        ):
            operations.pay_url(payment=payment, wap=False)


class TestSync:
    def test_books_the_same_way_as_a_notice(self, payment, alipay):
        alipay.paid(payment)
        assert sync(payment) is SyncResult.BOOKED
        operations.receive_notice(params=notice(payment), at=NOW)
        assert sync(payment) is SyncResult.NOTHING_NEW
        found = state(payment)
        assert (found["received_fen"], found["capture_entries"]) == (1234, 1)

    def test_of_what_nobody_opened_changes_nothing(self, payment):
        assert sync(payment) is SyncResult.NOTHING_NEW
        assert state(payment)["status"] == "PENDING"

    def test_while_the_buyer_is_paying_changes_nothing(self, payment, alipay):
        alipay.paid(payment, trade_status="WAIT_BUYER_PAY")
        assert sync(payment) is SyncResult.NOTHING_NEW

    def test_of_a_closed_trade_closes(self, payment, alipay):
        alipay.paid(payment, trade_status="TRADE_CLOSED")
        assert sync(payment) is SyncResult.CLOSED

    def test_of_a_trade_closed_by_its_refund_keeps_the_order_paid(
        self, payment, alipay
    ):
        alipay.paid(payment)
        sync(payment)
        alipay.trades[f"T{payment.pk}"]["trade_status"] = "TRADE_CLOSED"
        assert sync(payment) is SyncResult.NOTHING_NEW
        assert state(payment)["status"] == "PAID"

    @pytest.mark.parametrize("fault", hostile.UNKNOWN_FAULTS)
    def test_without_an_answer_to_trust_changes_nothing(self, payment, alipay, fault):
        alipay.paid(payment)
        alipay.fail(QUERY, hostile.UNKNOWN_FAULTS[fault])
        assert sync(payment) is SyncResult.UNKNOWN
        assert state(payment)["received_fen"] == 0
        assert sync(payment) is SyncResult.BOOKED

    def test_of_another_sum_goes_to_suspense_and_back(self, payment, alipay):
        alipay.paid(payment, amount="0.01")
        sync(payment)
        found = state(payment)
        assert found["status"] == "EXCEPTION"
        assert (found["suspense_fen"], found["refunded_fen"]) == (1, 1)

    def test_answered_with_another_orders_trade_changes_nothing(
        self, payment, open_payment, alipay
    ):
        other = open_payment()
        alipay.paid(other)
        answer = alipay.answer(QUERY, alipay.query({"trade_no": f"T{other.pk}"}))
        alipay.fail(QUERY, lambda _honest: answer)
        assert sync(payment) is SyncResult.UNKNOWN
        assert state(payment)["received_fen"] == 0

    def test_with_a_trade_that_paid_another_order_is_a_contradiction(
        self, payment, open_payment, alipay
    ):
        other = open_payment()
        operations.receive_notice(params=notice(other), at=NOW)
        alipay.paid(payment, trade_no=f"T{other.pk}")
        assert sync(payment) is SyncResult.CONTRADICTED
        assert state(payment)["received_fen"] == 0


class TestClose:
    def test_of_a_trade_nobody_began_closes_here(self, payment):
        assert close(payment) is CloseResult.CLOSED
        assert state(payment)["status"] == "CLOSED"

    def test_of_an_unpaid_trade_closes_it_there_too(self, payment, alipay):
        alipay.paid(payment, trade_status="WAIT_BUYER_PAY")
        assert close(payment) is CloseResult.CLOSED
        assert alipay.trades[f"T{payment.pk}"]["trade_status"] == "TRADE_CLOSED"

    def test_of_a_paid_trade_books_it_instead(self, payment, alipay):
        alipay.paid(payment)
        assert close(payment) is CloseResult.PAID
        found = state(payment)
        assert (found["status"], found["received_fen"]) == ("PAID", 1234)

    def test_again_asks_nobody(self, payment, alipay):
        close(payment)
        asked = len(alipay.calls)
        assert close(payment) is CloseResult.CLOSED
        assert len(alipay.calls) == asked

    @pytest.mark.parametrize("fault", hostile.UNKNOWN_FAULTS)
    def test_without_an_answer_leaves_it_open_until_one_comes(
        self, payment, alipay, fault
    ):
        alipay.fail(CLOSE, hostile.UNKNOWN_FAULTS[fault])
        assert close(payment) is CloseResult.UNKNOWN
        assert state(payment)["status"] == "PENDING"
        operations.resolve_due(now=NOW + timedelta(minutes=1))
        assert state(payment)["status"] == "CLOSED"

    def test_that_crashes_is_taken_up_again(self, payment, alipay):
        alipay.fail(CLOSE, hostile.die)
        with pytest.raises(Crash):
            close(payment)
        operations.resolve_due(now=NOW + timedelta(minutes=1))
        assert state(payment)["status"] == "CLOSED"

    def test_refused_while_the_query_is_silent_stays_open(self, payment, alipay):
        alipay.paid(payment)
        alipay.fail(QUERY, hostile.time_out)
        assert close(payment) is CloseResult.UNKNOWN
        operations.resolve_due(now=NOW + timedelta(minutes=1))
        assert state(payment)["status"] == "PAID"

    def test_answered_without_a_trades_number_is_checked_by_the_query(
        self, payment, alipay
    ):
        # The answer is signed, yet could be about any trade; this one is paid.
        alipay.paid(payment)
        alipay.fail(CLOSE, says(CLOSE, {"code": "10000", "msg": "Success"}))
        assert close(payment) is CloseResult.PAID
        assert state(payment)["received_fen"] == 1234

    def test_answered_so_for_a_trade_that_is_closed_closes(self, payment, alipay):
        alipay.paid(payment, trade_status="TRADE_CLOSED")
        alipay.fail(CLOSE, says(CLOSE, {"code": "10000", "msg": "Success"}))
        assert close(payment) is CloseResult.CLOSED

    @pytest.mark.parametrize("sub_code", ["ACQ.SYSTEM_ERROR", "aop.unknow-error"])
    def test_answered_with_a_system_error_still_learns_of_the_money(
        self, payment, alipay, sub_code
    ):
        alipay.paid(payment)
        alipay.refuse(CLOSE, sub_code)
        assert close(payment) is CloseResult.PAID

    def test_overtaken_by_the_notice_is_paid(self, payment, alipay):
        alipay.paid(payment, trade_status="WAIT_BUYER_PAY")

        def pay_meanwhile(answer):
            operations.receive_notice(params=notice(payment), at=NOW)
            return answer

        alipay.fail(CLOSE, pay_meanwhile)
        assert close(payment) is CloseResult.PAID
        assert state(payment)["received_fen"] == 1234

    def test_of_a_wrong_sum_ends_it_once_that_is_on_its_way_back(self, payment, alipay):
        alipay.paid(payment, amount="0.01")
        operations.receive_notice(params=notice(payment, total_amount="0.01"), at=NOW)
        assert close(payment) is CloseResult.CLOSED
        payment.refresh_from_db()
        assert payment.closed_at is not None
        assert state(payment)["status"] == "EXCEPTION"


class TestResolveDue:
    def test_finds_a_payment_whose_notice_was_lost(self, payment, alipay):
        alipay.paid(payment)
        operations.resolve_due(now=NOW + timedelta(seconds=59))
        assert state(payment)["status"] == "PENDING"
        operations.resolve_due(now=NOW + timedelta(seconds=60))
        assert state(payment)["status"] == "PAID"

    def test_asks_at_least_every_minute_while_it_can_be_paid(self, payment, alipay):
        now = NOW
        while now < payment.expires_at - timedelta(minutes=1):
            payment.refresh_from_db()
            assert payment.next_check_at <= now + timedelta(minutes=1)
            now = payment.next_check_at
            operations.resolve_due(now=now)

    def test_closes_what_was_not_paid_in_time(self, payment):
        operations.resolve_due(now=NOW + timedelta(minutes=30))
        assert state(payment)["status"] == "CLOSED"

    def test_asks_nothing_more_when_all_is_known(self, payment, alipay):
        alipay.paid(payment)
        sync(payment)
        alipay.calls.clear()
        operations.resolve_due(now=NOW + timedelta(days=1))
        assert not alipay.calls

    def test_leaves_other_applications_payments_alone(self, payment, alipay):
        Payment.objects.update(app_id="another")
        operations.resolve_due(now=NOW + timedelta(hours=1))
        assert not alipay.calls

    def test_gives_up_for_now_when_nobody_answers(self, open_payment, alipay):
        for _ in range(6):
            open_payment()
        alipay.fail(QUERY, *[hostile.time_out] * 6)
        later = NOW + timedelta(minutes=1)
        assert operations.resolve_due(now=later) == (3, 3)
        assert len(alipay.asked(QUERY)) == 3
        # The rows not reached are first in the next run.
        assert operations.resolve_due(now=later) == (3, 3)

    def test_goes_on_when_one_row_cannot_be_booked(self, open_payment, alipay):
        from shop.alipay import signals

        first, second = open_payment(), open_payment()
        alipay.paid(first)
        alipay.paid(second)

        def fail_for_first(payment, **_rest):
            if payment.pk == first.pk:
                raise RuntimeError("a receiver's mistake")

        signals.payment_captured.connect(fail_for_first)
        try:
            operations.resolve_due(now=NOW + timedelta(minutes=1))
        finally:
            signals.payment_captured.disconnect(fail_for_first)
        assert state(first)["status"] == "PENDING"
        assert state(second)["status"] == "PAID"

    def test_refused_queries_are_asked_again(self, payment, alipay):
        alipay.fail(QUERY, says(QUERY, refusal("ACQ.INVALID_PARAMETER")))
        alipay.paid(payment)
        operations.resolve_due(now=NOW + timedelta(minutes=1))
        assert state(payment)["status"] == "PENDING"
        operations.resolve_due(now=NOW + timedelta(minutes=2))
        assert state(payment)["status"] == "PAID"
