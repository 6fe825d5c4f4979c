"""Doors for the worker."""

from celery import shared_task
from django.utils import timezone

from traceability import operations


@shared_task
def publish_log() -> None:
    """Publish what the log gained since last time; beat calls it every few seconds."""
    operations.publish_log(at=timezone.now())
