"""Nobody records or certifies more than land and licences allow."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.test import Client

from partners.organisations.models import Division, Farmer
from shop.users.models import User
from tests import races
from tests.factories.people import new_uscc
from tests.factories.traceability import (
    HARVEST_DAY,
    NOW,
    new_batch,
    new_certificate,
    new_lot,
    new_plot,
)
from tests.races import refused
from tests.traceability.test_lot_pages import logged_in, words_of
from traceability import operations, queries, yields
from traceability.models import (
    Certificate,
    Licence,
    Lot,
    Mark,
    PlotYear,
    WeightCorrection,
    YieldLimit,
)
from traceability.operations import (
    Portion,
    UnableToCertify,
    UnableToCorrect,
    UnableToLicense,
    UnableToRecordLot,
)

pytestmark = pytest.mark.django_db
HOLDER = "91350100M000100Y43"
ORGANIC_CODE = "12326000000000001"


def new_limit(by: User, **changes: Any) -> YieldLimit:
    """100 kg a mu of 柑橘: 350 kg on a plot of 3.5 mu."""
    facts: dict[str, Any] = {
        "crop": "柑橘",
        "g_per_mu": 100_000,
        "valid_from": date(2026, 1, 1),
        "source": "示例县调查",
        "by": by,
        "at": NOW,
    }
    return operations.set_yield_limit(**facts | changes)


def new_licence(by: User, area: Division, **changes: Any) -> Licence:
    """400 kg of organic 柑橘, this year and the next."""
    facts: dict[str, Any] = {
        "mark": "organic",
        "number": "示例OP2026001",
        "holder": "示例合作社",
        "area": area,
        "crop": "柑橘",
        "quantity_g": 400_000,
        "valid_from": date(2026, 1, 1),
        "valid_to": date(2027, 12, 31),
        "by": by,
        "at": NOW,
    }
    return operations.register_licence(**facts | changes)


def claim(lot: Lot, by: User, **changes: Any) -> None:
    """Attach the paper by which the lot claims a mark."""
    facts: dict[str, Any] = {
        "kind": "organic",
        "title": "示例证书",
        "identifier": ORGANIC_CODE,
        "by": by,
        "at": NOW,
    }
    facts["file"] = ContentFile(b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n", "x.pdf")
    operations.attach_evidence(**facts | changes, lot=lot)


class TestYieldLimit:
    def test_starts_with_generous_values_that_are_not_the_county_s(
        self, db: None
    ) -> None:
        for crop, grams in (("柑橘", 6_000_000), ("从没听过", yields.ANY_OTHER_G)):
            limit = queries.yield_limit(crop=crop, day=HARVEST_DAY)
            assert (limit.g_per_mu, limit.is_own) == (grams, False)

    def test_the_last_word_holds_for_harvests_from_its_day(self, zhao: User) -> None:
        new_limit(zhao)
        new_limit(zhao, g_per_mu=200_000, valid_from=date(2026, 11, 1))
        new_limit(zhao, g_per_mu=None, valid_from=date(2026, 12, 1))
        told = [
            queries.yield_limit(crop="柑橘", day=day).g_per_mu
            for day in (date(2026, 10, 31), date(2026, 11, 1), date(2026, 12, 1))
        ]
        assert told == [100_000, 200_000, None]

    def test_the_rest_is_for_crops_without_a_figure(self, zhao: User) -> None:
        new_limit(zhao, crop="")
        told = [
            queries.yield_limit(crop=crop, day=HARVEST_DAY).g_per_mu
            for crop in ("从没听过", "柑橘")
        ]
        assert told == [100_000, 6_000_000]

    @pytest.mark.parametrize(
        "changes",
        [{"g_per_mu": 0}, {"g_per_mu": -1}, {"g_per_mu": 10**30}, {"source": " "}],
    )
    def test_refuses_what_cannot_be(self, zhao: User, changes: dict[str, Any]) -> None:
        with pytest.raises(operations.UnableToSetLimit):
            new_limit(zhao, **changes)

    def test_is_never_edited(self, zhao: User) -> None:
        row = new_limit(zhao)
        with pytest.raises(IntegrityError), transaction.atomic():
            YieldLimit.objects.filter(pk=row.pk).update(g_per_mu=1)


class TestHarvest:
    def test_says_in_numbers_what_the_plot_allows(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        new_limit(zhao)
        plot = new_plot(farmer=farmer_wang, by=zhao, area_mu=Decimal("3.20"))
        new_lot(farmer=farmer_wang, by=zhao, plot=plot, weight_g=300_000)
        with pytest.raises(UnableToRecordLot) as refusal:
            new_lot(farmer=farmer_wang, by=zhao, plot=plot, weight_g=20_500)
        said = str(refusal.value)
        assert all(word in said for word in ("3.2 ", "640", "2026", "600", "柑橘"))
        assert Lot.objects.count() == 1
        new_lot(farmer=farmer_wang, by=zhao, plot=plot, weight_g=20_000)

    def test_each_year_and_each_plot_counts_alone(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        new_limit(zhao, valid_from=date(2020, 1, 1))
        plot = new_plot(farmer=farmer_wang, by=zhao)
        for facts in (
            {"plot": plot},
            {"plot": plot, "harvest_date": date(2025, 11, 18)},
            {},
        ):
            new_lot(farmer=farmer_wang, by=zhao, weight_g=350_000, **facts)
        assert sorted(PlotYear.objects.values_list("year", "harvested_g")) == [
            (2025, 350_000),
            (2026, 350_000),
            (2026, 350_000),
        ]

    def test_is_counted_once_whatever_is_split_and_merged(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lots = [new_lot(farmer=farmer_wang, by=zhao) for _ in range(2)]
        part = operations.split_lot(lot=lots[0], weights_g=[100_000], by=zhao, at=NOW)[
            0
        ]
        merged = operations.merge_lots(
            portions=[Portion(part, 50_000), Portion(lots[1], 50_000)],
            product_name="冰糖橙",
            by=zhao,
            at=NOW,
        )
        new_certificate(lot=merged, by=zhao, quantity_g=100_000)
        assert set(PlotYear.objects.values_list("harvested_g", flat=True)) == {310_000}

    def test_a_limit_that_came_down_stops_certificates(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lot, other = (new_lot(farmer=farmer_wang, by=zhao) for _ in range(2))
        merged = operations.merge_lots(
            portions=[Portion(lot, 10_000), Portion(other, 10_000)],
            product_name="冰糖橙",
            by=zhao,
            at=NOW,
        )
        new_limit(zhao, g_per_mu=50_000)
        for one in (lot, merged):
            with pytest.raises(UnableToCertify) as refusal:
                new_certificate(lot=one, by=zhao, quantity_g=1_000)
            assert "350" in str(refusal.value)
        # Less was picked than somebody wrote down: then it goes on.
        for one in (lot, other):
            one.refresh_from_db()
            operations.take_off_weight(
                lot=one, weight_g=140_000, reason="多写了", by=zhao, at=NOW
            )
        new_certificate(lot=merged, by=zhao, quantity_g=1_000)


class TestTakeOffWeight:
    def test_gives_the_plot_its_room_back(self, lot: Lot, zhao: User) -> None:
        new_certificate(lot=lot, by=zhao, quantity_g=300_000)
        operations.take_off_weight(
            lot=lot, weight_g=10_000, reason="多写了", by=zhao, at=NOW
        )
        lot.refresh_from_db()
        assert lot.free_g == 0
        assert PlotYear.objects.get().harvested_g == 300_000

    @pytest.mark.parametrize(
        ("weight_g", "reason"), [(10_001, "多写了"), (0, "多写了"), (1, " ")]
    )
    def test_takes_nothing_that_is_certified_and_says_why(
        self, lot: Lot, zhao: User, weight_g: int, reason: str
    ) -> None:
        new_certificate(lot=lot, by=zhao, quantity_g=300_000)
        with pytest.raises(UnableToCorrect):
            operations.take_off_weight(
                lot=lot, weight_g=weight_g, reason=reason, by=zhao, at=NOW
            )
        assert not WeightCorrection.objects.exists()
        assert PlotYear.objects.get().harvested_g == 310_000

    def test_of_a_lot_that_was_put_together_names_its_parts(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lots = [new_lot(farmer=farmer_wang, by=zhao) for _ in range(2)]
        merged = operations.merge_lots(
            portions=[Portion(one, 10_000) for one in lots],
            product_name="冰糖橙",
            by=zhao,
            at=NOW,
        )
        with pytest.raises(UnableToCorrect):
            operations.take_off_weight(
                lot=merged, weight_g=1, reason="多写了", by=zhao, at=NOW
            )

    def test_on_its_page_tells_first(self, lot: Lot, zhao: User) -> None:
        home = f"/assistant/lots/{lot.number}/"
        browser, facts = logged_in(zhao), {"weight_g": "20", "reason": "多写了"}
        assert "20 jin count as never" in words_of(
            browser.post(f"{home}weight/", facts)
        )
        assert not WeightCorrection.objects.exists()
        browser.post(f"{home}weight/", facts | {"confirmed": "on"})
        assert "多写了" in words_of(browser.get(home))


class TestLicence:
    def test_counts_what_is_certified_with_its_mark(self, lot: Lot, zhao: User) -> None:
        licence = new_licence(zhao, lot.village)
        claim(lot, zhao)
        new_certificate(lot=lot, by=zhao, quantity_g=300_000)
        licence.refresh_from_db()
        assert licence.free_g == 100_000

    def test_refuses_more_and_says_how_much_is_left(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        first, second = (new_lot(farmer=farmer_wang, by=zhao) for _ in range(2))
        licence = new_licence(zhao, farmer_wang.village)
        for one in (first, second):
            claim(one, zhao)
        new_certificate(lot=first, by=zhao)
        with pytest.raises(UnableToCertify) as refusal:
            new_certificate(lot=second, by=zhao, quantity_g=100_500)
        assert "800" in str(refusal.value)
        assert "200" in str(refusal.value)
        second.refresh_from_db()
        assert second.certified_g == 0
        new_certificate(lot=second, by=zhao, quantity_g=100_000)
        licence.refresh_from_db()
        assert licence.free_g == 0

    @pytest.mark.parametrize(
        "changes",
        [
            {"crop": "梨"},
            {"mark": "gi_licence", "holder_uscc": HOLDER},
            {"valid_to": HARVEST_DAY},  # the certificate is issued a day later
            {"valid_from": HARVEST_DAY + timedelta(days=1)},
        ],
    )
    def test_of_something_else_lets_nothing_through(
        self, lot: Lot, zhao: User, changes: dict[str, Any]
    ) -> None:
        new_licence(zhao, lot.village, **changes)
        claim(lot, zhao)
        with pytest.raises(UnableToCertify):
            new_certificate(lot=lot, by=zhao)
        assert not Certificate.objects.exists()

    def test_of_another_village_or_farmer_lets_nothing_through(
        self, lot: Lot, zhao: User, village_luxi: Division, farmer_li: Farmer
    ) -> None:
        new_licence(zhao, village_luxi)
        new_licence(zhao, lot.village, number="2", farmer=farmer_li)
        claim(lot, zhao)
        with pytest.raises(UnableToCertify):
            new_certificate(lot=lot, by=zhao)
        new_licence(zhao, lot.village, number="3", farmer=lot.farmer)
        new_certificate(lot=lot, by=zhao)

    @pytest.mark.parametrize(
        ("mark", "facts", "number"),
        [
            ("gi_licence", {"holder_uscc": HOLDER}, HOLDER),
            ("green_food", {"number": "GF430722260001"}, "GF 430722 26 0001"),
        ],
    )
    def test_is_the_one_that_the_paper_names(
        self, lot: Lot, zhao: User, mark: str, facts: dict[str, str], number: str
    ) -> None:
        claim(lot, zhao, kind=mark, identifier=number)
        other = {"holder_uscc": new_uscc(), "number": "GF430722260002"}
        new_licence(zhao, lot.village, mark=mark, **other)
        with pytest.raises(UnableToCertify):
            new_certificate(lot=lot, by=zhao)
        new_licence(zhao, lot.village, mark=mark, **facts)
        new_certificate(lot=lot, by=zhao)

    def test_gets_back_what_is_replaced_and_not_what_is_revoked(
        self, lot: Lot, zhao: User
    ) -> None:
        licence = new_licence(zhao, lot.village)
        claim(lot, zhao)
        first = new_certificate(lot=lot, by=zhao, quantity_g=200_000)
        batch = new_batch(certificate=first, by=zhao)
        operations.pack_label(code=batch.first_code, by=zhao, at=NOW)
        operations.supersede_certificate(
            certificate=first, reason="重新包装", by=zhao, at=NOW
        )
        licence.refresh_from_db()
        assert licence.used_g == batch.pack_g
        lot.refresh_from_db()
        second = new_certificate(lot=lot, by=zhao, quantity_g=200_000)
        operations.revoke_certificate(
            certificate=second, reason="示例", by=zhao, at=NOW
        )
        licence.refresh_from_db()
        assert licence.used_g == batch.pack_g + 200_000

    def test_that_is_ended_covers_nothing_more(self, lot: Lot, zhao: User) -> None:
        licence = new_licence(zhao, lot.village)
        operations.end_licence(licence=licence, reason="收回", at=NOW)
        with pytest.raises(UnableToLicense):
            operations.end_licence(licence=licence, reason="收回", at=NOW)
        claim(lot, zhao)
        with pytest.raises(UnableToCertify):
            new_certificate(lot=lot, by=zhao)

    def test_no_mark_comes_after_the_certificate(
        self, certificate: Certificate, zhao: User
    ) -> None:
        # Else it would be counted against nothing.
        new_licence(zhao, certificate.lot.village)
        with pytest.raises(operations.UnableToAttach):
            claim(certificate.lot, zhao)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"mark": "gi_licence", "holder_uscc": ""}, "holder_uscc"),
            ({"holder_uscc": HOLDER[:-1] + "4"}, "holder_uscc"),
            ({"mark": "green_food", "number": "GF990722260001"}, "number"),
            ({"mark": "green_food", "number": "LB-58-2604180234A"}, "number"),
            ({"mark": "green_food", "number": "LB-18-2613180234A"}, "number"),
            ({"quantity_g": 0}, "quantity_g"),
            ({"quantity_g": 10**15}, "quantity_g"),
            ({"valid_to": date(2025, 1, 1)}, "valid_to"),
            ({"mark": "示例"}, "mark"),
            ({"crop": " "}, ""),
        ],
    )
    def test_refuses_what_cannot_be(
        self, zhao: User, village_luxi: Division, changes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(UnableToLicense) as refusal:
            new_licence(zhao, village_luxi, **changes)
        assert refusal.value.field == field
        assert not Licence.objects.exists()

    def test_is_registered_once(self, zhao: User, village_luxi: Division) -> None:
        new_licence(zhao, village_luxi, mark=Mark.GREEN, number="LB-18-2604180234A")
        with pytest.raises(UnableToLicense):
            new_licence(zhao, village_luxi, mark=Mark.GREEN, number="lb18 2604180234a")


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    MANY = 6

    def test_a_plot_bears_no_more_for_many_hands(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        new_limit(zhao)
        plot = new_plot(farmer=farmer_wang, by=zhao)
        results = races.at_once(
            *[lambda: new_lot(farmer=farmer_wang, by=zhao, plot=plot, weight_g=100_000)]
            * self.MANY
        )
        assert refused(results, UnableToRecordLot) == self.MANY - 3
        assert PlotYear.objects.get().harvested_g == 300_000

    def test_without_the_guard_it_would(self, farmer_wang: Farmer, zhao: User) -> None:
        # The negative control: looking first and writing then lets everybody through.
        new_limit(zhao)
        plot = new_plot(farmer=farmer_wang, by=zhao)
        looked = races.meeting(self.MANY)

        def careless() -> bool:
            allowed = queries.allowance(plot=plot, day=HARVEST_DAY)
            looked.wait()
            assert allowed.allowed_g is not None
            return allowed.harvested_g + 100_000 <= allowed.allowed_g

        assert races.at_once(*[careless] * self.MANY) == [True] * self.MANY

    def test_a_licence_covers_no_more_for_many_hands(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        licence = new_licence(zhao, farmer_wang.village)
        lots = [new_lot(farmer=farmer_wang, by=zhao) for _ in range(self.MANY)]
        for one in lots:
            claim(one, zhao)
        results = races.at_once(
            *(
                lambda lot=lot: new_certificate(lot=lot, by=zhao, quantity_g=100_000)
                for lot in lots
            )
        )
        assert refused(results, UnableToCertify) == self.MANY - 4
        licence.refresh_from_db()
        assert licence.free_g == 0
        assert sum(licence.uses.values_list("quantity_g", flat=True)) == 400_000


class TestPages:
    def test_the_table_tells_starting_values_from_the_county_s(
        self, operator: User, farmer_wang: Farmer, zhao: User
    ) -> None:
        new_plot(farmer=farmer_wang, by=zhao)
        browser = logged_in(operator)
        assert "Starting value" in words_of(browser.get("/backoffice/yields/"))
        facts = {
            "crop": "柑橘",
            "kilograms": "2500",
            "valid_from": "2026-01-01",
            "source": "示例调查",
        }
        browser.post("/backoffice/yields/", facts)
        told = words_of(browser.get("/backoffice/yields/"))
        assert "2500" in told
        assert "示例调查" in told
        answer = browser.post("/backoffice/yields/", facts | {"kilograms": "-1"})
        assert answer.status_code == 422
        assert YieldLimit.objects.count() == 1

    def test_a_licence_is_registered_and_ended(
        self, operator: User, farmer_wang: Farmer
    ) -> None:
        browser: Client = logged_in(operator)
        facts = {
            "mark": "organic",
            "number": "示例OP1",
            "holder": "示例合作社",
            "crop": "柑橘",
            "quantity_g": "1000",
            "valid_from": "2026-01-01",
            "valid_to": "2099-12-31",
            "area": farmer_wang.village_id,
        }
        browser.post("/backoffice/licences/", facts)
        licence = Licence.objects.get()
        assert "1000 of 1000 jin left" in words_of(browser.get("/backoffice/licences/"))
        browser.post(f"/backoffice/licences/{licence.pk}/end/", {"reason": "收回"})
        assert "收回" in words_of(browser.get("/backoffice/licences/"))
        again = browser.post("/backoffice/licences/", facts)
        assert again.status_code == 422
        assert "on record already" in words_of(again)
