"""A short cast for the ledger's tests: one moment, one order's money."""

from datetime import UTC, datetime
from typing import Any

import pytest

from partners.ledger import operations
from partners.ledger.models import Entry
from partners.ledger.operations import Line

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def captured(order: str, amount_fen: int = 2900, **changes: Any) -> Entry:
    """A buyer's payment for an order, in clearing and in the order's escrow."""
    body: dict[str, Any] = {
        "key": f"capture:{order}",
        "kind": "capture",
        "subject": f"order:{order}",
        "lines": [
            Line("alipay:clearing", amount_fen),
            Line(f"order:{order}:escrow", -amount_fen),
        ],
        "memo": "paid",
        "at": NOON,
    }
    return operations.post(**(body | changes))


@pytest.fixture
def entry(db: None) -> Entry:
    return captured("1")
