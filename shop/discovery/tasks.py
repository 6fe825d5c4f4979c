"""Celery's doors to the index."""

from celery import shared_task

from shop.discovery import operations


@shared_task
def index_outdated() -> None:
    """Bring the index up to date; the beat calls it too, for what was lost."""
    operations.index_outdated()
