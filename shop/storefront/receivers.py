"""What the prepared pages follow. Each receiver is one call."""

from collections.abc import Iterable
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from shop.listings.models import Listing
from shop.listings.signals import listing_changed, listing_ended, listing_published
from shop.ordering.signals import stock_moved
from shop.storefront import operations, queries
from traceability import keylists
from traceability.models import (
    Certificate,
    Event,
    Evidence,
    Lot,
    PublishedKeyList,
    StatusEvent,
)
from traceability.queries import descendant_ids
from traceability.signals import scan_links


@receiver(listing_published)
@receiver(listing_changed)
@receiver(listing_ended)
def refresh_after_listing(*, listing: Listing, **_: Any) -> None:
    if listing.product_id:
        operations.refresh_card(product_id=listing.product_id)


@receiver(stock_moved)
def refresh_after_order(*, product_ids: Iterable[int], **_: Any) -> None:
    operations.refresh_stock(product_ids=product_ids)


# Rows about a lot are only ever added, so their being saved is the announcement.
@receiver(post_save, sender=Evidence)
@receiver(post_save, sender=Certificate)
def refresh_after_lot(*, instance: Evidence | Certificate, **_: Any) -> None:
    operations.refresh_lot(lot_id=instance.lot_id)


@receiver(post_save, sender=Event)
def refresh_after_event(*, instance: Event, **_: Any) -> None:
    # What grew into other lots grew so for them too.
    for lot_id in (instance.lot_id, *sorted(descendant_ids([instance.lot_id]))):
        operations.refresh_lot(lot_id=lot_id)


@receiver(post_save, sender=PublishedKeyList)
def refresh_after_theft(*, instance: PublishedKeyList, **_: Any) -> None:
    keys = keylists.read_list(instance.signed.document).keys
    if any(key.state == keylists.State.COMPROMISED for key in keys):
        operations.refresh_certified()


@receiver(post_save, sender=StatusEvent)
def refresh_after_status(*, instance: StatusEvent, **_: Any) -> None:
    if instance.lot_id:
        operations.refresh_lot(lot_id=instance.lot_id)
    elif instance.certificate:
        operations.refresh_lot(lot_id=instance.certificate.lot_id)


@receiver(scan_links)
def offer_again(*, lot: Lot, **kwargs: Any) -> dict[str, str] | None:
    return queries.buy_again(lot=lot)
