"""Jobs of recalls: the rows say whom nobody has told yet."""

from celery import shared_task
from django.utils import timezone

from shop.recalls import operations


@shared_task
def tell_everybody(recall_id: int) -> int:
    """Write to everybody whom one recall concerns; returns how many that were."""
    return operations.tell_everybody(recall_id=recall_id, now=timezone.now())


@shared_task
def tell_of_recalls() -> int:
    """The beat's round: whoever was not told, because a worker died or because an
    order was being placed at that moment."""
    return operations.tell_of_recalls(now=timezone.now())
