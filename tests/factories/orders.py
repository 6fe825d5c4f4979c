"""Orders on their way, with the money as Alipay tells of it."""

import pytest

from shop.alipay.models import Payment
from shop.alipay.operations import receive_notice
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.shop.alipay.hostile import notice
from tests.shop.ordering.test_place_order import basket_with, place


@pytest.fixture
def paid(hanshou, oranges, honey, alipay):
    """Three packs of oranges and two of honey, a box each, both to be packed."""
    load_places("430104")
    order = place(basket_with((oranges, 3), (honey, 2)))
    pay(order, alipay)
    return order


def pay(order, alipay) -> None:
    payment = payment_of(order)
    alipay.paid(payment)
    receive_notice(params=notice(payment), at=SOME_DAY)
    order.refresh_from_db()


def payment_of(order) -> Payment:
    return Payment.objects.get(order_number=order.number)
