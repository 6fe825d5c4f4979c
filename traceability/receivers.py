"""What traceability answers when it is asked."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from partners.organisations.models import Assistant
from partners.organisations.signals import today_items
from partners.organisations.today import TodayItem
from traceability import queries


@receiver(today_items)
def what_waits_today(
    sender: Any, assistant: Assistant, now: datetime, **kwargs: Any
) -> list[TodayItem]:
    return queries.lots_today(assistant, now=now)
