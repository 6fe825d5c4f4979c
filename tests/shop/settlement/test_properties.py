"""Whatever an order was, and however it is refunded: every account ends at zero."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from partners.ledger.queries import balances
from shop.alipay.models import Payment
from shop.alipay.operations import receive_notice, refund
from shop.ordering.models import LineTerms
from shop.settlement import operations
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.shop.alipay.hostile import notice
from tests.shop.ordering.test_place_order import basket_with, place

pytestmark = pytest.mark.django_db


class Undone(Exception):
    """Takes an example's rows back."""


@pytest.fixture
def sold(hanshou, oranges, honey, supermarket, alipay):
    """An order of two sellers, paid; its terms are the examples' to choose."""
    load_places("430104")
    order = place(basket_with((oranges, 3), (honey, 1)))
    payment = Payment.objects.get(order_number=order.number)
    alipay.paid(payment)
    receive_notice(params=notice(payment), at=SOME_DAY)
    LineTerms.objects.update(supermarket=supermarket)
    payment.refresh_from_db()
    return order, payment


def give_back(payment: Payment, sums: list[int], when: str) -> None:
    for number, amount_fen in enumerate(sums):
        refund(
            payment=payment,
            amount_fen=amount_fen,
            request_no=f"{when}{number}",
            at=SOME_DAY,
        )


def cut(total: int, cuts: list[int]) -> list[int]:
    """`total` in parts that are all more than nothing."""
    marks = sorted({1 + cut % (total - 1) for cut in cuts}) if total > 1 else []
    return [b - a for a, b in zip([0, *marks], [*marks, total], strict=True)]


@settings(
    max_examples=20,
    deadline=None,
    # An example that fails is small enough; making it smaller takes minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    margins=st.lists(st.integers(0, 5_000), min_size=2, max_size=2),
    fees=st.lists(st.integers(0, 5_000), min_size=2, max_size=2),
    before=st.integers(0, 9_000),
    cuts=st.lists(st.integers(0, 10**6), max_size=6),
    data=st.data(),
)
def test_refunds_in_any_order_before_and_after_settling_leave_nobody_a_fen(
    sold,
    alipay,
    margins,
    fees,
    before,
    cuts,
    data,
):
    order, payment = sold
    alipay.paid(payment)
    alipay.refunds.clear()
    with pytest.raises(Undone), transaction.atomic():
        for terms, margin, fee in zip(
            LineTerms.objects.all(), margins, fees, strict=True
        ):
            LineTerms.objects.filter(pk=terms.pk).update(
                margin_bp=margin, platform_bp=fee
            )
        if before:
            give_back(payment, [before], "early")
        type(order).objects.filter(pk=order.pk).update(status="completed")
        order.refresh_from_db()
        operations.settle_order(order=order, at=SOME_DAY)
        after = {code: fen for code, fen in balances("").items() if fen}
        assert after.pop("alipay:clearing") == payment.amount_fen - before
        # Nobody owes for having sold, and nobody's part is more than there is.
        assert all(fen < 0 for fen in after.values())
        assert -sum(after.values()) == payment.amount_fen - before
        sums = data.draw(st.permutations(cut(payment.amount_fen - before, cuts)))
        give_back(payment, sums, "late")
        assert {code: fen for code, fen in balances("").items() if fen} == {}
        raise Undone
