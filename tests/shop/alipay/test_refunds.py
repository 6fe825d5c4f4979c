"""Refunds: never more than came in, never twice, through every kind of not knowing."""

from datetime import timedelta

import pytest

from partners.ledger import queries as ledger
from shop.alipay import operations, queries, signals
from shop.alipay.models import Refund
from shop.alipay.operations import UnableToRefund

from . import hostile
from .conftest import NOW
from .hostile import Crash, notice, refusal, says

pytestmark = pytest.mark.django_db
REFUND = "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"


@pytest.fixture
def paid(payment, alipay):
    """¥12.34, paid."""
    alipay.paid(payment)
    operations.receive_notice(params=notice(payment), at=NOW)
    payment.refresh_from_db()
    return payment


def refund(payment, amount_fen=1000, request_no="R1", at=NOW):
    return operations.refund(
        payment=payment, amount_fen=amount_fen, request_no=request_no, at=at
    )


def state(payment):
    payment.refresh_from_db()
    return queries.state(payment)


class TestRefund:
    def test_goes_out_of_the_orders_escrow(self, paid, alipay):
        assert refund(paid).status == Refund.Status.DONE
        found = state(paid)
        assert (found["status"], found["refunded_fen"]) == ("PART_REFUNDED", 1000)
        assert ledger.balance_fen(f"order:{paid.order_number}:escrow") == -234
        assert ledger.balance_fen("alipay:clearing") == 234
        assert alipay.sent_back_fen == 1000

    def test_of_everything_in_parts_leaves_every_account_at_zero(self, paid, alipay):
        for number, fen in (("R1", 1000), ("R2", 200), ("R3", 34)):
            refund(paid, fen, number)
        assert state(paid)["status"] == "REFUNDED"
        assert ledger.balance_fen(f"order:{paid.order_number}:escrow") == 0
        assert ledger.balance_fen("alipay:clearing") == 0
        assert alipay.sent_back_fen == 1234

    def test_announces_it_and_lets_the_money_be_brought_back_first(self, paid):
        seen = []

        def hear(signal, refund, **_rest):
            seen.append((signal, refund.request_no))

        both = (signals.refund_due, signals.payment_refunded)
        for signal in both:
            signal.connect(hear)
        try:
            refund(paid)
        finally:
            for signal in both:
                signal.disconnect(hear)
        assert seen == [(signal, "R1") for signal in both]

    def test_with_the_same_number_again_pays_once(self, paid, alipay):
        first, second = refund(paid), refund(paid)
        assert first == second
        assert alipay.sent_back_fen == 1000
        assert len(alipay.asked(REFUND)) == 1

    def test_with_the_same_number_and_another_sum_is_refused(self, paid, alipay):
        refund(paid)
        with pytest.raises(UnableToRefund, match="another sum"):
            refund(paid, 200)
        assert alipay.sent_back_fen == 1000

    @pytest.mark.parametrize("amount_fen", [1235, 10**9, 0, -1])
    def test_of_more_than_came_in_or_of_nothing_is_refused_here(
        self, paid, alipay, amount_fen
    ):
        with pytest.raises(UnableToRefund):
            refund(paid, amount_fen)
        assert not alipay.asked(REFUND)

    def test_of_more_than_is_left_is_refused_here(self, paid, alipay):
        refund(paid, 1000)
        with pytest.raises(UnableToRefund, match="more than is left"):
            refund(paid, 235, "R2")
        assert refund(paid, 234, "R2").status == Refund.Status.DONE

    def test_counts_promised_money_as_gone(self, paid, alipay):
        alipay.fail(REFUND, hostile.time_out)
        assert refund(paid, 1000).status == Refund.Status.WAITING
        with pytest.raises(UnableToRefund):
            refund(paid, 235, "R2")

    def test_of_an_unpaid_payment_is_refused(self, payment, alipay):
        with pytest.raises(UnableToRefund):
            refund(payment)
        assert not alipay.calls

    @pytest.mark.parametrize(
        "number", ["", "x" * 65, "a b", "R/1", "退款1", "return_T1", "R1\n"]
    )
    def test_needs_a_number_that_alipay_takes(self, paid, number):
        with pytest.raises(UnableToRefund, match="refund number"):
            refund(paid, 100, number)

    def test_takes_only_the_orders_money_not_what_is_in_suspense(self, paid, alipay):
        second = notice(paid, trade_no="T-second")
        operations.receive_notice(params=second, at=NOW)
        with pytest.raises(UnableToRefund):
            refund(paid, 1235)


