"""Keeping the prepared pages true. Every write here follows somebody else's."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, prefetch_related_objects
from django.utils import timezone
from oscar.core.loading import get_model

from logistics.queries import NotDelivered, lowest_fen, quote
from partners.privacy import mask_name
from partners.provinces import PROVINCES
from shop.listings.cleaning import clean_story
from shop.listings.crops import CROPS
from shop.listings.models import Listing
from shop.storefront.models import (
    BEHIND,
    LATER,
    PRESALE_AFTER,
    CropShelf,
    MarketVersion,
    ProductCard,
    Shelf,
    is_presale,
    month_bit,
)
from shop.storefront.traces import trace_of

LISTING_NEEDS = (
    "product",
    "category",
    "village__parent",
    "farmer",
    "assistant__user",
    "supermarket",
    "freight_template",
    "lot__plot",
)


class UnableToRefresh(Exception):
    """The product has no listing of ours: there is nothing to show."""


@transaction.atomic
def refresh_card(*, product_id: int) -> ProductCard:
    """Prepare the card of a product anew; its pages and lists follow at once.

    Writes nothing where nothing changed.

    Errors: UnableToRefresh where the product has no listing.
    """
    # The card first: whoever waits for it then reads what the other one committed.
    old = ProductCard.objects.select_for_update().filter(pk=product_id).first()
    listing = (
        Listing.objects.select_related(*LISTING_NEEDS)
        .prefetch_related("freight_template__rules")
        .filter(product_id=product_id)
        .first()
    )
    if listing is None:
        raise UnableToRefresh(f"Product {product_id} has no listing.")
    left = _left([product_id]).get(product_id, 0)
    facts = card_facts(listing=listing, left=left)
    if old is None:
        card = ProductCard.objects.create(product_id=product_id, **facts)
        _move_shelves(before=None, after=card)
        bump_market()
        return card
    if all(getattr(old, name) == value for name, value in facts.items()):
        return old
    before = (old.category_id, old.village_id, old.crop) if old.on_sale else None
    for name, value in facts.items():
        setattr(old, name, value)
    old.version += 1
    old.save()
    _move_shelves(before=before, after=old)
    bump_market()
    return old


def card_facts(*, listing: Listing, left: int) -> dict[str, Any]:
    """The card's fields as they should be now. `left`: packs that can be bought."""
    assert listing.farmer and listing.village and listing.category and listing.product
    assert listing.price_fen and listing.unit_price_fen is not None
    assert listing.published_at
    trace = trace_of(listing.lot)
    crop = CROPS.get(listing.crop)
    sold_out = left == 0
    behind = BEHIND if sold_out else 0
    later = LATER if is_presale(listing.picked_on, timezone.localdate()) else 0
    margin_fen = listing.price_fen * listing.margin_bp // 10_000
    return {
        "listing_id": listing.pk,
        "title": listing.title,
        "slug": listing.product.slug,
        # Cleaned once more: the page prints it as it is.
        "description": clean_story(listing.description),
        "category_id": listing.category_id,
        "category_code": listing.category.code or listing.category.slug,
        "category_name": listing.category.name,
        "crop": listing.crop,
        "season": sum(month_bit(month) for month in crop.season) if crop else 0,
        "fresh": listing.fresh,
        "village_id": listing.village_id,
        "village_name": listing.village.name,
        "township_code": listing.village.parent_id or "",
        "township_name": listing.village.parent.name if listing.village.parent else "",
        "farmer_id": listing.farmer_id,
        "grower": listing.farmer.public_name,
        "growing_since": listing.farmer.growing_since,
        "story": listing.farmer.story,
        "assistant_name": mask_name(listing.assistant.user.name),
        "picture": listing.picture,
        "photos": listing.photos,
        "price_fen": listing.price_fen,
        "unit_price_fen": listing.unit_price_fen,
        "unit": listing.unit,
        "pack_g": listing.pack_g,
        "pieces": listing.pieces,
        "piece_unit": listing.piece_unit,
        "container": listing.container,
        **_freight_facts(listing),
        "harvest_on": listing.picked_on,
        "left": left,
        "supermarket_id": listing.supermarket_id,
        "supermarket_name": listing.supermarket.name if listing.supermarket else "",
        "margin_fen": margin_fen,
        "lot_id": listing.lot_id,
        "trace": trace.facts,
        "certified": trace.certified,
        "tested": trace.tested,
        "gi": trace.gi,
        "recalled": trace.recalled,
        "on_sale": listing.status == Listing.Status.ON_SALE,
        "sold_out": sold_out,
        "published_at": listing.published_at,
        "newest_key": int(listing.published_at.timestamp()) - behind - later,
        "price_key": listing.price_fen + behind,
    }


