"""Staff give money back: two steps, one refund, every refusal in words."""

import re

import pytest
from django.urls import reverse

from partners.ledger.queries import balance_fen
from partners.organisations.models import AuditRecord
from shop.alipay.models import Payment, Refund
from shop.alipay.operations import resolve_due
from shop.ordering import operations
from tests.factories.orders import payment_of
from tests.races import at_once, refused
from tests.shop.alipay import hostile
from tests.shop.ordering.test_cancel_paid import (
    LATER,
    REFUND,
    arrive,
    cancel,
    escrow,
    part_of,
)
from tests.shop.ordering.test_place_order import left


def give(order, by, **changes) -> list[Refund]:
    facts = {"seen_fen": 500, "amount_fen": 500, "reason": "示例", "key": "a" * 16}
    return operations.give_back(order=order, by=by, at=LATER, **facts | changes)


class TestGiveBack:
    def test_of_a_sum_keeps_the_part_to_be_sent(self, paid, oranges, operator, alipay):
        part = part_of(paid, oranges)
        (refund,) = give(paid, operator, sub_order=part)
        part.refresh_from_db()
        assert (refund.status, part.status) == (Refund.Status.DONE, "paid")
        assert alipay.sent_back_fen == 500
        assert left(oranges) == 57

    def test_of_all_that_is_left_of_an_unsent_part_calls_it_off(
        self,
        paid,
        oranges,
        operator,
    ):
        part = part_of(paid, oranges)
        give(paid, operator, sub_order=part)
        rest = part.total_fen - 500
        changes = {"amount_fen": None, "seen_fen": rest, "key": "b" * 16}
        (refund,) = give(paid, operator, sub_order=part, **changes)
        part.refresh_from_db()
        assert (refund.amount_fen, part.status) == (rest, "cancelled")
        assert left(oranges) == 60

    def test_of_the_whole_order_is_a_refund_for_each_part(self, paid, operator):
        total = paid.purchase.total_fen
        refunds = give(paid, operator, amount_fen=None, seen_fen=total)
        paid.refresh_from_db()
        assert [r.amount_fen for r in refunds] == [
            part.total_fen for part in paid.sub_orders.order_by("pk")
        ]
        assert paid.status == "cancelled"
        assert escrow(paid) == 0

    def test_of_a_line_is_at_most_its_price(self, paid, oranges, operator):
        terms = part_of(paid, oranges).line_terms.get()
        with pytest.raises(operations.UnableToGiveBack, match=r"¥87\.00"):
            give(paid, operator, terms=terms, amount_fen=8_701, seen_fen=8_701)
        give(paid, operator, terms=terms, amount_fen=8_700, seen_fen=8_700)
        with pytest.raises(operations.UnableToGiveBack, match="已经全部退回"):
            give(paid, operator, terms=terms, amount_fen=1, seen_fen=1, key="b" * 16)

    def test_leaves_an_audit_record_without_a_name(self, paid, oranges, operator):
        give(paid, operator, sub_order=part_of(paid, oranges))
        record = AuditRecord.objects.get(act="refund_order")
        assert record.actor == operator
        assert record.detail == f"¥5.00 {part_of(paid, oranges).number}"

    def test_the_same_form_twice_is_one_refund(self, paid, oranges, operator, alipay):
        part = part_of(paid, oranges)
        first, again = (give(paid, operator, sub_order=part) for _time in "12")
        assert first == again
        assert alipay.sent_back_fen == 500
        # Negative control: another form is another refund.
        give(paid, operator, sub_order=part, key="b" * 16)
        assert alipay.sent_back_fen == 1_000

    def test_another_sum_than_was_seen_is_refused(self, paid, oranges, operator):
        part = part_of(paid, oranges)
        with pytest.raises(operations.UnableToGiveBack, match="有变化"):
            give(paid, operator, sub_order=part, amount_fen=None, seen_fen=1)
        assert not Refund.objects.exists()

    @pytest.mark.parametrize("changes", [{"reason": " "}, {"key": "x"}])
    def test_needs_a_reason_and_a_key_of_ours(self, paid, operator, changes):
        with pytest.raises(operations.UnableToGiveBack):
            give(paid, operator, **changes)

    def test_after_completion_comes_from_who_earned_by_that_part(
        self,
        paid,
        oranges,
        honey,
        operator,
    ):
        arrive(part_of(paid, oranges))
        arrive(part_of(paid, honey))
        operations.complete_order(order=paid, at=LATER)
        earned = f"farmer:{honey.farmer_id}:payable"
        other = f"farmer:{oranges.farmer_id}:payable"
        before, others = balance_fen(earned), balance_fen(other)
        give(paid, operator, sub_order=part_of(paid, honey))
        assert balance_fen(earned) > before
        assert balance_fen(other) == others
        total = paid.purchase.total_fen - 500
        give(paid, operator, amount_fen=None, seen_fen=total, key="b" * 16)
        assert balance_fen(earned) == balance_fen(other) == 0
        assert escrow(paid) == 0
        assert balance_fen("freight:payable") == 0

    def test_before_completion_is_taken_off_that_part_alone(
        self,
        paid,
        oranges,
        honey,
        operator,
    ):
        give(paid, operator, sub_order=part_of(paid, honey))
        arrive(part_of(paid, oranges))
        arrive(part_of(paid, honey))
        operations.complete_order(order=paid, at=LATER)
        lines = paid.settlement.lines
        got = {line.terms.listing_id: line.goods_fen for line in lines.all()}
        assert got == {oranges.pk: 8_700, honey.pk: 11_600 - 500}


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_staff_and_buyer_at_once_never_give_more_than_came_in(
        self,
        paid,
        oranges,
        operator,
        alipay,
    ):
        part = part_of(paid, oranges)

        outcomes = at_once(
            lambda: give(
                paid,
                operator,
                sub_order=part,
                amount_fen=None,
                seen_fen=part.total_fen,
            ),
            lambda: cancel(paid, part),
        )
        either = (operations.UnableToGiveBack, operations.UnableToCancel)
        assert refused(outcomes, *either) == 1
        assert alipay.sent_back_fen == part.total_fen
        assert left(oranges) == 60


