"""A recall reaches what is sold, who bought it and what is packed: all at once."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from logistics.operations import HandOverPending
from partners.organisations.models import AuditRecord
from shop.alipay.models import Payment
from shop.listings import receivers
from shop.listings.models import Listing
from shop.listings.operations import UnableToLink, link_lot
from shop.notices.models import TextMessage
from shop.ordering import operations, queries
from shop.ordering.signals import order_completed
from shop.recalls.operations import tell_of_recalls
from shop.storefront.models import ProductCard
from tests.factories.parcels import new_parcel
from tests.factories.people import SOME_DAY
from tests.factories.traceability import new_certificate, new_lot
from tests.races import at_once, refused
from tests.shop.ordering.test_pack import Carrier
from tests.shop.ordering.test_place_order import basket_with, place
from traceability import effects
from traceability.models import Certificate, Lot, StatusEvent
from traceability.operations import recall_lot, revoke_certificate
from traceability.signals import lot_recalled

LATER = SOME_DAY + timedelta(days=3)
REASON = "抽检发现残留超标"


def recall(lot: Lot, by, **changes):
    """Recall it, and do what the job does after commit."""
    facts = {"reason": REASON, "by": by, "at": LATER} | changes
    events = recall_lot(lot=lot, **facts)
    tell_of_recalls(now=LATER)
    return events


def bought(oranges, *, key="0" * 32, packs=2):
    """A paid order of oranges."""
    order = place(basket_with((oranges, packs)), key=key)
    operations.mark_paid(order_number=order.number, at=SOME_DAY)
    return order


def packed(order, codes, packer):
    """The same, in its box."""
    part = order.sub_orders.get()
    for code in codes[:2]:
        operations.pack(sub_order=part, code=code, by=packer, at=SOME_DAY)
    return part


def arrived(order, codes, packer):
    """An order whose box was packed, sent and delivered, and whose money is held."""
    part = packed(order, codes, packer)
    type(part).objects.filter(pk=part.pk).update(
        status="delivered", delivered_at=LATER, parcel=new_parcel()
    )
    Payment.objects.filter(order_number=order.number).update(
        captured_fen=F("amount_fen")
    )
    return order


def told() -> list[TextMessage]:
    return list(TextMessage.objects.filter(template="lot_recalled"))


class TestOffSale:
    def test_what_is_sold_from_the_lot_goes_off_sale(self, oranges, honey, lot, packer):
        recall(lot, packer)
        oranges.refresh_from_db()
        honey.refresh_from_db()
        assert (oranges.status, honey.status) == ("ended", "on_sale")
        assert not ProductCard.objects.get(listing=oranges).buyable()
        with pytest.raises(operations.UnableToAdd):
            basket_with((oranges, 1))

    def test_without_the_receiver_it_would_still_be_sold(self, oranges, lot, packer):
        lot_recalled.disconnect(receivers.end_what_is_recalled)
        try:
            recall(lot, packer)
            assert basket_with((oranges, 1))
        finally:
            lot_recalled.connect(receivers.end_what_is_recalled)

    def test_what_lies_in_a_basket_cannot_be_ordered(self, oranges, lot, packer):
        basket = basket_with((oranges, 1))
        recall(lot, packer)
        with pytest.raises(operations.UnableToPlace):
            place(basket)

    def test_a_recalled_lot_is_linked_to_nothing(self, oranges, packer):
        lot = new_lot(farmer=oranges.farmer, by=packer)
        recall(lot, packer)
        with pytest.raises(UnableToLink):
            link_lot(listing=oranges, lot=lot, at=LATER)

    def test_revoking_the_last_certificate_ends_the_offer(self, oranges, lot, packer):
        certificate = Certificate.objects.get(lot=lot)
        revoke_certificate(certificate=certificate, reason=REASON, by=packer, at=LATER)
        oranges.refresh_from_db()
        assert oranges.status == Listing.Status.ENDED

    def test_while_another_certificate_stands_it_stays(self, oranges, packer):
        lot = new_lot(farmer=oranges.farmer, by=packer)
        first, _second = (
            new_certificate(lot=lot, by=packer, quantity_g=100_000) for _time in "12"
        )
        link_lot(listing=oranges, lot=lot, at=SOME_DAY)
        (_labels, offers) = effects.of_revocation(first, done=False)
        assert offers.count == 0
        revoke_certificate(certificate=first, reason=REASON, by=packer, at=LATER)
        oranges.refresh_from_db()
        assert oranges.status == Listing.Status.ON_SALE


class TestBuyers:
    def test_everybody_who_has_some_or_waits_for_some_is_told_once(
        self, oranges, honey, lot, codes, packer
    ):
        boxed = bought(oranges)
        packed(boxed, codes, packer)
        waiting = bought(oranges, key="1" * 32)
        unpaid = place(basket_with((oranges, 1)), key="2" * 32)
        others = place(basket_with((honey, 1)), key="3" * 32)
        recall(lot, packer)
        numbers = {message.key.split(":")[2] for message in told()}
        assert numbers == {boxed.number, waiting.number, unpaid.number}
        assert others.number not in numbers
        assert len(told()) == 3

    def test_who_has_a_package_of_it_is_told_after_the_offer_moved_on(
        self, oranges, lot, codes, packer
    ):
        order = bought(oranges)
        packed(order, codes, packer)
        later = new_lot(farmer=oranges.farmer, by=packer)
        link_lot(listing=oranges, lot=later, at=SOME_DAY)
        recall(lot, packer)
        assert len(told()) == 1
        oranges.refresh_from_db()
        assert oranges.status == Listing.Status.ON_SALE, "it sells another lot now"

    def test_a_cancelled_order_is_left_in_peace(self, oranges, lot, packer):
        order = place(basket_with((oranges, 1)))
        operations.mark_cancelled(order_number=order.number, at=SOME_DAY)
        recall(lot, packer)
        assert told() == []

    def test_a_number_that_cannot_be_written_to_stops_nothing(
        self, oranges, lot, packer, caplog
    ):
        order, reached = bought(oranges), bought(oranges, key="1" * 32)
        order.purchase.phone = "nonsense"
        order.purchase.save()
        recall(lot, packer)
        assert lot.status_events.exists()
        assert [message.key for message in told()] == [
            f"recall:{lot.number}:{reached.number}"
        ]
        assert "nonsense" not in caplog.text

    def test_the_order_says_so_and_whom_to_ask(self, oranges, lot, packer):
        order = bought(oranges)
        page = Client().get(order.purchase.path).content.decode()
        assert REASON not in page
        recall(lot, packer)
        page = Client().get(order.purchase.path).content.decode()
        assert REASON in page
        assert "0736-0000000" in page


class TestPacking:
    def test_a_box_with_a_recalled_package_stays(self, oranges, lot, codes, packer):
        part = packed(bought(oranges), codes, packer)
        recall(lot, packer)
        carrier = Carrier()
        with pytest.raises(operations.UnableToSend):
            operations.send_box(
                sub_order=part,
                carrier="shilikuaidi",
                by=packer,
                at=LATER,
                gateway=carrier,
            )
        assert carrier.booked == set()

    def test_also_one_whose_carrier_has_not_answered_yet(
        self, oranges, lot, codes, packer
    ):
        part = packed(bought(oranges), codes, packer)
        carrier = Carrier()
        carrier.silent = True
        facts = {"carrier": "shilikuaidi", "by": packer, "gateway": carrier}
        with pytest.raises(HandOverPending):
            operations.send_box(sub_order=part, at=SOME_DAY, **facts)
        recall(lot, packer)
        with pytest.raises(operations.UnableToSend):
            operations.send_box(sub_order=part, at=LATER, **facts)


class TestPackingTable:
    """The station reads of a recall before it scans anything."""

    def page(self, packer, name, *args) -> str:
        client = Client()
        client.force_login(packer)
        return client.get(reverse(name, args=args)).content.decode()

    def test_an_unpacked_box_says_so_and_what_to_do(
        self, oranges, lot, packer, settings
    ):
        settings.COUNTY_PHONE = "0736-1111111"
        part = bought(oranges).sub_orders.get()
        before = self.page(packer, "ordering:box", part.pk)
        assert 'name="code"' in before
        assert REASON not in before
        recall(lot, packer)
        page = self.page(packer, "ordering:box", part.pk)
        assert "notice-bad" in page
        assert REASON in page
        assert lot.number in page
        assert "tel:0736-1111111" in page
        assert 'name="code"' not in page
        assert 'name="carrier"' not in page

    def test_so_does_a_full_box_after_the_offer_moved_on(
        self, oranges, lot, codes, packer
    ):
        part = packed(bought(oranges), codes, packer)
        assert 'name="carrier"' in self.page(packer, "ordering:box", part.pk)
        later = new_lot(farmer=oranges.farmer, by=packer)
        link_lot(listing=oranges, lot=later, at=SOME_DAY)
        recall(lot, packer)
        page = self.page(packer, "ordering:box", part.pk)
        assert "notice-bad" in page
        assert 'name="carrier"' not in page

    def test_only_what_is_recalled_is_marked(self, oranges, honey, lot, packer):
        order = place(basket_with((oranges, 1), (honey, 1)))
        operations.mark_paid(order_number=order.number, at=SOME_DAY)
        recall(lot, packer)
        marks = {
            terms.listing_id: terms.is_recalled
            for part in order.sub_orders.all()
            for terms in queries.lines_of_box(part)
        }
        assert marks == {oranges.pk: True, honey.pk: False}

    def test_the_list_has_it_apart_and_first(self, oranges, honey, lot, packer):
        recalled = bought(oranges).sub_orders.get()
        other = place(basket_with((honey, 1)), key="1" * 32)
        operations.mark_paid(order_number=other.number, at=SOME_DAY)
        part = other.sub_orders.get()
        assert "notice-bad" not in self.page(packer, "ordering:packing")
        recall(lot, packer)
        page = self.page(packer, "ordering:packing")
        assert "notice-bad" in page
        assert page.index(recalled.number) < page.index(part.number)
        assert page.count("tag-bad") == 1
        assert list(queries.to_pack([oranges.village_id, honey.village_id])) == [part]


class TestEffects:
    def test_before_and_after_say_the_same_figures(self, oranges, lot, codes, packer):
        packed(bought(oranges), codes, packer)
        bought(oranges, key="1" * 32)
        before = effects.of_recall(lot, done=False)
        recall(lot, packer)
        after = effects.of_recall(lot, done=True)
        assert [effect.count for effect in before] == [1, 4, 2, 1, 2]
        assert [effect.count for effect in after] == [1, 4, 2, 1, 2]
        assert "冰糖橙" in after[3].words

    def test_a_lot_nobody_bought_reaches_nobody(self, oranges, packer):
        lot = new_lot(farmer=oranges.farmer, by=packer)
        counts = [effect.count for effect in effects.of_recall(lot, done=False)]
        assert counts == [1, 0, 0, 0, 0]


@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_a_lot_is_never_linked_and_recalled_past_each_other(self, oranges, packer):
        """Whoever is second sees the first: no offer sells a recalled lot."""
        lot = new_lot(farmer=oranges.farmer, by=packer)
        outcomes = at_once(
            lambda: link_lot(listing=oranges, lot=lot, at=LATER),
            lambda: recall(lot, packer),
        )
        refused(outcomes, UnableToLink)  # or not: both ways round are well
        oranges.refresh_from_db()
        assert StatusEvent.objects.filter(lot=lot, status="recalled").exists()
        assert oranges.lot_id is None or oranges.status == Listing.Status.ENDED


class TestTheMoneyOfWhatArrived:
    """A recalled box has arrived: nobody is paid for it until staff decided."""

    @pytest.fixture(autouse=True)
    def _settled_elsewhere(self, monkeypatch):
        """These orders have no money; what settlement does has tests of its own."""
        monkeypatch.setattr(order_completed, "receivers", [])
        order_completed.sender_receivers_cache.clear()
        yield
        order_completed.sender_receivers_cache.clear()

    @pytest.fixture
    def held(self, oranges, codes, packer, lot, operator):
        order = arrived(bought(oranges), codes, packer)
        recall(lot, operator)
        return order

    def test_neither_the_buyer_nor_the_week_completes_it(self, held):
        with pytest.raises(operations.UnableToComplete):
            operations.complete_order(order=held, at=LATER)
        assert operations.complete_overdue(now=LATER + timedelta(days=30)) == 0
        held.refresh_from_db()
        assert held.status == "paid"

    def test_only_the_recall_holds_it(self, held, monkeypatch):
        guard = "shop.ordering.operations.progress.held_by_recall"
        monkeypatch.setattr(guard, lambda order: False)
        operations.complete_order(order=held, at=LATER)
        held.refresh_from_db()
        assert held.status == "completed"

    def test_staff_may_let_it_complete(self, held, operator):
        operations.release_recalled(order=held, by=operator, at=LATER)
        held.refresh_from_db()
        assert held.status == "completed"
        assert AuditRecord.objects.filter(act="release_recalled").count() == 1

    def test_the_order_page_offers_nothing_that_pays_the_grower(self, held, client):
        page = client.get(held.purchase.path).content.decode()
        assert 'value="received"' not in page
        assert "由平台保管" in page
