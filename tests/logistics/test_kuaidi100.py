"""快递100's protocol: what we send, what its answers mean, which pushes are real."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import md5
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from logistics.carriers import http
from logistics.carriers.base import (
    CarrierRefused,
    CarrierUnknown,
    Contact,
    Order,
    PushRefused,
)
from logistics.carriers.kuaidi100 import Kuaidi100, sign
from tests.factories.parcels import TestCarrier, travelling_parcel

ORDER = Order(
    order_id="a" * 32,
    carrier="zhongtong",
    sender=Contact(
        "永固村服务站", "07362600000", "湖南省常德市汉寿县…", "湖南省-常德市"
    ),
    recipient=Contact("李示例", "10000000001", "岳麓区尖山路", "湖南省-长沙市"),
    cargo="农产品",
    weight_g=2_605,
)
Answers = Callable[..., None]


class Station:
    """A web server that answers what it is told and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.status, self.body, self.location = 200, b"{}", ""
        station = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                station.asked.append((self.path, dict(parse_qsl(body))))
                self.send_response(station.status)
                if station.location:
                    self.send_header("Location", station.location)
                self.end_headers()
                self.wfile.write(station.body)

            def do_GET(self) -> None:
                # Whoever follows a redirect gets an answer that looks right.
                station.asked.append((self.path, {}))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"code": 200, "data": {"kuaidinum": "ZT1"}}')

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def says(self, answer: object, status: int = 200) -> None:
        text = isinstance(answer, bytes)
        self.body = answer if text else json.dumps(answer).encode()  # type: ignore[assignment]
        self.status = status


@pytest.fixture(scope="module")
def running() -> Iterator[Station]:
    station = Station()
    yield station
    station.server.shutdown()
    station.server.server_close()


@pytest.fixture
def station(running: Station) -> Station:
    running.asked.clear()
    running.location = ""
    return running


@pytest.fixture
def client100(station: Station) -> Kuaidi100:
    return Kuaidi100(
        key="KEY",
        customer="CUSTOMER",
        secret="SECRET",
        order_url=f"{station.url}/label/order",
        poll_url=f"{station.url}/poll",
        callback="https://market.example/carriers/push/kuaidi100/",
        accounts={"zhongtong": {"partnerId": "1001", "partnerKey": "k"}},
        timeout_seconds=1,
    )


def test_signs_as_its_documents_say() -> None:
    # echo -n 'paramkeycustomer' | md5sum
    assert sign("param", "key", "customer") == "785D5D0008316A620B0781B634E22C6B"


class TestBook:
    def test_sends_a_signed_order_that_may_be_repeated(
        self, client100: Kuaidi100, station: Station
    ) -> None:
        station.says({"code": 200, "data": {"kuaidinum": "ZT1", "taskId": "T1"}})
        booked = client100.book(ORDER)
        assert (booked.waybill, booked.task_id) == ("ZT1", "T1")
        path, form = station.asked[0]
        assert path == "/label/order"
        raw = form["param"] + form["t"] + "KEY" + "SECRET"
        assert form["sign"] == md5(raw.encode()).hexdigest().upper()
        assert (form["method"], form["key"]) == ("order", "KEY")
        param = json.loads(form["param"])
        # 48 hours long, the same orderId with reorder false is the same order.
        assert (param["orderId"], param["reorder"]) == (ORDER.order_id, False)
        assert (param["kuaidicom"], param["weight"]) == ("zhongtong", "2.605")
        assert param["recMan"]["mobile"] == "10000000001"
        assert (param["partnerId"], param["printType"]) == ("1001", "NON")

    @pytest.mark.parametrize("code", [30001, 30002, 30004])
    def test_a_refusal_is_a_refusal(
        self, client100: Kuaidi100, station: Station, code: int
    ) -> None:
        station.says({"code": code, "success": False, "message": "账号单量不足"})
        with pytest.raises(CarrierRefused, match="账号单量不足"):
            client100.book(ORDER)

    @pytest.mark.parametrize(
        ("answer", "status"),
        [
            ({"code": -1, "message": "服务器错误"}, 200),
            ({"code": 500}, 200),
            ({"code": 200, "data": {}}, 200),
            ({"code": 200, "data": {"kuaidinum": ""}}, 200),
            ({"code": 200, "data": None}, 200),
            ({"code": 200, "data": {"kuaidinum": "ZT1"}}, 502),
            ({"code": 30001}, 500),
            ([], 200),
            (b"<html>", 200),
            (b"", 200),
            ({}, 302),
        ],
    )
    def test_everything_else_leaves_the_outcome_open(
        self, client100: Kuaidi100, station: Station, answer: object, status: int
    ) -> None:
        station.says(answer, status)
        station.location = f"{station.url}/elsewhere" if status == 302 else ""
        with pytest.raises(CarrierUnknown):
            client100.book(ORDER)
        assert len(station.asked) == 1, "no redirect is followed"

    def test_nobody_there_leaves_it_open_too(self) -> None:
        with pytest.raises(CarrierUnknown):
            http.post_form("http://127.0.0.1:9/", {"a": "b"}, timeout_seconds=1)
        with pytest.raises(ValueError, match="web address"):
            http.post_form("file:///etc/passwd", {}, timeout_seconds=1)


