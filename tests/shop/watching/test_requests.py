"""Every request has a name: in its answer, on its lines, and no secret beside it."""

import re

import pytest
from django.core.signals import request_finished
from django.test import Client
from django.urls import path

from shop.config import urls
from shop.watching import request_ids
from shop.watching.request_ids import accepted

pytestmark = pytest.mark.django_db
SECRET = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"


def break_down(request, token):
    raise RuntimeError("it broke")


urlpatterns = [
    path("broken/<str:token>/", break_down, name="broken"),
    *urls.urlpatterns,
]


class TestItsName:
    @pytest.mark.parametrize(
        "given", ["0123456789abcdef" * 2, "01234567-89ab-cdef-0123-456789abcdef"]
    )
    def test_a_well_formed_one_is_taken_over(self, client, given):
        answer = client.get("/healthz", headers={"X-Request-ID": given})
        assert answer["X-Request-ID"] == given

    @pytest.mark.parametrize(
        "given",
        [
            "",
            "short",
            "0123456789abcdef" * 3,
            "0123456789abcdef0123456789abcde\n",
            "13800138000",
            '"}{"level":"critical"}0123456789',
            "0123456789abcdefg123456789abcdef",
            "01234567-89ab-cdef-0123456789abcdef0",
        ],
    )
    def test_any_other_is_replaced(self, client, given):
        answer = client.get("/healthz", HTTP_X_REQUEST_ID=given)
        assert answer["X-Request-ID"] != given
        assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-ID"])

    def test_two_requests_have_two(self, client):
        first, second = (client.get("/healthz")["X-Request-ID"] for _ in range(2))
        assert first != second

    def test_it_is_on_kept_pages_and_not_kept_with_them(self, client):
        names = {client.get("/villages/")["X-Request-ID"] for _ in range(4)}
        assert len(names) == 4

    def test_it_ends_with_its_request(self, client):
        client.get("/villages/")
        assert request_ids.current() == ""

    def test_without_the_receiver_it_would_stay(self, client):
        receivers, request_finished.receivers = request_finished.receivers, []
        request_finished.sender_receivers_cache.clear()
        try:
            name = client.get("/villages/")["X-Request-ID"]
            assert request_ids.current() == name
        finally:
            request_finished.receivers = receivers
            request_finished.sender_receivers_cache.clear()

    def test_nothing_is_made_of_an_empty_one(self):
        assert accepted(None) != accepted(None)


class TestItsLine:
    def test_says_method_route_status_and_time(self, client, written):
        name = client.get("/villages/")["X-Request-ID"]
        (line,) = written.of("request")
        assert (line["method"], line["route"]) == ("GET", "storefront:villages")
        assert (line["status"], line["request_id"]) == (200, name)
        assert isinstance(line["ms"], float)

    def test_a_kept_page_has_the_same_route(self, client, written):
        for _ in range(3):
            client.get("/villages/")
        assert {line["route"] for line in written.of("request")} == {
            "storefront:villages"
        }

    def test_a_link_with_a_key_to_a_page_is_not_in_it(self, client, written):
        client.get(f"/confirm/{SECRET}/")
        client.get(f"/orders/26090100000001/{SECRET}/")
        client.get(f"/no/such/page/{SECRET}/")
        assert SECRET not in written.text
        routes = [line["route"] for line in written.of("request")]
        assert routes == ["listings:confirm", "ordering:order", "unmatched"]

    def test_a_strange_method_is_not_spelled_out(self, client, written):
        client.generic("13800138000", "/villages/")
        (line,) = written.of("request")
        assert line["method"] == "OTHER"

    @pytest.mark.urls(__name__)
    def test_what_breaks_has_a_second_line_under_the_same_name(self, written):
        client = Client(raise_request_exception=False)
        answer = client.get(f"/broken/{SECRET}/")
        assert answer.status_code == 500
        (line,) = written.of("Internal Server Error: broken")
        assert line["request_id"] == answer["X-Request-ID"]
        assert "RuntimeError: it broke" in line["exception"]
        assert SECRET not in written.text

    def test_probes_leave_none(self, client, written):
        client.get("/healthz")
        assert written.of("request") == []
