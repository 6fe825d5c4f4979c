"""Pasted addresses: everything usual is read, nothing is guessed."""

import tracemalloc
from collections import Counter

import pytest
from django.test import TestCase
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from logistics.address import PastedAddress, gazetteer, parse
from logistics.address.gazetteer import COUNTY, Gazetteer, Place
from logistics.regions import postal_name, short_name
from partners.organisations.division_files import packed
from partners.organisations.operations import load_divisions
from partners.organisations.queries import UNSPOKEN
from tests.factories.places import load_places
from tests.logistics.pasted import CORPUS, Row

pytestmark = pytest.mark.once

WITH_TOWNSHIPS = {"430104", "430722", "441900"}


def load_the_country() -> None:
    """Every province, city and county, and the townships of a few."""
    rows = packed("divisions")
    load_divisions(
        rows=[
            row
            for row in rows
            if len(row.code) <= COUNTY or row.code[:COUNTY] in WITH_TOWNSHIPS
        ]
    )


def differences(row: Row, read: PastedAddress) -> list[str]:
    lowest = next(
        filter(
            None,
            [
                read.township_code,
                read.county_code,
                read.city_code,
                read.province_code,
            ],
        ),
        "",
    )
    found = {
        "name": read.name,
        "phone": read.phone,
        "place": postal_name(lowest) if lowest else "",
        "detail": read.detail,
        "missing": tuple(read.missing),
        "choices": tuple(choice.name for choice in read.choices),
        "unsure": tuple(read.unsure),
        "beyond": read.beyond,
        "unread_phone": read.unread_phone,
    }
    return [
        f"{key}: {value!r}, not {getattr(row, key)!r}"
        for key, value in found.items()
        if value != getattr(row, key)
    ]


class TestPasted(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_the_country()

    def setUp(self) -> None:
        gazetteer._held = None

    def test_every_usual_shape_is_read(self) -> None:
        assert len(CORPUS) >= 100
        wrong = [
            f"{row.text!r}\n    " + "\n    ".join(different)
            for row in CORPUS
            if (different := differences(row, parse(row.text)))
        ]
        assert not wrong, "\n".join(wrong)

    def test_counties_all_over_the_country_are_read_and_none_is_mistaken(self) -> None:
        book = gazetteer.gazetteer()
        counties = [
            place
            for place in book.places.values()
            if place.digits == COUNTY and place.code[:2] != "71"
        ]
        outcomes: Counter[str] = Counter()
        for place in counties[::37]:
            for text in written(place, book):
                read = parse(text)
                offered = [choice.code for choice in read.choices]
                if read.county_code:
                    assert read.county_code == place.code, text
                    assert (read.name, read.phone) == ("李明", "13800138000"), text
                    assert read.detail == "尖山路39号2栋301", text
                    outcomes["read"] += 1
                else:
                    outcomes["asked" if place.code in offered else "missing"] += 1
        assert outcomes["read"] > 0.98 * outcomes.total(), outcomes

    def test_the_names_are_held_in_a_few_megabytes(self) -> None:
        tracemalloc.start()
        book = gazetteer.gazetteer()
        held, _peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(book.places) > 3_300
        assert held < 8_000_000

    def test_they_are_read_once_and_a_paste_asks_little(self) -> None:
        gazetteer.gazetteer()
        with self.assertNumQueries(1):  # are they still the same
            parse("李明,13800138000,湖南省长沙市岳麓区尖山路39号")
        with self.assertNumQueries(2):  # and is there such a township
            parse("李明,13800138000,湖南省长沙市岳麓区麓谷街道39号")

    def test_newly_loaded_places_are_known_at_once(self) -> None:
        assert parse("湖南省长沙市岳麓区1号").county_code
        from partners.organisations.models import Division

        Division.objects.filter(level="township").delete()
        Division.objects.filter(pk="430104000000").delete()
        assert not parse("湖南省长沙市岳麓区1号").county_code


def written(place: Place, book: Gazetteer) -> list[str]:
    """A county's address in full, without the province, and without endings."""
    city = book.parent(place)
    assert city is not None
    province = book.parent(city)
    assert province is not None
    said = "" if city.name in {*UNSPOKEN, place.name} else city.name
    short = short_name(said) if said else ""
    rest = "尖山路39号2栋301 李明 13800138000"
    spoken = short_name(province.name)
    return [
        f"李明,13800138000,{province.name}{said}{place.name}尖山路39号2栋301",
        f"{province.name} {said} {place.name} {rest}",
        f"{spoken}{short}{place.name}{rest}",
        f"{spoken} {short} {short_name(place.name)} {rest}",
    ]


class TestAnyText(HypothesisTestCase):
    pieces = st.sampled_from(
        [
            "李明",
            "13800138000",
            "湖南省",
            "长沙",
            "岳麓区",
            "汉寿县",
            "鼓楼区",
            "崔家桥镇",
            "39号",
            "收货人:",
            "地址",
            "，",
            " ",
            "\n",
            "-",
            "(",
            "转",
            "１２３",
            "\ue000",
            "A座",
        ]
    )

    def setUp(self) -> None:
        load_places("430104011", "430722101", "320106002", "350102001")
        gazetteer._held = None

    @settings(max_examples=30, deadline=None)
    @given(st.lists(pieces | st.text(max_size=6), max_size=14).map("".join))
    def test_is_read_without_failing_and_without_contradiction(self, text: str) -> None:
        read = parse(text)
        if read.county_code:
            assert read.county_code.startswith(read.city_code[:4])
            assert read.city_code.startswith(read.province_code[:2])
        if read.township_code:
            assert read.township_code.startswith(read.county_code[:6])
        assert ("county" in read.missing) == (not read.county_code)
        assert not set(read.missing) & set(read.unsure)
        assert not any(mark in read.name + read.detail for mark in "\n\ue000\ue003")


class TestShortNames(TestCase):
    def test_are_what_people_say(self) -> None:
        for name, short in {
            "湖南省": "湖南",
            "北京市": "北京",
            "内蒙古自治区": "内蒙古",
            "广西壮族自治区": "广西",
            "新疆维吾尔自治区": "新疆",
            "宁夏回族自治区": "宁夏",
            "西藏自治区": "西藏",
            "湘西土家族苗族自治州": "湘西",
            "克孜勒苏柯尔克孜自治州": "克孜勒苏",
            "黔东南苗族侗族自治州": "黔东南",
            "双江拉祜族佤族布朗族傣族自治县": "双江",
            "大兴安岭地区": "大兴安岭",
            "锡林郭勒盟": "锡林郭勒",
            "浦东新区": "浦东",
            "岳麓区": "岳麓",
            "道县": "道县",
            "城区": "城区",
            "神农架林区": "神农架",
        }.items():
            assert short_name(name) == short
