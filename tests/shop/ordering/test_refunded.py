"""An order whose money all went back: what was not sent yet stays, and sells again."""

from shop.alipay.models import Payment
from shop.alipay.operations import refund
from shop.ordering import queries
from shop.ordering.models import SubOrder
from tests.factories.parcels import new_parcel
from tests.factories.people import SOME_DAY
from tests.shop.ordering.test_place_order import left


def give_back(order, amount_fen: int = 0, number: str = "R1") -> None:
    payment = Payment.objects.get(order_number=order.number)
    refund(
        payment=payment,
        amount_fen=amount_fen or payment.amount_fen - payment.refunded_fen,
        request_no=number,
        at=SOME_DAY,
    )
    order.refresh_from_db()


def part_of(order, listing) -> SubOrder:
    return order.sub_orders.get(line_terms__listing=listing)


def ship(part: SubOrder) -> None:
    SubOrder.objects.filter(pk=part.pk).update(
        status=SubOrder.Status.SHIPPED, parcel=new_parcel()
    )


def to_pack(order) -> list[SubOrder]:
    villages = list(order.sub_orders.values_list("village_id", flat=True))
    return list(queries.to_pack(villages))


class TestAWhollyRefundedOrder:
    def test_that_was_not_sent_is_on_sale_again(self, paid, oranges, honey):
        assert (left(oranges), left(honey)) == (57, 18)
        give_back(paid)
        assert paid.status == "cancelled"
        assert (left(oranges), left(honey)) == (60, 20)
        assert to_pack(paid) == []

    def test_keeps_what_is_on_the_road_and_packs_nothing_more(
        self, paid, oranges, honey
    ):
        ship(part_of(paid, oranges))
        assert to_pack(paid) == [part_of(paid, honey)]
        give_back(paid)
        assert to_pack(paid) == []
        assert part_of(paid, oranges).status == SubOrder.Status.SHIPPED
        assert (left(oranges), left(honey)) == (57, 20)

    def test_that_was_sent_whole_brings_nothing_back(self, paid, oranges, honey):
        ship(part_of(paid, oranges))
        ship(part_of(paid, honey))
        give_back(paid)
        assert paid.status == "cancelled"
        assert (left(oranges), left(honey)) == (57, 18)

    def test_in_parts_is_on_sale_only_after_the_last(self, paid, oranges):
        give_back(paid, 100, "R1")
        assert paid.status == "paid"
        assert left(oranges) == 57
        assert len(to_pack(paid)) == 2
        give_back(paid, number="R2")
        assert left(oranges) == 60