class TestARefundOfUnknownOutcome:
    @pytest.mark.parametrize("fault", hostile.UNKNOWN_FAULTS)
    def test_that_was_made_is_found_by_asking(self, paid, alipay, fault):
        alipay.fail(REFUND, hostile.UNKNOWN_FAULTS[fault])
        waiting = refund(paid)
        assert waiting.status == Refund.Status.WAITING
        found = state(paid)
        assert (found["status"], found["refunded_fen"]) == ("PAID", 0)
        operations.resolve_due(now=NOW + timedelta(minutes=1))
        assert state(paid)["refunded_fen"] == 1000
        assert alipay.sent_back_fen == 1000
        assert len(alipay.asked(REFUND)) == 1

    def test_that_was_never_made_is_sent_again_under_its_number(self, paid, alipay):
        honest = alipay.send
        object.__setattr__(
            operations.refunding.gateways.configured(), "send", hostile_down
        )
        assert refund(paid).status == Refund.Status.WAITING
        object.__setattr__(operations.refunding.gateways.configured(), "send", honest)
        operations.resolve_due(now=NOW + timedelta(minutes=1))
        assert state(paid)["refunded_fen"] == 1000
        assert [biz["out_request_no"] for biz in alipay.asked(REFUND)] == ["R1"]

    @pytest.mark.parametrize("sub_code", ["ACQ.SYSTEM_ERROR", "aop.unknow-error"])
    def test_signed_system_errors_are_no_refusal(self, paid, alipay, sub_code):
        alipay.fail(REFUND, says(REFUND, refusal(sub_code)))
        # Alipay had done it all the same; asking at once finds out.
        assert refund(paid).status == Refund.Status.DONE
        assert alipay.sent_back_fen == 1000

    def test_answered_with_an_earlier_refunds_answer_is_not_booked(self, paid, alipay):
        kept = []
        alipay.fail(REFUND, lambda answer: kept.append(answer) or answer)
        refund(paid, 600, "R1")
        alipay.refuse(REFUND, "ACQ.SYSTEM_ERROR")
        honest = alipay.answer
        alipay.answer = lambda method, node: (
            kept[0] if method == REFUND else (honest(method, node))
        )
        # Nothing was paid back, and the old answer says that something was.
        assert refund(paid, 600, "R2").status == Refund.Status.WAITING
        assert state(paid)["refunded_fen"] == alipay.sent_back_fen == 600

    def test_stays_unknown_while_nobody_can_say(self, paid, alipay):
        alipay.fail(REFUND, hostile.time_out)
        alipay.fail(REFUND_QUERY, *[hostile.time_out] * 5)
        refund(paid)
        for minute in range(1, 6):
            operations.resolve_due(now=NOW + timedelta(minutes=minute))
            assert state(paid)["refunded_fen"] == 0
        operations.resolve_due(now=NOW + timedelta(minutes=7))
        assert state(paid)["refunded_fen"] == 1000
        assert len(alipay.asked(REFUND)) == 1

    def test_is_due_again_within_a_minute(self, paid, alipay):
        alipay.fail(REFUND, hostile.time_out)
        alipay.fail(REFUND_QUERY, *[hostile.time_out] * 20)
        waiting = refund(paid)
        now = NOW
        for _ in range(20):
            now = waiting.next_attempt_at
            operations.resolve_due(now=now)
            waiting.refresh_from_db()
            assert now < waiting.next_attempt_at <= now + timedelta(minutes=1)

    @pytest.mark.parametrize("method", [REFUND, REFUND_QUERY])
    def test_survives_a_crash_before_the_books_are_written(self, paid, alipay, method):
        if method == REFUND_QUERY:
            alipay.fail(REFUND, hostile.time_out)
            refund(paid)
        alipay.fail(method, hostile.die)
        with pytest.raises(Crash):
            if method == REFUND:
                refund(paid)
            else:
                operations.resolve_due(now=NOW + timedelta(minutes=1))
        assert state(paid)["refunded_fen"] == 0
        operations.resolve_due(now=NOW + timedelta(minutes=3))
        assert state(paid)["refunded_fen"] == 1000
        assert alipay.sent_back_fen == 1000


