"""The web server's door: what is kept, told without Django, is told the same."""

import io
import logging
from typing import Any
from unittest import mock

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError
from django.test import Client, RequestFactory

from partners.organisations.models import Assistant, Farmer
from shop.storefront import front
from shop.users.models import User
from shop.watching import request_ids
from shop.watching.door import Door
from tests.factories.traceability import NOW, new_label
from traceability import operations
from traceability.models import Label, Scan

# As a web server does, the door closes connections that a transaction left open.
pytestmark = pytest.mark.django_db(transaction=True)
CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-CN"}


class Answered:
    """What a web server gets."""

    def __init__(self, method: str, path: str, **environ: str) -> None:
        asked = RequestFactory().generic(method, path, **(CHINESE | environ)).environ
        self.status, self.headers = "", {}
        parts = Door()(asked | {"wsgi.input": io.BytesIO()}, self._start)
        self.body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()

    def _start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        assert len({name for name, _value in headers}) == len(headers)
        self.status, self.headers = status, dict(headers)


@pytest.fixture
def django_asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that Django's own handler was asked for."""
    asked: list[str] = []
    handler = WSGIHandler.__call__

    def call(self: WSGIHandler, environ: dict[str, Any], start: Any) -> Any:
        asked.append(environ["PATH_INFO"])
        return handler(self, environ, start)

    monkeypatch.setattr(WSGIHandler, "__call__", call)
    return asked


class TestPages:
    def test_made_once_by_django_and_then_told_at_the_door(
        self, django_asked: list[str]
    ) -> None:
        made = Answered("GET", "/villages/")
        again = Answered("GET", "/villages/")
        assert django_asked == ["/villages/"]
        assert (again.status, again.body) == ("200 OK", made.body)

    @pytest.mark.parametrize(
        "headers", [{}, {"HTTP_ACCEPT_ENCODING": "gzip"}, {"HTTP_COOKIE": "type=large"}]
    )
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_the_same_to_the_byte_as_past_the_middleware(
        self, method: str, headers: dict[str, str], django_asked: list[str]
    ) -> None:
        client = Client()
        client.get("/villages/", **(CHINESE | headers))
        response = client.generic(method, "/villages/", **(CHINESE | headers))
        told = Answered(method, "/villages/", **headers)
        assert not django_asked
        assert told.body == response.content
        ours = told.headers | {request_ids.HEADER: ""}
        assert ours == dict(response.headers) | {request_ids.HEADER: ""}

    def test_an_unchanged_page_is_a_304(self, django_asked: list[str]) -> None:
        tag = Answered("GET", "/villages/").headers["ETag"]
        again = Answered("GET", "/villages/", HTTP_IF_NONE_MATCH=tag)
        assert (again.status, again.body) == ("304 Not Modified", b"")
        assert len(django_asked) == 1

    @pytest.mark.parametrize(
        ("method", "path"),
        [("POST", "/villages/"), ("GET", "/healthz"), ("GET", "/nowhere/é/")],
    )
    def test_everything_else_is_djangos(
        self, method: str, path: str, django_asked: list[str]
    ) -> None:
        Answered("GET", "/villages/")
        Answered(method, path)
        assert len(django_asked) == 2

    def test_a_database_that_refuses_is_told_of_by_django(
        self, django_asked: list[str]
    ) -> None:
        Answered("GET", "/villages/")
        with mock.patch.object(front.pages, "get", side_effect=OperationalError):
            assert Answered("GET", "/villages/").status == "200 OK"
        assert len(django_asked) == 2


class TestWatched:
    def test_an_answer_at_the_door_has_its_name_line_and_figure(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        Answered("GET", "/villages/")
        name = "0123456789abcdef" * 2
        caplog.clear()
        with (
            caplog.at_level(logging.INFO, "shop.watching"),
            mock.patch("shop.watching.metrics.request_answered") as counted,
        ):
            told = Answered("GET", "/villages/", HTTP_X_REQUEST_ID=name)
        assert told.headers[request_ids.HEADER] == name
        (line,) = caplog.records
        assert (line.method, line.route, line.status) == (  # type: ignore[attr-defined]
            "GET",
            "storefront:villages",
            200,
        )
        assert counted.call_args.kwargs["route"] == "storefront:villages"
        assert request_ids.current() == ""


class TestScans:
    @pytest.fixture
    def zhao(self, assistant_zhao: Assistant) -> User:
        return assistant_zhao.user

    @pytest.fixture
    def label(self, farmer_wang: Farmer, zhao: User) -> Label:
        return new_label(farmer=farmer_wang, by=zhao)

    def test_told_at_the_door_and_a_recall_on_the_very_next_page(
        self, label: Label, zhao: User, django_asked: list[str]
    ) -> None:
        made = Answered("GET", f"/T/{label.code}")
        again = Answered("GET", f"/T/{label.code}")
        assert again.body == made.body
        assert len(django_asked) == 1
        assert not Scan.objects.exists()
        operations.recall_lot(lot=label.lot, reason="检出", by=zhao, at=NOW)
        assert "检出".encode() in Answered("GET", f"/T/{label.code}").body
        assert len(django_asked) == 2

    def test_the_view_is_spared_a_second_verdict(
        self, label: Label, django_asked: list[str]
    ) -> None:
        with mock.patch(
            "traceability.queries.judge", side_effect=operations.scans.queries.judge
        ) as judged:
            Answered("GET", f"/T/{label.code}")
        assert django_asked
        assert judged.call_count == 1
