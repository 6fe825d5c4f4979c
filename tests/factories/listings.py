"""Listings in the state a test needs, without the way there."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from oscar.core.loading import get_model

from partners.organisations.models import Assistant, Division, Farmer
from partners.privacy import blind_index
from shop.listings.crops import CROPS
from shop.listings.models import Listing
from shop.listings.operations.catalogue import seller_for, set_up_catalogue
from shop.listings.operations.sale import publish
from shop.listings.terms import fingerprint
from shop.users.models import User

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
_number = count(1)

PLACES = (
    ("430000000000", "湖南省", "province"),
    ("430700000000", "常德市", "city"),
    ("430722000000", "汉寿县", "county"),
    ("430722101000", "蒋家嘴镇", "township"),
    ("430722101201", "永固村", "village"),
)


def village(code: str = "430722101201", name: str = "永固村") -> Division:
    """A village of Hanshou county with everything above it."""
    parent = None
    for place, called, level in PLACES[:-1]:
        parent, _ = Division.objects.get_or_create(
            code=place, defaults={"name": called, "level": level, "parent": parent}
        )
    if code[:9] != "430722101":
        parent, _ = Division.objects.get_or_create(
            code=f"{code[:9]}000",
            defaults={
                "name": f"{code[6:9]}镇",
                "level": "township",
                "parent_id": "430722000000",
            },
        )
    place, _ = Division.objects.get_or_create(
        code=code, defaults={"name": name, "level": "village", "parent": parent}
    )
    return place


def farmer(*, called: str = "王婶", home: Division | None = None) -> Farmer:
    phone = f"100{next(_number):08d}"
    return Farmer.objects.create(
        village=home or village(),
        name=f"{called[0]}示例",
        called=called,
        phone=phone,
        phone_index=blind_index("phone", phone),
        joined_at=NOW,
    )


def assistant(*villages: Division, name: str = "赵示例") -> Assistant:
    user = User.objects.create_user(f"100{next(_number):08d}", "示例密码-1", name=name)
    served = Assistant.objects.create(user=user)
    served.villages.set(villages or [village()])
    return served


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
