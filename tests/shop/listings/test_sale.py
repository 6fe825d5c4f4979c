"""Price, stock, lot and end of what is on sale."""

from datetime import date, timedelta
from functools import partial

import pytest
from django.db import transaction
from oscar.core.loading import get_model

from partners.organisations.models import Farmer
from shop.listings import signals
from shop.listings.models import Listing
from shop.listings.operations import (
    PickedEarly,
    UnableToChangeStock,
    UnableToEnd,
    UnableToLink,
    change_stock,
    end_listing,
    link_lot,
    seller_for,
    set_up_catalogue,
)
from shop.listings.queries import net_stock, promised_packs
from shop.ordering.operations.stock import OutOfStock, hold
from tests.factories.listings import NOW, farmer, listing_on_sale, village
from tests.races import at_once, refused
from traceability.models import Lot

LATER = NOW + timedelta(hours=1)


def record_of(listing):
    return get_model("partner", "StockRecord").objects.get(product=listing.product)


def take(listing, quantity):
    record = record_of(listing)
    with transaction.atomic():
        hold(
            stockrecord_id=record.pk,
            quantity=quantity,
            price_fen=listing.price_fen,
            title=listing.title,
        )


def days_after(lot: Lot, days: int) -> date:
    return lot.harvest_date + timedelta(days=days)


def promise(listing: Listing, day: date | None) -> None:
    """Written past consent: what was agreed is not what is asked here."""
    Listing.objects.filter(pk=listing.pk).update(harvest_on=day)


def a_lot(*, grower: Farmer, by) -> Lot:
    return Lot.objects.create(
        number=f"示例-{grower.pk}",
        village=grower.village,
        farmer=grower,
        crop="冰糖橙",
        product_name="冰糖橙",
        harvest_date=date(2026, 11, 20),
        weight_g=300_000,
        recorded_by=by,
        recorded_at=NOW,
    )


@pytest.mark.django_db
class TestChangeStock:
    def test_counts_what_is_promised_as_still_there(self):
        listing = listing_on_sale(packs=120)
        take(listing, 20)
        change_stock(listing=listing, packs=50, by=listing.assistant, at=LATER)
        assert (net_stock(listing), promised_packs(listing)) == (30, 20)

    def test_never_goes_below_what_is_promised(self):
        listing = listing_on_sale(packs=120)
        take(listing, 20)
        with pytest.raises(UnableToChangeStock, match="20"):
            change_stock(listing=listing, packs=19, by=listing.assistant, at=LATER)
        assert net_stock(listing) == 100
        change_stock(listing=listing, packs=20, by=listing.assistant, at=LATER)
        assert net_stock(listing) == 0

    @pytest.mark.parametrize("packs", [-1, 1_000_001])
    def test_refuses_what_is_no_number_of_packs(self, packs):
        listing = listing_on_sale()
        with pytest.raises(UnableToChangeStock):
            change_stock(listing=listing, packs=packs, by=listing.assistant, at=LATER)

    def test_refuses_what_is_over(self):
        listing = listing_on_sale()
        end_listing(listing=listing, by=listing.assistant, at=LATER)
        with pytest.raises(UnableToChangeStock):
            change_stock(listing=listing, packs=5, by=listing.assistant, at=LATER)

    def test_is_announced(self):
        listing = listing_on_sale()
        heard = []

        def listen(sender, listing, **rest):
            heard.append(listing.pk)

        signals.listing_changed.connect(listen)
        try:
            change_stock(listing=listing, packs=5, by=listing.assistant, at=LATER)
        finally:
            signals.listing_changed.disconnect(listen)
        assert heard == [listing.pk]


