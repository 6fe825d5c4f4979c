"""What the public pages show, prepared when it changes and not when it is read."""

import secrets
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from partners.files import StoredImage
from shop.listings.words import pack_words
from shop.storefront.pictures import illustration

MONTHS = range(1, 13)
# Cards sort by one number; what is sold out stands behind everything else.
BEHIND = 10**12
# What is picked in months stands behind what is there, in lists of what is new.
LATER = 10**11
PRESALE_AFTER = timedelta(days=7)


# Long, and only on the product's own page.
NOT_ON_CARDS = ("description", "story", "freight", "trace")


class ProductCardQuerySet(models.QuerySet["ProductCard"]):
    """Cards, asked for as people browse them."""

    def on_sale(self) -> "ProductCardQuerySet":
        """What the shelves show: on sale, sold out or not; only what cards need."""
        return self.filter(on_sale=True).defer(*NOT_ON_CARDS)

    def ripe_in(self, month: int) -> "ProductCardQuerySet":
        """Produce that is picked in `month`, 1 to 12, as its crop usually is."""
        return self.alias(ripe=models.F("season").bitand(month_bit(month))).filter(
            ripe__gt=0
        )

    def picked_between(self, first: date, last: date) -> "ProductCardQuerySet":
        """Not sold out, and picked within these days, both included."""
        return self.on_sale().filter(
            sold_out=False, harvest_on__gte=first, harvest_on__lte=last
        )


def first_version() -> int:
    """A card that is made anew must not repeat a number that it had before."""
    return secrets.randbelow(1 << 30)


def month_bit(month: int) -> int:
    """January is 1, December is 2048."""
    return 1 << (month - 1)


