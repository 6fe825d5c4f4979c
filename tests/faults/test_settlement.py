"""A worker killed anywhere while a completed order is shared out."""

import pytest

from partners.ledger import queries as ledger
from shop.notices.models import TextMessage
from shop.settlement import operations
from shop.settlement.models import Settlement
from tests.factories.people import SOME_DAY
from tests.faults.killing import deaths_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_order_is_shared_out_once(completed) -> None:
    before = ledger.balances("")

    def share_out() -> None:
        operations.settle_order(order=completed, at=SOME_DAY)

    def is_done() -> bool:
        if Settlement.objects.exists():
            return True
        assert ledger.balances("") == before
        assert not TextMessage.objects.filter(template="farmer_owed").exists()
        return False

    assert deaths_until(share_out, is_done) > 10
    assert ledger.balance_fen(f"order:{completed.number}:escrow") == 0
    assert Settlement.objects.get().total_fen == completed.purchase.total_fen
    # Two growers earned; what was not sent before the death, beat sends.
    assert TextMessage.objects.filter(template="farmer_owed").count() == 2
    share_out()
    assert Settlement.objects.count() == 1
    assert ledger.verify().faults == []
