"""Orders that nobody touches: unpaid let go, completed a week after the last box."""

from datetime import timedelta

import pytest

from shop.alipay.operations import resolve_due
from shop.ordering import operations
from shop.ordering.models import SubOrder
from shop.ordering.operations.placing import HELD_FOR
from shop.ordering.operations.progress import COMPLETES_AFTER
from shop.ordering.queries import arrived_by
from shop.ordering.signals import order_completed
from tests.factories.parcels import new_parcel
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.shop.alipay import hostile
from tests.shop.ordering.test_place_order import basket_with, left, place

ARRIVED = SOME_DAY + timedelta(days=3)
A_WEEK_ON = ARRIVED + COMPLETES_AFTER


@pytest.fixture(autouse=True)
def _settles_elsewhere():
    """What settlement makes of it has tests of its own."""
    receivers, order_completed.receivers = order_completed.receivers, []
    order_completed.sender_receivers_cache.clear()
    yield
    order_completed.receivers = receivers
    order_completed.sender_receivers_cache.clear()


@pytest.fixture
def paid(hanshou, oranges, honey):
    """Two boxes of two villages, both paid."""
    load_places("430104")
    order = place(basket_with((oranges, 1), (honey, 1)))
    operations.mark_paid(order_number=order.number, at=SOME_DAY)
    return order


def arrive(*parts, at=ARRIVED):
    for part in parts:
        SubOrder.objects.filter(pk=part.pk).update(
            status=SubOrder.Status.DELIVERED, delivered_at=at, parcel=new_parcel()
        )


class TestCompleteOverdue:
    def test_a_week_after_the_last_box(self, paid):
        first, last = paid.sub_orders.all()
        arrive(first, at=ARRIVED - timedelta(days=2))
        arrive(last)
        just_before = A_WEEK_ON - timedelta(seconds=1)
        assert operations.complete_overdue(now=just_before) == 0
        assert operations.complete_overdue(now=A_WEEK_ON) == 1
        paid.refresh_from_db()
        assert paid.status == "completed"
        assert operations.complete_overdue(now=A_WEEK_ON) == 0

    def test_waits_for_a_box_on_its_way(self, paid):
        arrive(paid.sub_orders.first())
        assert not arrived_by(A_WEEK_ON).exists()
        assert operations.complete_overdue(now=A_WEEK_ON) == 0

    def test_orders_that_cannot_complete_do_not_crowd_out_one_that_can(
        self, paid, oranges
    ):
        """The oldest one's second box got lost; the next order must still be paid."""
        arrive(paid.sub_orders.first(), at=ARRIVED - timedelta(days=9))
        later = place(basket_with((oranges, 1)), key="5" * 32)
        operations.mark_paid(order_number=later.number, at=SOME_DAY)
        arrive(*later.sub_orders.all())
        assert operations.complete_overdue(now=A_WEEK_ON, most=1) == 1

    def test_one_that_cannot_be_settled_does_not_hold_up_the_rest(self, paid, oranges):
        arrive(*paid.sub_orders.all(), at=ARRIVED - timedelta(days=1))
        later = place(basket_with((oranges, 1)), key="5" * 32)
        operations.mark_paid(order_number=later.number, at=SOME_DAY)
        arrive(*later.sub_orders.all())

        def refuse(sender, order, **kwargs):
            if order.pk == paid.pk:
                raise RuntimeError("its books are not in order")

        order_completed.connect(refuse)
        assert operations.complete_overdue(now=A_WEEK_ON) == 1
        later.refresh_from_db()
        paid.refresh_from_db()
        assert (paid.status, later.status) == ("paid", "completed")


class TestNotPaidInTime:
    """Closing the payment is Alipay's round; here is what becomes of the order."""

    @pytest.fixture(autouse=True)
    def _places(self, alipay, hanshou):
        load_places("430104")

    def test_puts_its_packs_back_on_sale(self, oranges):
        order = place(basket_with((oranges, 2)))
        assert left(oranges) == 58
        resolve_due(now=SOME_DAY + HELD_FOR + timedelta(seconds=1))
        order.refresh_from_db()
        assert (order.status, left(oranges)) == ("cancelled", 60)

    def test_keeps_them_while_there_is_time(self, oranges):
        order = place(basket_with((oranges, 2)))
        resolve_due(now=SOME_DAY + HELD_FOR - timedelta(seconds=1))
        order.refresh_from_db()
        assert (order.status, left(oranges)) == ("pending", 58)

    def test_keeps_them_while_alipay_cannot_say(self, oranges, alipay):
        order = place(basket_with((oranges, 2)))
        alipay.fail("alipay.trade.close", hostile.time_out)
        resolve_due(now=SOME_DAY + HELD_FOR + timedelta(seconds=1))
        order.refresh_from_db()
        assert (order.status, left(oranges)) == ("pending", 58)