class ProductCard(models.Model):
    """All that a card and the still part of a product's page say of one product.

    One row a product, so that a list asks one table. Nothing in it depends on the
    reader's day or language: dates stay dates, packs stay grams and pieces. Money
    is whole fen. `season` has one bit a month, January the lowest.
    """

    product = models.OneToOneField(
        "catalogue.Product",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="card",
    )
    listing = models.OneToOneField(
        "listings.Listing", on_delete=models.CASCADE, related_name="card"
    )
    version = models.PositiveIntegerField(default=first_version)

    title = models.CharField(_("Title"), max_length=40)
    slug = models.CharField(max_length=200)
    description = models.TextField(_("Description"), blank=True)
    category = models.ForeignKey(
        "catalogue.Category", on_delete=models.PROTECT, related_name="+"
    )
    category_code = models.CharField(max_length=60)
    category_name = models.CharField(max_length=60)
    crop = models.CharField(_("Crop"), max_length=20, blank=True)
    season = models.PositiveSmallIntegerField(default=0)
    fresh = models.BooleanField(default=True)

    village = models.ForeignKey(
        "organisations.Division", on_delete=models.PROTECT, related_name="+"
    )
    village_name = models.CharField(max_length=60)
    township_code = models.CharField(max_length=12)
    township_name = models.CharField(max_length=60)
    farmer = models.ForeignKey(
        "organisations.Farmer", on_delete=models.PROTECT, related_name="+"
    )
    grower = models.CharField(_("Grower, masked"), max_length=60)
    growing_since = models.PositiveSmallIntegerField(null=True)
    story = models.TextField(blank=True)
    assistant_name = models.CharField(max_length=60, blank=True)

    picture = models.CharField(max_length=40, blank=True)
    photos = models.JSONField(default=list)

    price_fen = models.PositiveIntegerField(_("Price"))
    unit_price_fen = models.PositiveIntegerField(_("Price of one unit"))
    unit = models.CharField(_("Unit"), max_length=4)
    pack_g = models.PositiveIntegerField(null=True)
    pieces = models.PositiveIntegerField(null=True)
    piece_unit = models.CharField(max_length=4, blank=True)
    container = models.CharField(max_length=4, blank=True)
    lowest_freight_fen = models.PositiveIntegerField(null=True)
    freight = models.JSONField(
        default=dict,
        help_text=_(
            "Of one pack, by province: fen and free-from fen, or null where nothing "
            "is sent."
        ),
    )
    harvest_on = models.DateField(_("Picked on"), null=True)
    left = models.PositiveIntegerField(_("Packs left"), default=0)

    supermarket = models.ForeignKey(
        "partners.Supermarket", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    supermarket_name = models.CharField(max_length=80, blank=True)
    margin_fen = models.PositiveIntegerField(default=0)

    lot = models.ForeignKey(
        "traceability.Lot", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    trace = models.JSONField(default=dict)
    certified = models.BooleanField(default=False)
    tested = models.BooleanField(default=False)
    gi = models.BooleanField(_("Geographical indication"), default=False)
    recalled = models.BooleanField(default=False)

    on_sale = models.BooleanField(default=True)
    sold_out = models.BooleanField(default=False)
    published_at = models.DateTimeField()
    newest_key = models.BigIntegerField()
    price_key = models.BigIntegerField()

    objects = ProductCardQuerySet.as_manager()

    class Meta:
        verbose_name = _("Product card")
        verbose_name_plural = _("Product cards")
        indexes = [
            # One for each way through a list, so that no page sorts or counts rows.
            models.Index(
                fields=["category", "-newest_key", "-product"],
                condition=Q(on_sale=True),
                name="card_category_newest",
            ),
            models.Index(
                fields=["category", "price_key", "product"],
                condition=Q(on_sale=True),
                name="card_category_price",
            ),
            models.Index(
                fields=["category", "township_code", "-newest_key", "-product"],
                condition=Q(on_sale=True),
                name="card_township_newest",
            ),
            models.Index(
                fields=["category", "township_code", "price_key", "product"],
                condition=Q(on_sale=True),
                name="card_township_price",
            ),
            models.Index(
                fields=["village", "-newest_key", "-product"],
                condition=Q(on_sale=True),
                name="card_village_newest",
            ),
            models.Index(
                fields=["farmer", "-newest_key", "-product"],
                condition=Q(on_sale=True),
                name="card_farmer_newest",
            ),
            models.Index(
                fields=["-newest_key", "-product"],
                condition=Q(on_sale=True),
                name="card_newest",
            ),
            models.Index(
                fields=["harvest_on"],
                condition=Q(on_sale=True, sold_out=False),
                name="card_harvest",
            ),
            models.Index(fields=["lot"], name="card_lot"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(price_fen__gt=0), name="card_price_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse(
            "storefront:product", kwargs={"slug": self.slug, "pk": self.product_id}
        )

    @property
    def pack(self) -> str:
        """5斤装, 30枚装: how much one buys, in the reader's language."""
        return pack_words(
            pack_g=self.pack_g,
            pieces=self.pieces,
            piece_unit=self.piece_unit,
            container=self.container,
        )

    @property
    def image(self) -> dict[str, Any]:
        """What an img shows: the farmer's photo, or the crop's illustration."""
        if self.photos:
            photo = StoredImage.from_json(self.photos[0])
            return {"photo": photo, "tint": "stone"}
        drawn = illustration(self.picture)
        return {"path": drawn.path, "tint": drawn.tint}

    @property
    def story_of_it(self) -> SafeString:
        """The description's few harmless tags; `refresh_card` let nothing else in."""
        return mark_safe(self.description)  # noqa: S308

    @property
    def stored_photos(self) -> list[StoredImage]:
        """All of the farmer's photos."""
        return [StoredImage.from_json(photo) for photo in self.photos]

    def buyable(self) -> bool:
        """Whether one can put it into the basket now."""
        return self.on_sale and not self.sold_out and not self.recalled

    def is_presale(self, today: date) -> bool:
        """Whether it is picked more than a week from now."""
        return is_presale(self.harvest_on, today)


def is_presale(harvest_on: date | None, today: date) -> bool:
    """Whether something that is picked that day is sold before it is there."""
    return harvest_on is not None and harvest_on > today + PRESALE_AFTER


class Shelf(models.Model):
    """How many products of one category one village has on sale.

    Kept by `refresh_card`, so that filters show counts without counting products.
    """

    category = models.ForeignKey(
        "catalogue.Category", on_delete=models.CASCADE, related_name="+"
    )
    village = models.ForeignKey(
        "organisations.Division", on_delete=models.CASCADE, related_name="+"
    )
    products = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("Shelf")
        verbose_name_plural = _("Shelves")
        constraints = [
            models.UniqueConstraint(fields=["category", "village"], name="shelf_once"),
            models.CheckConstraint(
                condition=Q(products__gte=0), name="shelf_not_below_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category_id} {self.village_id}: {self.products}"


class CropShelf(models.Model):
    """How many products of one crop are on sale, for the harvest calendar."""

    crop = models.CharField(_("Crop"), max_length=20, primary_key=True)
    products = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("Crop on sale")
        verbose_name_plural = _("Crops on sale")
        constraints = [
            models.CheckConstraint(
                condition=Q(products__gte=0), name="crop_shelf_not_below_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.crop}: {self.products}"


class MarketVersion(models.Model):
    """A number that grows with every change that lists show; one row.

    A kept page is good as long as the number is the one it was made under.
    """

    number = models.PositiveBigIntegerField(default=1)

    class Meta:
        verbose_name = _("Version of the market")
        verbose_name_plural = _("Versions of the market")

    def __str__(self) -> str:
        return str(self.number)
