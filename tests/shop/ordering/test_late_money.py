"""Paid after cancelling: the buyer reads that it came, and that it goes back."""

import json

import pytest

from shop.alipay import queries as payments
from shop.alipay.operations import receive_notice, resolve_due
from shop.alipay.queries import payment_of
from shop.notices.models import TextMessage
from shop.ordering import operations
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.shop.alipay.hostile import notice
from tests.shop.ordering.test_place_order import basket_with, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def cancelled(hanshou, alipay, oranges):
    load_places("430104")
    order = place(basket_with((oranges, 1)))
    operations.cancel_order(order=order, at=SOME_DAY)
    return order


def pay(order, alipay) -> None:
    payment = payment_of(order.number)
    alipay.paid(payment)
    receive_notice(params=notice(payment), at=SOME_DAY)


def pages(client, order) -> list[str]:
    addresses = (order.purchase.path, payments.status_path(payment_of(order.number)))
    return [client.get(address).content.decode() for address in addresses]


class TestPaidAfterCancelling:
    def test_nothing_is_said_to_be_taken_before_we_know(self, client, cancelled):
        assert "没有收到付款" in pages(client, cancelled)[1]

    def test_every_page_tells_that_it_came_and_is_asked_back(
        self, client, cancelled, alipay
    ):
        pay(cancelled, alipay)
        for page in pages(client, cancelled):
            assert "¥35.00 退还给您" in page
            assert "那时已经关闭" in page
            assert "还没有确认" in page
            assert "没有收到付款" not in page

    def test_and_when_it_is_back(self, client, cancelled, alipay):
        pay(cancelled, alipay)
        before = payments.news_of(payment_of(cancelled.number))
        resolve_due(now=SOME_DAY)
        assert payments.news_of(payment_of(cancelled.number)) != before
        for page in pages(client, cancelled):
            assert "支付宝已于" in page

    def test_one_text_tells_it_too(self, cancelled, alipay):
        pay(cancelled, alipay)
        pay(cancelled, alipay)
        text = TextMessage.objects.get(template="payment_goes_back")
        assert json.loads(text.words)["amount"] == "¥35.00"


class TestACancelledOrder:
    def test_gives_nothing_and_owes_nothing(self, client, cancelled):
        page = pages(client, cancelled)[0]
        assert "这单会带去" not in page
        assert 'class="total"' not in page
