"""A buyer takes the money back of what was recalled."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shop.alipay.models import Refund
from shop.alipay.operations import UnableToRefund, attempt
from shop.ordering.models import PartRefund
from shop.ordering.operations.cancelling import (
    UnableToCancel,
    cancel_if_nothing_remains,
    give,
    lock_paid,
)
from shop.ordering.refunded import Sum, recalled_sums


class UnableToTakeBack(Exception):
    """This money cannot go back by itself; the message says what to do."""


def take_recalled_back(
    *, order: Any, seen_fen: int, at: datetime, gateway: Any = None
) -> list[Refund]:
    """Give the buyer back what is left of everything in the order that is recalled.

    Nobody of the county has to agree: that it is recalled is on record. `seen_fen` is
    the sum that the buyer saw. A box that nobody sent yet is called off. Refunds are
    made, or on their way until Alipay confirms them. Errors: UnableToTakeBack.
    """
    try:
        with transaction.atomic():
            refunds = _promised(order, seen_fen, at)
    except (UnableToCancel, UnableToRefund) as error:
        raise UnableToTakeBack(str(error)) from error
    return [attempt(refund=each, at=at, gateway=gateway) for each in refunds]


def _promised(order: Any, seen_fen: int, at: datetime) -> list[Refund]:
    payment, order = lock_paid(order=order)
    list(order.sub_orders.select_for_update().order_by("pk"))
    sums = recalled_sums(order)
    if not sums:
        raise UnableToTakeBack(
            _("Nothing recalled is left to give back. Questions? Call the county.")
        )
    if sum(each.amount_fen for each in sums) != seen_fen:
        raise UnableToTakeBack(
            _("What can go back has changed. Please look at the sum again.")
        )
    refunds = []
    for back in sums:
        refunds += give(
            payment=payment,
            back=back,
            request_no=_number(back),
            reason=_("Recalled"),
            at=at,
        )
    cancel_if_nothing_remains(order=order, at=at)
    return refunds


def _number(back: Sum) -> str:
    """A refund number that no earlier refund of the part has: one that Alipay refused
    keeps its own, and its money was let go."""
    part = back.sub_order
    assert part is not None
    earlier = PartRefund.objects.filter(sub_order=part).count()
    return f"recall-{part.number}-{earlier + 1}"
