"""An order's way: paid, cancelled, delivered, completed. One place for each step."""

import logging
from datetime import datetime, timedelta

from django.apps import apps
from django.db import transaction
from django.utils.translation import gettext as _

from shop.alipay.models import Payment
from shop.alipay.operations import close
from shop.ordering.models import Purchase, SubOrder
from shop.ordering.operations import stock, telling
from shop.ordering.queries import arrived_by
from shop.ordering.signals import order_cancelled, order_completed, order_paid

logger = logging.getLogger(__name__)

# A buyer who says nothing has agreed this long after the last box arrived.
COMPLETES_AFTER = timedelta(days=7)


class UnableToCancel(Exception):
    """The order can no longer be cancelled; the message says why."""


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
def mark_cancelled(*, order_number: str, at: datetime) -> bool:
    """Close an unpaid order whose payment can no longer come; stock goes back."""
    order = _orders().select_for_update().get(number=order_number)
    if not _orders().filter(pk=order.pk, status="pending").update(status="cancelled"):
        return False
    stock.release(order_id=order.pk)
    order.sub_orders.update(status=SubOrder.Status.CANCELLED)
    telling.tell_cancelled(purchase=order.purchase, at=at)
    order_cancelled.send(sender=Purchase, order=order, at=at)
    return True


@transaction.atomic
def note_refund(*, payment: Payment, at: datetime) -> bool:
    """Money went back; an order whose money all went back is cancelled.

    Parts that were not sent yet are not packed any more, and their goods are on sale
    again. Returns whether the order was cancelled.
    """
    if payment.status != Payment.Status.REFUNDED:
        return False
    order_number = payment.order_number
    order = _orders().select_for_update().get(number=order_number)
    if not _orders().filter(pk=order.pk, status="paid").update(status="cancelled"):
        return False
    unsent = order.sub_orders.filter(status=SubOrder.Status.PAID)
    for part in unsent.order_by("pk"):
        # Only who takes the part off the packing table may put its goods on sale.
        if unsent.filter(pk=part.pk).update(status=SubOrder.Status.CANCELLED):
            stock.restock(sub_order=part)
    order_cancelled.send(sender=Purchase, order=order, at=at)
    return True


def cancel_order(*, order, at: datetime, gateway=None) -> None:
    """Cancel an order that is not paid: ask Alipay first, then let go of the stock.

    Errors: UnableToCancel where the money has come in meanwhile, or where Alipay
    could not say; the order then stays as it is and is asked about again.
    """
    if order.status != "pending":
        raise UnableToCancel(_("This order is no longer waiting for payment."))
    payment = Payment.objects.get(order_number=order.number)
    result = close(payment=payment, at=at, gateway=gateway)
    if result.closed:
        mark_cancelled(order_number=order.number, at=at)
        return
    if result.paid:
        raise UnableToCancel(_("This order has just been paid."))
    raise UnableToCancel(
        _("Alipay does not answer right now. Please try again in a minute.")
    )


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
def complete_order(*, order, at: datetime) -> None:
    """The buyer has everything: the money can go to those who earned it.

    Errors: UnableToComplete.
    """
    order = _orders().select_for_update().get(pk=order.pk)
    if order.status == "completed":
        raise UnableToComplete(_("This order is completed already."))
    waiting = order.sub_orders.exclude(
        status__in=[SubOrder.Status.DELIVERED, SubOrder.Status.CANCELLED]
    )
    if order.status != "paid" or waiting.exists() or not order.sub_orders.exists():
        raise UnableToComplete(_("Something of this order is still on its way."))
    _orders().filter(pk=order.pk).update(status="completed")
    order.status = "completed"
    Purchase.objects.filter(order=order).update(completed_at=at)
    order.sub_orders.filter(status=SubOrder.Status.DELIVERED).update(
        status=SubOrder.Status.COMPLETED, completed_at=at
    )
    order_completed.send(sender=Purchase, order=order, at=at)


def complete_overdue(*, now: datetime, most: int = 200) -> int:
    """Complete orders whose boxes all arrived long enough ago."""
    due = arrived_by(now - COMPLETES_AFTER)[:most]
    completed = 0
    for order in due:
        try:
            complete_order(order=order, at=now)
            completed += 1
        except UnableToComplete as reason:
            logger.info("order %s stays open: %s", order.number, reason)
        except Exception:
            # One that cannot be settled must not hold up everybody else's money.
            logger.exception("order %s could not be completed", order.number)
    return completed
