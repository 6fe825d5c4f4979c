"""The search page: honest, quick, and nobody's cookie."""

from unittest.mock import patch

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop.discovery import operations
from shop.discovery.engine import SearchUnavailable
from shop.listings.models import Listing
from shop.storefront.models import ProductCard
from tests.factories.listings import farmer, listing_on_sale, village

pytestmark = pytest.mark.django_db
QUERIES = 6


@pytest.fixture
def market(index):
    """Peaches in two townships, oranges in one."""
    here, there = village(), village("430722109201", "鹿溪村")
    peach = listing_on_sale(crop="黄桃", grower=farmer(called="王婶", home=here))
    other = listing_on_sale(crop="黄桃", grower=farmer(called="李伯", home=there))
    orange = listing_on_sale(crop="冰糖橙", grower=farmer(called="王婶", home=here))
    index_outdated()
    return peach, other, orange


def index_outdated():
    operations.index_outdated(at=timezone.now())


def address(listing):
    return f"/p/{listing.product.slug}-{listing.product_id}/"


class TestSearchPage:
    @pytest.mark.parametrize(
        "text", ["黄桃", "huangtao", "ht", "hang tao", "Huang Tao", "ＨＴ"]
    )
    def test_finds_the_same_however_it_is_typed(self, client, market, text):
        peach, other, orange = market
        page = client.get("/search/", {"q": text}).content.decode()
        assert address(peach) in page
        assert address(other) in page
        assert address(orange) not in page

    def test_narrows_by_township_in_the_address(self, client, market):
        peach, other, _orange = market
        page = client.get("/search/?q=黄桃&township=430722109000").content.decode()
        assert address(other) in page
        assert address(peach) not in page
        assert "q=%E9%BB%84%E6%A1%83&amp;township=430722108000" in page

    def test_sets_no_cookie_and_asks_little(self, client, market):
        from django.db import connection

        for path in ("/search/", "/search/?q=黄桃", "/search/?q=pingguo"):
            with CaptureQueriesContext(connection) as asked:
                response = client.get(path)
            assert response.status_code == 200
            assert not response.cookies
            assert len(asked) <= QUERIES, [q["sql"] for q in asked]
            writes = ("INSERT", "UPDATE", "DELETE")
            assert not any(q["sql"].startswith(writes) for q in asked)

    def test_the_number_of_queries_does_not_grow(self, client, market):
        from django.db import connection

        with CaptureQueriesContext(connection) as few:
            client.get("/search/?q=黄桃")
        for _more in range(12):
            listing_on_sale(crop="黄桃")
        index_outdated()
        with CaptureQueriesContext(connection) as many:
            client.get("/search/?q=黄桃")
        assert len(many) == len(few)

    def test_what_the_index_still_holds_but_the_shop_does_not_is_left_out(
        self, client, market
    ):
        peach, other, _orange = market
        ProductCard.objects.filter(pk=peach.product_id).update(on_sale=False)
        page = client.get("/search/?q=黄桃").content.decode()
        assert address(peach) not in page
        assert address(other) in page

    def test_prices_are_the_databases(self, client, market):
        peach, _other, _orange = market
        ProductCard.objects.filter(pk=peach.product_id).update(price_fen=12345)
        assert "¥123.45" in client.get("/search/?q=黄桃").content.decode()

    def test_a_denied_listing_is_nowhere(self, client, market):
        listing = Listing.objects.create(
            assistant=market[0].assistant,
            said="王婶家火龙果",
            title="火龙果",
            status="denied",
            drafted_at=market[0].drafted_at,
            changed_at=market[0].drafted_at,
        )
        index_outdated()
        assert listing.title not in client.get("/search/?q=甘蔗").content.decode()
        page = client.get("/search/?q=火龙果").content.decode()
        assert 'class="card"' not in page

    def test_nothing_found_says_what_to_do(self, client, market):
        page = client.get("/search/?q=pingguo").content.decode()
        assert 'class="empty"' in page
        assert "?q=%E5%86%B0%E7%B3%96%E6%A9%99" in page

    def test_what_is_typed_is_shown_as_text(self, client, market):
        page = client.get("/search/", {"q": "<script>alert(1)</script>"})
        assert "<script>alert(1)" not in page.content.decode()

    @pytest.mark.parametrize(
        "query",
        [
            "q=" + "黄" * 3000,
            "q=黄桃&page=99999999999",
            "q=黄桃&page=-1",
            "q=黄桃&page=x",
            "q=黄桃&sort='",
            "q=黄桃&township=" + "9" * 400,
            "q=%01%ff",
            "q=黄桃&q=冰糖橙",
            "q=黄桃&category=%27%20OR%201",
        ],
    )
    def test_no_address_breaks_it(self, client, market, query):
        assert client.get(f"/search/?{query}").status_code == 200

    def test_post_is_no_way_to_search(self, client):
        assert client.post("/search/", {"q": "黄桃"}).status_code == 405


class Away:
    def search(self, query):
        raise SearchUnavailable("away")


class TestWithoutAnEngine:
    @pytest.fixture(autouse=True)
    def _away(self, market):
        with patch("shop.discovery.queries.configured", Away):
            yield

    @pytest.mark.parametrize(
        "text", ["黄桃", "huangtao", "huang tao", "ht", "示例镇的黄桃"]
    )
    def test_it_looks_by_name_and_says_so(self, client, market, text):
        peach, _other, orange = market
        page = client.get("/search/", {"q": text}).content.decode()
        assert address(peach) in page
        assert address(orange) not in page
        assert "notice-warn" in page

    def test_it_still_narrows(self, client, market):
        peach, other, _orange = market
        page = client.get("/search/?q=黄桃&township=430722109000").content.decode()
        assert address(other) in page
        assert address(peach) not in page

    def test_it_has_pages_and_counts_them_all(self, client, market):
        for _more in range(25):
            listing_on_sale(crop="黄桃")
        first = client.get("/search/?q=黄桃")
        assert first.context["found"].total == 27
        second = client.get("/search/?q=黄桃&page=2")
        shown = [
            card.product_id
            for page in (first, second)
            for card in page.context["found"].cards
        ]
        assert len(shown) == len(set(shown)) == 27
        assert not second.context["found"].more

    def test_it_finds_nothing_honestly(self, client, market):
        page = client.get("/search/?q=pingguo").content.decode()
        assert "notice-warn" in page
        assert 'class="empty"' in page
