"""The page that asks before anything is cancelled, and what the order says then."""

import pytest

from shop.alipay.operations import resolve_due
from shop.ordering.models import SubOrder
from tests.factories.parcels import new_parcel
from tests.shop.alipay import hostile
from tests.shop.ordering.test_cancel_paid import (
    REFUND,
    part_of,
)
from tests.shop.ordering.test_late_money import place
from tests.shop.ordering.test_place_order import basket_with, left


def text(client, address: str) -> str:
    return client.get(address, follow=True).content.decode()


class TestPaid:
    @pytest.fixture(autouse=True)
    def _order(self, paid, client):
        self.order, self.client = paid, client
        self.page = paid.purchase.path
        self.asks = f"{self.page}cancel/"

    def send(self, *parts) -> str:
        numbers = [part.number for part in parts]
        answer = self.client.post(self.asks, {"part": numbers}, follow=True)
        self.order.refresh_from_db()
        return answer.content.decode()

    def test_offers_the_whole_and_each_part(self, oranges):
        page = text(self.client, self.page)
        assert f'href="{self.asks}"' in page
        assert f"{self.asks}?part={part_of(self.order, oranges).number}" in page

    def test_a_look_cancels_nothing_and_says_what_goes_back(self, oranges):
        part = part_of(self.order, oranges)
        page = text(self.client, f"{self.asks}?part={part.number}")
        assert "¥103.00" in page and "蜂蜜" not in page
        assert part_of(self.order, oranges).status == "paid"
        assert "¥219.00" in text(self.client, self.asks), "both, with their freight"

    def test_cancels_one_part_and_tells(self, oranges, honey):
        page = self.send(part_of(self.order, oranges))
        assert "支付宝已退还" in page
        assert "¥103.00 退还给您" in page
        assert (part_of(self.order, honey).status, self.order.status) == (
            "paid",
            "paid",
        )

    def test_is_told_in_the_readers_language(self, oranges):
        self.send(part_of(self.order, oranges))
        english = {"accept-language": "en"}
        page = self.client.get(self.page, headers=english).content.decode()
        for words in ("Cancelled by the buyer", "Rock-sugar orange, pack of 5 jin"):
            assert words in page
        assert "买家取消" not in page
        page = text(self.client, self.page)
        assert "买家取消" in page and "Rock-sugar" not in page

    def test_says_so_where_alipay_has_not_answered(self, oranges, alipay):
        alipay.fail(REFUND, hostile.time_out)
        page = self.send(part_of(self.order, oranges))
        assert "还没有确认" in page
        assert "支付宝已退还" not in page
        refund = part_of(self.order, oranges).refunds.get().refund
        resolve_due(now=refund.next_attempt_at)
        assert "支付宝已于" in text(self.client, self.page)

    def test_of_everything_shows_a_cancelled_order(self):
        page = self.send(*self.order.sub_orders.all())
        assert self.order.status == "cancelled"
        assert "<h1>已取消</h1>" in page

    def test_offers_nothing_that_is_packed_or_gone(self, oranges, honey):
        for listing in (oranges, honey):
            SubOrder.objects.filter(pk=part_of(self.order, listing).pk).update(
                status="shipped", parcel=new_parcel()
            )
        assert "/cancel/" not in text(self.client, self.page)
        assert "不能再取消" in text(self.client, self.asks)
        assert "不能再取消" in self.send(part_of(self.order, oranges))

    def test_another_orders_number_is_nothing(self, oranges):
        before = left(oranges)
        self.client.post(self.asks, {"part": ["1-1", "x"]})
        assert left(oranges) == before


class TestUnpaid:
    def test_is_asked_once_before_it_is_cancelled(
        self, hanshou, alipay, oranges, client
    ):
        from tests.factories.places import load_places

        load_places("430104")
        order = place(basket_with((oranges, 2)))
        asks = f"{order.purchase.path}cancel/"
        assert asks in text(client, order.purchase.path)
        page = text(client, asks)
        assert left(oranges) == 58
        assert order.purchase.path in page
        client.post(asks)
        order.refresh_from_db()
        assert (order.status, left(oranges)) == ("cancelled", 60)
