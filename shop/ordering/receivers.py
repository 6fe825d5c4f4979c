"""What ordering reacts to: money and boxes."""

from django.dispatch import receiver

from logistics.signals import parcel_delivered, parcel_handed_over
from partners.organisations.models import Assistant
from partners.organisations.signals import today_items
from partners.organisations.today import TodayItem
from shop.alipay.signals import (
    payment_captured,
    payment_closed,
    payment_refunded,
    payment_suspended,
)
from shop.ordering import operations, queries
from shop.users.signals import me_sections


@receiver(payment_captured)
def on_captured(sender, payment, at, **kwargs):
    operations.mark_paid(order_number=payment.order_number, at=at)


@receiver(payment_closed)
def on_closed(sender, payment, at, **kwargs):
    operations.mark_cancelled(order_number=payment.order_number, at=at)


@receiver(payment_suspended)
def on_suspended(sender, payment, capture, at, **kwargs):
    operations.tell_suspended(payment=payment, capture=capture, at=at)


@receiver(payment_refunded)
def on_refunded(sender, payment, refund, at, **kwargs):
    operations.note_refund(payment=payment, at=at)


@receiver(parcel_handed_over)
def on_handed_over(sender, parcel, at, **kwargs):
    operations.mark_shipped(parcel=parcel, at=at)


@receiver(parcel_delivered)
def on_delivered(sender, parcel, at, **kwargs):
    operations.mark_delivered(parcel=parcel, at=at)


@receiver(me_sections)
def on_mine(sender, user, **kwargs):
    return queries.orders_section(user)


@receiver(today_items)
def what_waits_today(
    sender: object, assistant: Assistant, **kwargs: object
) -> list[TodayItem]:
    return queries.packing_today(assistant)
