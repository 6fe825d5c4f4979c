"""What the ledger does by the clock."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from . import operations

logger = logging.getLogger(__name__)


@shared_task
def seal_entries() -> int:
    """Seal all that waits, a batch a transaction; returns how many entries."""
    sealed = 0
    while batch := operations.seal_entries(at=timezone.now()):
        sealed += batch
    return sealed


@shared_task
def check_ledger() -> bool:
    """Check everything there is; the back office and the log say what was found."""
    check = operations.check_ledger(at=timezone.now())
    if not check.in_order:
        logger.critical("The ledger is not in order: %s", "; ".join(check.faults))
    return check.in_order


@shared_task
def export_ledger() -> None:
    """Write the ledger as it is tonight to var/exports/ledger.beancount."""
    operations.export_to(path=settings.VAR / "exports" / "ledger.beancount")
