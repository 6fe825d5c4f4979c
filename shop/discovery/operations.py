"""Every write about search: what is outdated, and bringing the index up to date."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F, QuerySet

from shop.discovery.documents import FIELDS, document_of
from shop.discovery.engine import (
    BLOCK,
    Document,
    DocumentsRefused,
    Gone,
    SearchEngine,
    SearchUnavailable,
    Tally,
)
from shop.discovery.engines import configured
from shop.discovery.models import Edition, Outdated
from shop.storefront.models import ProductCard

log = logging.getLogger(__name__)
BATCH = 200
PAGE = 500
REFUSED_AGAIN = timedelta(minutes=10)
# Who writes the whole index says so this often; longer silence means that it died.
REBUILDING = "discovery.rebuilding"
REBUILDING_SECONDS = 120
# The next number of a product, or the first one above what an index already holds.
_NEXT_EDITIONS = """
INSERT INTO discovery_edition (product_id, number) VALUES {rows}
ON CONFLICT (product_id) DO UPDATE SET number = CASE
    WHEN excluded.number > discovery_edition.number THEN excluded.number
    ELSE discovery_edition.number + 1 END
RETURNING product_id, number
"""


def follow_card(
    *, product_id: int, changed: Collection[str] | None, at: datetime
) -> None:
    """Note a card that was saved, if its document tells any of the fields `changed`
    (None: any may have)."""
    if changed is None or not set(FIELDS).isdisjoint(changed):
        note_outdated(product_ids=[product_id], at=at)


def note_outdated(
    *,
    product_ids: Iterable[int],
    at: datetime,
    above: Mapping[int, int] | None = None,
) -> None:
    """Remember that these products changed, in the transaction that changed them.

    `above`: versions that the index holds of some of them, to be outdone.
    """
    above = above or {}
    wanted = iter(sorted(set(product_ids)))
    while some := list(islice(wanted, PAGE)):
        # No savepoint of its own: it succeeds or fails with what it notes.
        with transaction.atomic(savepoint=False):
            numbers = _next_editions(
                {product_id: above.get(product_id, 0) + 1 for product_id in some}
            )
            Outdated.objects.bulk_create(
                [Outdated(product_id=pk, number=numbers[pk], since=at) for pk in some],
                update_conflicts=True,
                unique_fields=["product_id"],
                update_fields=["number", "again_at", "tries"],
            )


def _next_editions(lowest: Mapping[int, int]) -> dict[int, int]:
    rows = ", ".join(["(%s, %s)"] * len(lowest))
    given = [number for item in lowest.items() for number in item]
    with connection.cursor() as cursor:
        # Only marks are put together here; the numbers are bound.
        cursor.execute(_NEXT_EDITIONS.format(rows=rows), given)
        return dict(cursor.fetchall())


def index_outdated(
    *,
    at: datetime,
    product_ids: Collection[int] | None = None,
    engine: SearchEngine | None = None,
    limit: int = 2000,
) -> int:
    """Write or forget the documents of what changed; returns how many.

    Of these products only, or of everything that is due at `at`. Where there is no
    index, it is written as a whole. Idempotent. What changes again meanwhile stays
    noted. Where the engine cannot write now, everything stays noted and the beat
    comes back to it; what it refuses waits some minutes.
    """
    engine = engine or configured()
    due = Outdated.objects.due(at).order_by("since", "pk")
    if product_ids is not None:
        due = due.filter(pk__in=product_ids)
    done = 0
    try:
        if not engine.ready():
            return _first_index(engine, at=at)
        while done < limit and (batch := list(due[:BATCH])):
            settled = _index(engine, batch, at=at)
            done += settled
            if not settled:
                # Everything changed again at once; the next round takes it.
                break
    except SearchUnavailable as error:
        log.warning("the index stays behind: %s", error)
    return done


def _first_index(engine: SearchEngine, *, at: datetime) -> int:
    if not cache.add(REBUILDING, 1, REBUILDING_SECONDS):
        return 0
    return rebuild_index(engine=engine, at=at)


def _index(engine: SearchEngine, batch: list[Outdated], *, at: datetime) -> int:
    """Write these; returns how many are settled or put off."""
    # Read after the rows: a card is at least as new as the number it is written under.
    numbers = {row.pk: row.number for row in batch}
    cards = _cards().in_bulk(numbers)
    refused = _write(
        engine,
        [document_of(card, version=numbers[pk]) for pk, card in cards.items()],
        [Gone(pk, number) for pk, number in numbers.items() if pk not in cards],
    )
    if refused:
        Outdated.objects.filter(pk__in=refused).update(
            tries=F("tries") + 1, again_at=at + REFUSED_AGAIN
        )
    written = {pk: number for pk, number in numbers.items() if pk not in refused}
    return _settle(written) + len(refused)


def _write(
    engine: SearchEngine, documents: list[Document], gone: list[Gone]
) -> set[int]:
    """Returns which products the engine refused."""
    refused: set[int] = set()
    try:
        if documents:
            engine.put(documents)
    except DocumentsRefused as error:
        refused |= _told(error)
    try:
        if gone:
            engine.remove(gone)
    except DocumentsRefused as error:
        refused |= _told(error)
    return refused


def _told(error: DocumentsRefused) -> frozenset[int]:
    log.error("the index refuses %s: %s", sorted(error.product_ids), error)
    return error.product_ids


def _settle(written: Mapping[int, int]) -> int:
    """Forget rows that are done: what changed meanwhile has another number."""
    with transaction.atomic():
        rows = Outdated.objects.filter(pk__in=written).order_by("pk")
        done = [
            row.pk for row in rows.select_for_update() if row.number == written[row.pk]
        ]
        Outdated.objects.filter(pk__in=done).delete()
    return len(done)


def rebuild_index(*, at: datetime, engine: SearchEngine | None = None) -> int:
    """Write the whole index anew; searches are answered by the old one until then.

    What changes while it is written is noted as ever, and indexed right afterwards.
    Returns how many products it holds. Errors: SearchUnavailable.
    """
    engine = engine or configured()
    cache.set(REBUILDING, 1, REBUILDING_SECONDS)
    try:
        noted = dict(Outdated.objects.values_list("pk", "number"))
        count = engine.rebuild(_documents())
    finally:
        cache.delete(REBUILDING)
    # Only what was noted before the first document was read is surely in it.
    _settle(noted)
    index_outdated(engine=engine, at=at)
    return count


def _documents() -> Iterator[Document]:
    """Documents of everything on sale, by key, so that no page of them is missed."""
    last = 0
    while True:
        # The numbers before the cards, as in _index.
        ids = list(
            ProductCard.objects.filter(on_sale=True, pk__gt=last)
            .order_by("pk")
            .values_list("pk", flat=True)[:PAGE]
        )
        if not ids:
            return
        numbers = dict(Edition.objects.filter(pk__in=ids).values_list("pk", "number"))
        for card in _cards().filter(pk__in=ids).order_by("pk"):
            yield document_of(card, version=numbers.get(card.pk, 1))
        last = ids[-1]
        cache.touch(REBUILDING, REBUILDING_SECONDS)


def _cards() -> QuerySet[ProductCard]:
    return ProductCard.objects.filter(on_sale=True).only(*FIELDS)


@dataclass
class Differences:
    """How many products the index lacked, told wrongly, and held too many."""

    missing: int = 0
    stale: int = 0
    surplus: int = 0


def reconcile_index(*, at: datetime, engine: SearchEngine | None = None) -> Differences:
    """Compare the index with the market, block by block, and note what differs.

    A block whose count and sum of fingerprints agree is not looked at further.
    Errors: SearchUnavailable.
    """
    engine = engine or configured()
    found = Differences()
    tallies = dict(engine.tallies())
    for block, documents in groupby(
        _documents(), lambda document: document.product_id // BLOCK
    ):
        wanted = {document.product_id: document.fingerprint for document in documents}
        tally = Tally(len(wanted), sum(wanted.values()))
        if tallies.pop(block, Tally()) != tally:
            _note_differences(engine, block, wanted, found, at=at)
    for block in tallies:
        _note_differences(engine, block, {}, found, at=at)
    log.info("the index was compared with the market: %s", found)
    return found


def _note_differences(
    engine: SearchEngine,
    block: int,
    wanted: Mapping[int, int],
    found: Differences,
    *,
    at: datetime,
) -> None:
    held = engine.held(block)
    # What is noted already is on its way.
    first, last = block * BLOCK, block * BLOCK + BLOCK - 1
    noted = set(
        Outdated.objects.filter(pk__range=(first, last)).values_list("pk", flat=True)
    )
    missing = wanted.keys() - held.keys() - noted
    surplus = held.keys() - wanted.keys() - noted
    stale = {
        product_id
        for product_id in (wanted.keys() & held.keys()) - noted
        if wanted[product_id] != held[product_id].fingerprint
    }
    found.missing += len(missing)
    found.surplus += len(surplus)
    found.stale += len(stale)
    note_outdated(
        product_ids=missing | surplus | stale,
        at=at,
        # Or an index that was ahead, as after a database came back from a backup,
        # would leave them out as older.
        above={product_id: each.version for product_id, each in held.items()},
    )
