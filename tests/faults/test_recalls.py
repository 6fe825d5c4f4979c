"""A worker killed anywhere while a lot is recalled and everybody is told."""

from datetime import timedelta
from itertools import count

import pytest
from django.apps import apps

from shop.notices.models import TextMessage
from shop.notices.tasks import deliver_text
from shop.ordering.models import SubOrder
from shop.recalls import operations
from shop.recalls.models import Recall
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.factories.traceability import new_lot
from tests.faults.killing import each_death
from tests.shop.recalls.test_recall import bought
from traceability.operations import recall_lot

pytestmark = pytest.mark.django_db(transaction=True)
LATER = SOME_DAY + timedelta(days=1)


def test_everybody_is_told_once_whenever_the_worker_dies(
    oranges, hanshou, assistant_zhao, monkeypatch
) -> None:
    """Recalled and to be told, or neither; beat tells whom the dead did not."""
    load_places("430104")
    by, keys = assistant_zhao.user, count(1)
    monkeypatch.setattr(operations, "AT_ONCE", 1)
    for job in (operations.tasks.tell_everybody, deliver_text):
        monkeypatch.setattr(job, "delay", lambda **ids: None)
    stock = apps.get_model("partner", "StockRecord")
    stock.objects.filter(product_id=oranges.product_id).update(num_in_stock=100_000)
    states: set[tuple[bool, int]] = set()

    def prepare():
        # What was bought before would be packed from the new lot too.
        SubOrder.objects.update(status=SubOrder.Status.CANCELLED)
        lot = new_lot(farmer=oranges.farmer, by=by)
        type(oranges).objects.filter(pk=oranges.pk).update(lot=lot, status="on_sale")
        orders = [bought(oranges, key=f"{next(keys):032x}", packs=1) for _ in range(2)]
        return lot, orders

    def act(prepared) -> None:
        lot, _orders = prepared
        recall_lot(lot=lot, reason="示例", by=by, at=LATER)
        operations.tell_of_recalls(now=LATER)

    def recover(prepared) -> None:
        lot, orders = prepared
        recalled = lot.status_events.exists()
        assert Recall.objects.filter(lot=lot).exists() is recalled
        texts = TextMessage.objects.filter(key__startswith=f"recall:{lot.number}:")
        states.add((recalled, texts.count()))
        if not recalled:
            assert not texts.exists()
            return
        for _time in "12":
            operations.tell_of_recalls(now=LATER)
        buyers = texts.filter(template="lot_recalled")
        assert {text.key.split(":")[2] for text in buyers} == {
            order.number for order in orders
        }
        assert texts.count() == 3
        Recall.objects.filter(lot=lot).update(settled_at=LATER)

    deaths = each_death(prepare=prepare, act=act, recover=recover)
    assert deaths > 20
    assert states >= {(False, 0), (True, 0), (True, 1), (True, 2), (True, 3)}
