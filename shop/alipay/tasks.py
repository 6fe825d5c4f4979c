"""What runs beside the web server. The rows say what is due; a message only hurries."""

import logging
from datetime import timedelta

from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from . import operations
from .amounts import BEIJING
from .models import Payment

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def resolve() -> None:
    """Take up every payment and refund that is due."""
    operations.resolve_due(now=timezone.now())


@shared_task(ignore_result=True)
def reconcile_yesterday() -> None:
    """Compare yesterday with Alipay's bill, which is ready by nine."""
    now = timezone.now()
    day = now.astimezone(BEIJING).date() - timedelta(days=1)
    try:
        operations.reconcile(day=day, at=now)
    except operations.UnableToReconcile as error:
        logger.error("no reconciliation for %s: %s", day, error)


@shared_task(ignore_result=True)
def ask_about(payment_id: int) -> None:
    """Ask Alipay about one payment now: its buyer has come back from the cashier."""
    payment = Payment.objects.get(pk=payment_id)
    operations.sync(payment=payment, at=timezone.now())


def soon(task: Task, **ids: int) -> None:
    """Have a task run at once. Where the broker is away, beat comes by anyway."""
    try:
        task.delay(**ids)
    except (OperationalError, OSError) as error:
        logger.warning("%s was not hurried: %s", task.name, error)
