"""An order's way: paid, shipped, delivered, completed. One place for each step."""

import logging
from datetime import datetime, timedelta

from django.apps import apps
from django.db import transaction
from django.utils.translation import gettext as _

from partners.organisations.operations import record
from partners.people import Person
from shop.alipay.models import Payment
from shop.ordering.models import Purchase, SubOrder
from shop.ordering.operations import stock, telling
from shop.ordering.queries import arrived_by, money_going_back
from shop.ordering.refunded import held_by_recall
from shop.ordering.signals import order_completed, order_paid

logger = logging.getLogger(__name__)

# A buyer who says nothing has agreed this long after the last box arrived.
COMPLETES_AFTER = timedelta(days=7)


class UnableToComplete(Exception):
    """Something of the order has not arrived yet, or it is completed already."""


def _orders():
    return apps.get_model("order", "Order").objects


@transaction.atomic
def mark_paid(*, order_number: str, at: datetime) -> bool:
    """Book an order as paid; called only when its payment was captured.

    Returns False where the order was not waiting for money any more.
    """
    order = _orders().select_for_update().get(number=order_number)
    if not _orders().filter(pk=order.pk, status="pending").update(status="paid"):
        return False
    Purchase.objects.filter(order=order).update(paid_at=at)
    stock.sell(order_id=order.pk)
    order.sub_orders.filter(status=SubOrder.Status.PENDING).update(
        status=SubOrder.Status.PAID, paid_at=at
    )
    telling.tell_paid(purchase=order.purchase, at=at)
    order_paid.send(sender=Purchase, order=order, at=at)
    return True


@transaction.atomic
def mark_shipped(*, parcel, at: datetime) -> None:
    """The carrier has the box of one part of an order."""
    part = _moved(parcel, SubOrder.Status.PAID, SubOrder.Status.SHIPPED, shipped_at=at)
    if part is not None:
        telling.tell_shipped(sub_order=part, at=at)


@transaction.atomic
def mark_delivered(*, parcel, at: datetime) -> None:
    """The box of one part of an order has arrived."""
    part = _moved(
        parcel, SubOrder.Status.SHIPPED, SubOrder.Status.DELIVERED, delivered_at=at
    )
    if part is not None:
        telling.tell_delivered(sub_order=part, at=at)


def _moved(parcel, before: str, after: str, **stamps: datetime) -> SubOrder | None:
    """The part that this parcel carries, if it was `before` and is `after` now."""
    parts = SubOrder.objects.filter(parcel=parcel)
    if not parts.filter(status=before).update(status=after, **stamps):
        return None
    return parts.select_related("order__purchase__order", "parcel").get()


@transaction.atomic
def complete_order(*, order, at: datetime, despite_recall: bool = False) -> None:
    """The buyer has everything: the money can go to those who earned it.

    What was recalled keeps its money held until staff gave it back, or decided
    `despite_recall` that it is earned.

    Errors: UnableToComplete.
    """
    # As everybody does who moves money: the payment first, then the order.
    list(Payment.objects.select_for_update().filter(order_number=order.number))
    order = _orders().select_for_update().get(pk=order.pk)
    if order.status == "completed":
        raise UnableToComplete(_("This order is completed already."))
    parts = order.sub_orders.all()
    under_way = parts.exclude(
        status__in=[SubOrder.Status.DELIVERED, SubOrder.Status.CANCELLED]
    )
    arrived = parts.filter(status=SubOrder.Status.DELIVERED)
    if order.status != "paid" or under_way.exists() or not arrived.exists():
        raise UnableToComplete(_("Something of this order is still on its way."))
    if money_going_back(order.number).exists():
        raise UnableToComplete(
            _(
                "Money of this order is on its way back to you. "
                "Please say so again once it is there."
            )
        )
    if not despite_recall and held_by_recall(order):
        raise UnableToComplete(
            _(
                "Something of this order was recalled. Its money stays held until the "
                "county has settled that with you."
            )
        )
    _orders().filter(pk=order.pk).update(status="completed")
    order.status = "completed"
    Purchase.objects.filter(order=order).update(completed_at=at)
    order.sub_orders.filter(status=SubOrder.Status.DELIVERED).update(
        status=SubOrder.Status.COMPLETED, completed_at=at
    )
    order_completed.send(sender=Purchase, order=order, at=at)


@transaction.atomic
def release_recalled(*, order, by: Person, at: datetime) -> None:
    """Staff decide that what was recalled is earned all the same.

    Errors: UnableToComplete.
    """
    complete_order(order=order, at=at, despite_recall=True)
    record(act="release_recalled", subject=f"order:{order.number}", by=by, at=at)


def complete_overdue(*, now: datetime, most: int = 200) -> int:
    """Complete orders whose boxes all arrived long enough ago."""
    completed = 0
    # No slice: those that must stay open would take up the places of the others.
    for order in list(arrived_by(now - COMPLETES_AFTER).only("number")):
        if completed == most:
            break
        try:
            complete_order(order=order, at=now)
            completed += 1
        except UnableToComplete as reason:
            logger.info("order %s stays open: %s", order.number, reason)
        except Exception:
            # One that cannot be settled must not hold up everybody else's money.
            logger.exception("order %s could not be completed", order.number)
    return completed
