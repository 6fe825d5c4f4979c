"""What beat does: take up every row that is due, until nothing is unknown.

The rows are the work list. Each is claimed by moving its next time on before Alipay is
asked, so that two workers never do the same one and a crash only costs the pause.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import F

from shop.alipay import gateway as gateways
from shop.alipay.gateway import Gateway
from shop.alipay.models import Payment, Refund

from . import pacing
from .closing import CloseResult, close
from .refunding import attempt
from .syncing import SyncResult, sync

logger = logging.getLogger(__name__)

AT_ONCE = 100
# A gateway that has stopped answering must not keep the worker waiting row by row.
GIVE_UP_AFTER = 3


class Resolved(NamedTuple):
    """How many rows were taken up, and how many of them are still unknown."""

    taken: int
    unknown: int


def resolve_due(*, now: datetime, gateway: Gateway | None = None) -> Resolved:
    """Ask Alipay about every payment and refund that is due at `now`."""
    gateway = gateway or gateways.configured()
    taken = unknown = in_a_row = 0
    for row in _due(now, gateway.app_id):
        try:
            known = _step(row, now, gateway)
        except Exception:
            # One row that cannot be booked must not hold up everybody else's money.
            logger.exception("%s: could not be resolved", row)
            known = False
        if known is None:
            continue
        taken += 1
        unknown += not known
        in_a_row = 0 if known else in_a_row + 1
        if in_a_row == GIVE_UP_AFTER:
            logger.warning("Alipay does not answer; the rest waits for the next run")
            break
    return Resolved(taken, unknown)


def _due(now: datetime, app_id: str) -> Iterator[Refund | Payment]:
    refunds = Refund.objects.filter(payment__app_id=app_id, next_attempt_at__lte=now)
    yield from refunds.select_related("payment", "capture").order_by("next_attempt_at")[
        :AT_ONCE
    ]
    yield from Payment.objects.filter(app_id=app_id, next_check_at__lte=now).order_by(
        "next_check_at"
    )[:AT_ONCE]


def _step(row: Refund | Payment, now: datetime, gateway: Gateway) -> bool | None:
    """Whether the row's outcome is known now; None where somebody else took it."""
    if isinstance(row, Refund):
        return _resolve_refund(row, now, gateway)
    return _resolve_payment(row, now, gateway)


def _resolve_refund(row: Refund, now: datetime, gateway: Gateway) -> bool | None:
    claimed = Refund.objects.filter(
        pk=row.pk, next_attempt_at=row.next_attempt_at
    ).update(next_attempt_at=now + pacing.after_unknown(row.attempts))
    if not claimed:
        return None
    return attempt(refund=row, at=now, gateway=gateway).status != Refund.Status.WAITING


def _resolve_payment(row: Payment, now: datetime, gateway: Gateway) -> bool | None:
    later = now + pacing.after_unknown(row.checks)
    if row.expires_at > now:
        later = min(later, row.expires_at)
    claimed = Payment.objects.filter(pk=row.pk, next_check_at=row.next_check_at).update(
        next_check_at=later, checks=F("checks") + 1
    )
    if not claimed:
        return None
    is_open = not row.captured_fen and row.closed_at is None
    if is_open and (row.close_wanted_at is not None or row.expires_at <= now):
        return close(payment=row, at=now, gateway=gateway) != CloseResult.UNKNOWN
    known = sync(payment=row, at=now, gateway=gateway) != SyncResult.UNKNOWN
    if known and not is_open:
        Payment.objects.filter(pk=row.pk, next_check_at=later).update(
            next_check_at=None
        )
    return known
