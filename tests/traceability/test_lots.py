"""Plots and lots: whose they are, and never more out of a lot than is in it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from partners.organisations.models import Division, Farmer
from shop.users.models import User
from tests.factories.traceability import NOW, new_certificate, new_lot, new_plot
from traceability import operations, queries
from traceability.models import Lot, LotLink, Plot
from traceability.operations import Portion, UnableToMove

pytestmark = pytest.mark.django_db


class TestRegisterPlot:
    def test_belongs_to_its_farmer(self, farmer_wang: Farmer, zhao: User) -> None:
        plot = new_plot(farmer=farmer_wang, by=zhao)
        assert (plot.farmer, plot.village) == (farmer_wang, farmer_wang.village)

    @pytest.mark.parametrize(
        "changes",
        [
            {"area_mu": Decimal(0)},
            {"area_mu": Decimal(-1)},
            {"area_mu": Decimal("1e9")},
            {"name": " "},
            {"crop": ""},
        ],
    )
    def test_refuses_what_cannot_be(
        self, farmer_wang: Farmer, zhao: User, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(operations.UnableToRegisterPlot):
            new_plot(farmer=farmer_wang, by=zhao, **changes)
        assert not Plot.objects.exists()

    def test_refuses_a_foreign_village(
        self, farmer_wang: Farmer, zhao: User, village_luxi: Division
    ) -> None:
        with pytest.raises(operations.UnableToRegisterPlot):
            new_plot(farmer=farmer_wang, by=zhao, village=village_luxi)

    def test_refuses_a_second_one_of_its_name(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        new_plot(farmer=farmer_wang, by=zhao)
        with pytest.raises(operations.UnableToRegisterPlot):
            new_plot(farmer=farmer_wang, by=zhao)


class TestRecordLot:
    def test_gets_the_year_s_next_number(self, farmer_wang: Farmer, zhao: User) -> None:
        numbers = [new_lot(farmer=farmer_wang, by=zhao).number for _ in range(2)]
        assert numbers == ["L2026-000001", "L2026-000002"]

    @pytest.mark.parametrize("weight_g", [0, -1, 10**11])
    def test_refuses_an_impossible_weight(
        self, farmer_wang: Farmer, zhao: User, weight_g: int
    ) -> None:
        with pytest.raises(operations.UnableToRecordLot):
            new_lot(farmer=farmer_wang, by=zhao, weight_g=weight_g)

    @pytest.mark.parametrize(
        "day",
        [date.min, date(206, 11, 20), date(2021, 11, 1), date(2028, 1, 1), date.max],
    )
    def test_refuses_a_day_that_is_a_slip_of_the_finger(
        self, farmer_wang: Farmer, zhao: User, day: date
    ) -> None:
        with pytest.raises(operations.UnableToRecordLot):
            new_lot(farmer=farmer_wang, by=zhao, harvest_date=day)

    @pytest.mark.parametrize("day", [date(2022, 1, 1), date(2027, 12, 1)])
    def test_takes_old_tea_and_the_next_season(
        self, farmer_wang: Farmer, zhao: User, day: date
    ) -> None:
        assert new_lot(farmer=farmer_wang, by=zhao, harvest_date=day).pk

    def test_refuses_another_farmer_s_plot(
        self, farmer_wang: Farmer, farmer_li: Farmer, zhao: User
    ) -> None:
        plot = new_plot(farmer=farmer_wang, by=zhao)
        with pytest.raises(operations.UnableToRecordLot):
            new_lot(farmer=farmer_li, by=zhao, plot=plot)

    def test_refuses_a_harvest_inside_a_safety_interval(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        plot = new_plot(farmer=farmer_wang, by=zhao)
        lot = new_lot(farmer=farmer_wang, by=zhao, plot=plot)
        operations.record_event(
            lot=lot,
            kind="spray",
            happened_at=NOW,
            substance="苯醚甲环唑",
            interval_days=20,
            by=zhao,
            at=NOW,
        )
        day = NOW.date() + timedelta(days=19)
        with pytest.raises(operations.UnableToRecordLot):
            new_lot(farmer=farmer_wang, by=zhao, plot=plot, harvest_date=day)
        # One day later, and on another plot, nothing stands in the way.
        later = day + timedelta(days=1)
        new_lot(farmer=farmer_wang, by=zhao, plot=plot, harvest_date=later)
        new_lot(farmer=farmer_wang, by=zhao, harvest_date=day)


class TestSplitLot:
    def test_moves_what_is_there(self, lot: Lot, zhao: User) -> None:
        parts = operations.split_lot(
            lot=lot, weights_g=[100_000, 50_000], by=zhao, at=NOW
        )
        lot.refresh_from_db()
        assert lot.free_g == 160_000
        assert [part.weight_g for part in parts] == [100_000, 50_000]
        assert queries.ancestor_ids([parts[0].pk]) == {lot.pk}
        assert queries.descendant_ids([lot.pk]) == {part.pk for part in parts}

    @pytest.mark.parametrize(
        "weights_g", [[], [0], [-5, 10], [310_001], [200_000, 110_001]]
    )
    def test_refuses_more_than_is_there_and_moves_nothing(
        self, lot: Lot, zhao: User, weights_g: list[int]
    ) -> None:
        with pytest.raises(UnableToMove):
            operations.split_lot(lot=lot, weights_g=weights_g, by=zhao, at=NOW)
        lot.refresh_from_db()
        assert lot.split_g == 0
        assert not LotLink.objects.exists()
        assert Lot.objects.count() == 1

    def test_leaves_what_is_certified(self, lot: Lot, zhao: User) -> None:
        new_certificate(lot=lot, by=zhao, quantity_g=300_000)
        with pytest.raises(UnableToMove, match="20"):
            operations.split_lot(lot=lot, weights_g=[10_001], by=zhao, at=NOW)
        operations.split_lot(lot=lot, weights_g=[10_000], by=zhao, at=NOW)

    def test_refuses_a_recalled_lot(self, lot: Lot, zhao: User) -> None:
        operations.recall_lot(lot=lot, reason="检出超标", by=zhao, at=NOW)
        with pytest.raises(UnableToMove):
            operations.split_lot(lot=lot, weights_g=[1], by=zhao, at=NOW)

    def test_the_database_refuses_it_too(self, lot: Lot) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Lot.objects.filter(pk=lot.pk).update(split_g=310_001)
        Lot.objects.filter(pk=lot.pk).update(split_g=310_000)


class TestMergeLots:
    def test_holds_what_went_in(self, farmer_wang: Farmer, zhao: User) -> None:
        one = new_lot(farmer=farmer_wang, by=zhao)
        early = date(2026, 11, 10)
        two = new_lot(farmer=farmer_wang, by=zhao, harvest_date=early)
        merged = operations.merge_lots(
            portions=[Portion(one, 10_000), Portion(two, 5_000)],
            product_name="混装冰糖橙",
            by=zhao,
            at=NOW,
        )
        assert (merged.weight_g, merged.harvest_date) == (15_000, early)
        assert queries.ancestor_ids([merged.pk]) == {one.pk, two.pk}

    def test_refuses_one_lot_twice_and_other_crops(
        self, farmer_wang: Farmer, farmer_li: Farmer, zhao: User
    ) -> None:
        one = new_lot(farmer=farmer_wang, by=zhao)
        for other in (
            one,
            new_lot(farmer=farmer_wang, by=zhao, crop="黄桃"),
            new_lot(farmer=farmer_li, by=zhao),
        ):
            with pytest.raises(UnableToMove):
                operations.merge_lots(
                    portions=[Portion(one, 1_000), Portion(other, 1_000)],
                    product_name="混装",
                    by=zhao,
                    at=NOW,
                )
        one.refresh_from_db()
        assert one.split_g == 0

    def test_moves_nothing_when_one_of_them_holds_too_little(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        one = new_lot(farmer=farmer_wang, by=zhao)
        two = new_lot(farmer=farmer_wang, by=zhao, weight_g=1_000)
        with pytest.raises(UnableToMove):
            operations.merge_lots(
                portions=[Portion(one, 1_000), Portion(two, 1_001)],
                product_name="混装",
                by=zhao,
                at=NOW,
            )
        one.refresh_from_db()
        assert one.split_g == 0

    def test_links_cannot_form_a_circle(self, lot: Lot, zhao: User) -> None:
        (part,) = operations.split_lot(lot=lot, weights_g=[1_000], by=zhao, at=NOW)
        for parent, child in ((part, lot), (lot, lot)):
            with pytest.raises(IntegrityError), transaction.atomic():
                LotLink.objects.create(
                    parent=parent, child=child, weight_g=1, linked_at=NOW
                )


class TestRecallLot:
    def test_follows_every_split(self, lot: Lot, zhao: User) -> None:
        (part,) = operations.split_lot(lot=lot, weights_g=[50_000], by=zhao, at=NOW)
        (deeper,) = operations.split_lot(lot=part, weights_g=[9_000], by=zhao, at=NOW)
        operations.recall_lot(lot=lot, reason="检出超标", by=zhao, at=NOW)
        assert queries.recalled_ids([lot.pk, part.pk, deeper.pk]) == {
            lot.pk,
            part.pk,
            deeper.pk,
        }

    def test_does_not_reach_back(self, lot: Lot, zhao: User) -> None:
        (part,) = operations.split_lot(lot=lot, weights_g=[50_000], by=zhao, at=NOW)
        operations.recall_lot(lot=part, reason="受潮", by=zhao, at=NOW)
        assert not queries.recalled_ids([lot.pk])

    def test_happens_once_and_with_a_reason(self, lot: Lot, zhao: User) -> None:
        with pytest.raises(operations.UnableToRecall):
            operations.recall_lot(lot=lot, reason=" ", by=zhao, at=NOW)
        operations.recall_lot(lot=lot, reason="检出超标", by=zhao, at=NOW)
        with pytest.raises(operations.UnableToRecall):
            operations.recall_lot(lot=lot, reason="再来", by=zhao, at=NOW)


class TestLongWays:
    """Chains of many splits and mixtures of many lots stay one question each."""

    def test_a_chain_of_200_is_recalled_to_its_end(
        self, farmer_wang: Farmer, zhao: User, django_assert_max_num_queries
    ) -> None:
        chain = [new_lot(farmer=farmer_wang, by=zhao, weight_g=1_000)]
        for weight_g in range(999, 799, -1):
            (part,) = operations.split_lot(
                lot=chain[-1], weights_g=[weight_g], by=zhao, at=NOW
            )
            chain.append(part)
        with django_assert_max_num_queries(1):
            assert queries.descendant_ids([chain[0].pk]) == {
                lot.pk for lot in chain[1:]
            }
        with django_assert_max_num_queries(12):
            trace = queries.lot_trace(chain[100])
        assert len(trace.lots) == 201
        events = operations.recall_lot(lot=chain[0], reason="示例", by=zhao, at=NOW)
        assert len(events) == 201

    def test_a_mixture_of_300_holds_what_went_in(
        self, farmer_wang: Farmer, zhao: User, django_assert_max_num_queries
    ) -> None:
        plot = new_plot(farmer=farmer_wang, by=zhao)
        parents = [
            new_lot(farmer=farmer_wang, by=zhao, plot=plot, weight_g=1_000)
            for _time in range(300)
        ]
        merged = operations.merge_lots(
            portions=[Portion(lot, 10) for lot in parents],
            product_name="冰糖橙",
            by=zhao,
            at=NOW,
        )
        assert merged.weight_g == 3_000
        with django_assert_max_num_queries(12):
            assert len(queries.lot_trace(merged).lots) == 301
