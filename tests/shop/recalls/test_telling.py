"""Who is told of a recall: everybody once, whoever dies and however many hurry."""

import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.notices.models import TextMessage
from shop.notices.operations import Draft, write_texts
from shop.recalls import operations
from shop.recalls.models import Notice, Recall
from shop.watching import queues
from tests.factories.people import SOME_DAY
from tests.factories.traceability import new_lot
from tests.races import at_once, refused
from tests.shop.ordering.test_place_order import basket_with, place
from tests.shop.recalls.test_recall import REASON, bought, packed
from traceability.operations import recall_lot, split_lot

LATER = SOME_DAY + timedelta(days=3)
pytestmark = pytest.mark.django_db


def recall(lot, by) -> Recall:
    """Recalled, and nobody told yet."""
    recall_lot(lot=lot, reason=REASON, by=by, at=LATER)
    return Recall.objects.get(lot=lot)


def told() -> list[TextMessage]:
    return list(TextMessage.objects.filter(template="lot_recalled").order_by("pk"))


class TestTellEverybody:
    def test_the_recall_itself_writes_no_text(self, oranges, lot, packer):
        bought(oranges)
        found = recall(lot, packer)
        assert told() == []
        assert operations.tell_everybody(recall_id=found.pk, now=LATER) == 2
        assert len(told()) == 1

    def test_who_waits_to_be_told_is_a_figure(self, oranges, lot, packer):
        bought(oranges)
        found = recall(lot, packer)
        soon = LATER + timedelta(minutes=3)
        assert queues.waiting(now=soon)["recalls"] == (1, timedelta(minutes=3))
        operations.tell_everybody(recall_id=found.pk, now=soon)
        assert found.settled_at is None
        assert queues.waiting(now=soon)["recalls"] == (0, timedelta())

    def test_an_order_is_told_once_of_all_its_lots(self, oranges, lot, codes, packer):
        order = bought(oranges)
        packed(order, codes, packer)
        found = recall(lot, packer)
        for _time in "123":
            operations.tell_of_recalls(now=LATER)
        (text,) = told()
        assert text.key == f"recall:{lot.number}:{order.number}"
        assert found.notices.filter(order=order).count() == 1

    def test_the_station_is_told_too(self, lot, packer):
        found = recall(lot, packer)
        operations.tell_everybody(recall_id=found.pk, now=LATER)
        text = TextMessage.objects.get(template="station_recall")
        assert text.phone == packer.phone
        assert lot.number in text.words

    def test_who_ordered_while_it_was_recalled_is_told_within_the_hour(
        self, oranges, lot, packer
    ):
        found = recall(lot, packer)
        operations.tell_of_recalls(now=LATER)
        # As one who held the stock before the offer ended, and committed after.
        type(oranges).objects.filter(pk=oranges.pk).update(status="on_sale")
        late = place(basket_with((oranges, 1)))
        operations.tell_of_recalls(now=LATER + timedelta(minutes=2))
        assert [text.key for text in told()] == [f"recall:{lot.number}:{late.number}"]
        operations.tell_of_recalls(now=LATER + timedelta(hours=2))
        found.refresh_from_db()
        assert found.settled_at is not None

    def test_without_looking_again_they_would_not_be(self, oranges, lot, packer):
        found = recall(lot, packer)
        Recall.objects.filter(pk=found.pk).update(settled_at=LATER)
        bought_late = {"status": "on_sale"}
        type(oranges).objects.filter(pk=oranges.pk).update(**bought_late)
        place(basket_with((oranges, 1)))
        operations.tell_of_recalls(now=LATER)
        assert told() == []

    def test_says_why_there_is_no_text(self, oranges, lot, packer, caplog):
        for phone, key in (("", "0"), ("nonsense", "1")):
            order = bought(oranges, key=key * 32, packs=1)
            order.purchase.phone = phone
            order.purchase.save()
        found = recall(lot, packer)
        with caplog.at_level(logging.ERROR):
            operations.tell_everybody(recall_id=found.pk, now=LATER)
        reasons = found.notices.filter(order__isnull=False).order_by("order_id")
        assert [n.obstacle for n in reasons] == ["no_phone", "bad_number"]
        assert "nonsense" not in caplog.text

    def test_a_lot_recalled_before_is_no_part_of_the_next(self, oranges, lot, packer):
        (part, _rest) = split_lot(
            lot=new_free_lot(lot, packer),
            weights_g=[10_000, 10_000],
            by=packer,
            at=SOME_DAY,
        )
        first = recall(part, packer)
        second = recall(part.parents.get().parent, packer)
        assert part in first.lots.all()
        assert part not in second.lots.all()

    def test_asks_as_much_for_many_orders_as_for_few(self, oranges, lot, packer):
        bought(oranges, packs=1)
        found = recall(lot, packer)
        with CaptureQueriesContext(connection) as few:
            operations.tell_everybody(recall_id=found.pk, now=LATER)
        Notice.objects.all().delete()
        TextMessage.objects.filter(key__startswith="recall:").delete()
        type(oranges).objects.filter(pk=oranges.pk).update(status="on_sale")
        for number in range(1, 6):
            bought(oranges, packs=1, key=str(number) * 32)
        with CaptureQueriesContext(connection) as many:
            operations.tell_everybody(recall_id=found.pk, now=LATER)
        assert found.notices.filter(order__isnull=False).count() == 6
        assert len(many) == len(few)

    def test_goes_in_batches(self, oranges, lot, packer, monkeypatch):
        monkeypatch.setattr(operations, "AT_ONCE", 2)
        for number in range(5):
            bought(oranges, packs=1, key=str(number) * 32)
        found = recall(lot, packer)
        operations.tell_everybody(recall_id=found.pk, now=LATER)
        assert len(told()) == 5


