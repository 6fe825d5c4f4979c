"""Reads for the assistant's pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from oscar.core.loading import get_model

from partners.organisations.models import Assistant
from partners.organisations.today import TodayItem
from shop.listings.models import Listing, ListingQuerySet
from traceability.effects import Effect
from traceability.models import Certificate, Lot

SHOWN = 20


@dataclass(frozen=True)
class Counts:
    """How many of an assistant's listings are where."""

    drafts: int
    waiting: int
    on_sale: int
    denied: int


def counts(assistant: Assistant, *, now: datetime) -> Counts:
    """One query for all of them; a denial is news for a week."""
    lately = Q(status=Listing.Status.DENIED, changed_at__gt=now - timedelta(days=7))
    rows = Listing.objects.served_by(assistant).aggregate(
        drafts=Count("pk", filter=Q(status=Listing.Status.DRAFT), distinct=True),
        waiting=Count("pk", filter=Q(status=Listing.Status.SENT), distinct=True),
        on_sale=Count("pk", filter=Q(status=Listing.Status.ON_SALE), distinct=True),
        denied=Count("pk", filter=lately, distinct=True),
    )
    return Counts(**rows)


def listings_of(assistant: Assistant, status: str) -> list[Listing]:
    """The assistant's listings of one status, the last touched first."""
    return list(
        with_stock(Listing.objects.served_by(assistant))
        .filter(status=status)
        .select_related("farmer", "village", "category")
        .order_by("-changed_at", "-pk")[:SHOWN]
    )


def alike(listing: Listing) -> list[Listing]:
    """What the same farmer already offers of the same produce in the same pack:
    on sale, or waiting for the farmer's yes. The last touched first."""
    if not listing.farmer_id or not (listing.crop or listing.title):
        return []
    same = {"crop": listing.crop} if listing.crop else {"title": listing.title}
    offers = Listing.objects.filter(
        farmer=listing.farmer_id,
        category=listing.category_id,
        pack_g=listing.pack_g,
        pieces=listing.pieces,
        piece_unit=listing.piece_unit,
        status__in=[Listing.Status.SENT, Listing.Status.ON_SALE],
        **same,
    )
    return list(offers.exclude(pk=listing.pk).order_by("-changed_at", "-pk")[:3])


def with_stock(listings: ListingQuerySet) -> ListingQuerySet:
    """Each listing with `left`: packs that can still be bought; None for a draft."""
    record = get_model("partner", "StockRecord").objects.filter(
        product_id=OuterRef("product_id")
    )
    left = record.values(free=F("num_in_stock") - F("num_allocated"))[:1]
    return listings.annotate(left=Subquery(left))


def without_lot(assistant: Assistant, *, now: datetime) -> list[TodayItem]:
    """What is on sale and picked, while nobody can see which lot it is from."""
    listings = Listing.objects.served_by(assistant).on_sale()
    waiting = listings.filter(lot__isnull=True, harvest_on__lte=timezone.localdate(now))
    return [
        TodayItem(
            label=_("Picked, but without a lot"),
            count=waiting.distinct().count(),
            url=reverse("listings:overview"),
            icon="link",
        )
    ]


def recall_ends(lots: Iterable[Lot], *, done: bool) -> list[Effect]:
    """The offers that recalling these lots takes off sale, or has taken."""
    status = Listing.Status.ENDED if done else Listing.Status.ON_SALE
    found = Listing.objects.filter(lot__in=list(lots), status=status)
    return [_ended(list(found.order_by("pk")), done=done)]


def revocation_ends(certificate: Certificate, *, done: bool) -> list[Effect]:
    """The same for a certificate; none where another one vouches for the lot."""
    others = Certificate.objects.filter(
        lot=certificate.lot_id, status_events__isnull=True
    ).exclude(pk=certificate.pk)
    if others.exists():
        words = _("Its offers stay on sale: another certificate vouches for the lot.")
        return [Effect(words, 0, icon="shopping-basket")]
    return recall_ends([certificate.lot], done=done)


def _ended(listings: list[Listing], *, done: bool) -> Effect:
    count, titles = len(listings), _(", ").join(str(one) for one in listings)
    if not count:
        words = _("Nothing is on sale from it.")
    elif done:
        words = ngettext(
            "%(count)d offer is off sale: %(titles)s.",
            "%(count)d offers are off sale: %(titles)s.",
            count,
        ) % {"count": count, "titles": titles}
    else:
        words = ngettext(
            "%(count)d offer goes off sale for good: %(titles)s.",
            "%(count)d offers go off sale for good: %(titles)s.",
            count,
        ) % {"count": count, "titles": titles}
    return Effect(words, count, icon="shopping-basket")


def net_stock(listing: Listing) -> int:
    """Packs that can still be bought."""
    return _stock(listing, F("num_in_stock") - F("num_allocated"))


def promised_packs(listing: Listing) -> int:
    """Packs that buyers are paying for at this moment."""
    return _stock(listing, F("num_allocated"))


def _stock(listing: Listing, what: Combinable) -> int:
    row = (
        get_model("partner", "StockRecord")
        .objects.filter(product_id=listing.product_id)
        .values_list(what, flat=True)
        .first()
    )
    return max(row or 0, 0)
