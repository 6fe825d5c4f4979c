"""Celery's doors to sending texts. A message only says: look at that row now."""

from celery import shared_task
from django.utils import timezone

from shop.notices import operations


@shared_task
def deliver_text(message_id: int) -> None:
    """Try once; a failure stays in the row and the beat comes back to it."""
    operations.deliver_text(message_id=message_id, at=timezone.now())


@shared_task
def deliver_due_texts() -> None:
    """The beat's round: whatever its row says is not sent."""
    operations.deliver_due_texts(now=timezone.now())