def _freight_facts(listing: Listing) -> dict[str, Any]:
    """What sending one pack costs in each province, quoted once and not a page."""
    template = listing.freight_template
    if template is None:
        return {"lowest_freight_fen": None, "freight": {}}
    prefetch_related_objects([template], "rules")  # once, not once a province
    pack = {
        "weight_g": listing.parcel_g,
        "pieces": 1,
        "goods_fen": listing.price_fen or 0,
    }
    freight: dict[str, list[int | None] | None] = {}
    for province in PROVINCES:
        try:
            price = quote(template=template, division_code=province, **pack)
        except NotDelivered:
            freight[province] = None
        else:
            freight[province] = [price.fen, price.free_from_fen]
    return {"lowest_freight_fen": lowest_fen(template, **pack), "freight": freight}


def _left(product_ids: Iterable[int]) -> dict[int, int]:
    """Packs of each product that can still be bought."""
    rows = (
        get_model("partner", "StockRecord")
        .objects.filter(product_id__in=list(product_ids))
        .values_list("product_id", "num_in_stock", "num_allocated")
    )
    return {
        product_id: max((in_stock or 0) - (allocated or 0), 0)
        for product_id, in_stock, allocated in rows
    }


@transaction.atomic
def refresh_stock(*, product_ids: Iterable[int]) -> None:
    """Only how many packs are left, as orders take and give back: no other reads.

    Lists change where a product sells out or comes back; its own page always.
    """
    cards = ProductCard.objects.filter(product_id__in=list(product_ids))
    # Locked before the stock is read, as in refresh_card.
    held = list(cards.order_by("pk").select_for_update())
    lefts = _left(card.product_id for card in held)
    for card in held:
        left = lefts.get(card.product_id, 0)
        if left == card.left:
            continue
        changed = ["left", "version"]
        if (left == 0) != card.sold_out:
            step = BEHIND if left == 0 else -BEHIND
            card.newest_key -= step
            card.price_key += step
            card.sold_out = left == 0
            changed += ["sold_out", "newest_key", "price_key"]
            bump_market()
        card.left = left
        card.version += 1
        card.save(update_fields=changed)


def bring_forward(*, today: date) -> int:
    """Cards whose harvest has come near leave the end of their lists; how many."""
    waiting = Q(sold_out=False, newest_key__lt=0) | Q(newest_key__lt=-BEHIND)
    near = ProductCard.objects.filter(waiting, harvest_on__lte=today + PRESALE_AFTER)
    product_ids = list(near.values_list("pk", flat=True))
    for product_id in product_ids:
        refresh_card(product_id=product_id)
    return len(product_ids)


def refresh_lot(*, lot_id: int) -> None:
    """Cards of products that are sold from this lot, after something was told of it."""
    for product_id in ProductCard.objects.filter(lot_id=lot_id).values_list(
        "pk", flat=True
    ):
        refresh_card(product_id=product_id)


def refresh_certified() -> None:
    """Every card that shows a certificate, after a key was found to be stolen."""
    shown = ProductCard.objects.filter(certified=True)
    for product_id in list(shown.values_list("pk", flat=True)):
        refresh_card(product_id=product_id)


def bump_market() -> None:
    """Every kept list is old from now on."""
    if not MarketVersion.objects.filter(pk=1).update(number=F("number") + 1):
        MarketVersion.objects.bulk_create(
            [MarketVersion(pk=1, number=2)], ignore_conflicts=True
        )


def _move_shelves(*, before: tuple[int, str, str] | None, after: ProductCard) -> None:
    now = (after.category_id, after.village_id, after.crop) if after.on_sale else None
    if before == now:
        return
    if before is not None:
        category_id, village_id, crop = before
        Shelf.objects.filter(category_id=category_id, village_id=village_id).update(
            products=F("products") - 1
        )
        CropShelf.objects.filter(pk=crop).update(products=F("products") - 1)
    if now is not None:
        category_id, village_id, crop = now
        Shelf.objects.get_or_create(category_id=category_id, village_id=village_id)
        Shelf.objects.filter(category_id=category_id, village_id=village_id).update(
            products=F("products") + 1
        )
        CropShelf.objects.get_or_create(pk=crop)
        CropShelf.objects.filter(pk=crop).update(products=F("products") + 1)


@transaction.atomic
def recount_shelves() -> None:
    """Count every shelf anew from the cards."""
    Shelf.objects.all().delete()
    CropShelf.objects.all().delete()
    on_sale = ProductCard.objects.on_sale()
    Shelf.objects.bulk_create(
        [
            Shelf(category_id=category_id, village_id=village_id, products=count)
            for category_id, village_id, count in on_sale.values_list(
                "category_id", "village_id"
            ).annotate(Count("pk"))
        ],
        batch_size=500,
    )
    CropShelf.objects.bulk_create(
        [
            CropShelf(crop=crop, products=count)
            for crop, count in on_sale.values_list("crop").annotate(Count("pk"))
        ],
        batch_size=500,
    )
    bump_market()
