"""Send money back, once for each refund number, through time-outs and crashes.

First the sum is promised in a row (so that two refunds can never promise more than came
in), then Alipay is asked outside any transaction, then the outcome is booked. Where the
outcome is unknown the row says so, and beat asks again until it is known.
"""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from shop.alipay import gateway as gateways
from shop.alipay.gateway import Gateway, RefundDone, Refused, Unknown
from shop.alipay.models import Capture, Payment, Refund

from . import pacing
from .booking import RETURN_PREFIX, book_refund, locked

_REQUEST_NO = re.compile(r"[A-Za-z0-9_-]{1,64}")


class UnableToRefund(Exception):
    """This refund cannot be made; nothing was promised. The message says why."""


def refund(
    *,
    payment: Payment,
    amount_fen: int,
    request_no: str,
    reason: str = "",
    at: datetime,
    gateway: Gateway | None = None,
) -> Refund:
    """Pay `amount_fen` of the order's money back to the buyer.

    `request_no` identifies the refund: the same number again asks about the same
    refund and never pays twice. Look at the answer's status: DONE is booked, WAITING
    means that the outcome is not known yet and will be asked for, REFUSED is Alipay's
    word. Errors: UnableToRefund where the order's money never came, less of it is
    left, or the number stands for another sum.
    """
    row = promise_refund(
        payment=payment,
        amount_fen=amount_fen,
        request_no=request_no,
        reason=reason,
        at=at,
    )
    return attempt(refund=row, at=at, gateway=gateway)


def promise_refund(
    *,
    payment: Payment,
    amount_fen: int,
    request_no: str,
    reason: str = "",
    purpose: str = Refund.Purpose.ORDER,
    at: datetime,
) -> Refund:
    """Write down that this sum goes back, without asking Alipay: `attempt` does, once
    the transaction is over, and beat where nobody does.

    Part of the caller's transaction, so that what the money goes back for and the
    promise of it hold together; the payment is locked. What `purpose` says is owed is
    tried until Alipay makes it. Errors: UnableToRefund.
    """
    if amount_fen <= 0:
        raise UnableToRefund(_("A refund is at least one fen."))
    if not _REQUEST_NO.fullmatch(request_no) or request_no.startswith(RETURN_PREFIX):
        raise UnableToRefund(
            _("A refund number is 1 to 64 letters, digits, _ or - of your own.")
        )
    with transaction.atomic():
        payment = locked(payment)
        row = payment.refunds.filter(request_no=request_no).first()
        if row is not None and row.amount_fen != amount_fen:
            raise UnableToRefund(_("This refund number stands for another sum."))
        if row is not None:
            if not resume(refund=row, at=at):
                raise UnableToRefund(_("That is more than is left to refund."))
            row.refresh_from_db()
            return row
        if payment.reserved_fen + amount_fen > payment.captured_fen:
            raise UnableToRefund(_("That is more than is left to refund."))
        payment.reserved_fen += amount_fen
        payment.save(update_fields=["reserved_fen"])
        return Refund.objects.create(
            payment=payment,
            capture=payment.captures.get(kind=Capture.Kind.ORDER),
            request_no=request_no,
            purpose=purpose,
            amount_fen=amount_fen,
            reason=reason[:200],
            asked_at=at,
            next_attempt_at=at,
        )


def resume(*, refund: Refund, at: datetime) -> bool:
    """Promise a refused refund again and have Alipay asked about it.

    False where its sum has been promised elsewhere meanwhile.
    """
    with transaction.atomic():
        payment = locked(refund.payment)
        row = Refund.objects.select_for_update().get(pk=refund.pk)
        if row.status != Refund.Status.REFUSED:
            return True
        if payment.reserved_fen + row.amount_fen > payment.captured_fen:
            return False
        payment.reserved_fen += row.amount_fen
        payment.save(update_fields=["reserved_fen"])
        row.status = Refund.Status.WAITING
        row.next_attempt_at = at
        row.save(update_fields=["status", "next_attempt_at"])
        return True


