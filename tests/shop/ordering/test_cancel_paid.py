"""Cancelling what is paid: before anybody packs it, once, and the money goes back."""

import pytest
from django.db import transaction

from partners.ledger.queries import balance_fen
from shop.alipay.models import Payment, Refund
from shop.alipay.operations import receive_notice, resolve_due
from shop.notices.models import TextMessage
from shop.ordering import operations, queries
from shop.ordering.models import PackedLabel, SubOrder
from shop.ordering.operations import cancelling, stock
from tests.factories.orders import pay, payment_of
from tests.factories.parcels import new_parcel
from tests.factories.places import load_places
from tests.races import at_once, meeting, refused
from tests.shop.alipay import hostile
from tests.shop.alipay.hostile import notice
from tests.shop.ordering.test_pack import LATER, Carrier, make_labels
from tests.shop.ordering.test_place_order import basket_with, left, place

REFUND = "alipay.trade.refund"
QUERY = "alipay.trade.fastpay.refund.query"


def part_of(order, listing) -> SubOrder:
    return order.sub_orders.get(line_terms__listing=listing)


def cancel(order, *parts, **changes) -> list[Refund]:
    refunds = operations.cancel_parts(
        order=order, parts=parts or list(order.sub_orders.all()), at=LATER, **changes
    )
    order.refresh_from_db()
    return refunds


def escrow(order) -> int:
    return -balance_fen(f"order:{order.number}:escrow")


def arrive(part) -> None:
    SubOrder.objects.filter(pk=part.pk).update(
        status=SubOrder.Status.DELIVERED, parcel=new_parcel(), delivered_at=LATER
    )


class TestCancelParts:
    def test_gives_one_part_back_and_keeps_the_other(
        self, paid, oranges, honey, alipay
    ):
        part = part_of(paid, oranges)
        (refund,) = cancel(paid, part)
        part.refresh_from_db()
        assert refund.status == Refund.Status.DONE
        assert alipay.sent_back_fen == part.total_fen
        assert escrow(paid) == part_of(paid, honey).total_fen
        assert (part.status, paid.status) == ("cancelled", "paid")
        assert (left(oranges), left(honey)) == (60, 18)

    def test_of_everything_cancels_the_order(self, paid, oranges, honey, alipay):
        cancel(paid)
        assert paid.status == "cancelled"
        assert alipay.sent_back_fen == paid.purchase.total_fen
        assert escrow(paid) == 0
        assert (left(oranges), left(honey)) == (60, 20)
        assert payment_of(paid).status == Payment.Status.REFUNDED

    def test_twice_is_refused_the_second_time(self, paid, oranges, alipay):
        part = part_of(paid, oranges)
        cancel(paid, part)
        with pytest.raises(operations.UnableToCancel, match="已经取消"):
            cancel(paid, part)
        assert alipay.sent_back_fen == part.total_fen
        assert left(oranges) == 60

    def test_tells_the_buyer_what_is_on_its_way(self, paid, oranges):
        cancel(paid, part_of(paid, oranges))
        assert TextMessage.objects.filter(template="order_refunded").count() == 1

    def test_is_refused_once_a_package_is_in_the_box(
        self, paid, oranges, assistant_zhao
    ):
        code = make_labels(oranges, by=assistant_zhao.user)[0]
        part = part_of(paid, oranges)
        operations.pack(sub_order=part, code=code, by=assistant_zhao.user, at=LATER)
        with pytest.raises(operations.UnableToCancel, match="打包"):
            cancel(paid)
        assert not Refund.objects.exists()
        assert len(queries.to_pack([part.village_id])) == 2, "all or none"

    def test_is_refused_once_the_box_is_closed(self, paid, oranges):
        part = part_of(paid, oranges)
        SubOrder.objects.filter(pk=part.pk).update(parcel=new_parcel())
        with pytest.raises(operations.UnableToCancel):
            cancel(paid, part)

    @pytest.mark.parametrize("status", ["shipped", "delivered", "completed"])
    def test_is_refused_for_what_has_left(self, paid, oranges, status):
        part = part_of(paid, oranges)
        SubOrder.objects.filter(pk=part.pk).update(status=status, parcel=new_parcel())
        with pytest.raises(operations.UnableToCancel):
            cancel(paid, part)

    def test_is_refused_for_an_order_without_money(self, hanshou, oranges, alipay):
        load_places("430104")
        order = place(basket_with((oranges, 1)))
        with pytest.raises(operations.UnableToCancel):
            cancel(order)
        assert left(oranges) == 59

    def test_never_touches_another_orders_part(self, paid, oranges, alipay):
        other = place(basket_with((oranges, 1)), key="1" * 32)
        pay(other, alipay)
        with pytest.raises(operations.UnableToCancel):
            cancel(paid, other.sub_orders.get())
        assert other.sub_orders.get().status == "paid"

    def test_gives_only_what_was_not_given_back_before(self, paid, oranges, operator):
        part = part_of(paid, oranges)
        operations.give_back(
            order=paid,
            sub_order=part,
            amount_fen=500,
            seen_fen=500,
            reason="示例",
            key="a" * 16,
            by=operator,
            at=LATER,
        )
        (refund,) = cancel(paid, part)
        assert refund.amount_fen == part.total_fen - 500