@pytest.mark.django_db(transaction=True)
class TestStockRace:
    def test_orders_and_the_assistant_at_once_never_oversell(self):
        """Read and write apart would let an order slip in between."""
        listing = listing_on_sale(packs=60)
        correct = partial(change_stock, listing=listing, by=listing.assistant, at=NOW)
        outcomes = at_once(
            *[partial(take, listing, 1)] * 12,
            *(partial(correct, packs=packs) for packs in (10, 6, 3)),
        )
        taken = 12 - refused(outcomes[:12], OutOfStock)
        refused(outcomes[12:], UnableToChangeStock)
        record = record_of(listing)
        assert record.num_allocated == taken
        assert record.num_in_stock >= record.num_allocated


@pytest.mark.django_db
class TestEndListing:
    def test_takes_the_product_off_sale_for_good(self):
        listing = listing_on_sale()
        end_listing(listing=listing, by=listing.assistant, at=LATER)
        listing.refresh_from_db()
        assert listing.status == Listing.Status.ENDED
        assert listing.ended_at == LATER
        assert not get_model("catalogue", "Product").objects.get().is_public
        with pytest.raises(UnableToEnd):
            end_listing(listing=listing, by=listing.assistant, at=LATER)

    def test_nobody_can_hold_it_any_more(self):
        listing = listing_on_sale()
        end_listing(listing=listing, by=listing.assistant, at=LATER)
        with pytest.raises(OutOfStock):
            take(listing, 1)


@pytest.mark.django_db
class TestLinkLot:
    def test_says_which_lot_is_sold(self):
        listing = listing_on_sale()
        lot = a_lot(grower=listing.farmer, by=listing.assistant.user)
        assert link_lot(listing=listing, lot=lot, at=LATER).lot == lot

    @pytest.mark.parametrize("ahead", [None, -3, 0, 1])
    def test_asks_nothing_where_nobody_is_misled(self, ahead):
        listing = listing_on_sale()
        lot = a_lot(grower=listing.farmer, by=listing.assistant.user)
        promise(listing, None if ahead is None else days_after(lot, ahead))
        assert link_lot(listing=listing, lot=lot, at=LATER).lot == lot

    @pytest.mark.parametrize("ahead", [2, 12])
    def test_asks_where_buyers_were_promised_a_later_harvest(self, ahead):
        listing = listing_on_sale()
        lot = a_lot(grower=listing.farmer, by=listing.assistant.user)
        promise(listing, days_after(lot, ahead))
        with pytest.raises(PickedEarly):
            link_lot(listing=listing, lot=lot, at=LATER)
        listing.refresh_from_db()
        assert listing.lot is None
        linked = link_lot(listing=listing, lot=lot, at=LATER, early=True)
        assert linked.picked_on == lot.harvest_date
        # What is linked already is not asked about again.
        assert link_lot(listing=listing, lot=lot, at=LATER).lot == lot

    def test_refuses_another_farmers_lot(self):
        listing = listing_on_sale()
        other = farmer(called="李伯")
        lot = a_lot(grower=other, by=listing.assistant.user)
        with pytest.raises(UnableToLink):
            link_lot(listing=listing, lot=lot, at=LATER)

    def test_refuses_another_villages_lot(self):
        listing = listing_on_sale()
        other = farmer(called="李伯", home=village("430722109201", "邻村"))
        lot = a_lot(grower=other, by=listing.assistant.user)
        Lot.objects.filter(pk=lot.pk).update(farmer=None, plot=None)
        lot.refresh_from_db()
        with pytest.raises(UnableToLink):
            link_lot(listing=listing, lot=lot, at=LATER)


@pytest.mark.django_db
class TestCatalogue:
    def test_setting_up_twice_changes_nothing(self):
        set_up_catalogue()
        set_up_catalogue()
        category = get_model("catalogue", "Category")
        assert category.objects.count() >= 8
        assert list(category.objects.values_list("slug", flat=True)[:2]) == [
            "shui-guo",
            "shu-cai",
        ]
        assert get_model("catalogue", "ProductClass").objects.count() == 1

    def test_a_farmer_is_one_seller(self):
        grower = farmer()
        assert seller_for(farmer=grower) == seller_for(farmer=grower)

    def test_a_seller_is_exactly_one(self):
        with pytest.raises(ValueError, match="one farmer"):
            seller_for()