def attempt(*, refund: Refund, at: datetime, gateway: Gateway | None = None) -> Refund:
    """Bring a waiting refund one step further; any other is returned as it is.

    An earlier attempt may have been made without our knowing: then Alipay is first
    asked whether it was, and only on a clear no is the refund sent again, under the
    same number.
    """
    gateway = gateway or gateways.configured()
    number = _claim(refund, at)
    if number:
        _try(refund, number, at, gateway)
    refund.refresh_from_db()
    return refund


def _claim(refund: Refund, at: datetime) -> int:
    """Which attempt this one is; written before Alipay is asked. 0: not waiting."""
    with transaction.atomic():
        row = Refund.objects.select_for_update().get(pk=refund.pk)
        if row.status != Refund.Status.WAITING:
            return 0
        row.attempts += 1
        row.next_attempt_at = at + pacing.after_unknown(row.attempts)
        row.save(update_fields=["attempts", "next_attempt_at"])
        return row.attempts


def _try(refund: Refund, number: int, at: datetime, gateway: Gateway) -> None:
    if number > 1:
        found = _ask_about(refund, gateway)
        if isinstance(found, RefundDone):
            book_refund(refund=refund, made_at=found.made_at, at=at)
            return
        if isinstance(found, Unknown):
            _note(refund, found.reason)
            return
    answer = gateway.refund(
        out_trade_no=refund.payment.out_trade_no,
        trade_no=refund.capture.trade_no,
        request_no=refund.request_no,
        amount_fen=refund.amount_fen,
        refunded_fen=_refunded_fen(refund.capture),
        reason=refund.reason,
    )
    if isinstance(answer, RefundDone):
        book_refund(refund=refund, made_at=answer.made_at, at=at)
        return
    # It spoke, only not plainly, or refuses what an earlier attempt may have done after
    # the question above: asking at once costs nothing.
    ask = number > 1 if isinstance(answer, Refused) else answer.answered
    found = _ask_about(refund, gateway) if ask else None
    if isinstance(found, RefundDone):
        book_refund(refund=refund, made_at=found.made_at, at=at)
    elif isinstance(answer, Unknown):
        _note(refund, answer.reason)
    elif isinstance(found, Unknown):
        _note(refund, found.reason)
    else:
        _refused(refund, number, answer, at)


def _refunded_fen(capture: Capture) -> int:
    """What the trade has paid back already, as our books know it."""
    done = capture.refunds.filter(status=Refund.Status.DONE)
    return int(done.aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def _ask_about(refund: Refund, gateway: Gateway) -> RefundDone | Unknown | None:
    """What the refund query says; None where it clearly says that none was made."""
    answer = gateway.refund_query(
        out_trade_no=refund.payment.out_trade_no,
        trade_no=refund.capture.trade_no,
        request_no=refund.request_no,
        amount_fen=refund.amount_fen,
    )
    return answer if isinstance(answer, RefundDone | Unknown) else None


def _note(refund: Refund, text: str) -> None:
    Refund.objects.filter(pk=refund.pk).update(last_answer=text[:200])


def _refused(refund: Refund, number: int, answer: Refused, at: datetime) -> None:
    """Take the promise back, unless another attempt may still come through."""
    said = f"{answer.code} {answer.sub_code}"
    with transaction.atomic():
        payment = locked(refund.payment)
        row = Refund.objects.select_for_update().get(pk=refund.pk)
        if row.status != Refund.Status.WAITING or row.attempts != number:
            return
        row.last_answer = said[:200]
        if row.purpose in Refund.OWED:
            # This money is never ours to keep: try for ever, ever more slowly.
            row.next_attempt_at = at + pacing.after_refusal(number)
        else:
            row.status = Refund.Status.REFUSED
            row.next_attempt_at = None
            Payment.objects.filter(pk=payment.pk).update(
                reserved_fen=F("reserved_fen") - row.amount_fen
            )
        row.save()
