"""Ask Alipay what has become of a payment, and book what it answers."""

from datetime import datetime
from enum import Enum

from shop.alipay import gateway as gateways
from shop.alipay.gateway import TRADE_NOT_EXIST, Gateway, Refused, Trade, Unknown
from shop.alipay.models import Payment, Refund

from .booking import Booked, book_capture, book_close
from .refunding import attempt


class SyncResult(Enum):
    """What asking brought."""

    BOOKED = "BOOKED"
    NOTHING_NEW = "NOTHING_NEW"
    CLOSED = "CLOSED"
    # Alipay's answer contradicts what it said before; somebody has to look.
    CONTRADICTED = "CONTRADICTED"
    UNKNOWN = "UNKNOWN"


def sync(
    *, payment: Payment, at: datetime, gateway: Gateway | None = None
) -> SyncResult:
    """Ask Alipay about this payment; book exactly as a notice would.

    Also brings its waiting refunds one step further. Asks outside any transaction.
    """
    gateway = gateway or gateways.configured()
    answer = gateway.query(out_trade_no=payment.out_trade_no)
    result = apply_answer(payment=payment, answer=answer, at=at)
    if result is not SyncResult.UNKNOWN:
        waiting = Refund.objects.filter(payment=payment, status=Refund.Status.WAITING)
        for row in waiting.select_related("payment", "capture"):
            attempt(refund=row, at=at, gateway=gateway)
    payment.refresh_from_db()
    return result


def apply_answer(
    *, payment: Payment, answer: Trade | Refused | Unknown, at: datetime
) -> SyncResult:
    """Book what a query answered about this payment."""
    if isinstance(answer, Unknown):
        return SyncResult.UNKNOWN
    if isinstance(answer, Refused):
        # Nobody has opened the cashier yet; anything else is no answer at all.
        unpaid = answer.sub_code == TRADE_NOT_EXIST
        return SyncResult.NOTHING_NEW if unpaid else SyncResult.UNKNOWN
    if answer.status in {"TRADE_SUCCESS", "TRADE_FINISHED"}:
        booked = book_capture(
            payment=payment,
            trade_no=answer.trade_no,
            amount_fen=answer.amount_fen,
            paid_at=answer.paid_at,
            at=at,
        )
        return {
            Booked.CAPTURED: SyncResult.BOOKED,
            Booked.SUSPENDED: SyncResult.BOOKED,
            Booked.ALREADY: SyncResult.NOTHING_NEW,
            Booked.CONTRADICTED: SyncResult.CONTRADICTED,
        }[booked]
    if answer.status == "TRADE_CLOSED" and book_close(payment=payment, at=at):
        return SyncResult.CLOSED
    return SyncResult.NOTHING_NEW
