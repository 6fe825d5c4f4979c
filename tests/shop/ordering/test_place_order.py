"""Placing an order: what is written, what is refused, and what races cannot break."""

from datetime import timedelta
from functools import partial

import pytest
from django.apps import apps
from django.db import connection

from shop.alipay.models import Payment
from shop.ordering import baskets, operations
from shop.ordering.models import Purchase, Reservation
from shop.ordering.operations import stock
from shop.ordering.quotes import quote_order
from shop.storefront.models import ProductCard
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.races import at_once, meeting, refused

CHANGSHA = "430104000000"
LHASA = "540102000000"
BEIJING = "110105000000"
KEY = "0" * 32


def delivery(division_code: str = CHANGSHA) -> operations.Delivery:
    return operations.Delivery(
        recipient="李示例",
        phone="10012345678",
        division_code=division_code,
        detail="示例路1号",
    )


def basket_with(*wanted):
    """A basket with pairs of listing and packs."""
    basket = None
    for listing, quantity in wanted:
        basket = operations.add_to_basket(
            basket=basket, product_id=listing.product_id, quantity=quantity
        )
    return basket


def place(basket, *, key: str = KEY, total_fen: int | None = None, **changes):
    quote = quote_order(items=baskets.items(basket), division_code=CHANGSHA)
    arguments = {
        "basket": basket,
        "delivery": delivery(),
        "fresh_confirmed": True,
        "expected_total_fen": quote.total_fen if total_fen is None else total_fen,
        "key": key,
        "at": SOME_DAY,
    } | changes
    return operations.place_order(**arguments)


def left(listing) -> int:
    record = apps.get_model("partner", "StockRecord").objects.get(
        product_id=listing.product_id
    )
    return record.net_stock_level


@pytest.fixture(autouse=True)
def _places(hanshou):
    load_places("430104", "540102")


class TestPlaceOrder:
    def test_holds_stock_and_opens_a_payment_of_the_sum(self, oranges):
        order = place(basket_with((oranges, 2)))
        payment = Payment.objects.get(order_number=order.number)
        assert order.status == "pending"
        assert order.purchase.total_fen == 2 * 2900 + 600 + 2 * 200
        assert payment.amount_fen == order.purchase.total_fen
        assert left(oranges) == 58
        assert order.reservations.get().state == Reservation.State.HELD

    def test_splits_by_seller_with_freight_for_each(self, oranges, honey):
        order = place(basket_with((oranges, 1), (honey, 2)))
        parts = list(order.sub_orders.order_by("goods_fen"))
        assert [p.goods_fen for p in parts] == [2900, 11_600]
        assert [p.freight_fen for p in parts] == [600, 0]
        assert sum(p.total_fen for p in parts) == order.purchase.total_fen

    def test_counted_goods_pay_the_freight_of_their_weight(self, ducks):
        order = place(basket_with((ducks, 1)))
        part = order.sub_orders.get()
        assert part.freight_fen == 600 + 200, "3.6 kg, 0.6 of them beyond the first 3"
        assert part.line_terms.get().pack_g == ducks.parcel_g == 3_600

    def test_the_card_promises_the_freight_that_is_charged(self, ducks, oranges):
        for key, listing in enumerate((ducks, oranges)):
            order = place(basket_with((listing, 1)), key=f"{key:032x}")
            card = ProductCard.objects.get(listing=listing)
            assert order.sub_orders.get().freight_fen == card.freight["43"][0]

    def test_weighed_and_counted_goods_share_a_parcel(self, ducks, oranges):
        parts = quote_order(
            items=baskets.items(basket_with((ducks, 1), (oranges, 1))),
            division_code=BEIJING,
        ).parts
        assert [part.freight_fen for part in parts] == [1_000 + 4 * 400]

    def test_keeps_nothing_personal_in_the_clear(self, oranges):
        order = place(basket_with((oranges, 1)))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT recipient, phone, detail FROM ordering_purchase"
                " WHERE order_id = %s",
                [order.pk],
            )
            row = " ".join(cursor.fetchone())
        assert "李示例" not in row
        assert "10012345678" not in row
        assert order.purchase.recipient == "李示例"

    def test_the_same_form_twice_is_one_order(self, oranges):
        basket = basket_with((oranges, 1))
        first, second = place(basket), place(basket)
        assert first.pk == second.pk
        assert left(oranges) == 59

    def test_another_form_for_the_same_basket_is_refused(self, oranges):
        basket = basket_with((oranges, 1))
        place(basket)
        with pytest.raises(operations.UnableToPlace):
            place(basket, key="1" * 32)
        assert left(oranges) == 59

    def test_refuses_fresh_produce_without_the_buyers_yes(self, oranges):
        with pytest.raises(operations.UnableToPlace):
            place(basket_with((oranges, 1)), fresh_confirmed=False)
        assert Purchase.objects.count() == 0

    def test_needs_no_yes_for_what_keeps(self, honey):
        order = place(basket_with((honey, 1)), fresh_confirmed=False)
        assert order.purchase.fresh_confirmed_at is None

    def test_refuses_another_total_than_the_buyer_saw(self, oranges):
        with pytest.raises(operations.UnableToPlace):
            place(basket_with((oranges, 1)), total_fen=2900)
        assert left(oranges) == 60

    def test_refuses_a_place_nothing_is_sent_to(self, oranges):
        basket = basket_with((oranges, 1))
        with pytest.raises(operations.UnableToPlace, match=r".+"):
            place(basket, delivery=delivery(LHASA))
        assert left(oranges) == 60

    def test_says_how_many_are_left(self, honey):
        basket = basket_with((honey, 20))
        place(basket_with((honey, 15)))
        with pytest.raises((operations.UnableToPlace, operations.OutOfStock)):
            place(basket, key="2" * 32, total_fen=1)
        assert left(honey) == 5

    def test_a_product_taken_off_sale_cannot_be_held(self, oranges):
        basket = basket_with((oranges, 1))
        record = baskets.items(basket)[0].stockrecord_id
        type(oranges).objects.filter(pk=oranges.pk).update(status="ended")
        with pytest.raises(operations.OutOfStock):
            stock.hold(stockrecord_id=record, quantity=1, price_fen=2900, title="x")

    def test_a_price_that_rose_meanwhile_is_refused(self, oranges):
        basket = basket_with((oranges, 1))
        record = baskets.items(basket)[0].stockrecord_id
        with pytest.raises(operations.PriceChanged):
            stock.hold(stockrecord_id=record, quantity=1, price_fen=2800, title="x")
        assert left(oranges) == 60


