"""What settlement does by the clock."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from shop.settlement import statements


@shared_task
def file_last_months_statements() -> int:
    """File what last month's orders earned each supermarket; returns how many."""
    now = timezone.now()
    last_month = timezone.localdate(now).replace(day=1) - timedelta(days=1)
    filed = statements.file_platform_statements(
        period=last_month.replace(day=1), at=now
    )
    return len(filed)
