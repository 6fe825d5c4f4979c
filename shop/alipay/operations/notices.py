"""Receive what Alipay sends to our notify address.

Anybody can send there, so nothing is believed before the signature fits, and nothing is
done twice. Checks run in the order Alipay's documentation gives.
"""

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from shop.alipay import gateway as gateways
from shop.alipay import signing
from shop.alipay.amounts import fen_from_amount, moment_from_text
from shop.alipay.gateway import TRADE_NO, Gateway
from shop.alipay.models import Capture, Notice, Payment, Refund

from .booking import book_capture, book_close, book_refund
from .refunding import resume

logger = logging.getLogger(__name__)

# What is kept of a notice: nothing about the buyer.
KEPT = (
    "notify_id",
    "notify_time",
    "notify_type",
    "app_id",
    "seller_id",
    "out_trade_no",
    "trade_no",
    "trade_status",
    "total_amount",
    "receipt_amount",
    "out_biz_no",
    "refund_fee",
    "gmt_create",
    "gmt_payment",
    "gmt_refund",
    "gmt_close",
    "charset",
    "version",
    "sign_type",
    "sign",
)


Result = Notice.Result

_REFUSED = {
    Result.BAD_SIGNATURE,
    Result.UNKNOWN_PAYMENT,
    Result.NOT_OURS,
    Result.UNREADABLE,
    Result.CONTRADICTED,
}


# What these say is in the books for good; said again, it needs no second look.
_SETTLED = [
    result.value
    for result in (
        Result.CAPTURED,
        Result.SUSPENDED,
        Result.CLOSED,
        Result.REFUNDED,
        Result.ALREADY,
    )
]


class Outcome(NamedTuple):
    """What came of a notice, and of which payment."""

    result: Result
    payment: Payment | None = None

    @property
    def acknowledged(self) -> bool:
        """Whether Alipay is answered `success` and stops sending."""
        return self.result not in _REFUSED

    @property
    def follow_up(self) -> bool:
        """Whether a row is due now: money to send back, or a question to ask."""
        return self.result in {Result.SUSPENDED, Result.ASKED, Result.UNREADABLE}


class _News(NamedTuple):
    trade_no: str
    status: str
    amount_fen: int
    paid_at: datetime | None
    is_refund: bool
    request_no: str
    refunded_fen: int
    refunded_at: datetime | None


def receive_notice(
    *, params: Mapping[str, str], at: datetime, gateway: Gateway | None = None
) -> Outcome:
    """Book what a verified notice says, once, however often and late it comes.

    `params` are the form's decoded fields. Asks nobody. Nothing of an unverified
    message is kept.
    """
    gateway = gateway or gateways.configured()
    if not gateway.verifies(params):
        logger.warning("a notice with a signature that does not fit")
        return Outcome(Result.BAD_SIGNATURE)
    content = signing.message_content(params)
    digest = hashlib.sha256(content.encode()).hexdigest()
    known = Notice.objects.filter(digest=digest, result__in=_SETTLED).first()
    if known is not None:
        # Alipay repeats itself; most repetitions need not even write.
        return Outcome(Result.ALREADY, known.payment)
    with transaction.atomic():
        outcome = _judge(params, at, gateway)
        _keep(digest, params, outcome, at)
    if not outcome.acknowledged:
        logger.error("a verified notice was refused: %s", outcome.result.value)
    return outcome


def _judge(params: Mapping[str, str], at: datetime, gateway: Gateway) -> Outcome:
    out_trade_no = params.get("out_trade_no", "")
    payment = Payment.objects.filter(out_trade_no=out_trade_no).first()
    if payment is None:
        return Outcome(Result.UNKNOWN_PAYMENT)
    try:
        news = _read(params)
    except ValueError:
        news = None
    ours = (
        params.get("seller_id") == payment.seller_id == gateway.seller_id
        and params.get("app_id") == payment.app_id == gateway.app_id
    )
    if not ours:
        return Outcome(Result.NOT_OURS, payment)
    if news is None:
        # From Alipay, yet unreadable: the query will say what it meant.
        _ask_soon(payment, at)
        return Outcome(Result.UNREADABLE, payment)
    return Outcome(_apply(payment, news, at), payment)


