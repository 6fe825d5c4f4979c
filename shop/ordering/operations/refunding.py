"""Staff give money back: of an order, of a part of it, or of one line."""

import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from partners.measures import yuan
from partners.organisations.operations import record
from shop.alipay.models import Refund
from shop.alipay.operations import UnableToRefund, attempt
from shop.ordering.models import LineTerms, SubOrder
from shop.ordering.operations.cancelling import (
    UnableToCancel,
    cancel_if_nothing_remains,
    give,
    lock_paid,
)
from shop.ordering.refunded import NothingLeft, plan

_KEY = re.compile(r"[0-9a-f]{16,32}\Z")


class UnableToGiveBack(Exception):
    """This money cannot go back as it was asked for; the message says why."""


def give_back(
    *,
    order: Any,
    sub_order: SubOrder | None = None,
    terms: LineTerms | None = None,
    amount_fen: int | None = None,
    seen_fen: int,
    reason: str,
    key: str,
    by: Any,
    at: datetime,
    gateway: Any = None,
) -> list[Refund]:
    """Give back `amount_fen`, or all that is left, of an order, a part or a line.

    `seen_fen` is the sum that staff agreed to on the page; `key` comes with its form:
    sent twice, it asks about the same refunds. An unsent part of which nothing is left
    is called off. Look at each refund's status: DONE, WAITING (Alipay has not said
    yet, and is asked again) or REFUSED. Errors: UnableToGiveBack.
    """
    if not _KEY.fullmatch(key):
        raise UnableToGiveBack(_("This page is too old. Please open it again."))
    if not reason.strip():
        raise UnableToGiveBack(_("Please say why the money goes back."))
    try:
        with transaction.atomic():
            refunds = _promised(
                order, sub_order, terms, amount_fen, seen_fen, reason, key, by, at
            )
    except (NothingLeft, UnableToRefund, UnableToCancel) as error:
        raise UnableToGiveBack(str(error)) from error
    return [attempt(refund=each, at=at, gateway=gateway) for each in refunds]


def _promised(
    order, sub_order, terms, amount_fen, seen_fen, reason, key, by, at
) -> list[Refund]:
    payment, order = lock_paid(order=order)
    before = payment.refunds.filter(request_no__startswith=f"staff-{key}-")
    if before.exists():
        return list(before.order_by("pk"))
    # What staff saw was of before the lock; packing locks the part alone.
    parts = {p.pk: p for p in order.sub_orders.select_for_update().order_by("pk")}
    if sub_order is not None:
        sub_order = parts.get(sub_order.pk, sub_order)
    if terms is not None:
        terms.sub_order = parts.get(terms.sub_order_id, terms.sub_order)
    sums = plan(order, sub_order=sub_order, terms=terms, amount_fen=amount_fen)
    total_fen = sum(each.amount_fen for each in sums)
    if total_fen != seen_fen:
        raise UnableToGiveBack(
            _("What can go back has changed. Please look at the sum again.")
        )
    refunds = []
    for index, back in enumerate(sums, start=1):
        refunds += give(
            payment=payment,
            back=back,
            request_no=f"staff-{key}-{index}",
            reason=reason,
            at=at,
        )
    cancel_if_nothing_remains(order=order, at=at)
    record(
        act="refund_order",
        subject=f"order:{order.number}",
        detail=_detail(total_fen, sub_order, terms),
        by=by,
        at=at,
    )
    return refunds


def _detail(total_fen: int, sub_order: SubOrder | None, terms: LineTerms | None) -> str:
    """Sum and what of: no person's name, and nothing in a reader's language."""
    if terms is not None:
        return f"{yuan(total_fen)} {terms.sub_order.number} {terms.line.title}"
    return f"{yuan(total_fen)} {sub_order.number if sub_order else ''}".strip()
