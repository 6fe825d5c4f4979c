"""Listings in the state a test needs, without the way there."""

from datetime import UTC, datetime
from typing import Any

from oscar.core.loading import get_model

from logistics.models import FreightTemplate
from partners.organisations.models import Assistant, Division, Farmer
from shop.listings.crops import CROPS
from shop.listings.models import Listing
from shop.listings.operations.catalogue import seller_for, set_up_catalogue
from shop.listings.operations.sale import publish
from shop.listings.terms import fingerprint
from tests.factories.people import new_assistant, new_farmer

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

PLACES = (
    ("430000000000", "湖南省", "province"),
    ("430700000000", "常德市", "city"),
    ("430722000000", "汉寿县", "county"),
)


def village(code: str = "430722108201", name: str = "示例村") -> Division:
    """A village that is not on the map, with everything above it: no data to load."""
    parent = None
    for place, called, level in (
        *PLACES,
        (f"{code[:9]}000", f"示例{code[6:9]}镇", "township"),
    ):
        parent, _ = Division.objects.get_or_create(
            code=place, defaults={"name": called, "level": level, "parent": parent}
        )
    found, _ = Division.objects.get_or_create(
        code=code, defaults={"name": name, "level": "village", "parent": parent}
    )
    return found


def farmer(*, called: str = "王婶", home: Division | None = None) -> Farmer:
    """The village's farmer of this calling, registered on first use."""
    home = home or village()
    known = Farmer.objects.filter(village=home, called=called).first()
    return known or new_farmer(village=home, called=called)


def assistant(*villages: Division) -> Assistant:
    """Somebody who serves these villages."""
    return new_assistant(*(villages or [village()]), name="赵示例")


def freight() -> FreightTemplate:
    """A freight template, without rules: enough to be chosen."""
    template, _ = FreightTemplate.objects.get_or_create(
        name="示例运费", defaults={"basis": "weight", "created_at": NOW}
    )
    return template


def category(crop: str = "冰糖橙") -> Any:
    set_up_catalogue()
    return get_model("catalogue", "Category").objects.get(code=CROPS[crop].category)


def agreed_listing(
    *,
    crop: str = "冰糖橙",
    price_fen: int = 2900,
    packs: int = 120,
    grower: Farmer | None = None,
    by: Assistant | None = None,
    at: datetime = NOW,
    **fields: Any,
) -> Listing:
    """Sent and agreed to, one `publish` away from being on sale."""
    grower = grower or farmer()
    known = CROPS[crop]
    fields = {
        "title": crop,
        "picture": known.picture,
        "fresh": known.fresh,
        "category": category(crop),
        "freight_template": freight(),
        **({"pieces": 1, "piece_unit": known.unit} if known.counted else {}),
        **({} if known.counted else {"pack_g": 2500}),
        **fields,
    }
    listing = Listing(
        assistant=by or assistant(grower.village),
        farmer=grower,
        village=grower.village,
        seller=seller_for(farmer=grower),
        crop=crop,
        price_fen=price_fen,
        capacity_packs=packs,
        status=Listing.Status.SENT,
        agreed_price_fen=price_fen,
        agreed_at=at,
        drafted_at=at,
        changed_at=at,
        **fields,
    )
    listing.terms = listing.agreed_terms = fingerprint(listing)
    listing.save()
    return listing


def listing_on_sale(**fields: Any) -> Listing:
    """An offer on sale, with its product and stock record."""
    listing = agreed_listing(**fields)
    publish(listing=listing, at=fields.get("at", NOW))
    listing.refresh_from_db()
    return listing