def _read(params: Mapping[str, str]) -> _News:
    trade_no = params.get("trade_no", "")
    amount_fen = fen_from_amount(params.get("total_amount", ""))
    if not TRADE_NO.fullmatch(trade_no) or amount_fen == 0:
        raise ValueError("no trade, or no money")
    refund_fee = params.get("refund_fee", "")
    refunded_fen = fen_from_amount(refund_fee) if refund_fee else 0
    return _News(
        trade_no=trade_no,
        status=params.get("trade_status", ""),
        amount_fen=amount_fen,
        paid_at=moment_from_text(params.get("gmt_payment", "")),
        is_refund=refunded_fen > 0 or bool(params.get("gmt_refund")),
        request_no=params.get("out_biz_no", ""),
        refunded_fen=refunded_fen,
        refunded_at=moment_from_text(params.get("gmt_refund", "")),
    )


def _apply(payment: Payment, news: _News, at: datetime) -> Result:
    if news.status in {"TRADE_SUCCESS", "TRADE_FINISHED"}:
        return (
            _refund_news(payment, news, at)
            if news.is_refund
            else _paid(payment, news, at)
        )
    if news.status == "TRADE_CLOSED":
        seen = Capture.objects.filter(trade_no=news.trade_no).exists()
        if seen or news.is_refund:
            return _refund_news(payment, news, at)
        if news.amount_fen != payment.amount_fen:
            return Result.CONTRADICTED
        if payment.closed_at is not None:
            return Result.ALREADY
        closed = book_close(payment=payment, at=at)
        return Result.CLOSED if closed else Result.NOTHING_TO_DO
    if news.status == "WAIT_BUYER_PAY":
        return Result.NOTHING_TO_DO
    return Result.UNREADABLE


def _paid(payment: Payment, news: _News, at: datetime) -> Result:
    booked = book_capture(
        payment=payment,
        trade_no=news.trade_no,
        amount_fen=news.amount_fen,
        paid_at=news.paid_at,
        at=at,
    )
    return Result(booked.value)


def _refund_news(payment: Payment, news: _News, at: datetime) -> Result:
    """A trade that we know has paid back. Such news never books money that came in."""
    capture = Capture.objects.filter(trade_no=news.trade_no).first()
    if capture is None:
        _ask_soon(payment, at)
        return Result.ASKED
    if (capture.payment_id, capture.amount_fen) != (payment.pk, news.amount_fen):
        return Result.CONTRADICTED
    if not news.is_refund:
        return Result.NOTHING_TO_DO
    row = Refund.objects.filter(capture=capture, request_no=news.request_no).first()
    if row is None:
        logger.error("%s: a refund that is not ours", payment.out_trade_no)
        return Result.FOREIGN_REFUND
    if row.status == Refund.Status.REFUSED:
        # Alipay's no was not its last word: ask, if the sum can still be promised.
        resumed = resume(refund=row, at=at)
        return Result.ASKED if resumed else Result.FOREIGN_REFUND
    # `refund_fee` is what the trade has paid back so far, this refund included.
    if row.status == Refund.Status.WAITING and news.refunded_fen < row.amount_fen:
        Refund.objects.filter(pk=row.pk).update(next_attempt_at=at)
        return Result.ASKED
    booked = book_refund(refund=row, made_at=news.refunded_at, at=at)
    return Result.REFUNDED if booked else Result.ALREADY


def _ask_soon(payment: Payment, at: datetime) -> None:
    Payment.objects.filter(pk=payment.pk).update(next_check_at=at)


def _keep(
    digest: str, params: Mapping[str, str], outcome: Outcome, at: datetime
) -> None:
    Notice.objects.update_or_create(
        digest=digest,
        defaults={"payment": outcome.payment, "result": outcome.result.value},
        create_defaults={
            "payment": outcome.payment,
            "result": outcome.result.value,
            "out_trade_no": params.get("out_trade_no", "")[:64],
            "trade_no": params.get("trade_no", "")[:64],
            "trade_status": params.get("trade_status", "")[:32],
            "fields": {k: params[k][:400] for k in KEPT if k in params},
            "received_at": at,
        },
    )
