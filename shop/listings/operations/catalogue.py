"""What Oscar's catalogue must hold before the first listing: classes, sellers."""

from typing import TYPE_CHECKING

from django.db import transaction
from oscar.core.loading import get_model

from partners.models import Supermarket
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
    *,
    farmer: Farmer | None = None,
    cooperative: Cooperative | None = None,
    supermarket: Supermarket | None = None,
) -> Seller:
    """The seller that is this farmer, cooperative or supermarket, made on first use.

    Errors: ValueError unless exactly one of them is given.
    """
    given: dict[str, Farmer | Cooperative | Supermarket] = {
        kind: one
        for kind, one in (
            ("farmer", farmer),
            ("cooperative", cooperative),
            ("supermarket", supermarket),
        )
        if one is not None
    }
    if len(given) != 1:
        raise ValueError("a seller is one farmer, cooperative or supermarket")
    ((kind, one),) = given.items()
    partner, _created = get_model("partner", "Partner").objects.get_or_create(
        code=f"{kind}-{one.pk}",
        defaults={"name": one.called if isinstance(one, Farmer) else one.name},
    )
    seller, _created = Seller.objects.get_or_create(partner=partner, defaults=given)
    return seller
