"""Celery's doors to accounts."""

from celery import shared_task
from django.utils import timezone

from shop.users import login


@shared_task
def forget_old_logins() -> None:
    """The beat's round: tickets and limits that can matter to nobody any more."""
    login.forget_old_logins(now=timezone.now())
