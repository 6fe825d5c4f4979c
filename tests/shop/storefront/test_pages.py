"""The public pages: what they say, what they ask the database, what they never do."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from logistics.models import FreightTemplate
from partners.models import Accrual, Agreement
from shop.listings.models import Listing
from shop.listings.operations import end_listing
from shop.storefront import front, queries
from shop.storefront.operations import refresh_card
from tests.factories import listings as offers
from tests.shop.storefront.conftest import TODAY, card_of

pytestmark = pytest.mark.django_db
AT = offers.NOW + timedelta(hours=1)


def address(listing: Listing) -> str:
    return card_of(listing).get_absolute_url()


def addresses(listing: Listing) -> list[str]:
    """One of every kind of public page."""
    card = card_of(listing)
    return [
        "/",
        "/c/shui-guo/",
        address(listing),
        "/villages/",
        f"/v/{card.village_id}/",
        f"/farmers/{card.farmer_id}/",
        "/calendar/",
    ]


def text(client: Client, where: str) -> str:
    response = client.get(where)
    assert response.status_code == 200, where
    return response.content.decode()


class TestEveryPage:
    def test_sets_no_cookie_and_never_looks_at_the_session(
        self, reader: Client, oranges: Listing
    ) -> None:
        for where in addresses(oranges):
            response = reader.get(where)
            assert response.status_code == 200, where
            assert not response.cookies, where
            request = response.wsgi_request
            session = getattr(request, "session", None)
            assert session is None or not session.accessed, where

    def test_writes_nothing(
        self,
        reader: Client,
        oranges: Listing,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for where in addresses(oranges):
            with django_assert_max_num_queries(8) as asked:
                reader.get(where)
            assert all(
                query["sql"].startswith("SELECT") for query in asked.captured_queries
            )

    def test_refuses_to_be_posted_to(self, reader: Client, oranges: Listing) -> None:
        for where in addresses(oranges):
            assert reader.post(where).status_code == 405, where

    def test_reads_in_english_too(self, oranges: Listing) -> None:
        english = Client(headers={"accept-language": "en"})
        for where in addresses(oranges):
            page = text(english, where)
            assert '<html lang="en">' in page
            assert "Villages" in page

    def test_asks_no_foreign_host_and_carries_no_inline_code(
        self, reader: Client, oranges: Listing
    ) -> None:
        for where in addresses(oranges):
            page = text(reader, where)
            assert " style=" not in page
            assert "<style" not in page
            assert "<script>" not in page
            assert "onclick" not in page
            assert 'src="http' not in page
            policy = reader.get(where).headers["Content-Security-Policy"]
            assert "unsafe-inline" not in policy


class TestCeilings:
    """Uncached, with every middleware. The menu is in memory after the first page."""

    def test_a_list_asks_at_most_four_times(
        self,
        reader: Client,
        oranges: Listing,
        pomelos: Listing,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for number in range(21):
            offers.listing_on_sale(
                crop="蜜橘",
                freight_template=oranges.freight_template,
                at=offers.NOW - timedelta(hours=number),
            )
        with django_assert_max_num_queries(4):
            first = reader.get("/c/shui-guo/")
        assert first.content.decode().count('<article class="card') == 20
        with django_assert_max_num_queries(4):
            reader.get("/c/shui-guo/?place=430722101000&month=11&sort=price")

    def test_a_product_asks_at_most_five_times(
        self,
        reader: Client,
        oranges: Listing,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        where = address(oranges)
        with django_assert_max_num_queries(5):
            assert reader.get(where).status_code == 200

    def test_a_kept_page_asks_once(
        self,
        reader: Client,
        oranges: Listing,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for where in addresses(oranges):
            reader.get(where)
            with django_assert_num_queries(1):
                reader.get(where)


class TestHome:
    def test_says_the_solar_term_and_what_is_ripe(
        self, reader: Client, oranges: Listing
    ) -> None:
        page = text(reader, "/")
        assert "小雪" in page
        assert "11月23日" in page
        assert "冰糖橙" in page
        assert "周三采摘" in page

    def test_an_empty_market_says_what_to_do(self, reader: Client) -> None:
        page = text(reader, "/")
        assert 'href="/calendar/"' in page
        assert 'class="empty"' in page

    def test_shows_no_sold_out_produce(self, reader: Client, oranges: Listing) -> None:
        card = card_of(oranges)
        card.sold_out = True
        card.save()
        assert "冰糖橙" not in text(reader, "/")


class TestCategory:
    def test_filters_by_township_and_village(
        self, reader: Client, oranges: Listing, pomelos: Listing
    ) -> None:
        for place in ("430722101000", "430722101202"):
            page = text(reader, f"/c/shui-guo/?place={place}")
            assert card_of(pomelos).get_absolute_url() in page
            assert card_of(oranges).get_absolute_url() not in page

    def test_filters_by_month(
        self, reader: Client, oranges: Listing, to_hunan: object
    ) -> None:
        peaches = offers.listing_on_sale(crop="黄桃", freight_template=to_hunan)
        page = text(reader, "/c/shui-guo/?month=8")
        assert address(peaches) in page
        assert address(oranges) not in page

    def test_sorts_by_price(
        self, reader: Client, oranges: Listing, pomelos: Listing
    ) -> None:
        page = text(reader, "/c/shui-guo/?sort=price")
        assert page.index(address(pomelos)) < page.index(address(oranges))

    @pytest.mark.parametrize(
        "nonsense",
        ["place=x'", "month=13", "month=十一", "sort=;drop", "after=1.", "before=a.b"],
    )
    def test_ignores_nonsense_in_the_address(
        self, reader: Client, oranges: Listing, nonsense: str
    ) -> None:
        assert address(oranges) in text(reader, f"/c/shui-guo/?{nonsense}")

    def test_an_unknown_category_is_not_there(self, reader: Client) -> None:
        assert reader.get("/c/che-lun/").status_code == 404

    def test_says_so_where_nothing_is_left(
        self, reader: Client, oranges: Listing
    ) -> None:
        assert 'class="empty"' in text(reader, "/c/shui-guo/?month=5")


class TestProduct:
    def test_says_price_unit_price_freight_and_returns(
        self, reader: Client, oranges: Listing
    ) -> None:
        page = text(reader, address(oranges))
        for words in ("¥29.00", "¥5.80", "¥6，满 ¥99", "周三采摘", "七天无理由"):
            assert words in page
        assert f'action="/basket/add/{oranges.product_id}/"' in page

    def test_freight_to_another_province(
        self, reader: Client, oranges: Listing
    ) -> None:
        assert "到北京 ¥10" in text(reader, address(oranges) + "?to=11")
        assert "西藏暂不发货" in text(reader, address(oranges) + "?to=54")
        assert "到湖南 ¥6" in text(reader, address(oranges) + "?to=99")

    def test_another_slug_leads_to_the_right_address(
        self, reader: Client, oranges: Listing
    ) -> None:
        response = reader.get(f"/p/xyz-{oranges.product_id}/")
        assert (response.status_code, response.headers["Location"]) == (
            301,
            address(oranges),
        )

    def test_a_sold_out_product_cannot_be_put_into_the_basket(
        self, reader: Client, oranges: Listing
    ) -> None:
        card = card_of(oranges)
        card.left, card.sold_out = 0, True
        card.save()
        page = text(reader, address(oranges))
        assert "这批卖完了" in page
        assert "/basket/add/" not in page

    def test_an_ended_offer_says_so(self, reader: Client, oranges: Listing) -> None:
        end_listing(listing=oranges, by=None, at=AT)
        page = text(reader, address(oranges))
        assert "已下架" in page
        assert "/basket/add/" not in page
        assert "noindex" in page

    def test_a_recalled_lot_warns_and_cannot_be_bought(
        self, reader: Client, oranges: Listing
    ) -> None:
        card = card_of(oranges)
        card.recalled = True
        card.save()
        page = text(reader, address(oranges))
        assert "已召回" in page
        assert "/basket/add/" not in page

    def test_what_people_wrote_is_never_markup(
        self, reader: Client, oranges: Listing
    ) -> None:
        Listing.objects.filter(pk=oranges.pk).update(
            description="<p onclick=alert(2)>甜</p><script>alert(1)</script>"
        )
        refresh_card(product_id=oranges.product_id)
        page = text(reader, address(oranges))
        assert "alert(1)" not in page
        assert "<p>甜</p>" in page

    def test_shows_other_packs_of_the_same_grower(
        self, reader: Client, oranges: Listing
    ) -> None:
        bigger = offers.listing_on_sale(
            price_fen=5200, pack_g=5000, freight_template=oranges.freight_template
        )
        page = text(reader, address(oranges))
        assert address(bigger) in page
        assert "10斤装" in page

    def test_names_a_size_once_however_often_it_is_offered(
        self, reader: Client, oranges: Listing
    ) -> None:
        again = offers.listing_on_sale(freight_template=oranges.freight_template)
        assert 'id="packs"' not in text(reader, address(oranges))
        offers.listing_on_sale(
            price_fen=5200, pack_g=5000, freight_template=oranges.freight_template
        )
        for offer in (oranges, again):
            page = text(reader, address(offer))
            sizes = page[page.index('id="packs"') :].split("</section>")[0]
            assert sizes.count("5斤装") == 1
            assert f'href="{address(offer)}" aria-current="page"' in sizes

    def test_tells_two_things_of_one_size_apart(
        self, reader: Client, oranges: Listing
    ) -> None:
        offers.listing_on_sale(
            title="冰糖橙 小果",
            price_fen=2500,
            freight_template=oranges.freight_template,
        )
        page = text(reader, address(oranges))
        sizes = page[page.index('id="packs"') :].split("</section>")[0]
        assert "冰糖橙 小果 5斤装" in sizes


class TestPlaces:
    def test_villages_stand_under_their_township(
        self, reader: Client, oranges: Listing, pomelos: Listing
    ) -> None:
        page = text(reader, "/villages/")
        assert page.index("示例101镇") < page.index("远村")

    def test_a_village_shows_its_growers_by_family_name(
        self, reader: Client, oranges: Listing
    ) -> None:
        assert oranges.farmer is not None
        page = text(reader, f"/v/{oranges.village_id}/")
        assert "王**" in page
        assert oranges.farmer.name not in page

    def test_a_township_is_no_village(self, reader: Client, oranges: Listing) -> None:
        assert reader.get("/v/430722108000/").status_code == 404

    def test_a_farmer_without_offers_has_no_page(self, reader: Client) -> None:
        quiet = offers.farmer(called="静叔")
        assert (
            reader.get(reverse("storefront:farmer", args=[quiet.pk])).status_code == 404
        )

    def test_a_farmer_whose_offers_ended_keeps_the_page(
        self, reader: Client, oranges: Listing
    ) -> None:
        end_listing(listing=oranges, by=None, at=AT)
        assert 'class="empty"' in text(reader, f"/farmers/{oranges.farmer_id}/")


class TestCalendar:
    def test_shows_this_months_crops_and_marks_what_is_sold(
        self, reader: Client, oranges: Listing
    ) -> None:
        page = text(reader, "/calendar/")
        assert "11月采收" in page
        assert "/search/?q=%E5%86%B0%E7%B3%96%E6%A9%99" in page

    def test_another_month(self, reader: Client, oranges: Listing) -> None:
        page = text(reader, "/calendar/?month=7")
        assert "7月采收" in page
        assert "黄桃" in page


class TestKeysetPages:
    def test_walk_through_everything_once_and_back(self, to_hunan: object) -> None:
        made = {
            offers.listing_on_sale(
                freight_template=to_hunan,
                # Several of the same second and price: the key alone decides.
                at=offers.NOW - timedelta(hours=number // 3),
                price_fen=2000 + number // 3,
            ).product_id
            for number in range(11)
        }
        cards = queries.ProductCard.objects.on_sale()
        for sort in queries.SORTS:
            seen: list[int] = []
            page = queries.card_page(cards, sort=sort, size=4)
            while True:
                seen += [card.product_id for card in page.cards]
                if not page.after:
                    break
                page = queries.card_page(cards, sort=sort, after=page.after, size=4)
            assert len(seen) == len(set(seen)) == 11
            assert set(seen) == made
            back = queries.card_page(cards, sort=sort, before=page.before, size=4)
            assert [card.product_id for card in back.cards] == seen[4:8]
            assert queries.card_page(cards, sort=sort, size=4).before == ""


class TestReading:
    def test_remembers_language_and_letters(self, reader: Client) -> None:
        response = reader.post("/reading/", {"language": "en", "next": "/villages/"})
        assert response.headers["Location"] == "/villages/"
        reader.post("/reading/", {"type": "large", "next": "/"})
        page = text(reader, "/")
        assert '<html lang="en" data-type="large">' in page
        reader.post("/reading/", {"type": "", "next": "/"})
        assert "data-type" not in text(reader, "/")

    def test_never_leads_to_another_site(self, reader: Client) -> None:
        response = reader.post("/reading/", {"next": "https://example.com/"})
        assert response.headers["Location"] == "/"

    def test_knows_only_our_languages(self, reader: Client) -> None:
        assert not reader.post("/reading/", {"language": "xx"}).cookies


class TestErrorPages:
    def test_a_page_that_is_not_there(self, reader: Client) -> None:
        response = reader.get("/nowhere/")
        assert response.status_code == 404
        assert "没有这个页面" in response.content.decode()

    def test_an_address_that_only_buttons_use(self, reader: Client) -> None:
        response = reader.get("/logout/")
        assert response.status_code == 405
        assert response["Allow"] == "POST"
        assert "这个地址没有可看的内容" in response.content.decode()

    @pytest.mark.parametrize("address", ["/v/%00/", "/search/?q=%00", "/search/?%00=1"])
    def test_an_address_that_nobody_can_type(
        self, reader: Client, address: str
    ) -> None:
        response = reader.get(address)
        assert response.status_code == 400
        assert "没能读懂" in response.content.decode()

    def test_a_form_or_a_cookie_that_nobody_can_send(self, reader: Client) -> None:
        assert reader.post("/login/", {"phone": "1\x00"}).status_code == 400
        assert reader.post("/login/", {"phone": "1"}).status_code == 200
        reader.cookies["sessionid"] = "a" * 32 + "\x00"
        assert reader.get("/me/").status_code == 400

    def test_a_file_without_end(self, reader: Client, settings: Any) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        response = reader.post("/login/", {"phone": "1" * 200})
        assert response.status_code == 400
        assert "没能读懂" in response.content.decode()

    def test_a_form_without_its_token(self, oranges: Listing) -> None:
        strict = Client(enforce_csrf_checks=True, headers={"accept-language": "zh-CN"})
        response = strict.post(f"/basket/add/{oranges.product_id}/", {"quantity": 1})
        assert response.status_code == 403
        assert "开得太久" in response.content.decode()

    def test_our_own_mistake(
        self, monkeypatch: pytest.MonkeyPatch, oranges: Listing
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("no")

        monkeypatch.setattr(queries, "townships", broken)
        quiet = Client(
            raise_request_exception=False, headers={"accept-language": "zh-CN"}
        )
        response = quiet.get("/villages/")
        assert response.status_code == 500
        assert "出了点问题" in response.content.decode()
        assert len(front.pages) == 0


def test_today_is_the_day_of_the_fixtures() -> None:
    assert offers.NOW.date() == TODAY


class TestGiven:
    def test_home_says_what_supermarkets_gave(
        self, reader: Client, oranges: Listing, accrual: Accrual
    ) -> None:
        page = text(reader, "/")
        assert "2026年10月帮扶公示" in page
        assert "¥25.01" in page
        assert 'href="/board/"' in page

    def test_home_is_silent_while_nobody_gave(
        self, reader: Client, oranges: Listing
    ) -> None:
        assert "帮扶公示</h2>" not in text(reader, "/")

    def test_a_product_says_what_it_sends_to_households(
        self,
        reader: Client,
        to_hunan: FreightTemplate,
        agreement: Agreement,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        shared = offers.listing_on_sale(
            freight_template=to_hunan,
            supermarket=agreement.supermarket,
            margin_bp=1_000,
        )
        where = address(shared)
        with django_assert_max_num_queries(5):
            page = text(reader, where)
        # A tenth of ¥29.00 is its margin, a twentieth of that the households'.
        assert "¥0.15" in page
        assert "2 户家庭" in page
