"""What traceability answers when it is asked."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from partners.organisations.models import Assistant
from partners.organisations.signals import today_items
from partners.organisations.today import TodayItem
from traceability import queries, tasks
from traceability.models import LabelPrint
from traceability.signals import labels_printed


@receiver(today_items)
def what_waits_today(
    sender: Any, assistant: Assistant, now: datetime, **kwargs: Any
) -> list[TodayItem]:
    return queries.lots_today(assistant, now=now)


@receiver(labels_printed)
def write_after_commit(*, printed: LabelPrint, **kwargs: Any) -> None:
    # Robust: what is written down stands without a broker, and beat finds it.
    def enqueue() -> None:
        tasks.write_print.delay(print_id=printed.pk)

    transaction.on_commit(enqueue, robust=True)