class TestSubscribe:
    @pytest.mark.parametrize("code", ["200", "501"])
    def test_asks_for_pushes_with_a_salt_of_its_own(
        self, client100: Kuaidi100, station: Station, code: str
    ) -> None:
        station.says({"result": code == "200", "returnCode": code, "message": ""})
        client100.subscribe(order=ORDER, waybill="ZT1")
        client100.subscribe(order=ORDER, waybill="ZT2")
        path, form = station.asked[0]
        assert (path, form["schema"]) == ("/poll", "json")
        param = json.loads(form["param"])
        assert (param["company"], param["number"]) == ("zhongtong", "ZT1")
        wishes = param["parameters"]
        assert wishes["callbackurl"].endswith("/carriers/push/kuaidi100/")
        assert len(wishes["salt"]) == 32
        other = json.loads(station.asked[1][1]["param"])["parameters"]["salt"]
        assert wishes["salt"] != other
        # The last four digits are enough for it, so it gets no more.
        assert wishes["phone"] == "0001"

    @pytest.mark.parametrize(
        ("code", "error"),
        [
            ("700", CarrierRefused),
            ("600", CarrierRefused),
            ("500", CarrierUnknown),
            ("999", CarrierUnknown),
        ],
    )
    def test_tells_no_from_perhaps(
        self,
        client100: Kuaidi100,
        station: Station,
        code: str,
        error: type[Exception],
    ) -> None:
        station.says({"result": False, "returnCode": code, "message": "x"})
        with pytest.raises(error):
            client100.subscribe(order=ORDER, waybill="ZT1")


def row(at: str, context: str, code: str = "", named: str = "") -> dict[str, str]:
    return {
        "time": at,
        "ftime": at,
        "context": context,
        "status": named,
        "statusCode": code,
        "areaName": "湖南,长沙市,岳麓区",
    }


