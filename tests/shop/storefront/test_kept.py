"""Kept pages: quick, the same for everybody, and never a moment too old."""

import gzip
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client, RequestFactory

from shop.listings.models import Listing
from shop.listings.operations.sale import set_price
from shop.ordering.signals import stock_moved
from shop.storefront import kept, queries
from shop.storefront.front import LONGEST_QUERY, KeptMiddleware, pages
from shop.storefront.kept import KeptPage, Pages, Versions, keep
from tests.factories import listings as offers
from tests.factories.people import new_user
from tests.shop.storefront.conftest import card_of

pytestmark = pytest.mark.django_db
AT = offers.NOW + timedelta(hours=1)


def made_again(client: Client, where: str, **headers: str) -> bool:
    """Whether the page had to be drawn."""
    with mock.patch("shop.storefront.views.render", wraps=kept_render) as drawn:
        assert client.get(where, headers=headers).status_code == 200
    return bool(drawn.called)


def kept_render(*args: object, **kwargs: object) -> HttpResponse:
    from django.shortcuts import render

    return render(*args, **kwargs)  # type: ignore[arg-type]


class TestKeeping:
    def test_the_second_reader_gets_the_same_page(
        self, reader: Client, oranges: Listing
    ) -> None:
        first = reader.get("/")
        assert not made_again(reader, "/")
        again = reader.get("/")
        assert again.content == first.content
        assert again.headers["ETag"] == first.headers["ETag"]
        for name in ("Content-Type", "Content-Security-Policy", "X-Frame-Options"):
            assert again.headers[name] == first.headers[name]

    def test_a_new_price_is_on_the_very_next_page(
        self, reader: Client, oranges: Listing
    ) -> None:
        where = card_of(oranges).get_absolute_url()
        for page in ("/", "/c/shui-guo/", where):
            assert "¥29.00" in reader.get(page).content.decode()
        set_price(listing=oranges, price_fen=3500, at=AT)
        for page in ("/", "/c/shui-guo/", where):
            assert "¥35.00" in reader.get(page).content.decode()

    def test_without_the_version_it_would_be_stale(
        self, reader: Client, oranges: Listing
    ) -> None:
        reader.get("/")
        with mock.patch.object(Versions, "hold", return_value=True):
            set_price(listing=oranges, price_fen=3500, at=AT)
            assert "¥35.00" not in reader.get("/").content.decode()

    def test_an_order_renews_its_product_and_leaves_the_rest(
        self, reader: Client, oranges: Listing, pomelos: Listing
    ) -> None:
        where = card_of(oranges).get_absolute_url()
        other = card_of(pomelos).get_absolute_url()
        for page in ("/", where, other):
            reader.get(page)
        from oscar.core.loading import get_model

        get_model("partner", "StockRecord").objects.filter(
            product_id=oranges.product_id
        ).update(num_allocated=7)
        stock_moved.send(sender=None, product_ids=[oranges.product_id])
        assert "还有 113 份" in reader.get(where).content.decode()
        assert not made_again(reader, other)
        assert not made_again(reader, "/")

    def test_a_change_while_it_is_drawn_makes_it_old(
        self, reader: Client, oranges: Listing
    ) -> None:
        def meanwhile(*args: object, **kwargs: object) -> list[object]:
            cards = queries_weeks(*args, **kwargs)
            set_price(listing=oranges, price_fen=3500, at=AT)
            return cards

        queries_weeks = queries.weeks_harvest
        with mock.patch.object(queries, "weeks_harvest", meanwhile):
            assert "¥29.00" in reader.get("/").content.decode()
        assert "¥35.00" in reader.get("/").content.decode()

    def test_a_new_day_makes_a_new_page(self, reader: Client, oranges: Listing) -> None:
        assert "周三采摘" in reader.get("/").content.decode()
        with time_machine.travel(offers.NOW + timedelta(days=1), tick=False):
            assert "明天采摘" in reader.get("/").content.decode()

    def test_what_no_version_counts_is_at_most_five_minutes_old(
        self, reader: Client, oranges: Listing
    ) -> None:
        reader.get("/")
        later = kept.monotonic() + kept.KEEP_SECONDS + 1
        with mock.patch.object(kept, "monotonic", return_value=later):
            assert made_again(reader, "/")

    def test_languages_and_letters_are_kept_apart(
        self, reader: Client, oranges: Listing
    ) -> None:
        assert "村庄" in reader.get("/").content.decode()
        english = Client(headers={"accept-language": "en"})
        assert "Villages" in english.get("/").content.decode()
        reader.cookies["type"] = "large"
        assert "data-type" in reader.get("/").content.decode()
        del reader.cookies["type"]
        assert "data-type" not in reader.get("/").content.decode()


