"""English pages say in English what grows; Chinese pages are left alone."""

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.template.defaultfilters import date as as_date
from django.urls import reverse
from django.utils import translation

from partners.templatetags.market import found, listed, places, weekday
from shop.storefront.models import ProductCard
from tests.factories import listings as offers

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def peaches(to_hunan):
    return offers.listing_on_sale(crop="黄桃", freight_template=to_hunan)


class TestGloss:
    def test_stands_beside_the_title_on_cards_and_on_the_page(self, client, peaches):
        shelf = client.get("/c/shui-guo/", headers=ENGLISH).content.decode()
        card = ProductCard.objects.get(pk=peaches.product_id)
        page = client.get(card.get_absolute_url(), headers=ENGLISH).content.decode()
        for text in (shelf, page):
            assert "黄桃" in text
            assert "Yellow peach" in text

    def test_is_no_part_of_chinese_pages(self, client, peaches):
        shelf = client.get("/c/shui-guo/").content.decode()
        assert "黄桃" in shelf
        assert "ellow peach" not in shelf


class TestPlacesAndMonths:
    def test_a_village_can_be_said(self, client, peaches):
        name = peaches.village.name
        home = reverse("storefront:village", args=[peaches.village_id])
        for address in ("/", "/c/shui-guo/", home):
            page = client.get(address, headers=ENGLISH).content.decode()
            assert f"village {name}" in page
            assert f"village {name}" not in client.get(address).content.decode()

    def test_the_calendar_names_crops(self, client, peaches):
        page = client.get("/calendar/?month=7", headers=ENGLISH).content.decode()
        assert page.count("Yellow peach") == 2
        assert "Yellow peach" not in client.get("/calendar/?month=7").content.decode()


class TestWords:
    @pytest.mark.parametrize(
        ("language", "said"), [("en", "nothing detected"), ("zh-hans", "未检出")]
    )
    def test_a_known_result_is_translated(self, language, said):
        with translation.override(language):
            assert found("未检出") == said
            assert found("铅 0.01 mg/kg") == "铅 0.01 mg/kg"

    def test_days_come_before_months_in_english(self):
        day = date(2026, 11, 26)
        with translation.override("en"):
            assert as_date(day, "DATE_FORMAT") == "26 November 2026"
            assert as_date(day, "MONTH_DAY_FORMAT") == "26 November"
            assert weekday(day) == "Thursday 26 November"
        with translation.override("zh-hans"):
            assert weekday(day) == "11月26日 星期四"

    def test_the_weekday_is_the_one_in_shanghai(self):
        late = datetime(2026, 11, 25, 17, tzinfo=UTC)
        with translation.override("en"):
            drawn = Template("{{ late|weekday }}").render(Context({"late": late}))
        assert drawn == "Thursday 26 November"

    def test_lists_are_joined_and_villages_named_once(self):
        with translation.override("en"):
            assert listed(["a", "b"]) == "a, b"
            assert places(["永固村", "永固村", "鹿溪村"]) == (
                "Yonggu village 永固村, Luxi village 鹿溪村"
            )
        with translation.override("zh-hans"):
            assert places(["永固村", "永固村", "鹿溪村"]) == "永固村、鹿溪村"
