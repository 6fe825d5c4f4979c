"""Buying an order again, putting back what was taken out, who sees which address."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.test import Client, override_settings

from partners.organisations.operations import open_station
from shop.listings.models import Listing
from shop.ordering import baskets, operations
from tests.factories.people import SOME_DAY, new_user
from tests.factories.places import load_places
from tests.shop.ordering.test_forms_sent import Buyer, record_of
from tests.shop.ordering.test_place_order import basket_with, delivery, place


@pytest.fixture(autouse=True)
def _today(hanshou):
    load_places("430104")
    with time_machine.travel(SOME_DAY + timedelta(hours=3), tick=False):
        yield


def text(answer) -> str:
    return answer.content.decode()


def quantities(basket) -> dict[str, int]:
    return {i.listing.title: i.quantity for i in baskets.items(basket)}


class TestBuyAgain:
    @pytest.fixture
    def over(self, oranges, honey):
        """A cancelled order of two packs of oranges and three of honey."""
        order = place(basket_with((oranges, 2), (honey, 3)))
        operations.mark_cancelled(order_number=order.number, at=SOME_DAY)
        return order

    def test_puts_everything_into_a_new_basket(self, over):
        again = operations.buy_again(order=over, basket=None)
        assert (again.added, again.refusals) == (2, [])
        assert quantities(again.basket) == {"冰糖橙": 2, "蜂蜜": 3}

    def test_says_what_is_gone_and_takes_the_rest(self, over, oranges, honey):
        Listing.objects.filter(pk=honey.pk).update(status="ended")
        again = operations.buy_again(order=over, basket=None)
        assert quantities(again.basket) == {"冰糖橙": 2}
        assert again.refusals == ["蜂蜜 1斤装已经下架。"]
        record_of(oranges).update(num_in_stock=1)
        again = operations.buy_again(order=over, basket=None)
        assert again.basket is None
        assert len(again.refusals) == 2

    def test_from_the_page_leads_to_the_basket_and_tells(self, over, honey, client):
        Listing.objects.filter(pk=honey.pk).update(status="ended")
        assert "再次放进菜篮" in text(client.get(over.purchase.path))
        page = text(client.post(f"{over.purchase.path}again/", follow=True))
        assert "蜂蜜 1斤装已经下架" in page
        assert "冰糖橙 5斤装</a>" in page

    def test_of_nothing_that_is_left_stays_on_the_page(self, over, client):
        Listing.objects.update(status="ended")
        answer = client.post(f"{over.purchase.path}again/")
        assert answer["Location"] == over.purchase.path

    def test_is_not_offered_while_the_order_waits(self, oranges, client):
        order = place(basket_with((oranges, 1)))
        assert "/again/" not in text(client.get(order.purchase.path))


class TestTakenOut:
    def take_out(self, buyer, **fields) -> str:
        line = baskets.items(self.basket(buyer))[0].line_id
        answer = buyer.client.post("/basket/", {"line": line} | fields, follow=True)
        return text(answer)

    def basket(self, buyer):
        from oscar.core.loading import get_model

        return get_model("basket", "Basket").objects.latest("pk")

    @pytest.mark.parametrize("fields", [{"quantity": 0}, {"take_out": 1}])
    def test_can_be_put_back_as_it_was(self, oranges, fields):
        buyer = Buyer()
        buyer.add(oranges, 3)
        page = self.take_out(buyer, **fields)
        assert quantities(self.basket(buyer)) == {}
        assert f'action="/basket/add/{oranges.product_id}/"' in page
        assert 'name="quantity" value="3"' in page
        buyer.add(oranges, 3)
        assert quantities(self.basket(buyer)) == {"冰糖橙": 3}
        page = text(buyer.client.get(f"/basket/?out={oranges.product_id}&packs=3"))
        assert "放回去" not in page, "it is in the basket"

    @pytest.mark.parametrize(
        "query", ["out=x&packs=1", "out=1&packs=x", "out=999999&packs=1", "out=&packs="]
    )
    def test_what_is_not_there_offers_nothing(self, query, client):
        assert "放回去" not in text(client.get(f"/basket/?{query}"))

    def test_what_is_off_sale_is_not_offered(self, oranges, client):
        address = f"/basket/?out={oranges.product_id}&packs=2"
        assert "放回去" in text(client.get(address))
        Listing.objects.filter(pk=oranges.pk).update(status="ended")
        assert "放回去" not in text(client.get(address))


class TestWhenItIsPicked:
    def pages(self, listing) -> list[str]:
        buyer = Buyer()
        buyer.add(listing)
        found = [text(buyer.client.get("/basket/"))]
        form = buyer.form()
        found.append(buyer.page())
        _, _, number, token, _ = buyer.send(form).split("/")
        return [*found, text(buyer.client.get(f"/orders/{number}/{token}/"))]

    def test_a_presale_says_so_everywhere_with_its_year(self, oranges):
        day = (SOME_DAY + timedelta(days=200)).date()
        Listing.objects.filter(pk=oranges.pk).update(harvest_on=day)
        for page in self.pages(oranges):
            assert f"预售，{day.year}年{day.month}月{day.day}日采收后发出" in page

    def test_what_is_there_says_nothing(self, oranges):
        yesterday = (SOME_DAY - timedelta(days=1)).date()
        Listing.objects.filter(pk=oranges.pk).update(harvest_on=yesterday)
        for page in self.pages(oranges):
            assert "采收后发出" not in page


def to(user) -> operations.Delivery:
    return replace(delivery(), phone=user.phone)


class TestWhoSeesWhat:
    DOOR = "示例路1号"

    def test_only_the_owner_sees_the_door_and_the_number(self, oranges, client):
        owner = new_user(name="李示例")
        order = place(basket_with((oranges, 1)), delivery=to(owner))
        page = text(client.get(order.purchase.path))
        assert "/login/?next=" in page
        for reader in (None, new_user(name="某示例")):
            other = Client()
            if reader:
                other.force_login(reader)
            page = text(other.get(order.purchase.path))
            assert self.DOOR not in page
            assert owner.phone not in page
        client.force_login(owner)
        page = text(client.get(order.purchase.path))
        assert self.DOOR in page
        assert owner.phone in page

    def test_an_order_of_somebody_logged_in_is_not_its_receivers(self, oranges, client):
        buyer = new_user(name="某示例")
        receiver = new_user(name="李示例")
        order = place(basket_with((oranges, 1)), user=buyer, delivery=to(receiver))
        client.force_login(receiver)
        assert self.DOOR not in text(client.get(order.purchase.path))
        client.force_login(buyer)
        assert self.DOOR in text(client.get(order.purchase.path))

    def test_the_station_and_the_county_can_be_asked(self, oranges, client):
        order = place(basket_with((oranges, 1)))
        assert "有问题请问" not in text(client.get(order.purchase.path))
        open_station(village=oranges.village, name="永固站", phone="0736-0000000")
        with override_settings(COUNTY_PHONE="0736-1111111"):
            page = text(client.get(order.purchase.path))
        assert "tel:0736-0000000" in page
        assert "tel:0736-1111111" in page