def new_free_lot(lot, by):
    """A lot like it, of which nothing is certified."""
    return new_lot(farmer=lot.farmer, by=by, weight_g=20_000)


class TestAgain:
    def test_sends_what_was_given_up(self, oranges, lot, packer):
        bought(oranges)
        found = recall(lot, packer)
        operations.tell_everybody(recall_id=found.pk, now=LATER)
        TextMessage.objects.update(status="dead", failure="no answer")
        assert operations.tell_again(recall=found, by=packer, at=LATER) == 2
        texts = TextMessage.objects.filter(key__startswith="recall:")
        assert {text.status for text in texts} == {"waiting"}
        assert operations.tell_again(recall=found, by=packer, at=LATER) == 0

    def test_not_to_somebody_who_was_called(self, oranges, lot, packer):
        bought(oranges)
        found = recall(lot, packer)
        operations.tell_everybody(recall_id=found.pk, now=LATER)
        TextMessage.objects.update(status="dead")
        notice = found.notices.get(order__isnull=False)
        operations.note_reached(notice=notice, by=packer, at=LATER)
        assert operations.tell_again(recall=found, by=packer, at=LATER) == 1
        with pytest.raises(operations.UnableToNote):
            operations.note_reached(notice=notice, by=packer, at=LATER)


class TestWriteTexts:
    def test_a_key_that_is_written_is_the_same_text(self):
        draft = Draft(
            phone="10012345678",
            template="order_cancelled",
            params={"number": "1", "link": "/"},
            key="示例",
            language="zh-hans",
        )
        (first,) = write_texts(drafts=[draft], at=SOME_DAY).values()
        (second,) = write_texts(drafts=[draft], at=LATER).values()
        assert first == second
        assert TextMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_several_workers_tell_everybody_once(
        self, oranges, lot, packer, monkeypatch
    ):
        monkeypatch.setattr(
            operations.tasks.tell_everybody, "delay", lambda **ids: None
        )
        for number in range(5):
            bought(oranges, packs=1, key=str(number) * 32)
        found = recall(lot, packer)
        outcomes = at_once(
            *[lambda: operations.tell_everybody(recall_id=found.pk, now=LATER)] * 4
        )
        assert refused(outcomes) == 0
        assert sum(outcomes) == 6
        assert len(told()) == 5
