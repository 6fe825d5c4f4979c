"""The county that is measured: the demo's, and as many copies of it as are asked for.

The first shelves are made by operations, as the demo's are. The copies are rows: a
hundred thousand offers by operations would take an hour and measure nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from django.core.management import call_command
from django.db import models
from django.utils import timezone
from oscar.core.loading import get_model

from shop.demo import seed
from shop.discovery import operations as discovery
from shop.listings.models import Listing
from shop.storefront.models import ProductCard
from shop.storefront.operations import recount_shelves
from traceability import operations as trace
from traceability.models import Certificate, Label, LabelBatch

LABELS = 200
AT_ONCE = 2_000


@dataclass(frozen=True)
class County:
    """What pages are asked of it."""

    products: int
    category: str
    product: str
    village: str
    scans: list[str]


def make(products: int) -> County:
    """Divisions, the demo's county, copies up to `products`, an index, labels."""
    call_command("load_divisions", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    seed.run()
    copy_shelves(products)
    discovery.rebuild_index(at=timezone.now())
    labels = _labels()
    lot = labels[0].batch.lot_id
    card = ProductCard.objects.filter(lot=lot).order_by("pk").first()
    assert card is not None
    return County(
        products=ProductCard.objects.count(),
        category=f"/c/{card.product.get_categories().first().slug}/",
        product=card.get_absolute_url(),
        village=f"/v/{card.village_id}/",
        scans=[f"/T/{label.code}" for label in labels],
    )


def new_certificate(*, quantity_g: int) -> Certificate:
    """One more, for a lot of so many grams from the plot of the newest."""
    last = Certificate.objects.select_related("lot__plot").order_by("pk").last()
    assert last is not None
    old, by, at = last.lot, last.issued_by, timezone.now()
    lot = trace.record_lot(
        plot=old.plot,
        farmer=old.farmer,
        crop=old.crop,
        product_name=old.product_name,
        harvest_date=timezone.localdate(at),
        weight_g=quantity_g,
        by=by,
        at=at,
    )
    return trace.issue_certificate(
        lot=lot,
        basis=["quality_control"],
        quantity_g=quantity_g,
        promisor="示例",
        contact="示例",
        by=by,
        at=at,
    )


def new_labels(certificate: Certificate, count: int) -> LabelBatch:
    """Labels so light that no certificate runs out of them."""
    return trace.mint_labels(
        certificate=certificate,
        count=count,
        product_name=certificate.lot.product_name,
        pack_g=1,
        by=certificate.issued_by,
        at=timezone.now(),
    )


def _labels() -> list[Label]:
    """Those of one lot, on packages, for everybody to look at."""
    certificate = Certificate.objects.select_related("lot").order_by("pk").first()
    assert certificate is not None
    labels = list(new_labels(certificate, LABELS).labels.order_by("pk"))
    for label in labels:
        trace.pack_label(code=label.code, by=certificate.issued_by, at=timezone.now())
    return labels


def copy_shelves(products: int) -> None:
    """More of the same offers, an hour between each, until there are so many."""
    Product = get_model("catalogue", "Product")
    Placed = Product.categories.through  # noqa: N806  a model
    StockRecord = get_model("partner", "StockRecord")
    first = list(ProductCard.objects.on_sale().defer(None).order_by("pk"))
    ids = [card.product_id for card in first]
    old = {
        Product: _by(Product, "pk", ids),
        Placed: _by(Placed, "product_id", ids),
        StockRecord: _by(StockRecord, "product_id", ids),
        Listing: _by(Listing, "product_id", ids),
    }
    top = {model: _top(model) for model in (Product, StockRecord, Listing)}
    wanted = range(max(0, products - len(first)))
    numbers = iter(wanted)
    while batch := list(islice(numbers, AT_ONCE)):
        made: dict[type[models.Model], list[Any]] = {model: [] for model in old}
        cards = []
        for number in batch:
            card = first[number % len(first)]
            source = {model: rows[card.product_id] for model, rows in old.items()}
            product_id = top[Product] + 1 + number
            listing_id = top[Listing] + 1 + number
            earlier = card.published_at - timedelta(minutes=number + 1)
            made[Product].append(_copy(source[Product], pk=product_id, upc=None))
            made[Placed].append(_copy(source[Placed], pk=None, product_id=product_id))
            made[StockRecord].append(
                _copy(
                    source[StockRecord],
                    pk=top[StockRecord] + 1 + number,
                    product_id=product_id,
                    partner_sku=f"copy-{number}",
                )
            )
            made[Listing].append(
                _copy(
                    source[Listing],
                    pk=listing_id,
                    product_id=product_id,
                    published_at=earlier,
                )
            )
            cards.append(
                _copy(
                    card,
                    pk=product_id,
                    listing_id=listing_id,
                    published_at=earlier,
                    newest_key=int(earlier.timestamp()),
                )
            )
        for model, rows in made.items():
            model._default_manager.bulk_create(rows)
        ProductCard.objects.bulk_create(cards)
    recount_shelves()


def _by(model: type[models.Model], field: str, ids: list[int]) -> dict[int, Any]:
    rows: Iterator[Any] = model._default_manager.filter(**{f"{field}__in": ids})
    return {getattr(row, field): row for row in rows}


def _top(model: type[models.Model]) -> int:
    return model._default_manager.aggregate(top=models.Max("pk"))["top"] or 0


def _copy(row: Any, **changes: object) -> Any:
    """Another unsaved row with the same columns, but for `changes`."""
    fields = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    if "pk" in changes:
        changes[row._meta.pk.attname] = changes.pop("pk")
    return type(row)(**fields | changes)
