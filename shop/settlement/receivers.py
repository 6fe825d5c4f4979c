"""What settlement reacts to: an order that is completed is settled at once."""

from django.dispatch import receiver

from shop.alipay.signals import refund_due
from shop.ordering.signals import order_completed
from shop.settlement import operations


@receiver(order_completed)
def on_completed(sender, order, at, **kwargs):
    operations.settle_order(order=order, at=at)


@receiver(refund_due)
def on_refund_due(sender, refund, at, **kwargs):
    operations.bring_back(refund=refund, at=at)