class TestThePage:
    @pytest.fixture(autouse=True)
    def _open(self, paid, client, operator):
        client.force_login(operator)
        self.client, self.order = client, paid
        self.address = reverse("backoffice:refund", args=[paid.number])

    def send(self, step="look", **fields) -> str:
        form = {"what": "whole", "amount": "", "reason": "坏果", "key": "c" * 16}
        answer = self.client.post(
            self.address, form | {"step": step} | fields, follow=True
        )
        return answer.content.decode()

    def test_asks_once_more_and_then_does_it(self, oranges, alipay):
        what = f"part-{part_of(self.order, oranges).pk}"
        page = self.send(what=what, amount="5")
        assert not Refund.objects.exists()
        assert "¥5.00" in page
        hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
        page = self.send(**hidden | {"step": "make"})
        assert alipay.sent_back_fen == 500
        assert "支付宝已退款 ¥5.00" in page
        assert "坏果" in page

    def test_says_that_an_unsent_part_is_called_off(self, oranges):
        part = part_of(self.order, oranges)
        assert "不再打包" in self.send(what=f"part-{part.pk}")
        assert "不再打包" not in self.send(what=f"part-{part.pk}", amount="5")

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"amount": "10000"}, "最多还能退 ¥219.00"),
            ({"amount": "0"}, "大于"),
            ({"amount": "x"}, "元"),
            ({"reason": ""}, "要填"),
            ({"what": "part-0"}, "有效"),
        ],
    )
    def test_refuses_in_words(self, fields, words):
        page = self.send(**fields)
        assert words in page
        assert not Refund.objects.exists()

    def test_says_when_nothing_is_left(self):
        cancel(self.order)
        assert "没有可退的钱" in self.client.get(self.address).content.decode()
        assert "已经全部退回" in self.send(step="make", seen_fen="1")

    def test_shows_an_unknown_outcome_as_such(self, alipay):
        alipay.fail(REFUND, hostile.time_out)
        page = self.send(step="make", amount="5", seen_fen="500")
        assert "还不知道支付宝是否已退款" in page
        assert "结果未知" in page
        # The other part's share of it was paid back at once.
        waiting = Refund.objects.get(status=Refund.Status.WAITING)
        assert payment_of(self.order).going_back_fen == waiting.amount_fen == 235
        resolve_due(now=waiting.next_attempt_at)
        assert payment_of(self.order).status == Payment.Status.PART_REFUNDED

    def test_shows_alipays_refusal(self, alipay):
        alipay.refuse(REFUND, "ACQ.SELLER_BALANCE_NOT_ENOUGH")
        page = self.send(step="make", amount="5", seen_fen="500")
        assert "ACQ.SELLER_BALANCE_NOT_ENOUGH" in page

    def test_the_orders_page_shows_parts_money_ledger_and_events(self):
        self.send(step="make", amount="5", seen_fen="500")
        address = reverse("backoffice:order", args=[self.order.number])
        page = self.client.get(address).content.decode()
        for part in self.order.sub_orders.all():
            assert part.number in page
        assert f"order:{self.order.number}:escrow" in page
        assert "工作人员退款" in page
        assert self.order.purchase.recipient not in page
        assert self.order.purchase.phone not in page


class TestTheList:
    def test_opens_an_order_and_names_what_is_late(
        self,
        paid,
        client,
        operator,
    ):
        client.force_login(operator)
        address = reverse("backoffice:orders")
        for query in ("", "?part=late", f"?q={paid.number[:6]}"):
            page = client.get(address + query).content.decode()
            assert reverse("backoffice:order", args=[paid.number]) in page
            assert "付款两天未发出</span>" in page
        assert paid.number not in client.get(f"{address}?part=stuck").content.decode()
        assert paid.number not in client.get(f"{address}?q=1").content.decode()
