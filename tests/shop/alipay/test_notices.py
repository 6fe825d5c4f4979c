"""What Alipay's notices do to a payment, and what everybody else's do not."""

from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from django.utils import timezone

from partners.ledger import queries as ledger
from shop.alipay import operations, queries, signals, signing
from shop.alipay.gateway import Gateway
from shop.alipay.models import Capture, Notice, Payment, Refund
from shop.alipay.operations import Result

from .conftest import NOW
from .hostile import ALIPAY_KEY, STRANGERS_KEY, notice, rsa2, signed

pytestmark = pytest.mark.django_db
TOMORROW = NOW + timedelta(days=1)


def receive(params, at=NOW):
    return operations.receive_notice(params=params, at=at)


def state(payment) -> dict:
    payment.refresh_from_db()
    return queries.state(payment)


def untouched(payment) -> bool:
    found = state(payment)
    return found == {
        "status": "PENDING",
        "received_fen": 0,
        "refunded_fen": 0,
        "capture_entries": 0,
        "suspense_fen": 0,
        "ledger_sum_fen": 0,
    }


class TestAPaidNotice:
    def test_books_the_money_into_the_orders_escrow(self, payment):
        outcome = receive(notice(payment))
        assert outcome.result is Result.CAPTURED
        assert outcome.acknowledged
        assert state(payment) == {
            "status": "PAID",
            "received_fen": 1234,
            "refunded_fen": 0,
            "capture_entries": 1,
            "suspense_fen": 0,
            "ledger_sum_fen": 0,
        }
        assert ledger.balance_fen("alipay:clearing") == 1234
        assert ledger.balance_fen(f"order:{payment.order_number}:escrow") == -1234

    def test_announces_it_once_inside_the_transaction(self, payment):
        seen = []

        def hear(payment, at, **_rest):
            seen.append((payment.status, payment.paid_at, at))

        signals.payment_captured.connect(hear)
        try:
            receive(notice(payment))
            receive(notice(payment))
        finally:
            signals.payment_captured.disconnect(hear)
        assert seen == [("PAID", NOW, NOW)]

    def test_a_receiver_that_fails_leaves_nothing_behind(self, payment):
        def fail(**_rest):
            raise RuntimeError("no such order")

        signals.payment_captured.connect(fail)
        try:
            with pytest.raises(RuntimeError):
                receive(notice(payment))
        finally:
            signals.payment_captured.disconnect(fail)
        assert untouched(payment)
        assert receive(notice(payment)).result is Result.CAPTURED

    def test_counts_once_however_often_it_comes(self, payment):
        params = notice(payment)
        results = [receive(params).result for _ in range(50)]
        assert results == [Result.CAPTURED] + [Result.ALREADY] * 49
        assert state(payment)["capture_entries"] == 1
        assert Notice.objects.count() == 1

    @pytest.mark.parametrize(
        "changes", [{"notify_id": "another"}, {"trade_status": "TRADE_FINISHED"}]
    )
    def test_counts_once_under_another_notify_id_and_when_finished(
        self, payment, changes
    ):
        receive(notice(payment))
        assert receive(notice(payment, **changes)).result is Result.ALREADY
        assert state(payment)["received_fen"] == 1234

    def test_finished_counts_as_paid_where_success_was_never_seen(self, payment):
        finished = notice(payment, trade_status="TRADE_FINISHED")
        assert receive(finished).result is Result.CAPTURED
        assert receive(notice(payment)).result is Result.ALREADY
        assert state(payment)["status"] == "PAID"

    def test_needs_no_write_when_it_is_repeated(
        self, payment, django_assert_num_queries
    ):
        params = notice(payment)
        receive(params)
        with django_assert_num_queries(2):
            assert receive(params).result is Result.ALREADY

    def test_takes_more_fields_where_they_are_signed(self, payment):
        outcome = receive(notice(payment, fund_bill_list='[{"amount":"12.34"}]'))
        assert outcome.result is Result.CAPTURED

    def test_keeps_nothing_about_the_buyer(self, payment):
        receive(notice(payment, buyer_open_id="open", receipt_email="a@b.c"))
        kept = Notice.objects.get().fields
        assert kept["trade_no"] == f"T{payment.pk}"
        assert not [name for name in kept if "buyer" in name or "email" in name]

    @pytest.mark.parametrize("amount", ["1000", "1000.0", "1000.00"])
    def test_takes_the_sum_in_alipays_notation(self, open_payment, amount):
        told = notice(open_payment(100_000), total_amount=amount)
        assert receive(told).result is Result.CAPTURED

    def test_is_no_refund_where_nothing_went_back(self, payment):
        told = notice(payment, refund_fee="0.00", out_biz_no="b")
        assert receive(told).result is Result.CAPTURED

    def test_waiting_for_the_buyer_is_heard_and_changes_nothing(self, payment):
        outcome = receive(notice(payment, trade_status="WAIT_BUYER_PAY"))
        assert outcome.acknowledged
        assert untouched(payment)


