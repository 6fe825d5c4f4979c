"""What the public pages read: one query a question, none that grows with the shop."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from time import monotonic
from typing import NamedTuple

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.templatetags.static import static
from django.utils.translation import gettext as _
from oscar.core.loading import get_model

from partners import queries as board
from partners.keys import key_in
from partners.measures import yuan
from partners.organisations.models import Division
from partners.prepared import Prepared
from shop.listings.crops import CATEGORIES, CROPS, Crop
from shop.listings.words import category_name
from shop.storefront.models import CropShelf, ProductCard, Shelf
from shop.storefront.pictures import Illustration, illustration
from traceability.models import Lot

PAGE_SIZE = 20
# A week's harvest: what was picked since the day before yesterday, or will be soon.
JUST_PICKED = timedelta(days=2)
PICKED_SOON = timedelta(days=7)

_MARKET = Prepared("SELECT number FROM storefront_marketversion WHERE id = 1")
_BOTH = Prepared("""
    SELECT number,
        (SELECT version FROM storefront_productcard WHERE product_id = %s)
    FROM storefront_marketversion WHERE id = 1""")


def market_version() -> int:
    """The number that every change of a list makes grow."""
    rows = _MARKET.rows()
    return int(rows[0][0]) if rows else 0


def versions(product_id: int) -> tuple[int, int]:
    """The market's version and one product's, in one query; 0 where there is none."""
    rows = _BOTH.rows(product_id)
    return (int(rows[0][0]), int(rows[0][1] or 0)) if rows else (0, 0)


class CategoryEntry(NamedTuple):
    """One line of the market's menu."""

    pk: int
    slug: str
    known_as: str
    picture: Illustration

    @property
    def name(self) -> str:
        return category_name(self.slug, self.known_as)


_menu: tuple[int, dict[str, CategoryEntry]] = (-1, {})


def categories(version: int) -> dict[str, CategoryEntry]:
    """The menu by slug, in its order; asked of the database once a version."""
    global _menu
    if _menu[0] != version or version == 0:
        rows = {
            code: (pk, name)
            for pk, code, name in get_model("catalogue", "Category")
            .objects.filter(is_public=True)
            .values_list("pk", "code", "name")
        }
        _menu = (
            version,
            {
                slug: CategoryEntry(
                    rows[slug][0], slug, rows[slug][1], illustration(picture)
                )
                for slug, _name, picture in CATEGORIES
                if slug in rows
            },
        )
    return _menu[1]


@dataclass
class VillageCount:
    """A village, how many products it has on sale and of which categories."""

    village: Division
    products: int = 0
    category_ids: list[int] = field(default_factory=list)


@dataclass
class TownshipCount:
    """A township, its products on sale and its villages that have some."""

    code: str
    name: str
    products: int = 0
    villages: list[VillageCount] = field(default_factory=list)


def townships(category_id: int | None = None) -> list[TownshipCount]:
    """Townships with villages that sell (something of the category), by code."""
    shelves = Shelf.objects.filter(products__gt=0).order_by("village_id")
    if category_id is not None:
        shelves = shelves.filter(category_id=category_id)
    villages: dict[str, VillageCount] = {}
    for shelf in shelves.select_related("village__parent"):
        count = villages.setdefault(shelf.village_id, VillageCount(shelf.village))
        count.products += shelf.products
        count.category_ids.append(shelf.category_id)
    found: dict[str, TownshipCount] = {}
    for count in villages.values():
        above = count.village.parent or count.village
        township = found.setdefault(above.code, TownshipCount(above.code, above.name))
        township.products += count.products
        township.villages.append(count)
    return list(found.values())


@dataclass(frozen=True)
class CardPage:
    """Some cards of a longer list, with the marks its neighbours begin after."""

    cards: list[ProductCard]
    after: str = ""
    before: str = ""


SORTS = {"newest": ("newest_key", "-"), "price": ("price_key", "")}


