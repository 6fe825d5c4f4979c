"""The terms of a listing as the farmer sees them, and their fingerprint."""

import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any, TypedDict

from django.conf import settings

from logistics.models import FreightTemplate
from partners.measures import apportion
from partners.models import Supermarket
from partners.organisations.models import Farmer
from shop.listings.models import Listing, Seller

if TYPE_CHECKING:
    from oscar.apps.catalogue.models import Category


class Changes(TypedDict, total=False):
    """What can be corrected in a draft; grams, fen, dates in Asia/Shanghai."""

    farmer: Farmer | None
    seller: Seller
    category: "Category | None"
    crop: str
    title: str
    description: str
    picture: str
    fresh: bool
    pack_g: int | None
    pieces: int | None
    piece_unit: str
    container: str
    price_fen: int | None
    harvest_on: date | None
    capacity_packs: int | None
    freight_template: FreightTemplate | None
    supermarket: Supermarket | None
    margin_bp: int


class Question(TypedDict):
    """What a draft still asks: a field, why, and the words it is about."""

    field: str
    why: str
    words: str


_AGREED = (
    "farmer_id",
    "seller_id",
    "category_id",
    "crop",
    "title",
    "description",
    "fresh",
    "pack_g",
    "pieces",
    "piece_unit",
    "container",
    "harvest_on",
    "supermarket_id",
    "margin_bp",
)


def fingerprint(listing: Listing) -> str:
    """64 hexadecimal digits that change when any agreed term changes.

    Price and stock are not part of it: the price is guarded by itself (never below
    the agreed one), and how many packs are left changes with every sale.
    """
    terms: dict[str, Any] = {name: getattr(listing, name) for name in _AGREED}
    if terms["harvest_on"] is not None:
        terms["harvest_on"] = terms["harvest_on"].isoformat()
    body = json.dumps(terms, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()


def grower_fen(*, listing: Listing, price_fen: int) -> int:
    """What the grower is owed for one pack sold at this price, in whole fen."""
    grower, _margin, _platform = split_price(
        price_fen, margin_bp=listing.margin_bp, platform_bp=settings.PLATFORM_FEE_BP
    )
    return grower


def split_price(fen: int, *, margin_bp: int, platform_bp: int) -> tuple[int, int, int]:
    """A price of goods between grower, supermarket's margin and platform's fee.

    Whole fen; the parts sum to it exactly (largest remainder).
    """
    kept_bp = 10_000 - margin_bp - platform_bp
    grower, margin, platform = apportion(fen, [kept_bp, margin_bp, platform_bp])
    return grower, margin, platform


def missing(listing: Listing) -> list[str]:
    """Names of the fields without which a farmer cannot be asked, in page order."""
    lacks = {
        "farmer": listing.farmer_id is None,
        "title": not listing.title,
        "category": listing.category_id is None,
        "pack": not (listing.pack_g or listing.pieces),
        "price": not listing.price_fen,
        "capacity": not listing.capacity_packs,
        "freight": listing.freight_template_id is None,
    }
    return [name for name, is_missing in lacks.items() if is_missing]