def hostile_down(_url, _body):
    raise hostile.transport.NoAnswer("ConnectTimeoutError")


class TestARefusedRefund:
    def test_frees_its_sum_for_another(self, paid, alipay):
        alipay.refuse(REFUND, "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        assert refund(paid, 1234).status == Refund.Status.REFUSED
        paid.refresh_from_db()
        assert paid.reserved_fen == 0
        assert refund(paid, 1234, "R2").status == Refund.Status.DONE

    def test_may_be_tried_again_under_its_number(self, paid, alipay):
        alipay.refuse(REFUND, "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        refund(paid)
        assert refund(paid).status == Refund.Status.DONE
        assert state(paid)["refunded_fen"] == 1000
        # It asked first whether the refused attempt was made after all.
        assert len(alipay.asked(REFUND_QUERY)) == 1

    def test_after_an_unknown_attempt_is_checked_before_it_is_believed(
        self, paid, alipay
    ):
        alipay.fail(REFUND, hostile.time_out)
        refund(paid)
        # Whatever a second attempt would be told, the first one was made.
        alipay.refuse(REFUND, "ACQ.TRADE_HAS_FINISHED")
        operations.resolve_due(now=NOW + timedelta(minutes=1))
        assert state(paid)["refunded_fen"] == 1000

    def test_after_an_unknown_attempt_is_asked_about_once_more(self, paid, alipay):
        # The first attempt is slow: it takes effect between our question and our
        # second attempt, which is then refused because nothing is left.
        alipay.fail(REFUND, hostile.time_out)
        refund(paid, 1234)
        alipay.refuse(REFUND_QUERY, "ACQ.TRADE_NOT_EXIST")
        alipay.refuse(REFUND, "ACQ.REASON_TRADE_REFUND_FEE_ERR")
        operations.resolve_due(now=NOW + timedelta(minutes=1))
        assert state(paid)["refunded_fen"] == alipay.sent_back_fen == 1234

    def test_that_nobody_can_confirm_keeps_its_promise(self, paid, alipay):
        alipay.fail(REFUND, hostile.time_out)
        refund(paid, 1234)
        alipay.refuse(REFUND_QUERY, "ACQ.TRADE_NOT_EXIST", "ACQ.SYSTEM_ERROR")
        alipay.refuse(REFUND, "ACQ.REASON_TRADE_REFUND_FEE_ERR")
        operations.resolve_due(now=NOW + timedelta(minutes=1))
        assert Refund.objects.get().status == Refund.Status.WAITING
        with pytest.raises(UnableToRefund, match="more than is left"):
            refund(paid, 1, "R2")

    def test_of_money_in_suspense_is_never_given_up(self, payment, alipay):
        alipay.paid(payment, amount="0.01")
        operations.receive_notice(params=notice(payment, total_amount="0.01"), at=NOW)
        alipay.refuse(REFUND, *["ACQ.SELLER_BALANCE_NOT_ENOUGH"] * 2)
        now = NOW
        for _ in range(3):
            operations.resolve_due(now=now)
            now += timedelta(hours=1)
        assert state(payment)["refunded_fen"] == 1
        assert alipay.sent_back_fen == 1
