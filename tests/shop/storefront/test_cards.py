"""Cards say what the listing, the stock and the lot say, as soon as they say it."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oscar.core.loading import get_model

from logistics.models import FreightTemplate
from shop.listings.models import Listing
from shop.listings.operations import change_stock, end_listing, link_lot
from shop.listings.operations.sale import set_price
from shop.ordering.signals import stock_moved
from shop.storefront import operations, queries
from shop.storefront.models import CropShelf, ProductCard, Shelf, month_bit
from tests.factories import listings as offers
from tests.factories.keys import OfflineMachine, key_for, theft
from tests.factories.people import new_user
from tests.factories.traceability import new_certificate, new_lot
from tests.shop.storefront.conftest import card_of
from traceability import operations as trace

pytestmark = pytest.mark.django_db
AT = offers.NOW + timedelta(hours=1)
# The oranges are; only then are they certified.
PICKED = AT + timedelta(days=20)


def take(listing: Listing, packs: int) -> None:
    """As an order does: allocate, then say that stock moved."""
    records = get_model("partner", "StockRecord").objects
    records.filter(product_id=listing.product_id).update(num_allocated=packs)
    stock_moved.send(sender=None, product_ids=[listing.product_id])


class TestRefreshCard:
    def test_publishing_makes_a_card(self, oranges: Listing) -> None:
        card = card_of(oranges)
        assert (card.title, card.village_name, card.grower) == (
            "冰糖橙",
            "示例村",
            "王**",
        )
        assert (card.price_fen, card.unit_price_fen, card.unit) == (2900, 580, "斤")
        assert (card.left, card.sold_out, card.on_sale) == (120, False, True)
        assert card.season == sum(map(month_bit, (10, 11, 12)))
        assert card.category_code == "shui-guo"

    def test_freight_is_quoted_for_every_province(self, oranges: Listing) -> None:
        card = card_of(oranges)
        assert card.lowest_freight_fen == 600
        assert card.freight["43"] == [600, 9900]
        assert card.freight["11"] == [1000, None]
        assert card.freight["54"] is None

    def test_what_is_counted_travels_at_its_usual_weight(
        self, to_hunan: FreightTemplate
    ) -> None:
        ducks = offers.listing_on_sale(
            crop="土鸭", pieces=3, price_fen=9_000, freight_template=to_hunan
        )
        card = card_of(ducks)
        assert ducks.parcel_g == 5_400
        assert card.freight["43"] == [600 + 3 * 200, 9900]
        assert card.freight["11"] == [1000 + 3 * 400, None]
        assert card.lowest_freight_fen == 1200

    def test_holds_nothing_that_tells_who_the_farmer_is(self, oranges: Listing) -> None:
        card = card_of(oranges)
        text = " ".join(
            str(getattr(card, field.attname)) for field in ProductCard._meta.fields
        )
        assert oranges.farmer is not None
        assert oranges.farmer.name not in text
        assert oranges.farmer.phone not in text

    def test_a_price_is_followed(self, oranges: Listing) -> None:
        before, version = queries.market_version(), card_of(oranges).version
        set_price(listing=oranges, price_fen=3500, at=AT)
        card = card_of(oranges)
        assert (card.price_fen, card.price_key) == (3500, 3500)
        assert card.version == version + 1
        assert queries.market_version() > before

    def test_nothing_changed_writes_nothing(self, oranges: Listing) -> None:
        before, version = queries.market_version(), card_of(oranges).version
        operations.refresh_card(product_id=oranges.product_id)
        assert card_of(oranges).version == version
        assert queries.market_version() == before

    def test_an_ended_offer_leaves_the_shelves(self, oranges: Listing) -> None:
        end_listing(listing=oranges, by=None, at=AT)
        assert not card_of(oranges).on_sale
        assert not ProductCard.objects.on_sale().exists()

    def test_a_product_without_a_listing_is_refused(self) -> None:
        with pytest.raises(operations.UnableToRefresh):
            operations.refresh_card(product_id=999)

    def test_what_is_told_of_the_lot_is_on_the_card(self, oranges: Listing) -> None:
        assert oranges.farmer is not None
        by = new_user(name="赵示例")
        day = oranges.harvest_on
        lot = new_lot(farmer=oranges.farmer, by=by, harvest_date=day)
        link_lot(listing=oranges, lot=lot, at=AT)
        assert not card_of(oranges).certified
        certificate = new_certificate(lot=lot, by=by, at=PICKED)
        card = card_of(oranges)
        assert card.certified
        assert card.trace["certificate"] == certificate.number
        assert card.trace["number"] == lot.number

    def test_what_becomes_known_of_a_lot_is_told_of_its_parts(
        self, oranges: Listing
    ) -> None:
        assert oranges.farmer is not None
        by = new_user(name="赵示例")
        lot = new_lot(farmer=oranges.farmer, by=by, harvest_date=oranges.harvest_on)
        (part,) = trace.split_lot(lot=lot, weights_g=[50_000], by=by, at=AT)
        link_lot(listing=oranges, lot=part, at=AT)
        told = {"happened_at": AT, "by": by, "at": AT}
        sprayed = {"substance": "苯醚甲环唑", "interval_days": 0}
        trace.record_event(lot=lot, kind="spray", **sprayed, **told)
        assert [event["kind"] for event in card_of(oranges).trace["events"]] == [
            "spray"
        ]

    def test_a_certificate_of_a_stolen_key_is_none(
        self, oranges: Listing, settings: Any, tmp_path: Path
    ) -> None:
        machine = OfflineMachine.new(tmp_path / "offline")
        settings.ROOT_KEY_FILE = str(machine.public_file)
        settings.LOG_FOLDER = tmp_path / "log"
        settings.SIGNING_KEY_FILES = {
            purpose: str(tmp_path / "keys" / f"{purpose}.pem")
            for purpose in ("certificate", "log", "box")
        }
        trace.record_first_keys(at=AT)
        machine.list_keys(valid_from=AT, at=AT)
        assert oranges.farmer is not None
        by = new_user(name="赵示例")
        lot = new_lot(farmer=oranges.farmer, by=by, harvest_date=oranges.harvest_on)
        link_lot(listing=oranges, lot=lot, at=AT)
        new_certificate(lot=lot, by=by, at=PICKED)
        card = card_of(oranges)
        assert card.certified
        at = PICKED + timedelta(hours=2)
        stolen = theft(key_for("certificate", at=AT), since=AT + timedelta(minutes=1))
        machine.list_keys(stolen, at=at)
        stained = card_of(oranges)
        assert (stained.certified, stained.trace["certificate"]) == (False, "")
        # Kept pages go with the card.
        assert stained.version > card.version


class TestFarPresales:
    """What is picked in months stands behind what is there."""

    def order(self) -> list[int]:
        cards, mark, pages = ProductCard.objects.on_sale(), "", []
        while True:
            page = queries.card_page(cards, after=mark, size=1)
            pages += [card.product_id for card in page.cards]
            mark = page.after
            if not mark:
                return pages

    def move(self, listing: Listing, days: int) -> None:
        day = timezone.localdate() + timedelta(days=days)
        Listing.objects.filter(pk=listing.pk).update(harvest_on=day)
        operations.refresh_card(product_id=listing.product_id)

    def test_come_last_and_forward_when_their_day_is_near(
        self, oranges: Listing, pomelos: Listing
    ) -> None:
        first, last = self.order()
        newest = oranges if oranges.product_id == first else pomelos
        self.move(newest, 200)
        assert self.order() == [last, first]
        assert operations.bring_forward(today=timezone.localdate()) == 0
        assert self.order() == [last, first]
        self.move(newest, 5)
        assert self.order() == [first, last]

    def test_are_brought_forward_by_the_clock_alone(
        self, oranges: Listing, pomelos: Listing
    ) -> None:
        before = self.order()
        newest = oranges if oranges.product_id == before[0] else pomelos
        self.move(newest, 9)
        assert self.order() != before
        with time_machine.travel(timezone.now() + timedelta(days=2)):
            assert operations.bring_forward(today=timezone.localdate()) == 1
            assert operations.bring_forward(today=timezone.localdate()) == 0
        assert self.order() == before

    def test_what_is_sold_out_as_well_comes_after_them(
        self, oranges: Listing, pomelos: Listing
    ) -> None:
        self.move(oranges, 200)
        take(pomelos, pomelos.capacity_packs)
        assert self.order() == [oranges.product_id, pomelos.product_id]


class TestRefreshStock:
    def test_an_order_is_followed(self, oranges: Listing) -> None:
        take(oranges, 20)
        assert card_of(oranges).left == 100

    def test_lists_stay_kept_while_something_is_left(self, oranges: Listing) -> None:
        before, version = queries.market_version(), card_of(oranges).version
        take(oranges, 20)
        assert queries.market_version() == before
        assert card_of(oranges).version == version + 1

    def test_the_last_pack_moves_it_to_the_end(
        self, oranges: Listing, pomelos: Listing
    ) -> None:
        before = queries.market_version()
        take(oranges, 120)
        assert card_of(oranges).sold_out
        assert queries.market_version() > before
        for sort in ("newest", "price"):
            page = queries.card_page(ProductCard.objects.on_sale(), sort=sort)
            assert page.cards[-1].product_id == oranges.product_id

    def test_coming_back_restores_its_place(self, oranges: Listing) -> None:
        first = card_of(oranges)
        take(oranges, 120)
        take(oranges, 0)
        again = card_of(oranges)
        assert (again.newest_key, again.price_key) == (
            first.newest_key,
            first.price_key,
        )
        assert not again.sold_out

    def test_agrees_with_a_whole_refresh(self, oranges: Listing) -> None:
        take(oranges, 120)
        quick = ProductCard.objects.values().get(pk=oranges.product_id)
        operations.refresh_card(product_id=oranges.product_id)
        assert ProductCard.objects.values().get(pk=oranges.product_id) == quick

    def test_reads_the_stock_only_with_the_card_in_hand(self, oranges: Listing) -> None:
        """Else a slow refresh would write back packs that an order took meanwhile."""
        product_id = oranges.product_id
        assert product_id is not None
        for refresh in (
            lambda: operations.refresh_card(product_id=product_id),
            lambda: operations.refresh_stock(product_ids=[product_id]),
        ):
            with CaptureQueriesContext(connection) as asked:
                refresh()
            tables = [
                query["sql"].split('FROM "', 1)[-1].split('"', 1)[0]
                for query in asked.captured_queries
            ]
            card = tables.index("storefront_productcard")
            assert card < tables.index("partner_stockrecord")

    def test_without_the_receiver_it_would_be_stale(self, oranges: Listing) -> None:
        with mock.patch.object(operations, "refresh_stock"):
            take(oranges, 20)
        assert card_of(oranges).left == 120


class TestShelves:
    def counts(self) -> dict[tuple[str, str], int]:
        return {
            (shelf.category.code, shelf.village.name): shelf.products
            for shelf in Shelf.objects.all()
        }

    def test_count_what_is_on_sale(self, oranges: Listing, pomelos: Listing) -> None:
        assert self.counts() == {("shui-guo", "示例村"): 1, ("shui-guo", "远村"): 1}
        assert CropShelf.objects.get(pk="柚子").products == 1

    def test_follow_what_ends(self, oranges: Listing) -> None:
        end_listing(listing=oranges, by=None, at=AT)
        assert self.counts() == {("shui-guo", "示例村"): 0}
        assert queries.townships() == []

    def test_do_not_count_twice(self, oranges: Listing) -> None:
        set_price(listing=oranges, price_fen=3500, at=AT)
        by = oranges.assistant
        change_stock(listing=oranges, packs=90, by=by, at=AT)
        assert self.counts() == {("shui-guo", "示例村"): 1}

    def test_counting_anew_gives_the_same(
        self, oranges: Listing, pomelos: Listing
    ) -> None:
        end_listing(listing=pomelos, by=None, at=AT)
        kept = {pair: count for pair, count in self.counts().items() if count}
        operations.recount_shelves()
        assert self.counts() == kept


def test_the_command_makes_cards_that_were_lost(oranges: Listing) -> None:
    ProductCard.objects.all().delete()
    Shelf.objects.all().delete()
    call_command("refresh_cards")
    assert card_of(oranges).left == 120
    assert Shelf.objects.get().products == 1


class TestBuyAgain:
    def test_shows_the_crop_or_the_growers_photo(self, oranges: Listing) -> None:
        assert oranges.farmer is not None
        by, day = oranges.assistant.user, oranges.harvest_on
        lot = new_lot(farmer=oranges.farmer, by=by, harvest_date=day)
        link_lot(listing=oranges, lot=lot, at=AT)
        drawn = queries.buy_again(lot=lot)
        assert drawn is not None
        assert drawn["picture"].endswith("tangerine.webp")
        assert (drawn["photo"], drawn["tint"]) == ("", "tint-apricot")
        sizes: dict[str, object] = {
            size: {"name": f"listings/{size}.webp", "width": 88, "height": 66}
            for size in ("small", "medium", "large")
        }
        sizes["sha256"] = "0" * 64
        ProductCard.objects.filter(listing=oranges).update(photos=[sizes])
        taken = queries.buy_again(lot=lot)
        assert taken is not None
        assert taken["photo"].endswith("listings/small.webp")
        assert taken["picture"] == ""
