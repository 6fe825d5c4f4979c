"""Jobs of ordering.

Orders that nobody pays in time need none: `shop.alipay.tasks.resolve` closes their
payment, and who hears of that lets their stock go.
"""

from celery import shared_task
from django.utils import timezone

from shop.ordering import operations


@shared_task
def complete_overdue_orders() -> int:
    """Complete what arrived a week ago; returns how many orders."""
    return operations.complete_overdue(now=timezone.now())


@shared_task
def forget_old_drafts() -> int:
    """Forget what was typed at checkouts that nobody came back to; how many."""
    return operations.forget_old_drafts(now=timezone.now())
