"""The checkout's pages: nothing typed is lost, nothing is asked to be sent again."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from shop.alipay import gateway as gateways
from shop.ordering import operations, remembered
from shop.ordering.models import CheckoutDraft, Purchase
from shop.ordering.operations.drafting import KEPT_FOR
from tests.factories.people import SOME_DAY, new_user
from tests.factories.places import load_places
from tests.shop.alipay.hostile import Hostile

pytestmark = pytest.mark.django_db

PASTED = "李示例 10012345678 湖南省长沙市岳麓区示例路1号2栋301"
ADDRESS = {
    "name": "李示例",
    "phone": "10012345678",
    "province": "430000000000",
    "city": "430100000000",
    "county": "430104000000",
    "township": "",
    "detail": "示例路1号2栋301",
}
KEY = "a" * 32
SUM = "3500"


@pytest.fixture(autouse=True)
def _today(hanshou):
    """Places to send to, and a day on which the offers are on sale."""
    load_places("430103", "430104", "540102")
    with time_machine.travel(SOME_DAY + timedelta(hours=3), tick=False):
        yield


@pytest.fixture(autouse=True)
def _alipay(monkeypatch):
    gateway = Hostile().gateway()
    monkeypatch.setattr(gateways, "configured", lambda: gateway)


@pytest.fixture
def shopper(client, oranges) -> Client:
    """A browser without a login, one pack of oranges in its basket."""
    client.post(f"/basket/add/{oranges.product_id}/", {"quantity": "1"})
    return client


def paste(browser: Client, text: str = PASTED):
    return browser.post("/checkout/address/", {"pasted": text})


def send(browser: Client, **changes: str):
    fields = ADDRESS | {"key": KEY, "seen_total_fen": SUM, "fresh_confirmed": "on"}
    return browser.post("/checkout/", fields | changes)


def text_of(answer) -> str:
    return answer.content.decode()


def field(page: str, name: str) -> str:
    """One field's own tag."""
    return re.search(rf'<(?:input|select)[^>]*name="{name}"[^>]*>', page)[0]


class TestEveryAnswerCanBeShownAgain:
    """What a browser comes back to must be a page, never the answer to a form."""

    def test_reading_an_address_leads_to_a_page_of_its_own(self, shopper):
        answer = paste(shopper)
        assert (answer.status_code, answer["Location"]) == (302, "/checkout/")
        page = text_of(shopper.get("/checkout/"))
        assert "示例路1号2栋301" in page
        assert "¥35.00" in page

    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": ""},
            {"county": "110105000000"},
            {"phone": "12345"},
            {"fresh_confirmed": ""},
            {"seen_total_fen": "2900"},
            {"province": "540000000000", "city": "540100000000"}
            | {"county": "540102000000", "seen_total_fen": ""},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )
    def test_so_does_every_refusal_and_what_was_typed_is_there(self, shopper, wrong):
        answer = send(shopper, detail="示例路99号", **wrong)
        assert (answer.status_code, answer["Location"]) == (302, "/checkout/")
        assert "示例路99号" in text_of(shopper.get("/checkout/"))
        assert not Purchase.objects.exists()

    def test_so_does_an_empty_paste(self, shopper):
        assert paste(shopper, " ")["Location"] == "/checkout/address/"

    def test_what_was_typed_is_in_no_address_and_in_no_row_in_the_clear(self, shopper):
        answer = paste(shopper)
        assert "10012345678" not in answer["Location"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT typed FROM ordering_checkoutdraft")
            (stored,) = cursor.fetchone()
        assert "10012345678" not in stored
        assert "示例" not in stored

    def test_another_browser_sees_nothing_of_it(self, shopper, oranges):
        paste(shopper)
        other = Client()
        other.post(f"/basket/add/{oranges.product_id}/", {"quantity": "1"})
        answer = other.get("/checkout/")
        assert answer["Location"] == "/checkout/address/"

    def test_the_order_takes_it_along_and_leaves_nothing(self, shopper):
        paste(shopper)
        send(shopper)
        assert not CheckoutDraft.objects.exists()

    def test_what_nobody_comes_back_to_is_forgotten_after_a_day(self, shopper):
        paste(shopper)
        kept = CheckoutDraft.objects.get().changed_at + KEPT_FOR
        assert operations.forget_old_drafts(now=kept - timedelta(seconds=1)) == 0
        assert operations.forget_old_drafts(now=kept) == 1


class TestWhatCouldNotBeRead:
    def page(self, shopper, text) -> str:
        answer = paste(shopper, text)
        return text_of(shopper.get(answer["Location"]))

    def test_is_named_and_marked_and_the_first_has_the_focus(self, shopper):
        page = self.page(shopper, "李示例 湖南省长沙市示例路1号")
        assert "没认出来：手机号、区县" in page
        assert field(page, "phone").count("autofocus") == 1
        assert 'aria-invalid="true"' in field(page, "county")
        assert "aria-invalid" not in field(page, "detail")
        assert page.count("autofocus") == 1

    def test_of_a_whole_address_nothing_is_missed(self, shopper):
        page = self.page(shopper, PASTED)
        assert "没认出来" not in page
        assert "aria-invalid" not in page
        assert "autofocus" not in page

    def test_a_number_that_is_none_is_said_at_its_field(self, shopper):
        page = self.page(shopper, "李示例 12345 湖南省长沙市岳麓区示例路1号")
        assert 'value="12345"' in field(page, "phone")
        assert 'aria-invalid="true"' in field(page, "phone")
        assert 'value="示例路1号"' in field(page, "detail")

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("李示例 10012345678 香港湾仔区1号", "香港"),
            ("李示例 10012345678 日本东京都新宿区1号", "日本"),
        ],
    )
    def test_a_place_beyond_is_refused_at_once(self, shopper, text, place):
        page = self.page(shopper, text)
        assert f"暂不送到{place}" in page
        assert text in page, "to be corrected without pasting it again"
        assert shopper.get("/checkout/")["Location"] == "/checkout/address/"


