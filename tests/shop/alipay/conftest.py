"""The cast: one Alipay that obeys its protocol until told otherwise, and a payment."""

from datetime import UTC, datetime, timedelta

import pytest
from django.dispatch import Signal
from django.utils import translation

from shop.alipay import operations, signals

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in Beijing


@pytest.fixture(autouse=True)
def nobody_above(request, monkeypatch):
    """Payments alone: no orders hear of them, except in tests marked `whole`."""
    if "whole" not in request.keywords:
        for signal in vars(signals).values():
            if isinstance(signal, Signal):
                monkeypatch.setattr(signal, "receivers", [])


@pytest.fixture(autouse=True)
def in_english():
    """Messages as they stand in the source, whatever is compiled."""
    with translation.override("en"):
        yield


@pytest.fixture
def open_payment(alipay):
    """Opens a payment of so many fen for a new order."""
    count = iter(range(1, 1000))

    def _open(amount_fen: int = 1234, **changes):
        wanted = {
            "order_number": f"1000{next(count)}",
            "subject": "冰糖橙 5斤装",
            "amount_fen": amount_fen,
            "expires_at": NOW + timedelta(minutes=30),
            "at": NOW,
        }
        return operations.open_payment(**wanted | changes)

    return _open


@pytest.fixture
def payment(open_payment):
    """¥12.34, waiting."""
    return open_payment()
