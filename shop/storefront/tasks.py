"""What the market's pages need by the clock."""

from celery import shared_task
from django.utils import timezone

from shop.storefront import operations


@shared_task
def bring_harvests_forward() -> int:
    """Each morning: what is picked within a week stands among what is there."""
    return operations.bring_forward(today=timezone.localdate())
