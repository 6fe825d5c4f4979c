"""What the index follows: the cards, which follow everything else."""

from collections.abc import Collection
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from shop.discovery import operations
from shop.discovery.tasks import index_outdated
from shop.storefront.models import ProductCard


@receiver(post_save, sender=ProductCard)
def note_saved(
    *, instance: ProductCard, update_fields: Collection[str] | None = None, **_: Any
) -> None:
    operations.follow_card(
        product_id=instance.pk, changed=update_fields, at=timezone.now()
    )
    # A card that is only told what orders took can wait for the beat.
    if update_fields is None:
        index_outdated.delay_on_commit(product_ids=[instance.pk])


@receiver(post_delete, sender=ProductCard)
def note_deleted(*, instance: ProductCard, **_: Any) -> None:
    operations.note_outdated(product_ids=[instance.product_id], at=timezone.now())
