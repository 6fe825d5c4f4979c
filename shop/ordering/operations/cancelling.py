"""Cancel: an unpaid order through Alipay, paid parts by promising their money back.

Whoever cancels something paid decides three things in one transaction: the part is
called off, its goods sell again, its money is promised back. Alipay is asked after
that. Locks are taken in one order: payment, order, part.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils.translation import gettext as _

from shop.alipay.models import Payment, Refund
from shop.alipay.operations import attempt, close, promise_refund
from shop.ordering.models import PartRefund, Purchase, SubOrder
from shop.ordering.operations import stock, telling
from shop.ordering.refunded import Sum, left_to_refund
from shop.ordering.signals import order_cancelled


class UnableToCancel(Exception):
    """This can no longer be cancelled; the message says why."""


def cancel_order(*, order: Any, at: datetime, gateway: Any = None) -> None:
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


def cancel_parts(
    *, order: Any, parts: Collection[SubOrder], at: datetime, gateway: Any = None
) -> list[Refund]:
    """The buyer cancels paid parts that nobody has begun to pack; all or none.

    Returns their refunds: made, or on their way until Alipay confirms them.
    Errors: UnableToCancel.
    """
    with transaction.atomic():
        payment, order = lock_paid(order=order)
        wanted = {part.pk for part in parts}
        locked = order.sub_orders.select_for_update().filter(pk__in=wanted)
        chosen = list(locked.order_by("pk"))
        if not chosen:
            raise UnableToCancel(_("Nothing of this can be cancelled any more."))
        left = left_to_refund(order)
        refunds = []
        for part in chosen:
            _require_unpacked(part)
            back = Sum(left.parts[part.pk], sub_order=part, calls_off=True)
            refunds += give(
                payment=payment,
                back=back,
                request_no=f"cancel-{part.number}",
                reason=_("Cancelled by the buyer"),
                at=at,
            )
        cancel_if_nothing_remains(order=order, at=at)
    return [attempt(refund=each, at=at, gateway=gateway) for each in refunds]


def _require_unpacked(part: SubOrder) -> None:
    if part.status == SubOrder.Status.CANCELLED:
        raise UnableToCancel(_("This is cancelled already."))
    if part.status != SubOrder.Status.PAID:
        raise UnableToCancel(_("This is on its way already, or has arrived."))
    if part.parcel_id is not None or part.packed_labels.exists():
        raise UnableToCancel(
            _("The village has begun to pack this. Call the station, please.")
        )


def lock_paid(*, order: Any) -> tuple[Payment, Any]:
    """The payment and the order, nobody else's until the transaction ends.

    Errors: UnableToCancel where the order's money is not there.
    """
    payment = (
        Payment.objects.select_for_update()
        .filter(order_number=order.number, captured_fen__gt=0)
        .first()
    )
    if payment is None:
        raise UnableToCancel(_("No money has come in for this order."))
    return payment, _orders().select_for_update().get(pk=order.pk)


def give(
    *, payment: Payment, back: Sum, request_no: str, reason: str, at: datetime
) -> list[Refund]:
    """Promise a sum of an order back, and call its part off where it says so.

    Inside the caller's transaction, payment and order locked. What goes back for
    something that is not sent any more is owed, whatever Alipay says at first.
    """
    if back.calls_off and back.sub_order is not None:
        call_off(sub_order=back.sub_order)
    if not back.amount_fen:
        return []
    purpose = Refund.Purpose.CANCEL if back.calls_off else Refund.Purpose.ORDER
    refund = promise_refund(
        payment=payment,
        amount_fen=back.amount_fen,
        request_no=request_no,
        reason=reason,
        purpose=purpose,
        at=at,
    )
    if back.sub_order is not None:
        PartRefund.objects.create(
            refund=refund, sub_order=back.sub_order, terms=back.terms
        )
    telling.tell_refunded(refund=refund, at=at)
    return [refund]


def call_off(*, sub_order: SubOrder) -> bool:
    """Take a paid part off the packing table; its goods sell again, once.

    Not where its box is closed: whether a carrier has it is not known then.
    """
    own = SubOrder.objects.filter(pk=sub_order.pk)
    # Only who takes the part off the packing table may put its goods on sale.
    if not own.filter(status=SubOrder.Status.PAID).update(
        status=SubOrder.Status.CANCELLED
    ):
        return False
    # What staff wished to give back of it before is owed now, whatever Alipay says.
    Refund.objects.filter(
        of_part__sub_order=sub_order,
        purpose=Refund.Purpose.ORDER,
        status=Refund.Status.WAITING,
    ).update(purpose=Refund.Purpose.CANCEL)
    # Asked of the row, now ours: the caller may have read it before its box was closed.
    if own.filter(parcel__isnull=True).exists():
        stock.restock(sub_order=sub_order)
    return True


def cancel_if_nothing_remains(*, order: Any, at: datetime) -> bool:
    """An order of which no part is sent, or was, is cancelled."""
    if order.sub_orders.exclude(status=SubOrder.Status.CANCELLED).exists():
        return False
    return _cancel_paid(order, at)


@transaction.atomic
def note_refund(*, payment: Payment, at: datetime) -> bool:
    """Money went back; an order whose money all went back is cancelled.

    Parts that were not sent yet are not packed any more, and their goods are on sale
    again. Returns whether the order was cancelled.
    """
    if payment.status != Payment.Status.REFUNDED:
        return False
    order = _orders().select_for_update().get(number=payment.order_number)
    if not _cancel_paid(order, at):
        return False
    for part in order.sub_orders.filter(status=SubOrder.Status.PAID).order_by("pk"):
        call_off(sub_order=part)
    return True


def _cancel_paid(order: Any, at: datetime) -> bool:
    if not _orders().filter(pk=order.pk, status="paid").update(status="cancelled"):
        return False
    order_cancelled.send(sender=Purchase, order=order, at=at)
    return True


def _orders() -> Any:
    return apps.get_model("order", "Order").objects
