"""Sharing out a completed order, and bringing it back: always to the fen."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partners.ledger.operations import Line, post
from partners.ledger.queries import balance_fen, balances
from shop.alipay.models import Payment, Refund
from shop.alipay.signals import refund_due
from shop.ordering.models import LineTerms
from shop.settlement import operations
from shop.settlement.models import SettledLine
from tests.factories.people import SOME_DAY


def everything_else(order) -> int:
    """What all accounts but the clearing one owe, in fen."""
    return -sum(
        fen for code, fen in balances("").items() if not code.startswith("alipay")
    )


class TestSettleOrder:
    def test_empties_escrow_into_those_who_earned_it(self, completed, supermarket):
        settlement = operations.settle_order(order=completed, at=SOME_DAY)
        line = SettledLine.objects.get(terms__supermarket=supermarket)
        assert (line.goods_fen, line.margin_fen, line.platform_fen) == (8700, 870, 174)
        assert line.seller_fen == 8700 - 870 - 174
        assert balance_fen(f"order:{completed.number}:escrow") == 0
        assert balance_fen(f"supermarket:{supermarket.pk}:margin") == -870
        assert settlement.total_fen == completed.purchase.total_fen

    def test_settling_twice_posts_once(self, completed):
        first = operations.settle_order(order=completed, at=SOME_DAY)
        second = operations.settle_order(order=completed, at=SOME_DAY)
        assert first.pk == second.pk
        assert everything_else(completed) == completed.purchase.total_fen

    def test_an_order_on_its_way_is_not_settled(self, paid):
        with pytest.raises(operations.UnableToSettle):
            operations.settle_order(order=paid, at=SOME_DAY)
        assert -balance_fen(f"order:{paid.number}:escrow") == paid.purchase.total_fen

    def test_what_was_refunded_before_is_missing_from_every_part(self, completed):
        escrow = f"order:{completed.number}:escrow"
        post(
            key="refund:1",
            kind="refund",
            lines=[Line(escrow, 1001), Line("alipay:clearing", -1001)],
            subject=f"order:{completed.number}",
            at=SOME_DAY,
        )
        operations.settle_order(order=completed, at=SOME_DAY)
        assert balance_fen(escrow) == 0
        assert everything_else(completed) == completed.purchase.total_fen - 1001


class TestTakeBack:
    @pytest.mark.parametrize(
        "parts", [[1], [1, 1, 1], [333, 5000], [10_000, 7, 13], [1] * 20]
    )
    def test_refunds_of_any_sizes_end_at_zero_everywhere(self, completed, parts):
        settlement = operations.settle_order(order=completed, at=SOME_DAY)
        total = settlement.total_fen
        sums = [*parts, total - sum(parts)]
        for number, amount_fen in enumerate(sums):
            operations.take_back(
                settlement=settlement,
                amount_fen=amount_fen,
                request_no=f"r{number}",
                at=SOME_DAY,
            )
        escrow = f"order:{completed.number}:escrow"
        left = {
            code: fen
            for code, fen in balances("").items()
            if fen and code not in ("alipay:clearing", escrow)
        }
        assert left == {}
        assert -balance_fen(escrow) == total

    def test_more_than_is_left_is_refused(self, completed):
        settlement = operations.settle_order(order=completed, at=SOME_DAY)
        with pytest.raises(operations.UnableToTakeBack):
            operations.take_back(
                settlement=settlement,
                amount_fen=settlement.total_fen + 1,
                request_no="r",
                at=SOME_DAY,
            )
        assert balance_fen(f"order:{completed.number}:escrow") == 0

    def test_the_same_number_takes_back_once(self, completed):
        settlement = operations.settle_order(order=completed, at=SOME_DAY)
        for _ in range(3):
            operations.take_back(
                settlement=settlement, amount_fen=500, request_no="r", at=SOME_DAY
            )
        assert balance_fen(f"order:{completed.number}:escrow") == -500
        with pytest.raises(operations.UnableToTakeBack):
            operations.take_back(
                settlement=settlement, amount_fen=501, request_no="r", at=SOME_DAY
            )


class TestBringBack:
    def due(self, order) -> Refund:
        """A refund of ¥5.00 that Alipay has just confirmed."""
        payment = Payment.objects.get(order_number=order.number)
        return Refund(payment=payment, amount_fen=500, request_no="r")

    def test_a_confirmed_refund_finds_its_money_in_escrow(self, completed):
        operations.settle_order(order=completed, at=SOME_DAY)
        refund = self.due(completed)
        for _ in range(2):
            refund_due.send(
                sender=Payment, payment=refund.payment, refund=refund, at=SOME_DAY
            )
        assert balance_fen(f"order:{completed.number}:escrow") == -500

    def test_an_order_not_settled_keeps_what_it_holds(self, paid):
        before = balance_fen(f"order:{paid.number}:escrow")
        assert operations.bring_back(refund=self.due(paid), at=SOME_DAY) is None
        assert balance_fen(f"order:{paid.number}:escrow") == before


class TestShareLine:
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        price=st.integers(1, 10**7),
        quantity=st.integers(1, 500),
        margin=st.integers(0, 5000),
        platform=st.integers(0, 5000),
    )
    def test_parts_are_the_whole(self, price, quantity, margin, platform):
        terms = LineTerms(
            price_fen=price, quantity=quantity, margin_bp=margin, platform_bp=platform
        )
        parts = operations.apportion(
            terms.goods_fen, [10_000 - margin - platform, margin, platform]
        )
        assert sum(parts) == terms.goods_fen
        assert min(parts) >= 0
