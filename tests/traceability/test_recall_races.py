"""A recall against those who split, merge, pack and certify at the same moment."""

from threading import Event

import pytest

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.traceability import NOW, new_certificate, new_lot
from tests.races import at_once, refused
from traceability import operations, queries
from traceability.models import Label, Lot
from traceability.operations import labels
from traceability.operations import lots as moving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def zhao(assistant_zhao) -> User:
    return assistant_zhao.user


def recall(lot: Lot, by: User):
    return operations.recall_lot(lot=lot, reason="示例", by=by, at=NOW)


def split(lot: Lot, by: User):
    return operations.split_lot(lot=lot, weights_g=[1_000], by=by, at=NOW)


def missed(lot: Lot) -> set[int]:
    """What came out of the recalled lot and does not say so."""
    found = queries.descendant_ids([lot.pk])
    return found - queries.recalled_ids(found)


class TestSplitAndRecall:
    def test_no_part_escapes(self, farmer_wang: Farmer, zhao: User) -> None:
        for _time in range(8):
            lot = new_lot(farmer=farmer_wang, by=zhao)
            (part,) = split(lot, zhao)
            outcomes = at_once(
                lambda: split(lot, zhao),  # noqa: B023
                lambda: recall(lot, zhao),  # noqa: B023
                lambda: split(part, zhao),  # noqa: B023
            )
            refused(outcomes, operations.UnableToMove)
            assert missed(lot) == set()

    def test_no_mixture_escapes(self, farmer_wang: Farmer, zhao: User) -> None:
        for _time in range(5):
            one, other = (new_lot(farmer=farmer_wang, by=zhao) for _ in "12")

            def merge() -> Lot:
                portions = [operations.Portion(lot, 1_000) for lot in (one, other)]  # noqa: B023
                return operations.merge_lots(
                    portions=portions, product_name="冰糖橙", by=zhao, at=NOW
                )

            outcomes = at_once(
                merge,
                lambda: recall(one, zhao),  # noqa: B023
                lambda: recall(other, zhao),  # noqa: B023
            )
            refused(outcomes, operations.UnableToMove, operations.UnableToRecall)
            assert missed(one) | missed(other) == set()

    @pytest.mark.only_on("postgresql", reason="SQLite lets one write at a time")
    def test_only_the_hold_on_links_keeps_them(
        self, farmer_wang: Farmer, zhao: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without it, a part that is being split off while the recall looks escapes."""
        monkeypatch.setattr(moving, "hold_links", lambda: None)
        monkeypatch.setattr(labels, "hold_links", lambda: None)
        lot = new_lot(farmer=farmer_wang, by=zhao)
        looked, parted = Event(), Event()
        descendants = queries.descendant_ids

        def look(ids):
            found = descendants(ids)
            looked.set()
            parted.wait(30)
            return found

        def split_between():
            looked.wait(30)
            try:
                return split(lot, zhao)
            finally:
                parted.set()

        monkeypatch.setattr(queries, "descendant_ids", look)
        at_once(lambda: recall(lot, zhao), split_between)
        monkeypatch.setattr(queries, "descendant_ids", descendants)
        assert missed(lot) != set()


class TestPackAndRecall:
    def test_what_is_packed_meanwhile_is_judged_recalled(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao)
        certificate = new_certificate(lot=lot, by=zhao)

        def mint():
            return operations.mint_labels(
                certificate=certificate,
                count=5,
                product_name="冰糖橙",
                pack_g=100,
                by=zhao,
                at=NOW,
            )

        batch = mint()
        code = batch.codes()[0]
        outcomes = at_once(
            lambda: operations.pack_label(code=code, by=zhao, at=NOW),
            mint,
            lambda: recall(lot, zhao),
        )
        refused(outcomes, operations.UnableToPack, operations.UnableToMint)
        for label in Label.objects.filter(batch__lot=lot):
            verdict = queries.judge(text=label.code, device=None, now=NOW)
            assert verdict.state == queries.State.RECALLED
