"""What is on sale: publish, change price and stock, end."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _
from oscar.core.loading import get_model

from logistics.models import FreightTemplate
from partners.measures import decimal_yuan
from partners.organisations.models import Assistant
from partners.templatetags.market import spoken
from shop.listings import signals
from shop.listings.models import Listing
from shop.listings.operations.catalogue import set_up_catalogue
from shop.listings.words import title_words
from traceability.models import Certificate, Lot
from traceability.queries import certificate_of_lot, recalled_ids

if TYPE_CHECKING:
    from oscar.apps.catalogue.models import Product

MOST_PACKS = 1_000_000
# Picked in the evening for the morning that was promised: nobody is misled.
PICKED_AHEAD = timedelta(days=1)


class UnableToPublish(Exception):
    """The farmer has not agreed to these terms."""


class UnableToChangeStock(Exception):
    """More packs are promised to buyers than would be left."""


class UnableToEnd(Exception):
    """The listing is not on sale."""


class UnableToLink(Exception):
    """The lot is not this listing's farmer's."""


class PickedEarly(UnableToLink):
    """Buyers were promised a later harvest; who links the lot must say it is ripe."""

    field = "early"


def publish(*, listing: Listing, at: datetime) -> "Product":
    """Put an offer that its farmer agreed to on sale: product and stock record.

    Sends `listing_published` inside the transaction.

    Errors: UnableToPublish where the farmer did not agree to exactly these terms.
    """
    with transaction.atomic():
        held = Listing.objects.select_for_update().get(pk=listing.pk)
        if held.status != Listing.Status.SENT:
            raise UnableToPublish(_("This offer is not waiting to go on sale."))
        if held.agreed_at is None or held.agreed_terms != held.terms:
            raise UnableToPublish(_("The farmer has not agreed to this offer."))
        product = _make_product(listing=held, at=at)
        _make_stock_record(listing=held, product=product)
        held.product = product
        held.status = Listing.Status.ON_SALE
        held.published_at = held.changed_at = at
        held.save(update_fields=["product", "status", "published_at", "changed_at"])
        signals.listing_published.send(sender=Listing, listing=held)
    return product


def _make_product(*, listing: Listing, at: datetime) -> "Product":
    product_model = get_model("catalogue", "Product")
    product = product_model.objects.create(
        structure=product_model.STANDALONE,
        product_class=set_up_catalogue(),
        title=_title(listing),
        description=listing.description,
        is_public=True,
    )
    # Oscar stamps the moment of writing; history made later has its own.
    product_model.objects.filter(pk=product.pk).update(date_created=at, date_updated=at)
    get_model("catalogue", "ProductCategory").objects.create(
        product=product, category_id=listing.category_id
    )
    return product


def _title(listing: Listing) -> str:
    pack = title_words(
        pack_g=listing.pack_g,
        pieces=listing.pieces,
        piece_unit=listing.piece_unit,
        container=listing.container,
    )
    return f"{listing.title} {pack}"


def _make_stock_record(*, listing: Listing, product: "Product") -> None:
    assert listing.seller is not None
    assert listing.price_fen is not None
    get_model("partner", "StockRecord").objects.create(
        product=product,
        partner_id=listing.seller.partner_id,
        partner_sku=f"L{listing.pk}",
        price_currency="CNY",
        price=decimal_yuan(listing.price_fen),
        num_in_stock=listing.capacity_packs,
        # NULL would make every guarded update of stock miss its row.
        num_allocated=0,
    )


def set_price(*, listing: Listing, price_fen: int, at: datetime) -> Listing:
    """Write a price that is already agreed, on the listing and its stock record.

    Called by `change_price` and by a farmer's yes. The caller holds the listing.
    """
    listing.price_fen = price_fen
    listing.changed_at = at
    listing.save(update_fields=["price_fen", "agreed_price_fen", "changed_at"])
    get_model("partner", "StockRecord").objects.filter(
        product_id=listing.product_id
    ).update(price=decimal_yuan(price_fen), date_updated=at)
    signals.listing_changed.send(sender=Listing, listing=listing)
    return listing


@transaction.atomic
def change_stock(
    *, listing: Listing, packs: int, by: Assistant, at: datetime
) -> Listing:
    """Set how many packs there are, those promised to buyers included.

    One guarded update: an order placed at the same moment is never lost.

    Errors: UnableToChangeStock where more than `packs` are promised already, or
    where it is not on sale.
    """
    del by  # Whose hand it was is in the request's log, not in the row.
    held = Listing.objects.select_for_update().get(pk=listing.pk)
    if held.status != Listing.Status.ON_SALE:
        raise UnableToChangeStock(_("This offer is not on sale."))
    if not 0 <= packs <= MOST_PACKS:
        raise UnableToChangeStock(_("Enter how many packs there are, from 0 up."))
    records = get_model("partner", "StockRecord").objects.filter(
        product_id=held.product_id
    )
    changed = records.filter(num_allocated__lte=packs).update(
        num_in_stock=packs, date_updated=at
    )
    if not changed:
        promised = records.values_list("num_allocated", flat=True).first()
        raise UnableToChangeStock(
            _("Buyers are paying for %(count)s packs; enter at least that.")
            % {"count": promised}
        )
    held.changed_at = at
    held.save(update_fields=["changed_at"])
    signals.listing_changed.send(sender=Listing, listing=held)
    return held


@transaction.atomic
def end_listing(*, listing: Listing, by: Assistant | None, at: datetime) -> Listing:
    """Take it off sale for good. Orders already placed are not touched.

    Errors: UnableToEnd where it is not on sale.
    """
    del by
    held = Listing.objects.select_for_update().get(pk=listing.pk)
    if held.status != Listing.Status.ON_SALE:
        raise UnableToEnd(_("This offer is not on sale."))
    held.status = Listing.Status.ENDED
    held.ended_at = held.changed_at = at
    held.save(update_fields=["status", "ended_at", "changed_at"])
    get_model("catalogue", "Product").objects.filter(pk=held.product_id).update(
        is_public=False, date_updated=at
    )
    held.consents.filter(answer="").update(answer="withdrawn", answered_at=at)
    signals.listing_ended.send(sender=Listing, listing=held)
    return held


def take_off_sale(*, lots: Iterable[Lot], at: datetime) -> list[Listing]:
    """End every offer that sells from lots that are recalled or vouched for no more."""
    found = Listing.objects.on_sale().filter(lot__in=list(lots)).order_by("pk")
    return [end_listing(listing=listing, by=None, at=at) for listing in found]


def follow_revocation(*, certificate: Certificate, at: datetime) -> list[Listing]:
    """End the offers of a lot whose last standing certificate was revoked."""
    if certificate_of_lot(certificate.lot) is not None:
        return []
    return take_off_sale(lots=[certificate.lot], at=at)


@transaction.atomic
def link_lot(
    *, listing: Listing, lot: Lot, at: datetime, early: bool = False
) -> Listing:
    """Say which lot is being sold; a later lot of the same farmer may follow.

    `early`: it was picked before the day that buyers were promised, and is ripe.

    Errors: UnableToLink where the lot is recalled, another farmer's or another
    village's; PickedEarly where it was picked early and nobody said so.
    """
    # Before the listing, as a recall takes them: whoever is second sees the first.
    Lot.objects.select_for_update().get(pk=lot.pk)
    if recalled_ids([lot.pk]):
        raise UnableToLink(_("This lot is recalled."))
    held = Listing.objects.select_for_update().get(pk=listing.pk)
    if lot.village_id != held.village_id or lot.farmer_id not in (
        None,
        held.farmer_id,
    ):
        raise UnableToLink(_("This lot was grown by somebody else."))
    if not early and held.lot_id != lot.pk:
        _ask_whether_early(promised=held.harvest_on, picked=lot.harvest_date)
    held.lot = lot
    held.changed_at = at
    held.save(update_fields=["lot", "changed_at"])
    if held.status == Listing.Status.ON_SALE:
        signals.listing_changed.send(sender=Listing, listing=held)
    return held


def _ask_whether_early(*, promised: date | None, picked: date) -> None:
    if promised is not None and picked < promised - PICKED_AHEAD:
        raise PickedEarly(
            _(
                "Buyers were told: picked %(promised)s. This lot was picked %(picked)s."
                " Choose a later lot, or say that it was ripe early."
            )
            % {"promised": spoken(promised), "picked": spoken(picked)}
        )


def follow_freight(*, old: FreightTemplate, new: FreightTemplate, at: datetime) -> int:
    """Send by `new` whatever was to be sent by `old`; how many listings that were.

    Freight is what the buyer pays: no farmer is asked anew. Orders keep their quote.
    """
    with transaction.atomic():
        found = Listing.objects.select_for_update().filter(freight_template=old)
        held = list(found.order_by("pk"))
        for listing in held:
            listing.freight_template = new
            listing.changed_at = at
            listing.save(update_fields=["freight_template", "changed_at"])
            if listing.status == Listing.Status.ON_SALE:
                signals.listing_changed.send(sender=Listing, listing=listing)
    return len(held)