class TestAnUnknownOutcome:
    def test_is_cancelled_all_the_same_and_asked_about_until_it_is_known(
        self, paid, oranges, alipay
    ):
        part = part_of(paid, oranges)
        alipay.fail(REFUND, hostile.time_out)
        (refund,) = cancel(paid, part)
        part.refresh_from_db()
        assert refund.status == Refund.Status.WAITING
        assert (part.status, left(oranges)) == ("cancelled", 60)
        assert escrow(paid) == paid.purchase.total_fen
        resolve_due(now=refund.next_attempt_at)
        assert alipay.sent_back_fen == part.total_fen
        assert escrow(paid) == paid.purchase.total_fen - part.total_fen

    def test_survives_our_death_before_the_answer(self, paid, oranges, alipay):
        part = part_of(paid, oranges)
        alipay.fail(REFUND, hostile.die)
        with pytest.raises(hostile.Crash):
            cancel(paid, part)
        refund = Refund.objects.get()
        assert refund.status == Refund.Status.WAITING
        assert part_of(paid, oranges).status == "cancelled"
        resolve_due(now=refund.next_attempt_at)
        assert alipay.sent_back_fen == part.total_fen

    def test_that_alipay_refuses_stays_owed_and_is_tried_again(
        self, paid, oranges, alipay
    ):
        part = part_of(paid, oranges)
        alipay.refuse(REFUND, "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        (refund,) = cancel(paid, part)
        assert refund.status == Refund.Status.WAITING
        assert payment_of(paid).reserved_fen == part.total_fen
        resolve_due(now=refund.next_attempt_at)
        assert alipay.sent_back_fen == part.total_fen

    def test_a_refund_that_staff_wished_is_over_when_alipay_refuses(
        self, paid, alipay, operator
    ):
        """The control: only what is owed is tried for ever."""
        alipay.refuse(REFUND, "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        (refund,) = operations.give_back(
            order=paid,
            sub_order=paid.sub_orders.first(),
            amount_fen=500,
            seen_fen=500,
            reason="示例",
            key="a" * 16,
            by=operator,
            at=LATER,
        )
        assert refund.status == Refund.Status.REFUSED

    def test_keeps_the_order_from_completing_until_it_is_known(
        self, paid, oranges, honey, alipay
    ):
        alipay.fail(REFUND, hostile.time_out)
        (refund,) = cancel(paid, part_of(paid, oranges))
        arrive(part_of(paid, honey))
        with pytest.raises(operations.UnableToComplete, match="退回"):
            operations.complete_order(order=paid, at=LATER)
        assert not queries.arrived_by(LATER).exists()
        resolve_due(now=refund.next_attempt_at)
        assert queries.arrived_by(LATER).exists()
        operations.complete_order(order=paid, at=LATER)
        assert escrow(paid) == 0


class TestCompleting:
    def test_pays_only_those_who_sent_something(self, paid, oranges, honey):
        cancel(paid, part_of(paid, oranges))
        arrive(part_of(paid, honey))
        operations.complete_order(order=paid, at=LATER)
        paid.refresh_from_db()
        assert paid.status == "completed"
        assert balance_fen(f"farmer:{oranges.farmer_id}:payable") == 0
        assert -balance_fen(f"farmer:{honey.farmer_id}:payable") > 0
        assert escrow(paid) == 0

    def test_needs_a_part_that_arrived(self, paid):
        SubOrder.objects.filter(order=paid).update(status=SubOrder.Status.CANCELLED)
        with pytest.raises(operations.UnableToComplete):
            operations.complete_order(order=paid, at=LATER)


class TestACancelledBox:
    def test_is_not_packed_and_not_sent(self, paid, oranges, assistant_zhao):
        codes = make_labels(oranges, by=assistant_zhao.user)
        part = part_of(paid, oranges)
        cancel(paid, part)
        with pytest.raises(operations.UnableToPackOrder):
            operations.pack(
                sub_order=part, code=codes[0], by=assistant_zhao.user, at=LATER
            )

    def test_is_not_sent_though_it_was_closed(
        self, paid, oranges, operator, assistant_zhao
    ):
        part = part_of(paid, oranges)
        SubOrder.objects.filter(pk=part.pk).update(parcel=new_parcel())
        part.refresh_from_db()
        operations.give_back(
            order=paid,
            sub_order=part,
            seen_fen=part.total_fen,
            reason="示例",
            key="a" * 16,
            by=operator,
            at=LATER,
        )
        part.refresh_from_db()
        assert part.status == "cancelled"
        assert left(oranges) == 57, "who has the closed box is not known"
        carrier = Carrier()
        with pytest.raises(operations.UnableToSend, match="取消"):
            operations.send_box(
                sub_order=part,
                carrier="shilikuaidi",
                by=assistant_zhao.user,
                at=LATER,
                gateway=carrier,
            )
        assert carrier.booked == set()


EITHER = (operations.UnableToCancel, operations.UnableToPackOrder)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_many_at_once_give_the_money_and_the_packs_back_once(
        self, paid, oranges, alipay
    ):
        part = part_of(paid, oranges)
        outcomes = at_once(*[lambda: cancel(paid, part)] * 6)
        assert refused(outcomes, operations.UnableToCancel) == 5
        assert alipay.sent_back_fen == part.total_fen
        assert left(oranges) == 60

    def test_packing_and_cancelling_never_both_win(
        self, paid, oranges, alipay, assistant_zhao
    ):
        packer = assistant_zhao.user
        code = make_labels(oranges, by=packer)[0]
        part = part_of(paid, oranges)
        outcomes = at_once(
            lambda: cancel(paid, part),
            lambda: operations.pack(sub_order=part, code=code, by=packer, at=LATER),
        )
        part.refresh_from_db()
        assert refused(outcomes, *EITHER) == 1
        assert PackedLabel.objects.exists() is (part.status == "paid")
        assert left(oranges) == (57 if part.status == "paid" else 60)

    def test_without_the_guard_the_packs_come_back_twice(self, paid, oranges):
        """The negative control: look first, write after."""
        part = part_of(paid, oranges)
        looked = meeting(2)

        def careless() -> None:
            assert SubOrder.objects.get(pk=part.pk).status == "paid"
            looked.wait()
            with transaction.atomic():
                SubOrder.objects.filter(pk=part.pk).update(status="cancelled")
                records = part.line_terms.get().line.stockrecord
                type(records).objects.filter(pk=records.pk).update(
                    num_in_stock=stock.F("num_in_stock") + 3
                )

        assert refused(at_once(careless, careless)) == 0
        assert left(oranges) == 63

    def test_the_money_is_told_again_while_it_is_cancelled(self, paid, oranges, alipay):
        payment = payment_of(paid)
        at_once(
            lambda: cancel(paid),
            lambda: receive_notice(
                params=notice(payment, notify_id="2" * 17), at=LATER
            ),
        )
        paid.refresh_from_db()
        assert paid.status == "cancelled"
        assert alipay.sent_back_fen == payment.amount_fen
        assert left(oranges) == 60

    def test_cancelled_unpaid_while_the_money_comes_it_is_one_or_the_other(
        self, hanshou, oranges, alipay
    ):
        load_places("430104")
        order = place(basket_with((oranges, 1)))
        payment = payment_of(order)
        alipay.paid(payment)
        at_once(
            lambda: operations.cancel_order(order=order, at=LATER),
            lambda: receive_notice(params=notice(payment), at=LATER),
        )
        order.refresh_from_db()
        assert (order.status, left(oranges)) == ("paid", 59)


def test_packed_and_cancelled_meet_at_the_same_row(paid, oranges, monkeypatch):
    """The negative control of the guard on packed boxes: without it, both win."""
    part = part_of(paid, oranges)
    SubOrder.objects.filter(pk=part.pk).update(parcel=new_parcel())
    monkeypatch.setattr(cancelling, "_require_unpacked", lambda part: None)
    cancel(paid, part)
    part.refresh_from_db()
    assert part.status == "cancelled"
    assert part.parcel_id
