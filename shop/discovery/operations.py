"""Every write about search: what is outdated, and bringing the index up to date."""

import logging
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction

from shop.discovery.documents import document_of
from shop.discovery.engine import Document, SearchEngine, SearchUnavailable
from shop.discovery.engines import configured
from shop.discovery.models import Outdated
from shop.storefront.models import ProductCard

log = logging.getLogger(__name__)
BATCH = 200


def note_outdated(*, product_ids: Iterable[int], at: datetime) -> None:
    """Remember that these products changed, in the transaction that changed them."""
    Outdated.objects.bulk_create(
        [
            Outdated(product_id=product_id, mark=uuid.uuid4(), since=at)
            for product_id in sorted(set(product_ids))
        ],
        update_conflicts=True,
        unique_fields=["product_id"],
        update_fields=["mark"],
    )


def index_outdated(*, engine: SearchEngine | None = None, limit: int = 2000) -> int:
    """Write or forget the documents of what changed; returns how many.

    Idempotent. What changes again meanwhile stays noted. Where the engine cannot
    write now, everything stays noted and the beat comes back to it.
    """
    engine = engine or configured()
    done = 0
    while done < limit:
        batch = list(Outdated.objects.order_by("since", "pk")[:BATCH])
        if not batch:
            break
        try:
            _index(engine, [row.product_id for row in batch])
        except SearchUnavailable as error:
            log.warning("the index stays behind by %d: %s", len(batch), error)
            break
        if not _settle(batch):
            # Everything changed again at once; the next round takes it.
            break
        done += len(batch)
    return done


def _index(engine: SearchEngine, product_ids: list[int]) -> None:
    cards = ProductCard.objects.on_sale().in_bulk(product_ids)
    gone = [product_id for product_id in product_ids if product_id not in cards]
    if cards:
        engine.put(document_of(card) for card in cards.values())
    if gone:
        engine.remove(gone)


def _settle(batch: list[Outdated]) -> int:
    settled = 0
    with transaction.atomic():
        for row in batch:
            deleted, _by_model = Outdated.objects.filter(
                pk=row.pk, mark=row.mark
            ).delete()
            settled += deleted
    return settled


def rebuild_index(*, engine: SearchEngine | None = None) -> int:
    """Write the whole index anew; searches are answered by the old one until then.

    What changes while it is written is noted as ever, and indexed right afterwards.
    Returns how many products it holds.
    """
    engine = engine or configured()
    noted = list(Outdated.objects.all())
    count = engine.rebuild(_documents())
    # Only what was noted before the first document was read is surely in it.
    _settle(noted)
    index_outdated(engine=engine)
    return count


def _documents() -> Iterator[Document]:
    """Documents of everything on sale, by key, so that no page of them is missed."""
    last = 0
    while True:
        cards = list(
            ProductCard.objects.on_sale().filter(pk__gt=last).order_by("pk")[:500]
        )
        if not cards:
            return
        yield from map(document_of, cards)
        last = cards[-1].pk
