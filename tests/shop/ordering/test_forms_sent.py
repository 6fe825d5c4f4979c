"""Forms of the buyer's path: sent twice, late, altered, or by somebody else."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.test import Client

from shop.ordering.baskets import COOKIE
from shop.ordering.models import Purchase
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.shop.ordering.test_place_order import left

ADDRESS = "李示例 10012345678 湖南省长沙市岳麓区示例路1号"
PLACES = {"province": "430000000000", "city": "430100000000", "county": "430104000000"}


@pytest.fixture(autouse=True)
def _today(hanshou):
    """Places to send to, and a day on which the offers are on sale."""
    load_places("430104")
    with time_machine.travel(SOME_DAY + timedelta(hours=3), tick=False):
        yield


@pytest.fixture
def buyer():
    return Buyer()


class Buyer:
    """One browser."""

    def __init__(self) -> None:
        self.client = Client()

    def add(self, listing, quantity: int = 1) -> None:
        self.client.post(f"/basket/add/{listing.product_id}/", {"quantity": quantity})

    def page(self) -> str:
        return self.client.get("/checkout/").content.decode()

    def form(self) -> dict[str, str]:
        """The filled form that a pasted address leads to."""
        self.client.post("/checkout/address/", {"pasted": ADDRESS})
        return {
            "name": "李示例",
            "phone": "10012345678",
            "detail": "示例路1号",
            "township": "",
            "fresh_confirmed": "on",
            **PLACES,
            **hidden_in(self.page()),
        }

    def send(self, form: dict[str, str]) -> str:
        """Where the answer leads."""
        return self.client.post("/checkout/", form)["Location"]


def hidden_in(page: str) -> dict[str, str]:
    return {
        name: re.search(rf'name="{name}" value="(\w+)"', page)[1]
        for name in ("key", "seen_total_fen")
    }


def record_of(listing):
    return apps.get_model("partner", "StockRecord").objects.filter(
        product_id=listing.product_id
    )


class TestTheFormSentTwice:
    def test_leads_to_the_same_payment(self, buyer, oranges):
        buyer.add(oranges)
        form = buyer.form()
        first = buyer.send(form)
        assert first.startswith("/pay/")
        assert buyer.send(form) == first
        assert record_of(oranges).get().num_allocated == 1

    def test_still_leads_there_when_the_order_is_paid(self, buyer, oranges):
        buyer.add(oranges)
        form = buyer.form()
        first = buyer.send(form)
        apps.get_model("order", "Order").objects.update(status="paid")
        assert buyer.send(form) == first
        # Negative control: the key is what finds it again.
        assert buyer.send(form | {"key": "f" * 32}) == "/basket/"


class TestAFormOfAnotherBasket:
    def test_is_no_order_of_the_new_basket(self, buyer, oranges, honey):
        buyer.add(oranges)
        old = buyer.form()
        first = buyer.send(old)
        buyer.add(honey)
        new = buyer.form()
        assert buyer.send(new | {"key": old["key"]}) == "/checkout/"
        assert Purchase.objects.count() == 1
        # The page it leads to can be sent: its key is its own.
        second = buyer.send(new | hidden_in(buyer.page()))
        assert second.startswith("/pay/")
        assert second != first

    def test_does_not_lead_a_stranger_to_the_order(self, buyer, oranges, honey):
        buyer.add(oranges)
        form = buyer.form()
        placed = buyer.send(form)
        stranger = Buyer()
        # With a basket that is empty, and with one that is full.
        assert stranger.send(form) == "/basket/"
        stranger.add(honey)
        assert stranger.send(form) == "/checkout/"
        assert placed.split("/")[3] not in stranger.page()
        # Negative control: it does lead there whose basket it was.
        assert buyer.send(form) == placed


class TestAnAlteredForm:
    @pytest.mark.parametrize(
        ("seen", "said"),
        [
            ("1", "总价变了"),
            ("0", "总价变了"),
            ("3501", "总价变了"),
            ("", "按这个地址重新算了运费"),
        ],
    )
    def test_with_another_total_shows_the_right_one_and_places_nothing(
        self, buyer, oranges, seen, said
    ):
        buyer.add(oranges)
        assert buyer.send(buyer.form() | {"seen_total_fen": seen}) == "/checkout/"
        page = buyer.page()
        assert hidden_in(page)["seen_total_fen"] == "3500"
        assert said in page
        assert not Purchase.objects.exists()

    @pytest.mark.parametrize(
        "change",
        [
            {"seen_total_fen": "-1"},
            {"seen_total_fen": "1e3"},
            {"county": "999999999999"},
            {"phone": "123"},
        ],
    )
    def test_that_makes_no_sense_places_nothing(self, buyer, oranges, change):
        buyer.add(oranges)
        form = buyer.form()
        assert buyer.send(form | change) == "/checkout/"
        assert not Purchase.objects.exists()
        # Negative control: only the change kept it from being an order.
        assert buyer.send(form).startswith("/pay/")

    @pytest.mark.parametrize("name", ["price", "price_fen", "total_fen", "amount_fen"])
    def test_with_a_price_of_its_own_pays_ours(self, buyer, oranges, name):
        buyer.add(oranges)
        buyer.send(buyer.form() | {name: "1"})
        assert Purchase.objects.get().total_fen == 3_500


class TestALateForm:
    def test_after_a_new_price_shows_it_before_anybody_pays(self, buyer, oranges):
        buyer.add(oranges)
        form = buyer.form()
        record_of(oranges).update(price=31)
        assert buyer.send(form) == "/checkout/"
        assert "总价变了" in buyer.page()
        assert not Purchase.objects.exists()

    def test_after_the_end_of_the_sale_is_refused(self, buyer, oranges):
        buyer.add(oranges)
        form = buyer.form()
        type(oranges).objects.filter(pk=oranges.pk).update(status="ended")
        assert buyer.send(form) == "/checkout/"
        assert record_of(oranges).get().num_allocated == 0

    def test_after_the_last_pack_is_refused(self, buyer, oranges):
        buyer.add(oranges)
        form = buyer.form()
        record_of(oranges).update(num_in_stock=0)
        assert buyer.send(form) == "/checkout/"
        assert not Purchase.objects.exists()


class TestTheBasket:
    @pytest.mark.parametrize("packs", ["0", "-1", "1.5", "1e3", "", "x", "9" * 20])
    def test_takes_only_a_whole_number_of_packs(self, buyer, oranges, packs):
        answer = buyer.client.post(
            f"/basket/add/{oranges.product_id}/", {"quantity": packs}
        )
        assert answer.status_code == 409
        assert not apps.get_model("basket", "Line").objects.exists()

    def test_says_how_many_there_are_where_a_number_is_none(self, buyer, oranges):
        buyer.add(oranges)
        line = apps.get_model("basket", "Line").objects.get()
        answer = buyer.client.post(
            "/basket/", {"line": line.pk, "quantity": "9999"}, follow=True
        )
        assert f"请选 1 到 {left(oranges)} 份" in answer.content.decode()

    def test_of_somebody_else_cannot_be_changed(self, buyer, oranges, honey):
        stranger = Buyer()
        buyer.add(oranges, 2)
        stranger.add(honey)
        line = apps.get_model("basket", "Line").objects.get(
            product_id=oranges.product_id
        )
        for packs in ("9", "0"):
            stranger.client.post("/basket/", {"line": line.pk, "quantity": packs})
        line.refresh_from_db()
        assert line.quantity == 2
        # Negative control: its owner can.
        buyer.client.post("/basket/", {"line": line.pk, "quantity": "9"})
        line.refresh_from_db()
        assert line.quantity == 9

    def test_under_a_number_we_did_not_sign_is_empty(self, buyer, oranges):
        buyer.add(oranges)
        cookie = buyer.client.cookies[COOKIE].value
        stranger = Buyer()
        for value in (cookie.split(":")[0], cookie + "x"):
            stranger.client.cookies[COOKIE] = value
            assert stranger.client.get("/basket/badge/").json()["count"] == 0
        # Negative control: the signed number is the basket.
        stranger.client.cookies[COOKIE] = cookie
        assert stranger.client.get("/basket/badge/").json()["count"] == 1


class TestSomebodyElsesOrder:
    @pytest.mark.parametrize("action", ["cancel/", ""])
    def test_is_not_to_be_seen_or_changed(self, buyer, oranges, honey, action):
        buyer.add(oranges)
        _, _, number, token, _ = buyer.send(buyer.form()).split("/")
        other = Buyer()
        other.add(honey)
        _, _, _, theirs, _ = other.send(other.form()).split("/")
        for guess in (theirs, token[:-1], token + "x", token.swapcase(), "x"):
            for path in (f"/orders/{number}/{guess}/", f"/pay/{number}/{guess}/"):
                assert other.client.get(path).status_code == 404
            answer = other.client.post(
                f"/orders/{number}/{guess}/{action}", {"action": "received"}
            )
            assert answer.status_code == 404
        order = apps.get_model("order", "Order").objects.get(number=number)
        assert order.status == "pending"
        # Negative control: its own link shows it.
        assert other.client.get(f"/orders/{number}/{token}/").status_code == 200

    def test_is_cancelled_by_its_link_only_with_a_token_against_forgery(
        self, buyer, oranges
    ):
        buyer.add(oranges)
        _, _, number, token, _ = buyer.send(buyer.form()).split("/")
        forged = Client(enforce_csrf_checks=True).post(
            f"/orders/{number}/{token}/cancel/"
        )
        assert forged.status_code == 403