class TestTheYesToFreshProduce:
    def test_is_missed_at_the_field_beside_the_button(self, shopper):
        send(shopper, fresh_confirmed="")
        page = text_of(shopper.get("/checkout/"))
        asked = field(page, "fresh_confirmed")
        assert 'form="checkout"' in asked
        assert "autofocus" in asked
        bar = page[page.index('class="actions"') :]
        assert "id_fresh_confirmed_error" in bar
        assert "notices" not in page

    def test_is_not_missed_before_anyone_tried_to_pay(self, shopper):
        paste(shopper)
        assert "id_fresh_confirmed_error" not in text_of(shopper.get("/checkout/"))

    def test_is_not_asked_for_what_keeps(self, client, honey):
        client.post(f"/basket/add/{honey.product_id}/", {"quantity": "1"})
        paste(client)
        assert "fresh_confirmed" not in text_of(client.get("/checkout/"))


class TestAnotherAddress:
    """What the script asks for when the county changes, and what happens without it."""

    def total(self, shopper) -> str:
        page = text_of(shopper.get("/checkout/"))
        shown = re.search(r'value="(\d+)"', field(page, "seen_total_fen"))
        return shown[1] if shown else ""

    def test_kept_it_comes_back_with_its_own_total(self, shopper):
        paste(shopper)
        assert self.total(shopper) == SUM
        send(shopper, step="keep", county="", seen_total_fen="")
        assert self.total(shopper) == ""
        send(shopper, step="keep", seen_total_fen="")
        assert self.total(shopper) == SUM
        assert not Purchase.objects.exists()

    def test_to_keep_it_misses_nothing(self, shopper):
        paste(shopper)
        send(shopper, step="keep", fresh_confirmed="", detail="")
        page = text_of(shopper.get("/checkout/"))
        assert "id_fresh_confirmed_error" not in page

    def test_sent_with_the_old_total_it_is_shown_anew_before_anyone_pays(self, shopper):
        send(shopper, seen_total_fen="2900")
        page = text_of(shopper.get("/checkout/"))
        assert "¥35.00" in page
        assert not Purchase.objects.exists()
        send(shopper)
        assert Purchase.objects.get().total_fen == 3500


class TestBackFromTheCashier:
    def test_the_checkout_leads_to_the_order_that_waits(self, shopper):
        paste(shopper)
        send(shopper)
        placed = Purchase.objects.get()
        for came_back_to in ("/checkout/", "/checkout/address/"):
            assert shopper.get(came_back_to)["Location"] == placed.path
        page = text_of(shopper.get(placed.path))
        assert f"/pay/{placed.order.number}/{placed.token}/" in page
        assert f"{placed.path}cancel/" in page

    def test_the_same_form_once_more_leads_to_the_same_cashier(self, shopper):
        paste(shopper)
        first, again = send(shopper), send(shopper)
        assert first["Location"] == again["Location"]
        assert Purchase.objects.count() == 1

    def test_an_empty_basket_without_an_order_is_an_empty_basket(self, client):
        assert client.get("/checkout/")["Location"] == "/basket/"


class TestAGuestsOpenOrder:
    @pytest.fixture
    def placed(self, shopper) -> Purchase:
        paste(shopper)
        send(shopper)
        return Purchase.objects.get()

    def test_the_basket_and_every_corner_tell_of_it(self, shopper, placed):
        assert placed.path in text_of(shopper.get("/basket/"))
        told = shopper.get("/basket/badge/").json()["unpaid"]
        assert told["url"] == placed.path
        assert "¥35.00" in told["words"]

    def test_only_the_browser_that_placed_it_is_told(self, client, placed):
        assert Client().get("/basket/badge/").json()["unpaid"] is None

    def test_a_cookie_that_we_did_not_sign_opens_nothing(self, placed):
        for made_up in (str(placed.order_id), f"{placed.order_id}:x", "", "1.2.x:y"):
            other = Client()
            other.cookies[remembered.COOKIE] = made_up
            assert other.get("/basket/badge/").json()["unpaid"] is None

    @pytest.mark.parametrize("end", ["paid", "cancelled"])
    def test_nothing_is_told_once_it_is_paid_or_cancelled(self, shopper, placed, end):
        getattr(operations, f"mark_{end}")(
            order_number=placed.order.number, at=timezone.now()
        )
        assert shopper.get("/basket/badge/").json()["unpaid"] is None

    def test_nothing_is_told_once_its_time_is_over(self, shopper, placed):
        with time_machine.travel(placed.expires_at):
            assert shopper.get("/basket/badge/").json()["unpaid"] is None

    def test_an_order_made_logged_in_is_not_shown_to_who_comes_after(
        self, shopper, buyer
    ):
        shopper.force_login(buyer)
        paste(shopper)
        send(shopper)
        assert shopper.get("/basket/badge/").json()["unpaid"] is not None
        carried = shopper.cookies[remembered.COOKIE].value
        nobody, somebody = Client(), Client()
        somebody.force_login(new_user())
        for other in (nobody, somebody):
            other.cookies[remembered.COOKIE] = carried
            assert other.get("/basket/badge/").json()["unpaid"] is None

    def test_no_page_for_everybody_gets_the_cookie(self, shopper, placed):
        for page in ("/", "/villages/", "/calendar/"):
            assert remembered.COOKIE not in shopper.get(page).cookies
