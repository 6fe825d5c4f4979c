"""The steps that move money in our books, shared by notices, queries and refunds.

Each is one short transaction around the locked payment: its row, the ledger's entry and
the signals commit together or not at all. None of them asks the network. The ledger's
keys name the event (a trade's capture, a refund's number), so that whoever tells us,
however often and in whatever order, the money moves once.
"""

import hashlib
import logging
from datetime import datetime
from enum import Enum

from django.db import IntegrityError, transaction

from partners.ledger import operations as ledger
from partners.ledger.operations import Line
from shop.alipay import signals
from shop.alipay.models import Capture, Payment, Refund

logger = logging.getLogger(__name__)

CLEARING = "alipay:clearing"
SUSPENSE = "suspense"
RETURN_PREFIX = "return_"


class Booked(Enum):
    """What became of news about money."""

    CAPTURED = "CAPTURED"
    SUSPENDED = "SUSPENDED"
    ALREADY = "ALREADY"
    # Says something else than what was verified before: not booked, somebody looks.
    CONTRADICTED = "CONTRADICTED"


def escrow(payment: Payment) -> str:
    """The account that holds this order's money."""
    return f"order:{payment.order_number}:escrow"


def locked(payment: Payment) -> Payment:
    """The payment's row, fresh, nobody else's until the transaction ends."""
    return Payment.objects.select_for_update().get(pk=payment.pk)


def book_capture(
    *,
    payment: Payment,
    trade_no: str,
    amount_fen: int,
    paid_at: datetime | None,
    at: datetime,
) -> Booked:
    """Book money that Alipay has, verifiably, taken in for this payment's number.

    Into the order's escrow where it is what was asked for; into suspense, with its
    return to the payer lined up, where it is another sum, a second payment or late.
    """
    try:
        with transaction.atomic():
            return _book_capture(payment, trade_no, amount_fen, paid_at or at, at)
    except IntegrityError:
        # Another process was quicker with this trade; what it wrote decides.
        seen = Capture.objects.filter(trade_no=trade_no).first()
        if seen is None:
            raise
        return _compared(seen, payment, amount_fen)


def _book_capture(
    payment: Payment, trade_no: str, amount_fen: int, paid_at: datetime, at: datetime
) -> Booked:
    payment = locked(payment)
    seen = Capture.objects.filter(trade_no=trade_no).first()
    if seen is not None:
        return _compared(seen, payment, amount_fen)
    reason = _reason_for_suspense(payment, amount_fen)
    kind = Capture.Kind.SUSPENSE if reason else Capture.Kind.ORDER
    capture = Capture.objects.create(
        payment=payment,
        trade_no=trade_no,
        kind=kind,
        reason=reason,
        amount_fen=amount_fen,
        paid_at=paid_at,
        captured_at=at,
    )
    into = SUSPENSE if reason else escrow(payment)
    ledger.post(
        key=f"alipay:capture:{trade_no}",
        kind="suspense" if reason else "capture",
        lines=[Line(CLEARING, amount_fen), Line(into, -amount_fen)],
        subject=f"order:{payment.order_number}",
        memo=payment.out_trade_no,
        at=at,
    )
    if reason:
        _line_up_return(capture, at)
        if payment.status == Payment.Status.PENDING:
            payment.status = Payment.Status.EXCEPTION
            payment.save(update_fields=["status"])
        signals.payment_suspended.send(
            sender=Payment, payment=payment, capture=capture, at=at
        )
        logger.warning("%s: %s in suspense", payment.out_trade_no, reason)
        return Booked.SUSPENDED
    payment.status = Payment.Status.PAID
    payment.captured_fen = amount_fen
    payment.paid_at = paid_at
    payment.close_wanted_at = payment.next_check_at = None
    payment.save()
    signals.payment_captured.send(sender=Payment, payment=payment, at=at)
    return Booked.CAPTURED


def _compared(seen: Capture, payment: Payment, amount_fen: int) -> Booked:
    if (seen.payment_id, seen.amount_fen) == (payment.pk, amount_fen):
        return Booked.ALREADY
    logger.error("%s: trade %s contradicts", payment.out_trade_no, seen.trade_no)
    return Booked.CONTRADICTED


def _reason_for_suspense(payment: Payment, amount_fen: int) -> str:
    """Why this money cannot be the order's; "" where it can."""
    others = Payment.objects.filter(
        order_number=payment.order_number, status__in=Payment.LIVE
    )
    if payment.captured_fen or others.exclude(pk=payment.pk).exists():
        return Capture.Reason.SECOND
    if payment.closed_at is not None:
        return Capture.Reason.LATE
    if amount_fen != payment.amount_fen:
        return Capture.Reason.WRONG_AMOUNT
    return Capture.Reason.NONE


def _line_up_return(capture: Capture, at: datetime) -> None:
    """A row that sends the money back; beat follows it until Alipay confirms."""
    request_no = f"{RETURN_PREFIX}{capture.trade_no}"
    if len(request_no) > 64:
        digest = hashlib.sha256(capture.trade_no.encode()).hexdigest()
        request_no = f"{RETURN_PREFIX}{digest[:40]}"
    Refund.objects.create(
        payment_id=capture.payment_id,
        capture=capture,
        request_no=request_no,
        purpose=Refund.Purpose.RETURN,
        amount_fen=capture.amount_fen,
        reason="",
        asked_at=at,
        next_attempt_at=at,
    )


def book_close(*, payment: Payment, at: datetime) -> bool:
    """Close what Alipay says nobody has paid. False where money came first."""
    with transaction.atomic():
        payment = locked(payment)
        if payment.captured_fen:
            return False
        if payment.closed_at is not None:
            return True
        if payment.status == Payment.Status.PENDING:
            payment.status = Payment.Status.CLOSED
        payment.closed_at = at
        payment.close_wanted_at = payment.next_check_at = None
        payment.save()
        signals.payment_closed.send(sender=Payment, payment=payment, at=at)
        return True


def book_refund(*, refund: Refund, made_at: datetime | None, at: datetime) -> bool:
    """Book a refund that Alipay has, verifiably, made. False where none waits."""
    with transaction.atomic():
        payment = locked(refund.payment)
        refund = Refund.objects.select_for_update().get(pk=refund.pk)
        if refund.status != Refund.Status.WAITING:
            return False
        is_return = refund.purpose == Refund.Purpose.RETURN
        refund.status = Refund.Status.DONE
        refund.done_at = made_at or at
        refund.next_attempt_at = None
        refund.save()
        if not is_return:
            _count_refund(payment, refund, at)
        ledger.post(
            key=f"alipay:refund:{payment.out_trade_no}:{refund.request_no}",
            kind="suspense-return" if is_return else "refund",
            lines=[
                Line(SUSPENSE if is_return else escrow(payment), refund.amount_fen),
                Line(CLEARING, -refund.amount_fen),
            ],
            subject=f"order:{payment.order_number}",
            memo=payment.out_trade_no,
            at=at,
        )
        if not is_return:
            signals.payment_refunded.send(
                sender=Payment, payment=payment, refund=refund, at=at
            )
        return True


def _count_refund(payment: Payment, refund: Refund, at: datetime) -> None:
    payment.refunded_fen += refund.amount_fen
    whole = payment.refunded_fen == payment.captured_fen
    payment.status = Payment.Status.REFUNDED if whole else Payment.Status.PART_REFUNDED
    payment.save()
    signals.refund_due.send(sender=Payment, payment=payment, refund=refund, at=at)
