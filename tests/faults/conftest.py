"""What dying processes act upon: an order that is paid at an Alipay that lives on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import pytest
from django.apps import apps

from shop.alipay import gateway as gateways
from shop.alipay.gateway import Gateway
from tests.factories.places import load_places
from tests.faults.killing import Elsewhere
from tests.shop.alipay.hostile import Hostile
from tests.shop.ordering.test_place_order import basket_with, place
from tests.shop.settlement.conftest import completed, paid  # noqa: F401


@pytest.fixture
def living_alipay() -> Hostile:
    """Alipay, in a process that is never killed."""
    return Hostile()


@pytest.fixture
def gateway(
    living_alipay: Hostile, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Gateway]:
    """Our side of it; whoever asks through it may die before or after the answer."""
    elsewhere = Elsewhere(living_alipay.send)
    ours = replace(living_alipay.gateway(), send=elsewhere.send)
    monkeypatch.setattr(gateways, "configured", lambda: ours)
    yield ours
    elsewhere.close()


@pytest.fixture
def new_order(hanshou, oranges, gateway) -> Callable[[], object]:
    """Places one more order for a pack of oranges, of which there are plenty."""
    load_places("430104")
    stock = apps.get_model("partner", "StockRecord")
    stock.objects.filter(product_id=oranges.product_id).update(num_in_stock=100_000)
    keys = count(1)

    def order() -> object:
        return place(basket_with((oranges, 1)), key=f"{next(keys):032x}")

    return order
