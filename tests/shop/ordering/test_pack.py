"""Packing: the right package, once, into the right box; then to the carrier."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.urls import reverse

from logistics.carriers.base import Booked, CarrierUnknown
from logistics.operations import HandOverPending
from partners.organisations.operations import open_station
from shop.listings.operations import link_lot
from shop.ordering import operations
from shop.ordering.models import PackedLabel, SubOrder
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.races import at_once, refused
from tests.shop.ordering.test_place_order import basket_with, place
from traceability.operations import (
    issue_certificate,
    mint_labels,
    record_lot,
    register_plot,
)

LATER = SOME_DAY + timedelta(days=3)


class Carrier:
    """Answers from this process; counts what it was asked to take."""

    networked = False

    def __init__(self) -> None:
        self.booked: set[str] = set()
        self.silent = False

    def book(self, order):
        if self.silent:
            raise CarrierUnknown("no answer")
        self.booked.add(order.order_id)
        return Booked(waybill=f"W{order.order_id}"[:30], task_id="1")

    def subscribe(self, *, order, waybill):
        """Nothing to push."""


def make_labels(listing, *, by, count=4):
    """A certified lot of the listing and labels for its packages."""
    plot = register_plot(
        village=listing.village,
        farmer=listing.farmer,
        name=listing.title,
        area_mu=Decimal(5),
        crop=listing.crop,
        by=by,
        at=SOME_DAY,
    )
    lot = record_lot(
        plot=plot,
        farmer=listing.farmer,
        crop=listing.crop,
        product_name=listing.title,
        harvest_date=SOME_DAY.date(),
        weight_g=100_000,
        by=by,
        at=SOME_DAY,
    )
    certificate = issue_certificate(
        lot=lot,
        basis=["quality_control"],
        quantity_g=100_000,
        promisor="王示例",
        contact="0736-0000000",
        by=by,
        at=SOME_DAY,
    )
    batch = mint_labels(
        certificate=certificate,
        count=count,
        product_name=listing.title,
        pack_g=listing.parcel_g,
        by=by,
        at=SOME_DAY,
    )
    link_lot(listing=listing, lot=lot, at=SOME_DAY)
    return list(batch.codes())


@pytest.fixture
def packer(assistant_zhao):
    return assistant_zhao.user


@pytest.fixture
def box(hanshou, oranges, packer) -> SubOrder:
    """A paid part of an order: two packs of oranges."""
    load_places("430104")
    if not hasattr(oranges.village, "station"):
        open_station(village=oranges.village, name="永固村级服务站")
    order = place(basket_with((oranges, 2)))
    operations.mark_paid(order_number=order.number, at=SOME_DAY)
    return order.sub_orders.get()


@pytest.fixture
def codes(box, oranges, packer) -> list[str]:
    return make_labels(oranges, by=packer)


def pack(box, code, packer):
    return operations.pack(sub_order=box, code=code, by=packer, at=LATER)


class TestPack:
    def test_fills_the_box_and_no_more(self, box, codes, packer):
        pack(box, codes[0], packer)
        pack(box, codes[1], packer)
        with pytest.raises(operations.UnableToPackOrder):
            pack(box, codes[2], packer)
        assert PackedLabel.objects.count() == 2

    def test_refuses_a_label_that_was_used(self, box, codes, packer):
        pack(box, codes[0], packer)
        with pytest.raises(operations.UnableToPackOrder):
            pack(box, codes[0], packer)

    def test_refuses_a_code_with_one_character_changed(self, box, codes, packer):
        changed = codes[0][:-1] + ("0" if codes[0][-1] != "0" else "1")
        with pytest.raises(operations.UnableToPackOrder):
            pack(box, changed, packer)
        assert PackedLabel.objects.count() == 0

    def test_a_package_of_another_lot_stays_unused(self, box, codes, honey, packer):
        others = make_labels(honey, by=packer)
        wanted = box.line_terms.get().listing.lot.number
        with pytest.raises(operations.UnableToPackOrder, match=wanted):
            pack(box, others[0], packer)
        # Refused with everything it would have written: it is still good elsewhere.
        from traceability.models import Label

        assert Label.objects.filter(activated_at__isnull=False).count() == 0

    def test_an_unpaid_order_is_not_packed(self, codes, oranges, packer):
        order = place(basket_with((oranges, 1)), key="9" * 32)
        with pytest.raises(operations.UnableToPackOrder):
            pack(order.sub_orders.get(), codes[0], packer)


class TestSendBox:
    def full(self, box, codes, packer):
        pack(box, codes[0], packer)
        pack(box, codes[1], packer)

    def send(self, box, packer, carrier):
        return operations.send_box(
            sub_order=box, carrier="shilikuaidi", by=packer, at=LATER, gateway=carrier
        )

    def test_refuses_a_box_that_lacks_a_package(self, box, codes, packer):
        pack(box, codes[0], packer)
        carrier = Carrier()
        with pytest.raises(operations.UnableToSend):
            self.send(box, packer, carrier)
        assert carrier.booked == set()

    def test_hands_a_full_box_over_and_moves_the_order_on(self, box, codes, packer):
        self.full(box, codes, packer)
        sent = self.send(box, packer, Carrier())
        assert sent.status == SubOrder.Status.SHIPPED
        assert sent.parcel.waybill

    def test_names_the_carrier_and_not_its_code(self, box, codes, packer, client):
        self.full(box, codes, packer)
        sent = self.send(box, packer, Carrier())
        client.force_login(packer)
        page = client.get(reverse("ordering:box", args=[sent.pk])).content.decode()
        assert sent.parcel.carrier_name in page
        assert sent.parcel.carrier not in page

    def test_tells_the_carrier_what_counted_goods_weigh(self, hanshou, ducks, packer):
        load_places("430104")
        open_station(village=ducks.village, name="永固村级服务站")
        order = place(basket_with((ducks, 2)))
        operations.mark_paid(order_number=order.number, at=SOME_DAY)
        codes = make_labels(ducks, by=packer)
        self.full(order.sub_orders.get(), codes, packer)
        sent = self.send(order.sub_orders.get(), packer, Carrier())
        assert sent.parcel.weight_g == 2 * 3_600

    def test_a_silent_carrier_is_asked_again_for_the_same_box(self, box, codes, packer):
        self.full(box, codes, packer)
        carrier = Carrier()
        carrier.silent = True
        with pytest.raises(HandOverPending):
            self.send(box, packer, carrier)
        carrier.silent = False
        sent = operations.send_box(
            sub_order=box,
            carrier="shilikuaidi",
            by=packer,
            at=LATER + timedelta(minutes=10),
            gateway=carrier,
        )
        assert sent.status == SubOrder.Status.SHIPPED
        assert len(carrier.booked) == 1


@pytest.mark.django_db(transaction=True)
class TestTwoPackers:
    def test_one_label_scanned_at_two_tables_lands_in_one_box(
        self, box, codes, packer, oranges
    ):
        other = place(basket_with((oranges, 1)), key="8" * 32)
        operations.mark_paid(order_number=other.number, at=SOME_DAY)
        boxes = [box, other.sub_orders.get()]
        outcomes = at_once(*(partial(pack, each, codes[0], packer) for each in boxes))
        assert refused(outcomes, operations.UnableToPackOrder) == 1
        assert PackedLabel.objects.count() == 1
