"""Doors for the worker."""

from celery import shared_task
from django.utils import timezone

from traceability import operations


@shared_task
def publish_log() -> None:
    """Publish what the log gained since last time; beat calls it every few seconds."""
    operations.publish_log(at=timezone.now())


@shared_task
def gather_cosignatures() -> None:
    """Ask the witnesses; beat calls it every minute."""
    operations.gather_cosignatures(at=timezone.now())


@shared_task
def watch_log() -> None:
    """See that the published log only grew; an alarm stands in the back office."""
    operations.watch_log(at=timezone.now())


@shared_task
def write_print(print_id: int) -> None:
    """Make the files of a print that are not there yet; again is harmless."""
    operations.write_print(print_id=print_id)


@shared_task
def resume_prints() -> None:
    """Go on with prints whose worker died; beat calls it every minute."""
    for print_id in operations.waiting_prints(now=timezone.now()):
        write_print.delay(print_id=print_id)


@shared_task
def forget_prints() -> None:
    """Remove printed labels' files that have lain about long enough."""
    operations.forget_prints(now=timezone.now())