class TestTrack:
    def ask(self, client100: Kuaidi100) -> Any:
        return client100.track(carrier="zhongtong", waybill="ZT1", phone="10000000001")

    def test_reads_what_happened_oldest_first_in_beijings_time(
        self, client100: Kuaidi100, station: Station
    ) -> None:
        station.says(
            {
                "message": "ok",
                "status": "200",
                "state": "3",
                "nu": "ZT1",
                "com": "zhongtong",
                "data": [
                    row("2026-11-24 13:00:00", "本人签收", "301"),
                    row("2026-11-22 14:00:00", "已揽收", "1"),
                ],
            }
        )
        first, last = self.ask(client100)
        assert (first.kind, last.kind) == ("collected", "delivered")
        assert first.happened_at == datetime(2026, 11, 22, 6, tzinfo=UTC)
        assert (last.text, last.place) == ("本人签收", "湖南长沙市岳麓区")
        form = station.asked[0][1]
        raw = form["param"] + "KEY" + "CUSTOMER"
        assert form["sign"] == md5(raw.encode()).hexdigest().upper()
        assert json.loads(form["param"])["phone"] == "0001"

    @pytest.mark.parametrize(
        ("code", "named", "kind"),
        [
            ("0", "", "in_transit"),
            ("1001", "", "in_transit"),
            ("103", "", "collected"),
            ("5", "", "out_for_delivery"),
            ("501", "", "out_for_delivery"),
            ("304", "", "delivered"),
            ("4", "", "returned"),
            ("401", "", "returned"),
            ("6", "", "returning"),
            ("14", "", "refused"),
            ("203", "", "refused"),
            ("208", "", "problem"),
            ("", "签收", "delivered"),
            ("", "派件", "out_for_delivery"),
            ("", "退回", "returning"),
            ("77", "", "in_transit"),
        ],
    )
    def test_knows_its_states(
        self,
        client100: Kuaidi100,
        station: Station,
        code: str,
        named: str,
        kind: str,
    ) -> None:
        rows = [row("2026-11-22 14:00:00", "x", code, named)]
        station.says({"status": "200", "nu": "ZT1", "state": "0", "data": rows})
        assert [event.kind for event in self.ask(client100)] == [kind]

    def test_rows_without_states_take_the_parcels_for_the_newest(
        self, client100: Kuaidi100, station: Station
    ) -> None:
        rows = [row("2026-11-24 13:00:00", "b"), row("2026-11-22 14:00:00", "a")]
        station.says({"status": "200", "nu": "ZT1", "state": "3", "data": rows})
        assert [event.kind for event in self.ask(client100)] == [
            "in_transit",
            "delivered",
        ]

    def test_an_order_not_yet_collected_is_no_news(
        self, client100: Kuaidi100, station: Station
    ) -> None:
        rows = [row("2026-11-22 14:00:00", "待揽收", "102")]
        station.says({"status": "200", "nu": "ZT1", "state": "1", "data": rows})
        assert self.ask(client100) == []
        station.says({"result": False, "returnCode": "500", "message": "查询无结果"})
        assert self.ask(client100) == []

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ({"returnCode": "601", "message": "KEY已过期"}, CarrierRefused),
            ({"returnCode": "503"}, CarrierUnknown),
            ({"status": "200", "nu": "OTHER", "data": []}, CarrierUnknown),
            ({"status": "200", "nu": "ZT1", "data": "x"}, CarrierUnknown),
            ({"status": "200", "nu": "ZT1", "data": [{"time": "?"}]}, CarrierUnknown),
        ],
    )
    def test_what_cannot_be_read_is_not_guessed(
        self,
        client100: Kuaidi100,
        station: Station,
        answer: object,
        error: type[Exception],
    ) -> None:
        station.says(answer)
        with pytest.raises(error):
            self.ask(client100)


def pushed(waybill: str, *, com: str = "shilikuaidi", **more: object) -> str:
    result = {
        "nu": waybill,
        "com": com,
        "state": "3",
        "data": [row("2026-11-24 13:00:00", "本人签收", "3")],
    }
    return json.dumps(
        {"status": "shutdown", "lastResult": result, **more}, ensure_ascii=False
    )


def signature(param: str, waybill: str) -> str:
    return sign(param, Kuaidi100.configured()._salt(waybill))


def _row(**told: object) -> str:
    return pushed("WAYBILL").replace(
        json.dumps(row("2026-11-24 13:00:00", "本人签收", "3"), ensure_ascii=False),
        json.dumps(row("2026-11-24 13:00:00", "本人签收", "3") | told),
    )


# JSON that a parser takes, or gives up on in its own way.
MALFORMED = [
    "[" * 100_000,
    pushed("WAYBILL", deep="DEEP").replace('"DEEP"', "[" * 50_000 + "]" * 50_000),
    _row(context="DEEP").replace('"DEEP"', "[" * 900 + "]" * 900),
    _row(context="\ud800 本人签收"),
    _row(context="NUL \x00"),
    _row(areaName="\udfff"),
    _row(ftime="9" * 40, time="9" * 40),
    pushed("WAYBILL", com="SHORT").replace("SHORT", "\\ud800"),
    pushed("WAYBILL", comOld="NUL").replace("NUL", "\\u0000"),
    pushed("HALF").replace("HALF", "\\ud800"),
    pushed("WAYBILL", n="LONG").replace('"LONG"', "9" * 5_000),
]


