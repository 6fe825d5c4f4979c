"""The basket a browser carries: a signed number in a cookie, rows in the database.

Oscar's basket middleware loads offers and strategies for every request and costs
a page dozens of queries. The rows are Oscar's; the way to them is ours: nothing
is read before a page asks, nothing is written before somebody adds something.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from logistics.models import FreightTemplate
from partners.keys import key_in
from partners.organisations.models import Division
from shop.listings.models import Listing

COOKIE = settings.OSCAR_BASKET_COOKIE_OPEN
MOST_LINES = 50
MOST_PACKS = settings.OSCAR_MAX_BASKET_QUANTITY_THRESHOLD
_signer = Signer(salt="xiangji.basket")


@dataclass(frozen=True)
class Item:
    """One product in a basket, with everything a page says about it."""

    line_id: int
    product_id: int
    stockrecord_id: int
    partner_id: int
    title: str
    quantity: int
    price_fen: int
    left: int
    listing: Listing = field(repr=False)

    @property
    def goods_fen(self) -> int:
        """Price times packs."""
        return self.price_fen * self.quantity

    @property
    def weight_g(self) -> int:
        """Grams of all packs together, as a parcel of them weighs."""
        return self.listing.parcel_g * self.quantity

    @property
    def village(self) -> Division:
        """Where it is sent from: whatever is sold has one."""
        assert self.listing.village is not None
        return self.listing.village

    @property
    def freight_template(self) -> FreightTemplate:
        """What its freight is quoted by: whatever is sold has one."""
        assert self.listing.freight_template is not None
        return self.listing.freight_template

    @property
    def problem(self) -> str:
        """Why this cannot be bought as it stands, or nothing."""
        if self.listing.status != "on_sale" or self.left <= 0:
            return _("%(title)s has just sold out.") % {"title": self.title}
        if self.left < self.quantity:
            return _("Only %(left)d of %(title)s are left.") % {
                "left": self.left,
                "title": self.title,
            }
        return ""


def basket_id(request: HttpRequest) -> int | None:
    """The basket's number in the request's cookie, if it is one we signed."""
    try:
        return int(_signer.unsign(request.COOKIES.get(COOKIE, "")))
    except (BadSignature, ValueError):
        return None


def current(request: HttpRequest) -> Any:
    """The browser's open basket (one of Oscar's), or None."""
    number = basket_id(request)
    if number is None:
        return None
    Basket = apps.get_model("basket", "Basket")
    return Basket.objects.filter(pk=number, status=Basket.OPEN).first()


def remember(response: HttpResponse, number: int) -> HttpResponse:
    """Let the browser carry the basket's number."""
    response.set_cookie(
        COOKIE,
        _signer.sign(str(number)),
        max_age=settings.OSCAR_BASKET_COOKIE_LIFETIME,
        secure=settings.OSCAR_BASKET_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def items(basket: Any) -> list[Item]:
    """What is in the basket, oldest first, in one query."""
    if basket is None:
        return []
    lines = (
        apps.get_model("basket", "Line")
        .objects.filter(basket=basket)
        .select_related(
            "product__listing__village",
            "product__listing__farmer",
            "product__listing__freight_template",
            "product__listing__supermarket",
            "stockrecord",
        )
        .order_by("pk")
    )
    return [
        Item(
            line_id=line.pk,
            product_id=line.product_id,
            stockrecord_id=line.stockrecord_id,
            partner_id=line.stockrecord.partner_id,
            title=line.product.title,
            quantity=line.quantity,
            price_fen=int(line.stockrecord.price * 100),
            left=line.stockrecord.net_stock_level,
            listing=line.product.listing,
        )
        for line in lines
    ]


@dataclass(frozen=True)
class TakenOut:
    """What has just left the basket, as the next page's address carries it."""

    product_id: int
    title: str
    quantity: int


def taken_out(params: Mapping[str, str], items: list[Item]) -> TakenOut | None:
    """What may be put back: still on sale, and not in the basket already."""
    product_id, packs = key_in(params.get("out")), key_in(params.get("packs"))
    if product_id is None or packs is None or not 1 <= packs <= MOST_PACKS:
        return None
    if any(item.product_id == product_id for item in items):
        return None
    offer = Listing.objects.on_sale().filter(product_id=product_id).first()
    return TakenOut(product_id, offer.title, packs) if offer else None


def count(request: HttpRequest) -> int:
    """Packs in the browser's basket; no query where there is no cookie."""
    number = basket_id(request)
    if number is None:
        return 0
    lines = apps.get_model("basket", "Line").objects.filter(
        basket_id=number, basket__status="Open"
    )
    return sum(lines.values_list("quantity", flat=True))
