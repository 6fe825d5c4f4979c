"""A buyer takes the money of what is recalled, once, without asking anybody."""

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from shop.alipay.models import Payment, Refund
from shop.ordering import operations
from shop.ordering.refunded import held_by_recall, recalled_sums
from shop.recalls.models import Recall
from shop.recalls.report import report
from tests.factories.orders import pay
from tests.factories.parcels import new_parcel
from tests.factories.people import SOME_DAY
from tests.races import at_once, refused
from tests.shop.ordering.test_place_order import basket_with, place
from tests.shop.recalls.test_recall import LATER, recall

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(oranges, lot, alipay):
    """A paid order of oranges whose buyer's money Alipay has."""
    order = place(basket_with((oranges, 2)))
    pay(order, alipay)
    return order


def sum_of(order) -> int:
    return sum(each.amount_fen for each in recalled_sums(order))


class TestTakeRecalledBack:
    def test_an_unsent_box_is_called_off_and_paid_back(
        self, order, lot, packer, oranges
    ):
        assert sum_of(order) == 0
        recall(lot, packer)
        refunds = operations.take_recalled_back(
            order=order, seen_fen=order.purchase.total_fen, at=LATER
        )
        order.refresh_from_db()
        assert [each.status for each in refunds] == [Refund.Status.DONE]
        assert order.status == "cancelled"
        assert order.sub_orders.get().status == "cancelled"
        assert [one.key for one in report(Recall.objects.get()).money] == ["back"]

    def test_what_is_not_recalled_is_nobodys_to_take(self, order):
        with pytest.raises(operations.UnableToTakeBack):
            operations.take_recalled_back(order=order, seen_fen=100, at=LATER)

    def test_another_sum_than_the_page_showed_is_refused(self, order, lot, packer):
        recall(lot, packer)
        with pytest.raises(operations.UnableToTakeBack):
            operations.take_recalled_back(order=order, seen_fen=1, at=LATER)
        assert not Refund.objects.exists()

    def test_of_a_box_that_arrived_only_what_is_recalled(
        self, oranges, honey, lot, codes, packer, alipay
    ):
        order = place(basket_with((oranges, 2), (honey, 1)))
        pay(order, alipay)
        part = order.sub_orders.get(line_terms__listing=oranges)
        for code in codes[:2]:
            operations.pack(sub_order=part, code=code, by=packer, at=SOME_DAY)
        type(part).objects.filter(pk=part.pk).update(
            status="delivered", delivered_at=LATER, parcel=new_parcel()
        )
        recall(lot, packer)
        assert held_by_recall(order)
        (back,) = recalled_sums(order)
        whole = part.line_terms.count() == 1
        assert back.amount_fen == (
            part.total_fen if whole else part.line_terms.get(listing=oranges).goods_fen
        )
        operations.take_recalled_back(order=order, seen_fen=back.amount_fen, at=LATER)
        order.refresh_from_db()
        assert order.status == "paid"
        assert not held_by_recall(order)
        assert recalled_sums(order) == []

    def test_from_the_order_s_page(self, order, lot, packer):
        client, address = Client(), order.purchase.path
        take = reverse("ordering:take_back", args=[order.number, order.purchase.token])
        assert take not in client.get(address).content.decode()
        recall(lot, packer)
        assert take in client.get(address).content.decode()
        client.post(take, {"fen": order.purchase.total_fen})
        order.refresh_from_db()
        assert order.status == "cancelled"
        assert take not in client.get(address).content.decode()


@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_two_clicks_are_one_refund(self, order, lot, packer):
        recall(lot, packer)
        fen = order.purchase.total_fen
        outcomes = at_once(
            *[
                lambda: operations.take_recalled_back(
                    order=order, seen_fen=fen, at=LATER
                )
            ]
            * 3
        )
        refused(outcomes, operations.UnableToTakeBack)
        assert Refund.objects.count() == 1
        assert Payment.objects.filter(refunded_fen=F("captured_fen")).exists()
