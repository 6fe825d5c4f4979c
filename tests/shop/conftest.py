"""What every test of the sale may ask for."""

import pytest

from shop.alipay import gateway as gateways
from tests.factories.orders import paid  # noqa: F401
from tests.shop.alipay.hostile import Hostile


@pytest.fixture
def alipay(monkeypatch: pytest.MonkeyPatch) -> Hostile:
    """Alipay, and our configured gateway talks to it."""
    played = Hostile()
    gateway = played.gateway()
    monkeypatch.setattr(gateways, "configured", lambda: gateway)
    return played
