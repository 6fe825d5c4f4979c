"""An order of two sellers, one of them selling through a supermarket."""

import pytest

from partners.ledger.operations import Line, post
from shop.ordering import operations as ordering
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.shop.ordering.test_place_order import basket_with, place


@pytest.fixture
def paid(hanshou, oranges, honey, supermarket):
    """A paid order of two sellers; one line shares with a supermarket."""
    load_places("430104")
    type(oranges).objects.filter(pk=oranges.pk).update(
        supermarket=supermarket, margin_bp=1000
    )
    order = place(basket_with((oranges, 3), (honey, 1)))
    ordering.mark_paid(order_number=order.number, at=SOME_DAY)
    total = order.purchase.total_fen
    post(
        key=f"capture:{order.number}",
        kind="capture",
        lines=[
            Line("alipay:clearing", total),
            Line(f"order:{order.number}:escrow", -total),
        ],
        subject=f"order:{order.number}",
        at=SOME_DAY,
    )
    return order


@pytest.fixture
def completed(paid):
    """The same order, delivered and completed without its parcels."""
    type(paid).objects.filter(pk=paid.pk).update(status="completed")
    paid.refresh_from_db()
    return paid
