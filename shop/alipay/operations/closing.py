"""Close a payment so that its order may be cancelled, without losing paid money."""

from datetime import datetime
from enum import Enum

from django.db.models import F

from shop.alipay import gateway as gateways
from shop.alipay.gateway import TRADE_NOT_EXIST, Closed, Gateway, Refused, Unknown
from shop.alipay.models import Payment

from . import pacing
from .booking import book_close
from .syncing import SyncResult, sync


class CloseResult(Enum):
    """CLOSED: nobody can pay any more. PAID: the money was quicker. UNKNOWN: beat
    goes on asking, and `payment_closed` tells when it is done."""

    CLOSED = "CLOSED"
    PAID = "PAID"
    UNKNOWN = "UNKNOWN"

    @property
    def closed(self) -> bool:
        return self is CloseResult.CLOSED

    @property
    def paid(self) -> bool:
        return self is CloseResult.PAID


def close(
    *, payment: Payment, at: datetime, gateway: Gateway | None = None
) -> CloseResult:
    """Close at Alipay and here, or learn that it is paid and book that.

    Call it outside any transaction. The wish is written down first: a crash, or a
    gateway that does not answer, leaves the payment open and beat asking.
    """
    gateway = gateway or gateways.configured()
    wanted = Payment.objects.filter(
        pk=payment.pk, captured_fen=0, closed_at__isnull=True
    ).update(
        close_wanted_at=at,
        checks=F("checks") + 1,
        next_check_at=at + pacing.after_unknown(1),
    )
    if wanted:
        _ask(payment, at, gateway)
    payment.refresh_from_db()
    if payment.captured_fen:
        return CloseResult.PAID
    return CloseResult.UNKNOWN if payment.closed_at is None else CloseResult.CLOSED


def _ask(payment: Payment, at: datetime, gateway: Gateway) -> None:
    answer = gateway.close(out_trade_no=payment.out_trade_no)
    if isinstance(answer, Unknown) and not answer.answered:
        return
    not_there = isinstance(answer, Refused) and answer.sub_code == TRADE_NOT_EXIST
    if isinstance(answer, Closed) or not_there:
        book_close(payment=payment, at=at)
        return
    # Paid, closed before, or not plainly said: the query knows.
    result = sync(payment=payment, at=at, gateway=gateway)
    settled = result in {SyncResult.NOTHING_NEW, SyncResult.BOOKED}
    if settled and payment.status == Payment.Status.EXCEPTION:
        # The wrong sum is all that came, and it is on its way back.
        book_close(payment=payment, at=at)