class TestAForgedNotice:
    def forgeries(self, payment) -> dict[str, dict[str, str]]:
        honest = notice(payment)
        bare = {k: v for k, v in honest.items() if k != "sign"}
        content = "&".join(
            f"{k}={v}" for k, v in sorted(bare.items()) if k != "sign_type"
        )
        return {
            "a stranger's key": signed(bare, STRANGERS_KEY),
            "SHA-1": signed(bare, ALIPAY_KEY, hashes.SHA1()),
            "MD5": signed(bare, ALIPAY_KEY, hashes.MD5()),
            "no signature": bare,
            "an empty signature": bare | {"sign": ""},
            "no base64": bare | {"sign": "!!not base64!!"},
            "sign_type RSA": honest | {"sign_type": "RSA"},
            "SHA-1 named RSA": signed(bare, ALIPAY_KEY, hashes.SHA1())
            | {"sign_type": "RSA"},
            "no sign_type": {k: v for k, v in honest.items() if k != "sign_type"},
            "a field more": honest | {"extra": "1"},
            "an empty field more": honest | {"extra": ""},
            "a field less": {k: v for k, v in honest.items() if k != "version"},
            "another sum": honest | {"total_amount": "0.01"},
            "another payment": honest | {"out_trade_no": "another"},
            "signed with sign_type": bare | {"sign": rsa2(content + "&sign_type=RSA2")},
            "nothing": {},
        }

    def test_changes_nothing_and_leaves_no_row(self, payment):
        for name, params in self.forgeries(payment).items():
            outcome = receive(params)
            assert outcome.result is Result.BAD_SIGNATURE, name
            assert not outcome.acknowledged, name
        assert untouched(payment)
        assert not Notice.objects.exists()

    def test_would_be_booked_with_the_check_off(self, payment, monkeypatch):
        # Negative control: the signature is what keeps each of them out.
        monkeypatch.setattr(Gateway, "verifies", lambda self, params: True)
        forged = self.forgeries(payment)["a stranger's key"]
        assert receive(forged).result is Result.CAPTURED


class TestASignedTextWithTwoReadings:
    """`a=1&b=2` signed as one field's value fits as two fields just as well."""

    def cut(self, payment) -> dict[str, str]:
        """A waiting trade's genuine notice, cut so that it says `paid`."""
        # The title closes its field, names another sum and hides the rest in a tail.
        title = "桃&total_amount=12.34&trade_no=T1&trade_status=TRADE_SUCCESS&zz="
        genuine = notice(
            payment, subject=title, total_amount="0.01", trade_status="WAIT_BUYER_PAY"
        )
        at = "total_amount", "trade_no", "trade_status", "version"
        tail = "&".join(f"{name}={genuine[name]}" for name in at)
        cut = {name: text for name, text in genuine.items() if name not in at}
        return cut | {
            "subject": "桃",
            "total_amount": "12.34",
            "trade_no": "T1",
            "trade_status": "TRADE_SUCCESS",
            "zz": "&" + tail,
        }

    def test_is_no_proof(self, payment):
        assert receive(self.cut(payment)).result is Result.BAD_SIGNATURE
        assert untouched(payment)

    def test_would_be_booked_without_that_rule(self, payment, monkeypatch):
        # Negative control: the signature itself fits.
        monkeypatch.setattr(signing, "has_one_reading", lambda params: True)
        assert receive(self.cut(payment)).result is Result.CAPTURED

    @pytest.mark.parametrize("subject", ["桃 & 橙", "a=b", "50% + x&", "?&#;"])
    def test_is_not_every_text_with_such_signs(self, payment, subject):
        assert receive(notice(payment, subject=subject)).result is Result.CAPTURED


