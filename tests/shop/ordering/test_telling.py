"""What the buyer is told by text: two boxes of one order are told apart."""

import json

import pytest
from django.utils.translation import override

from shop.notices.models import TextMessage
from shop.ordering import operations
from shop.ordering.models import SubOrder
from shop.ordering.operations.telling import tell_delivered
from shop.users.models import User
from shop.users.operations import choose_language
from tests.factories.parcels import new_parcel
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.shop.ordering.test_place_order import basket_with, place

pytestmark = pytest.mark.django_db


def arrive(part: SubOrder) -> None:
    parcel = new_parcel()
    SubOrder.objects.filter(pk=part.pk).update(
        status=SubOrder.Status.SHIPPED, parcel=parcel
    )
    operations.mark_delivered(parcel=parcel, at=SOME_DAY)


def told(template: str) -> list[str]:
    texts = TextMessage.objects.filter(template=template).order_by("pk")
    return [json.loads(text.words)["goods"] for text in texts]


class TestTwoBoxes:
    def order(self, *wanted):
        load_places("430104")
        order = place(basket_with(*wanted))
        operations.mark_paid(order_number=order.number, at=SOME_DAY)
        return order

    def test_each_says_which_it_is_and_what_is_in_it(self, hanshou, oranges, honey):
        order = self.order((oranges, 1), (honey, 2))
        for part in order.sub_orders.order_by("pk"):
            arrive(part)
        first, second = told("parcel_delivered")
        assert first != second
        assert (first, second) == (
            "冰糖橙 5斤装（共2箱，第1箱）",
            "蜂蜜 1斤装（共2箱，第2箱）",
        )

    def test_in_the_countys_language_whoever_set_it_off(self, hanshou, oranges, honey):
        order = self.order((oranges, 1), (honey, 1))
        with override("en"):
            arrive(order.sub_orders.first())
        assert "box" not in told("parcel_delivered")[0]

    def test_in_the_language_of_the_page_it_was_ordered_on(
        self, hanshou, oranges, honey
    ):
        with override("en"):
            order = self.order((oranges, 1), (honey, 1))
        arrive(order.sub_orders.first())
        assert told("parcel_delivered") == [
            "冰糖橙 5斤装 (Rock-sugar orange, pack of 5 jin) (box 1 of 2)"
        ]
        ours = TextMessage.objects.filter(key__startswith="order:")
        assert set(ours.values_list("language", flat=True)) == {"en"}

    def test_in_the_language_its_buyer_chose_last(self, hanshou, oranges, honey):
        order = self.order((oranges, 1), (honey, 1))
        reader = User.objects.create_user(order.purchase.phone)
        choose_language(user=reader, language="en")
        first, second = order.sub_orders.order_by("pk")
        arrive(first)
        assert "box 1 of 2" in told("parcel_delivered")[0]
        # Told once, it stays as it was told, whatever is chosen after.
        choose_language(user=reader, language="zh-hans")
        tell_delivered(sub_order=first, at=SOME_DAY)
        arrive(second)
        assert "共2箱，第2箱" in told("parcel_delivered")[1]

    def test_an_only_box_is_just_its_goods(self, hanshou, oranges):
        order = self.order((oranges, 3))
        arrive(order.sub_orders.get())
        assert told("parcel_delivered") == ["冰糖橙 5斤装"]
