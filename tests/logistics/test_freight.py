"""What sending costs: by the longest matching region, never negative, whole fen."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from logistics import queries
from logistics.models import FreightRule, FreightTemplate
from logistics.operations import RegionPrice, UnableToCreateTemplate, create_template
from tests.factories.parcels import NOON
from tests.factories.places import load_places

BEIJING, SHANGHAI = "110105000000", "310115000000"
YUELU, CHANGSHA_COUNTY, HANSHOU = "430104000000", "430121000000", "430722000000"
LHASA, HONG_KONG = "540102000000", "810000000000"


def by_weight(name: str = "鲜果") -> FreightTemplate:
    return create_template(
        name=name,
        basis="weight",
        prices=[
            RegionPrice(("",), 3_000, 1_200, 1_000, 200),
            RegionPrice(("11", "31"), 3_000, 800, 1_000, 150, free_from_fen=9_900),
            RegionPrice(("43",), 3_000, 600, 1_000, 100, free_from_fen=6_900),
            RegionPrice(("4301",), 3_000, 500, 1_000, 100),
            RegionPrice(("430722",), 5_000, 0, 1_000, 100),
        ],
        not_delivered=["54", "65", "71", "81", "82"],
        at=NOON,
    )


def fen(template: FreightTemplate, code: str, weight_g: int, goods_fen: int = 0) -> int:
    return queries.quote(
        template=template,
        division_code=code,
        weight_g=weight_g,
        pieces=1,
        goods_fen=goods_fen,
    ).fen


@pytest.mark.django_db
class TestQuote:
    def test_takes_the_rule_with_the_longest_matching_code(self) -> None:
        template = by_weight()
        assert fen(template, "440106000000", 2_500) == 1_200
        assert fen(template, BEIJING, 2_500) == 800
        assert fen(template, "430302000000", 2_500) == 600
        assert fen(template, YUELU, 2_500) == 500
        assert fen(template, HANSHOU, 2_500) == 0

    def test_charges_a_begun_kilogram_as_a_whole_one(self) -> None:
        template = by_weight()
        assert fen(template, BEIJING, 3_000) == 800
        assert fen(template, BEIJING, 3_001) == 950
        assert fen(template, BEIJING, 4_000) == 950
        assert fen(template, BEIJING, 4_001) == 1_100

    def test_is_free_from_the_threshold_on(self) -> None:
        template = by_weight()
        assert fen(template, BEIJING, 9_000, goods_fen=9_899) > 0
        assert fen(template, BEIJING, 9_000, goods_fen=9_900) == 0
        assert fen(template, YUELU, 9_000, goods_fen=99_000) > 0, "Changsha has none"

    def test_says_from_which_sum_it_is_free(self) -> None:
        found = queries.quote(
            template=by_weight(),
            division_code=BEIJING,
            weight_g=1,
            pieces=1,
            goods_fen=0,
        )
        assert found == queries.Quote(fen=800, free_from_fen=9_900)

    def test_counts_pieces_where_the_template_does(self) -> None:
        template = create_template(
            name="桂花苗",
            basis="piece",
            prices=[RegionPrice(("",), 100, 1_500, 50, 500)],
            at=NOON,
        )
        for pieces, expected in ((1, 1_500), (100, 1_500), (101, 2_000), (150, 2_000)):
            found = queries.quote(
                template=template,
                division_code=BEIJING,
                weight_g=10**9,
                pieces=pieces,
                goods_fen=0,
            )
            assert found.fen == expected

    @pytest.mark.parametrize(
        ("code", "name"),
        [(LHASA, "西藏"), (HONG_KONG, "香港"), ("710000000000", "台湾")],
    )
    def test_refuses_by_name_where_nothing_is_sent(self, code: str, name: str) -> None:
        load_places("540102")
        with pytest.raises(queries.NotDelivered) as refused:
            fen(by_weight(), code, 1_000)
        assert refused.value.region == name

    def test_refuses_where_no_rule_matches(self) -> None:
        load_places("110105")
        template = create_template(
            name="只到湖南",
            basis="weight",
            prices=[RegionPrice(("43",), 3_000, 600, 1_000, 100)],
            at=NOON,
        )
        with pytest.raises(queries.NotDelivered) as refused:
            fen(template, BEIJING, 1_000)
        assert refused.value.region == "朝阳"

    def test_takes_no_negative_amounts(self) -> None:
        with pytest.raises(ValueError, match="negative"):
            fen(by_weight(), BEIJING, -1)


class TestQuoteAlways(HypothesisTestCase):
    """Whatever the numbers are."""

    units = st.integers(1, 50_000)
    price = st.integers(0, 100_000)

    @settings(max_examples=60, deadline=None)
    @given(units, price, units, price, st.lists(st.integers(0, 500_000), min_size=2))
    def test_never_falls_as_weight_rises_and_is_whole_and_never_negative(
        self, first: int, first_fen: int, more: int, more_fen: int, weights: list[int]
    ) -> None:
        rule = FreightRule(
            region_code="",
            first_units=first,
            first_fen=first_fen,
            additional_units=more,
            additional_fen=more_fen,
        )
        template = FreightTemplate.objects.create(
            name="any", basis="weight", created_at=NOON
        )
        rule.template = template
        rule.save()
        costs = [fen(template, BEIJING, weight) for weight in sorted(weights)]
        assert costs == sorted(costs)
        assert all(type(cost) is int and cost >= first_fen for cost in costs)

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 60_000), st.integers(0, 30_000))
    def test_more_goods_never_cost_more_freight(
        self, weight_g: int, goods: int
    ) -> None:
        template = by_weight()
        assert fen(template, BEIJING, weight_g, goods + 1) <= fen(
            template, BEIJING, weight_g, goods
        )


@pytest.mark.django_db
class TestWords:
    @pytest.fixture(autouse=True)
    def _chinese(self) -> None:
        load_places("110105", "430104", "430722", "540102", "650102")

    def test_explains_freight_and_threshold_for_a_place(self) -> None:
        with translation.override("en"):
            assert (
                queries.explain(
                    template=by_weight(), division_code=BEIJING, weight_g=2_500
                )
                == "To Beijing ¥8, free from ¥99"
            )

    def test_says_when_it_costs_nothing_and_when_nobody_goes_there(self) -> None:
        template = by_weight()
        with translation.override("en"):
            assert (
                queries.explain(
                    template=template, division_code=BEIJING, goods_fen=9_900
                )
                == "To Beijing: free delivery"
            )
            assert (
                queries.explain(template=template, division_code=LHASA)
                == "Not delivered to Tibet."
            )
            assert (
                queries.explain(template=template, division_code=YUELU, weight_g=3_500)
                == "To Hunan ¥6"
            )

    def test_names_every_region_left_out(self) -> None:
        assert queries.not_delivered_to(by_weight()) == [
            "西藏",
            "新疆",
            "台湾",
            "香港",
            "澳门",
        ]

    def test_the_lowest_price_is_what_a_card_may_promise(self) -> None:
        pack = {"weight_g": 2_500, "pieces": 1, "goods_fen": 2_900}
        template = by_weight()
        assert queries.lowest_fen(template, **pack) == 0
        FreightRule.objects.filter(template=template, region_code="430722").delete()
        template = FreightTemplate.objects.get()
        assert queries.lowest_fen(template, **pack) == 500
        assert queries.lowest_fen(template, **pack | {"weight_g": 6_000}) == 800
        assert queries.lowest_fen(template, **pack | {"goods_fen": 9_900}) == 0


@pytest.mark.django_db
class TestCreateTemplate:
    def test_the_same_again_is_the_same_template(self) -> None:
        assert by_weight() == by_weight()
        assert FreightRule.objects.count() == 11

    def test_a_taken_name_with_other_rules_is_refused(self) -> None:
        by_weight()
        with pytest.raises(UnableToCreateTemplate, match="鲜果"):
            create_template(
                name="鲜果",
                basis="weight",
                prices=[RegionPrice(("",), 1, 1, 1, 1)],
                at=NOON,
            )

    @pytest.mark.parametrize(
        "prices",
        [
            [],
            [RegionPrice(("43", "43"), 1, 1, 1, 1)],
            [RegionPrice(("430",), 1, 1, 1, 1)],
            [RegionPrice(("99",), 1, 1, 1, 1)],
            [RegionPrice(("8101",), 1, 1, 1, 1)],
            [RegionPrice(("湖南",), 1, 1, 1, 1)],
            [RegionPrice(("43",), 0, 1, 1, 1)],
            [RegionPrice(("43",), 1, 1, 0, 1)],
            [RegionPrice(("43",), 1, -1, 1, 1)],
            [RegionPrice(("43",), 1, 1, 1, -1)],
            [RegionPrice(("43",), 1, 1, 1, 1, free_from_fen=0)],
        ],
    )
    def test_nonsense_is_refused(self, prices: list[RegionPrice]) -> None:
        with pytest.raises(UnableToCreateTemplate):
            create_template(name="错", basis="weight", prices=prices, at=NOON)
        assert not FreightTemplate.objects.exists()


@pytest.mark.django_db
class TestTheDatabaseGuards:
    """Past the operation, straight at the table."""

    @pytest.mark.parametrize(
        "wrong",
        [
            {"region_code": "430"},
            {"region_code": "4x"},
            {"first_units": 0},
            {"additional_units": 0},
            {"first_fen": -1},
            {"additional_fen": -1},
            {"free_from_fen": 0},
            {"delivers": False, "first_fen": 5},
            {"delivers": False, "first_fen": 0, "free_from_fen": 5},
        ],
    )
    def test_a_rule_that_cannot_be_true(self, wrong: dict[str, object]) -> None:
        right = {
            "template": FreightTemplate.objects.create(
                name="对", basis="weight", created_at=NOON
            ),
            "region_code": "43",
            "first_units": 1,
            "first_fen": 1,
            "additional_units": 1,
            "additional_fen": 0,
        }
        with pytest.raises(IntegrityError), transaction.atomic():
            FreightRule.objects.create(**right | wrong)
        FreightRule.objects.create(**right)

    def test_a_region_twice_and_an_unknown_basis(self) -> None:
        template = by_weight()
        with pytest.raises(IntegrityError), transaction.atomic():
            FreightRule.objects.create(
                template=template, region_code="43", first_units=1, additional_units=1
            )
        with pytest.raises(IntegrityError), transaction.atomic():
            FreightTemplate.objects.create(name="x", basis="mood", created_at=NOON)