class TestANoticeForSomebodyElse:
    @pytest.mark.parametrize(
        ("changes", "result"),
        [
            ({"out_trade_no": "unknown"}, Result.UNKNOWN_PAYMENT),
            ({"out_trade_no": None}, Result.UNKNOWN_PAYMENT),
            ({"seller_id": "2088111111111111"}, Result.NOT_OURS),
            ({"seller_id": None}, Result.NOT_OURS),
            ({"app_id": "2021111111111111"}, Result.NOT_OURS),
            ({"app_id": None}, Result.NOT_OURS),
            ({"total_amount": "12.340"}, Result.UNREADABLE),
            ({"total_amount": "1e1"}, Result.UNREADABLE),
            ({"total_amount": "-12.34"}, Result.UNREADABLE),
            ({"total_amount": "１２.３４"}, Result.UNREADABLE),
            ({"total_amount": "0.00"}, Result.UNREADABLE),
            ({"total_amount": None}, Result.UNREADABLE),
            ({"trade_no": None}, Result.UNREADABLE),
            ({"trade_no": "a b"}, Result.UNREADABLE),
            ({"trade_status": None}, Result.UNREADABLE),
            ({"trade_status": "PAID"}, Result.UNREADABLE),
        ],
    )
    def test_is_refused_without_success_though_its_signature_fits(
        self, payment, changes, result
    ):
        outcome = receive(notice(payment, **changes))
        assert outcome.result is result
        assert not outcome.acknowledged
        assert untouched(payment)
        # Negative control: only the change kept it out.
        assert receive(notice(payment)).result is Result.CAPTURED

    def test_wrong_sum_from_a_wrong_seller_does_not_reach_suspense(self, payment):
        receive(notice(payment, total_amount="0.01", seller_id="2088111111111111"))
        assert untouched(payment)

    def test_unreadable_news_from_alipay_has_it_asked(self, payment, alipay):
        receive(notice(payment, total_amount="12.340"))
        alipay.paid(payment)
        operations.resolve_due(now=NOW)
        assert state(payment)["status"] == "PAID"


class TestMoneyThatDoesNotFit:
    def returned(self, alipay, payment, fen):
        operations.resolve_due(now=NOW)
        found = state(payment)
        assert found["suspense_fen"] == found["refunded_fen"] == fen
        assert ledger.balance_fen("suspense") == 0
        assert alipay.sent_back_fen == fen
        return found

    def test_wrong_sum_goes_to_suspense_and_back(self, payment, alipay):
        alipay.paid(payment, amount="0.01")
        outcome = receive(notice(payment, total_amount="0.01"))
        assert outcome.result is Result.SUSPENDED
        assert outcome.acknowledged
        assert state(payment)["status"] == "EXCEPTION"
        assert ledger.balance_fen("suspense") == -1
        found = self.returned(alipay, payment, 1)
        assert found["status"] == "EXCEPTION"
        assert (found["received_fen"], found["capture_entries"]) == (0, 0)

    def test_second_payment_goes_to_suspense_and_back(self, payment, alipay):
        alipay.paid(payment)
        receive(notice(payment))
        alipay.paid(payment, trade_no="T-second")
        assert receive(notice(payment, trade_no="T-second")).result is Result.SUSPENDED
        found = self.returned(alipay, payment, 1234)
        assert found["status"] == "PAID"
        assert (found["received_fen"], found["capture_entries"]) == (1234, 1)
        assert alipay.trades["T-second"]["refunded"] == 1234
        assert alipay.trades[f"T{payment.pk}"]["refunded"] == 0

    def test_payment_after_closing_goes_to_suspense_and_back(self, payment, alipay):
        operations.close(payment=payment, at=NOW)
        alipay.paid(payment)
        assert receive(notice(payment)).result is Result.SUSPENDED
        found = self.returned(alipay, payment, 1234)
        assert found["status"] == "CLOSED"
        assert found["received_fen"] == 0
        assert Capture.objects.get().reason == Capture.Reason.LATE

    @pytest.mark.parametrize("times", [2, 10])
    def test_goes_back_once_however_often_it_is_told(self, payment, alipay, times):
        alipay.paid(payment, amount="0.01")
        for _ in range(times):
            receive(notice(payment, total_amount="0.01"))
            operations.resolve_due(now=NOW)
        assert Refund.objects.count() == 1
        assert alipay.sent_back_fen == 1

    def test_right_sum_after_a_wrong_one_pays_the_order(self, payment, alipay):
        receive(notice(payment, total_amount="0.01"))
        outcome = receive(notice(payment, trade_no="T-right"))
        assert outcome.result is Result.CAPTURED
        found = state(payment)
        assert (found["status"], found["received_fen"]) == ("PAID", 1234)

    def test_of_a_first_attempt_does_not_pay_an_order_paid_by_a_second(
        self, payment, open_payment
    ):
        receive(notice(payment, total_amount="0.01"))
        again = open_payment(order_number=payment.order_number)
        assert again.pk != payment.pk
        receive(notice(again))
        outcome = receive(notice(payment, trade_no="T-right"))
        assert outcome.result is Result.SUSPENDED
        assert state(payment)["status"] == "EXCEPTION"
        assert state(again)["status"] == "PAID"