class TestWhoseItIs:
    def test_somebody_logged_in_gets_and_makes_everybodys_page(
        self, reader: Client, oranges: Listing
    ) -> None:
        member = Client(headers={"accept-language": "zh-CN"})
        member.force_login(new_user(name="陈示例"))
        first = member.get("/")
        assert not made_again(reader, "/")
        assert reader.get("/").content == first.content
        assert not first.cookies

    def test_a_page_with_a_cookie_is_nobody_elses(self) -> None:
        response = keep(HttpResponse("mine"), market=1)
        assert KeptPage.of(response) is not None
        response.set_cookie("sessionid", "x")
        assert KeptPage.of(response) is None

    def test_a_page_that_looked_at_the_session_is_nobody_elses(self) -> None:
        response = keep(HttpResponse("mine", headers={"Vary": "Cookie"}), market=1)
        assert KeptPage.of(response) is None

    def test_only_what_was_handed_over_is_kept(
        self, reader: Client, oranges: Listing
    ) -> None:
        reader.get("/basket/badge/")
        reader.get("/nowhere/")
        assert len(pages) == 0

    def test_an_endless_address_is_not_kept(
        self, reader: Client, oranges: Listing
    ) -> None:
        reader.get("/", {"utm": "x" * LONGEST_QUERY})
        assert len(pages) == 0

    def test_a_post_goes_through(self) -> None:
        seen: list[str] = []

        def inner(request: object) -> HttpResponse:
            seen.append("asked")
            return HttpResponse("done")

        KeptMiddleware(inner)(RequestFactory().post("/"))
        assert seen == ["asked"]


class TestAnswer:
    def test_an_unchanged_page_is_a_304(self, reader: Client, oranges: Listing) -> None:
        tag = reader.get("/").headers["ETag"]
        again = reader.get("/", headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        assert reader.get("/", headers={"if-none-match": '"x"'}).status_code == 200

    def test_is_compressed_once_for_who_takes_it(
        self, reader: Client, oranges: Listing
    ) -> None:
        plain = reader.get("/")
        with mock.patch.object(kept.gzip, "compress") as again:
            packed = reader.get("/", headers={"accept-encoding": "br, gzip"})
        again.assert_not_called()
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.content) == plain.content
        assert int(packed.headers["Content-Length"]) == len(packed.content)
        assert "Accept-Encoding" in packed.headers["Vary"]
        refused = reader.get("/", headers={"accept-encoding": "gzip;q=0, br"})
        assert "Content-Encoding" not in refused.headers

    def test_head_has_no_body(self, reader: Client, oranges: Listing) -> None:
        whole = reader.get("/")
        head = reader.head("/")
        assert head.content == b""
        assert head.headers["Content-Length"] == str(len(whole.content))


class TestPages:
    def page(self, size: int) -> KeptPage:
        return KeptPage(Versions(1), 0.0, {}, "", b"x" * size, b"")

    def test_throws_out_what_was_not_asked_for_longest(self) -> None:
        few = Pages(most_pages=2)
        for name in ("a", "b"):
            few.put(name, self.page(1))
        few.get("a")
        few.put("c", self.page(1))
        assert few.get("a") is not None
        assert few.get("b") is None

    def test_never_holds_more_bytes_than_it_may(self) -> None:
        small = Pages(most_bytes=100)
        for name in range(10):
            small.put(name, self.page(40))
        assert len(small) == 2
        small.put(9, self.page(10))
        assert len(small) == 2
