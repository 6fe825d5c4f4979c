"""What the index follows: the cards, which follow everything else."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone
from kombu.exceptions import OperationalError

from shop.discovery import operations
from shop.discovery.tasks import index_outdated
from shop.storefront.models import ProductCard

log = logging.getLogger(__name__)


@receiver(post_save, sender=ProductCard)
def note_saved(
    *, instance: ProductCard, update_fields: Collection[str] | None = None, **_: Any
) -> None:
    operations.follow_card(
        product_id=instance.pk, changed=update_fields, at=timezone.now()
    )
    # A card that is only told what orders took can wait for the beat.
    if update_fields is None:
        _hurry_after_commit(instance.pk)


@receiver(post_delete, sender=ProductCard)
def note_deleted(*, instance: ProductCard, **_: Any) -> None:
    operations.note_outdated(product_ids=[instance.product_id], at=timezone.now())


def _hurry_after_commit(product_id: int) -> None:
    """Have all that a transaction changes indexed after its commit, in one message."""
    for _savepoints, hook, _robust in transaction.get_connection().run_on_commit:
        if isinstance(hook, _Hurry):
            hook.product_ids.append(product_id)
            return
    transaction.on_commit(_Hurry([product_id]))


@dataclass(frozen=True)
class _Hurry:
    """What a transaction does after its commit, for all that it changed."""

    product_ids: list[int]

    def __call__(self) -> None:
        try:
            index_outdated.delay(product_ids=self.product_ids)
        except (OperationalError, OSError) as error:
            # What has just been committed must not fail now; the beat comes by anyway.
            log.warning("the index was not hurried: %s", type(error).__name__)
