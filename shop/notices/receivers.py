"""What notices does about what happens elsewhere."""

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from shop.notices import tasks
from shop.notices.models import TextMessage
from shop.notices.signals import text_written


@receiver(text_written)
def deliver_after_commit(*, message: TextMessage, **kwargs: Any) -> None:
    # Robust: a broker that is down must not fail what has just been committed; the
    # beat finds the row.
    transaction.on_commit(
        partial(tasks.deliver_text.delay, message_id=message.pk), robust=True
    )