class TestContradictingNotices:
    def test_the_same_trade_with_another_sum_is_refused(self, payment):
        receive(notice(payment))
        outcome = receive(notice(payment, total_amount="99.00"))
        assert outcome.result is Result.CONTRADICTED
        assert not outcome.acknowledged
        assert state(payment)["received_fen"] == 1234
        assert state(payment)["suspense_fen"] == 0

    def test_the_same_trade_for_another_payment_is_refused(self, open_payment):
        first, second = open_payment(), open_payment()
        receive(notice(first))
        swapped = notice(second, trade_no=f"T{first.pk}")
        assert receive(swapped).result is Result.CONTRADICTED
        assert untouched(second)
        # Negative control: with its own trade the second is paid.
        assert receive(notice(second)).result is Result.CAPTURED

    def test_fields_of_another_order_under_this_ones_signature_are_refused(
        self, open_payment
    ):
        cheap, dear = open_payment(1), open_payment(100_000)
        paid = notice(cheap)
        for name in ("out_trade_no", "total_amount"):
            swapped = paid | {name: notice(dear)[name]}
            assert receive(swapped).result is Result.BAD_SIGNATURE
        swapped = notice(dear) | {"sign": paid["sign"]}
        assert receive(swapped).result is Result.BAD_SIGNATURE
        assert untouched(dear)

    def test_a_cheap_orders_trade_does_not_pay_a_dear_order(self, open_payment):
        cheap, dear = open_payment(1), open_payment(100_000)
        told = notice(dear, total_amount="0.01", trade_no=f"T{cheap.pk}")
        assert receive(told).result is Result.SUSPENDED
        assert state(dear)["received_fen"] == 0


class TestClosedNotices:
    def test_close_what_nobody_paid(self, payment):
        outcome = receive(notice(payment, trade_status="TRADE_CLOSED"))
        assert outcome.result is Result.CLOSED
        assert state(payment)["status"] == "CLOSED"
        again = receive(notice(payment, trade_status="TRADE_CLOSED"))
        assert again.result is Result.ALREADY

    def test_announce_it_once(self, payment):
        seen = []

        def hear(payment, **_rest):
            seen.append(payment.status)

        signals.payment_closed.connect(hear)
        try:
            receive(notice(payment, trade_status="TRADE_CLOSED"))
            receive(notice(payment, trade_status="TRADE_CLOSED", notify_id="2"))
        finally:
            signals.payment_closed.disconnect(hear)
        assert seen == ["CLOSED"]

    def test_never_undo_a_payment(self, payment):
        receive(notice(payment))
        outcome = receive(notice(payment, trade_status="TRADE_CLOSED"))
        assert outcome.acknowledged
        assert state(payment)["status"] == "PAID"

    def test_of_another_trade_do_not_undo_a_payment_either(self, payment):
        receive(notice(payment))
        receive(notice(payment, trade_status="TRADE_CLOSED", trade_no="T-other"))
        assert state(payment)["status"] == "PAID"

    def test_with_another_sum_close_nothing(self, payment):
        told = notice(payment, trade_status="TRADE_CLOSED", total_amount="1.00")
        assert receive(told).result is Result.CONTRADICTED
        assert state(payment)["status"] == "PENDING"

    def test_before_the_payment_make_it_late(self, payment, alipay):
        receive(notice(payment, trade_status="TRADE_CLOSED"))
        alipay.paid(payment)
        assert receive(notice(payment)).result is Result.SUSPENDED
        assert state(payment)["received_fen"] == 0