class TestReadPush:
    def read(self, param: str, signed: str) -> Any:
        return Kuaidi100.configured().read_push({"param": param, "sign": signed})

    def test_takes_what_is_signed_with_this_waybills_salt(self) -> None:
        param = pushed("ZT1")
        push = self.read(param, signature(param, "ZT1"))
        assert (push.carrier, push.waybill) == ("shilikuaidi", "ZT1")
        assert [event.kind for event in push.events] == ["delivered"]
        assert self.read(param, signature(param, "ZT1").lower()).waybill == "ZT1"

    def test_knows_a_corrected_company_by_the_old_one(self) -> None:
        param = pushed("ZT1", com="yunda", comOld="shilikuaidi", autoCheck="1")
        assert self.read(param, signature(param, "ZT1")).carrier == "shilikuaidi"

    @pytest.mark.parametrize(
        "signed",
        [
            "",
            "0" * 32,
            "不是签名",
            md5(pushed("ZT1").encode()).hexdigest(),
            signature(pushed("ZT1"), "ZT2"),
            signature(pushed("ZT1") + " ", "ZT1"),
        ],
    )
    def test_refuses_every_other_signature(self, signed: str) -> None:
        with pytest.raises(PushRefused):
            self.read(pushed("ZT1"), signed)

    @pytest.mark.parametrize(
        "param",
        [
            "",
            "{",
            "[]",
            "{}",
            '{"lastResult": null}',
            '{"lastResult": {"nu": "ZT1"}}',
            '{"lastResult": {"nu": "ZT1", "com": "x", "data": [1]}}',
            '{"lastResult": {"nu": "ZT1", "com": "x", "data": [{"time": ""}]}}',
            " " * 300_000,
        ],
    )
    def test_refuses_what_it_cannot_read_even_signed(self, param: str) -> None:
        with pytest.raises(PushRefused):
            self.read(param, signature(param, "ZT1"))


@pytest.mark.django_db
class TestThePushAddress:
    url = "/carriers/push/kuaidi100/"

    def send(self, client: Client, param: str, signed: str) -> Any:
        return client.post(self.url, {"param": param, "sign": signed})

    def test_moves_the_parcel_and_says_so(
        self, client: Client, time_machine_noon: Any
    ) -> None:
        time_machine_noon(hours=60)
        parcel = travelling_parcel()
        param = pushed(parcel.waybill)
        answer = self.send(client, param, signature(param, parcel.waybill))
        assert answer.json() == {
            "result": True,
            "returnCode": "200",
            "message": "成功",
        }
        parcel.refresh_from_db()
        assert parcel.status == "delivered"
        again = self.send(client, param, signature(param, parcel.waybill))
        assert again.status_code == 200
        assert parcel.events.filter(kind="delivered").count() == 1

    def test_a_forgery_is_refused_without_asking_the_database(
        self,
        client: Client,
        time_machine_noon: Any,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        time_machine_noon(hours=60)
        parcel, other = travelling_parcel(), travelling_parcel()
        param = pushed(parcel.waybill)
        for forged in ("", "A" * 32, signature(param, other.waybill)):
            with django_assert_num_queries(0):
                assert self.send(client, param, forged).status_code == 403
        parcel.refresh_from_db()
        assert parcel.status == "handed_over"

    @pytest.mark.parametrize("told", MALFORMED)
    def test_refuses_what_no_carrier_writes_even_signed(
        self, client: Client, time_machine_noon: Any, told: str
    ) -> None:
        time_machine_noon(hours=60)
        parcel = travelling_parcel()
        param = told.replace("WAYBILL", parcel.waybill)
        answer = self.send(client, param, signature(param, parcel.waybill))
        assert answer.status_code == 403
        assert answer.json()["result"] is False
        parcel.refresh_from_db()
        assert parcel.status == "handed_over"

    @pytest.mark.parametrize("day", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
    def test_a_day_beyond_every_calendar_moves_nothing(
        self, client: Client, time_machine_noon: Any, day: str
    ) -> None:
        time_machine_noon(hours=60)
        parcel = travelling_parcel()
        param = pushed(parcel.waybill).replace("2026-11-24 13:00:00", day)
        answer = self.send(client, param, signature(param, parcel.waybill))
        assert answer.status_code == 200
        parcel.refresh_from_db()
        assert parcel.status == "handed_over"

    def test_a_waybill_not_known_yet_may_come_again(self, client: Client) -> None:
        param = pushed("ZT404")
        answer = self.send(client, param, signature(param, "ZT404"))
        assert (answer.status_code, answer.json()["result"]) == (404, False)

    def test_only_posts_and_only_known_interfaces(self, client: Client) -> None:
        assert client.get(self.url).status_code == 405
        assert client.post("/carriers/push/other/", {}).status_code == 404

    def test_needs_no_token_of_ours(self, time_machine_noon: Any) -> None:
        time_machine_noon(hours=60)
        parcel = travelling_parcel(carrier=TestCarrier())
        param = pushed(parcel.waybill)
        strict = Client(enforce_csrf_checks=True)
        answer = self.send(strict, param, signature(param, parcel.waybill))
        assert answer.status_code == 200
