"""Celery's doors to the index."""

from celery import shared_task
from django.utils import timezone

from shop.discovery import operations


@shared_task
def index_outdated(product_ids: list[int] | None = None) -> None:
    """Write what changed of these products; of all, as the beat asks, for what was
    lost or refused."""
    operations.index_outdated(product_ids=product_ids, at=timezone.now())


@shared_task
def reconcile_index() -> None:
    """Compare the index with the market, and note what differs."""
    operations.reconcile_index(at=timezone.now())