def card_page(
    cards: QuerySet[ProductCard],
    *,
    sort: str = "newest",
    after: str = "",
    before: str = "",
    size: int = PAGE_SIZE,
) -> CardPage:
    """One page of `cards` by key, never by offset: the last is as quick as the first.

    `after` and `before` are marks of an earlier page; what is no mark is ignored.
    """
    column, sign = SORTS.get(sort, SORTS["newest"])
    start = _mark(after) or _mark(before)
    backwards = start is not None and _mark(after) is None
    descending = (sign == "-") != backwards
    direction = "-" if descending else ""
    ordered = cards.order_by(f"{direction}{column}", f"{direction}product_id")
    if start is not None:
        key, pk = start
        past = "lt" if descending else "gt"
        ordered = ordered.filter(
            Q(**{f"{column}__{past}": key}) | Q(**{f"product_id__{past}": pk}),
            **{f"{column}__{past}e": key},
        )
    rows = list(ordered[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return CardPage(cards=[])
    earlier = more if backwards else start is not None
    later = True if backwards else more
    return CardPage(
        cards=rows,
        after=_mark_of(rows[-1], column) if later else "",
        before=_mark_of(rows[0], column) if earlier else "",
    )


def _mark(text: str) -> tuple[int, int] | None:
    written, _dot, number = text.partition(".")
    # What is sold out, or far from picked, has a key below zero.
    key, pk = key_in(written.removeprefix("-")), key_in(number)
    if key is None or pk is None:
        return None
    return (-key if written.startswith("-") else key), pk


def _mark_of(card: ProductCard, column: str) -> str:
    return f"{getattr(card, column)}.{card.product_id}"


def weeks_harvest(today: date, *, size: int = 8) -> list[ProductCard]:
    """What is picked about now, soonest first; filled up with what is new."""
    picked = list(
        ProductCard.objects.picked_between(
            today - JUST_PICKED, today + PICKED_SOON
        ).order_by("harvest_on", "product_id")[:size]
    )
    missing = size - len(picked)
    if missing:
        newest = (
            ProductCard.objects.on_sale()
            .filter(sold_out=False)
            .exclude(pk__in=[card.pk for card in picked])
            .order_by("-newest_key", "-product_id")
        )
        picked += list(newest[:missing])
    return picked


def same_village(card: ProductCard, *, size: int = 12) -> list[ProductCard]:
    """Other offers of the card's village, its own crop by the same grower first."""
    own_crop = Case(
        When(farmer_id=card.farmer_id, crop=card.crop, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    return list(
        ProductCard.objects.on_sale()
        .filter(village_id=card.village_id)
        .exclude(pk=card.pk)
        .order_by(own_crop, "-newest_key", "-product_id")[:size]
    )


def crops_on_sale() -> dict[str, int]:
    """Crop to the number of its products on sale."""
    return dict(
        CropShelf.objects.filter(products__gt=0).values_list("crop", "products")
    )


def crops_ripe_in(month: int, sold: Iterable[str]) -> list[Crop]:
    """Crops that have a season and are picked in this month, those sold here first."""
    known = set(sold)
    ripe = [
        crop
        for crop in CROPS.values()
        if month in crop.season and len(crop.season) < 12
    ]
    return sorted(ripe, key=lambda crop: crop.name not in known)


class Given(NamedTuple):
    """What supermarkets gave in the last month that has shares. Whole fen."""

    period: date
    amount_fen: int
    supermarkets: int
    households: int
    confirmed: int


# The board asks a dozen questions; the home page names its sums, minutes old at most.
GIVEN_SECONDS = 300
_given: tuple[float, Given | None] = (0.0, None)


def given_last_month() -> Given | None:
    """The sums at the top of the public board; None while nobody gave anything."""
    global _given
    if _given[0] and monotonic() - _given[0] < GIVEN_SECONDS:
        return _given[1]
    period = board.latest_period_with_shares()
    found = None
    if period is not None:
        month = board.month(period)
        found = Given(
            period=period,
            amount_fen=month.flow.accrued_fen,
            supermarkets=sum(row.flow.accrued_fen > 0 for row in month.supermarkets),
            households=month.households,
            confirmed=month.confirmed_households,
        )
    _given = (monotonic(), found)
    return found


def forget() -> None:
    """What this process remembers of its database, for another one: as tests have."""
    global _menu, _given
    _menu, _given = (-1, {}), (0.0, None)


def seasonal_crops(sold: Iterable[str]) -> list[Crop]:
    """Crops on sale that are not picked all year, in the order of the menu."""
    known = set(sold)
    return [
        crop for crop in CROPS.values() if crop.name in known and len(crop.season) < 12
    ]


def buy_again(*, lot: Lot) -> dict[str, str] | None:
    """Where what was scanned is sold, and its picture, for the scan page."""
    card = (
        ProductCard.objects.filter(product__listing__lot=lot, on_sale=True)
        .order_by("-pk")
        .first()
    )
    if card is None:
        return None
    words = _("Buy another %(price)s") % {"price": yuan(card.price_fen)}
    photo, tint = card.image.get("photo"), card.image["tint"]
    return {
        "label": words,
        "url": card.get_absolute_url(),
        "tint": f"tint-{tint}",
        "photo": photo.url("small") if photo else "",
        "picture": "" if photo else static(card.image["path"]),
    }