class TestProgress:
    def test_payment_turns_held_into_sold_once(self, oranges):
        order = place(basket_with((oranges, 3)))
        assert operations.mark_paid(order_number=order.number, at=SOME_DAY)
        assert not operations.mark_paid(order_number=order.number, at=SOME_DAY)
        record = apps.get_model("partner", "StockRecord").objects.get(
            product_id=oranges.product_id
        )
        assert (record.num_in_stock, record.num_allocated) == (57, 0)
        assert order.sub_orders.get().status == "paid"

    def test_cancelling_gives_the_stock_back_once(self, oranges):
        order = place(basket_with((oranges, 3)))
        assert operations.mark_cancelled(order_number=order.number, at=SOME_DAY)
        assert not operations.mark_cancelled(order_number=order.number, at=SOME_DAY)
        assert left(oranges) == 60

    def test_a_cancelled_order_cannot_become_paid(self, oranges):
        order = place(basket_with((oranges, 3)))
        operations.mark_cancelled(order_number=order.number, at=SOME_DAY)
        assert not operations.mark_paid(order_number=order.number, at=SOME_DAY)
        order.refresh_from_db()
        assert order.status == "cancelled"
        assert left(oranges) == 60

    def test_an_order_on_its_way_is_not_completed(self, oranges):
        order = place(basket_with((oranges, 1)))
        operations.mark_paid(order_number=order.number, at=SOME_DAY)
        with pytest.raises(operations.UnableToComplete):
            operations.complete_order(order=order, at=SOME_DAY + timedelta(days=9))


@pytest.mark.django_db(transaction=True)
class TestLastPacks:
    """Forty buyers at once for the last five packs."""

    BUYERS, PACKS = 40, 5

    def refused_buyers(self, listing, attempt) -> int:
        carts = [basket_with((listing, 1)) for _ in range(self.BUYERS)]
        record = apps.get_model("partner", "StockRecord").objects.filter(
            product_id=listing.product_id
        )
        record.update(num_in_stock=self.PACKS)
        outcomes = at_once(*(partial(attempt, cart, n) for n, cart in enumerate(carts)))
        return refused(outcomes, operations.OutOfStock, operations.UnableToPlace)

    def test_exactly_what_is_there_is_sold(self, oranges):
        refused_ones = self.refused_buyers(
            oranges, lambda cart, n: place(cart, key=f"{n:032x}", total_fen=3500)
        )
        assert refused_ones == self.BUYERS - self.PACKS
        assert left(oranges) == 0
        assert Reservation.objects.count() == self.PACKS

    def test_without_the_guard_it_oversells(self, oranges):
        """The negative control: look first, write after, as Oscar does."""
        records = apps.get_model("partner", "StockRecord").objects
        looked = meeting(self.BUYERS)

        def careless(cart, number: int) -> None:
            record = records.get(product_id=oranges.product_id)
            looked.wait()
            if record.net_stock_level < 1:
                raise operations.OutOfStock(title="x", left=0)
            records.filter(pk=record.pk).update(
                num_allocated=stock.F("num_allocated") + 1
            )

        assert self.refused_buyers(oranges, careless) < self.BUYERS - self.PACKS
        assert left(oranges) < 0

    def test_one_form_sent_many_times_at_once_is_one_order(self, oranges):
        cart = basket_with((oranges, 1))
        numbers = at_once(*[lambda: place(cart, total_fen=3500).number] * 8)
        assert refused(numbers) == 0
        assert len(set(numbers)) == 1
        assert left(oranges) == 59


class TestAVeryLargeOrder:
    """A total that no payment and no column can hold is refused in words."""

    @pytest.fixture
    def gold(self, oranges):
        apps.get_model("partner", "StockRecord").objects.filter(
            product_id=oranges.product_id
        ).update(price=100_000, num_in_stock=5_000)
        type(oranges).objects.filter(pk=oranges.pk).update(price_fen=10_000_000)
        return oranges

    def basket(self, listing, packs):
        basket = basket_with((listing, 1))
        basket.all_lines().model.objects.filter(basket=basket).update(quantity=packs)
        return basket

    @pytest.mark.parametrize("packs", [201, 990])
    def test_is_refused(self, gold, packs):
        with pytest.raises(operations.UnableToPlace, match="20,000,000"):
            place(self.basket(gold, packs))
        assert not Purchase.objects.exists()
        assert left(gold) == 5_000

    def test_up_to_the_limit_is_taken(self, gold):
        order = place(self.basket(gold, 199))
        assert order.purchase.total_fen == 1_990_000_000
