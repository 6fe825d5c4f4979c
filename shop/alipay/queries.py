"""Reads about payments: what the books say, and the addresses that lead there."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, TypedDict

from django.core import signing
from django.db.models import Sum
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from partners.ledger import queries as ledger
from partners.ledger.models import EntryLine

from . import gateway as gateways
from .models import Difference, Notice, Payment, Reconciliation, Refund
from .operations.booking import CLEARING

_SIGNER = "shop.alipay.pay"
REFUSED = ("CONTRADICTED", "FOREIGN_REFUND", "NOT_OURS", "UNREADABLE")
SHOWN = 50


class State(TypedDict):
    """A payment in figures, gross: nothing sent back is taken off what came in."""

    status: str
    received_fen: int
    refunded_fen: int
    capture_entries: int
    suspense_fen: int
    ledger_sum_fen: int


def state(payment: Payment) -> State:
    """What the ledger, not our rows, says of a payment's money.

    received_fen: normal captures; suspense_fen: wrong sums, second and late payments,
    parked apart; refunded_fen: everything paid back, from either; ledger_sum_fen: all
    lines of all entries, zero or something is very wrong.
    """
    entries = ledger.entries_of(f"order:{payment.order_number}").filter(
        memo=payment.out_trade_no
    )
    clearing = EntryLine.objects.filter(entry__in=entries, account__code=CLEARING)

    def moved(*kinds: str) -> int:
        total = clearing.filter(entry__kind__in=kinds).aggregate(fen=Sum("amount_fen"))
        return int(total["fen"] or 0)

    return State(
        status=payment.status,
        received_fen=moved("capture"),
        refunded_fen=-moved("refund", "suspense-return"),
        capture_entries=entries.filter(kind="capture").count(),
        suspense_fen=moved("suspense"),
        ledger_sum_fen=int(
            EntryLine.objects.aggregate(fen=Sum("amount_fen"))["fen"] or 0
        ),
    )


class Troubled(NamedTuple):
    """What staff should look at; each list newest first and short."""

    waiting: list[Refund]
    differences: list[Difference]
    exceptions: list[Payment]
    notices: list[Notice]
    days: list[Reconciliation]


def troubled() -> Troubled:
    """Payments, refunds, notices and differences that are not as they should be."""
    refunds = Refund.objects.filter(status=Refund.Status.WAITING)
    differences = Difference.objects.filter(
        settled_at__isnull=True, gone_at__isnull=True
    )
    return Troubled(
        waiting=list(
            refunds.select_related("payment", "capture").order_by("-pk")[:SHOWN]
        ),
        differences=list(
            differences.select_related("reconciliation").order_by("-pk")[:SHOWN]
        ),
        exceptions=list(
            Payment.objects.filter(status=Payment.Status.EXCEPTION).order_by("-pk")[
                :SHOWN
            ]
        ),
        notices=list(Notice.objects.filter(result__in=REFUSED).order_by("-pk")[:SHOWN]),
        days=list(Reconciliation.objects.order_by("-day")[:14]),
    )


def to_look_at(*, now: datetime) -> int:
    """How much of `troubled` waits for somebody: open differences, money on its way
    back, and notices that were refused in the last week."""
    return (
        Difference.objects.filter(settled_at__isnull=True, gone_at__isnull=True).count()
        + Refund.objects.filter(status=Refund.Status.WAITING).count()
        + Notice.objects.filter(
            result__in=REFUSED, received_at__gt=now - timedelta(days=7)
        ).count()
    )


def returns_of(order_number: str) -> list[Refund]:
    """Money that came for an order and was not its own, on its way back or there."""
    returns = Refund.objects.filter(
        payment__order_number=order_number, purpose=Refund.Purpose.RETURN
    )
    return list(returns.select_related("capture").order_by("pk"))


def refunds_of(order_number: str) -> list[Refund]:
    """The order's own money that went back or is on its way, oldest first."""
    refunds = Refund.objects.filter(payment__order_number=order_number).exclude(
        purpose=Refund.Purpose.RETURN
    )
    return list(refunds.exclude(status=Refund.Status.REFUSED).order_by("pk"))


def news_of(payment: Payment) -> str:
    """A word that changes with everything that a waiting page would show anew."""
    returns = returns_of(payment.order_number)
    return "-".join([payment.status, *(each.status for each in returns)])


def payment_of(order_number: str) -> Payment | None:
    """The order's latest payment."""
    return Payment.objects.filter(order_number=order_number).order_by("-pk").first()


def returned(params: Mapping[str, str]) -> Payment | None:
    """The payment that a signed return address is about; None where it is not Alipay's.

    It tells who comes back, never that anything was paid.
    """
    gateway = gateways.configured()
    if not gateway.verifies(params):
        return None
    return Payment.objects.filter(
        out_trade_no=params.get("out_trade_no", ""), app_id=params.get("app_id", "")
    ).first()


def pay_token(payment: Payment) -> str:
    """What makes a pay address nobody can guess: the secret of the order's own page."""
    secret = payment.order_path.rstrip("/").rpartition("/")[2]
    return secret or signing.Signer(salt=_SIGNER).signature(payment.order_number)


def shown(order_number: str, token: str) -> Payment | None:
    """The order's latest payment, for who holds its token; None for everybody else."""
    payment = payment_of(order_number)
    if payment is None or not constant_time_compare(token, pay_token(payment)):
        return None
    return payment


def pay_path(payment: Payment) -> str:
    """Where the buyer is sent to pay."""
    return _path("pay", payment)


def status_path(payment: Payment) -> str:
    """Where the buyer sees whether the money has come."""
    return _path("status", payment)


def news_path(payment: Payment) -> str:
    """Where the waiting page asks whether anything has changed."""
    return _path("news", payment)


def _path(name: str, payment: Payment) -> str:
    return reverse(f"alipay:{name}", args=[payment.order_number, pay_token(payment)])
