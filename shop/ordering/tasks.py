"""Jobs of ordering: what beat asks for again until nothing is left to do."""

from celery import shared_task
from django.utils import timezone

from shop.ordering import operations


@shared_task
def release_expired_orders() -> int:
    return operations.release_expired(now=timezone.now())


@shared_task
def complete_overdue_orders() -> int:
    return operations.complete_overdue(now=timezone.now())