class TestRefundNotices:
    def refunded(self, payment, request_no="R1", fee="10.00", **changes):
        return notice(
            payment,
            out_biz_no=request_no,
            refund_fee=fee,
            gmt_refund="2026-11-23 11:00:00",
            **changes,
        )

    @pytest.fixture
    def paid(self, payment, alipay):
        alipay.paid(payment)
        receive(notice(payment))
        return payment

    def refund(self, paid):
        return operations.refund(payment=paid, amount_fen=1000, request_no="R1", at=NOW)

    def test_book_nothing_a_second_time(self, paid):
        self.refund(paid)
        before = state(paid)
        assert receive(self.refunded(paid)).result is Result.ALREADY
        assert state(paid) == before
        assert before["status"] == "PART_REFUNDED"

    def test_confirm_a_refund_whose_outcome_was_unknown(self, paid, alipay):
        from .hostile import time_out

        alipay.fail("alipay.trade.refund", time_out)
        assert self.refund(paid).status == "WAITING"
        assert receive(self.refunded(paid)).result is Result.REFUNDED
        assert state(paid)["refunded_fen"] == 1000

    def test_say_on_which_day_it_was_made(self, paid, alipay):
        from .hostile import time_out

        alipay.fail("alipay.trade.refund", time_out)
        self.refund(paid)
        told = self.refunded(paid) | {"gmt_refund": "2026-11-23 23:59:59.999"}
        receive(signed({k: v for k, v in told.items() if k != "sign"}), at=TOMORROW)
        assert timezone.localdate(Refund.objects.get().done_at) == date(2026, 11, 23)

    def test_of_a_refund_that_alipay_had_refused_have_it_asked(self, paid, alipay):
        alipay.refuse("alipay.trade.refund", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        assert self.refund(paid).status == "REFUSED"
        alipay.refund(
            {
                "trade_no": f"T{paid.pk}",
                "refund_amount": "10.00",
                "out_request_no": "R1",
            }
        )
        assert receive(self.refunded(paid)).result is Result.ASKED
        assert state(paid)["refunded_fen"] == 0
        operations.resolve_due(now=NOW)
        assert state(paid)["refunded_fen"] == alipay.sent_back_fen == 1000

    def test_of_a_refused_refund_whose_sum_went_elsewhere_book_nothing(
        self, paid, alipay
    ):
        alipay.refuse("alipay.trade.refund", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        self.refund(paid)
        operations.refund(payment=paid, amount_fen=1234, request_no="R2", at=NOW)
        assert receive(self.refunded(paid)).result is Result.FOREIGN_REFUND
        assert state(paid)["refunded_fen"] == 1234

    def test_with_less_than_we_asked_for_have_alipay_asked(self, paid, alipay):
        from .hostile import time_out

        alipay.fail("alipay.trade.refund", time_out)
        self.refund(paid)
        assert receive(self.refunded(paid, fee="0.01")).result is Result.ASKED
        assert state(paid)["refunded_fen"] == 0

    def test_of_a_refund_that_is_not_ours_book_nothing(self, paid):
        told = self.refunded(paid, request_no="by-hand")
        assert receive(told).result is Result.FOREIGN_REFUND
        assert state(paid)["refunded_fen"] == 0

    def test_never_book_money_in_but_have_alipay_asked(self, payment, alipay):
        # The payment's own notice was lost; this one tells of a refund by hand.
        alipay.paid(payment)
        assert receive(self.refunded(payment)).result is Result.ASKED
        assert untouched(payment)
        operations.resolve_due(now=NOW)
        assert state(payment)["received_fen"] == 1234

    def test_of_an_unknown_trade_do_not_look_like_a_second_payment(self, paid):
        told = self.refunded(paid, trade_no="T-other")
        assert receive(told).result is Result.ASKED
        assert state(paid)["suspense_fen"] == 0

    def test_of_the_whole_sum_do_not_close_a_paid_order_twice(self, paid):
        operations.refund(payment=paid, amount_fen=1234, request_no="R1", at=NOW)
        told = self.refunded(paid, fee="12.34", trade_status="TRADE_CLOSED")
        assert receive(told).result is Result.ALREADY
        found = state(paid)
        assert (found["status"], found["refunded_fen"]) == ("REFUNDED", 1234)


def test_the_database_takes_no_second_capture_for_an_order(payment):
    # The guard behind the guard: rows written past the operations.
    from django.db import IntegrityError, transaction

    receive(notice(payment))
    fields = {
        "payment": payment,
        "kind": "ORDER",
        "amount_fen": 1234,
        "paid_at": NOW,
        "captured_at": NOW,
    }
    for trade_no in (f"T{payment.pk}", "T-other"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Capture.objects.create(trade_no=trade_no, **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(reserved_fen=1235)
