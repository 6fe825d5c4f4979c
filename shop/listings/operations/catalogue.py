"""What Oscar's catalogue must hold before the first listing: classes, sellers."""

from typing import TYPE_CHECKING

from django.db import transaction
from oscar.core.loading import get_model

from partners.organisations.models import Cooperative, Farmer
from shop.listings.crops import CATEGORIES
from shop.listings.models import Seller

if TYPE_CHECKING:
    from oscar.apps.catalogue.models import ProductClass

PRODUCE = "produce"


@transaction.atomic
def set_up_catalogue() -> "ProductClass":
    """Make the product class for produce and the category tree. Idempotent.

    A category is known by its code, which is its slug in pinyin.
    """
    product_class = get_model("catalogue", "ProductClass")
    category_model = get_model("catalogue", "Category")
    produce, _created = product_class.objects.get_or_create(
        slug=PRODUCE,
        defaults={"name": "农产品", "requires_shipping": True, "track_stock": True},
    )
    known = set(category_model.objects.values_list("code", flat=True))
    for slug, name, _picture in CATEGORIES:
        if slug not in known:
            category_model.objects.add_root(
                {"name": name, "slug": slug, "code": slug, "is_public": True}
            )
    return produce


@transaction.atomic
def seller_for(
    *, farmer: Farmer | None = None, cooperative: Cooperative | None = None
) -> Seller:
    """The seller that is this farmer or this cooperative, made on first use.

    Errors: ValueError unless exactly one of the two is given.
    """
    if (farmer is None) == (cooperative is None):
        raise ValueError("a seller is one farmer or one cooperative")
    partner_model = get_model("partner", "Partner")
    if farmer is not None:
        code, name = f"farmer-{farmer.pk}", farmer.called
    else:
        assert cooperative is not None
        code, name = f"cooperative-{cooperative.pk}", cooperative.name
    partner, _created = partner_model.objects.get_or_create(
        code=code, defaults={"name": name}
    )
    seller, _created = Seller.objects.get_or_create(
        partner=partner, defaults={"farmer": farmer, "cooperative": cooperative}
    )
    return seller
