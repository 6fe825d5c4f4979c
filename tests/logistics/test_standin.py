"""The stand-in: speaks 快递100's shape to our client, and plays only in the demo."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.db import close_old_connections
from django.test import Client, override_settings
from django.utils import timezone

from logistics import operations
from logistics.carriers.base import CarrierRefused, CarrierUnknown
from logistics.carriers.http import post_form
from logistics.carriers.kuaidi100 import Kuaidi100
from logistics.carriers.standin import server as standin
from logistics.carriers.standin.__main__ import main
from logistics.carriers.standin.depot import DONE, Depot
from logistics.carriers.standin.offline import OfflineCarrier, usual_way
from logistics.carriers.standin.permission import NotAllowed, require_standin
from logistics.models import Booking, Parcel
from tests.factories.parcels import CARRIER, NOON, packed_parcel
from tests.logistics.test_kuaidi100 import ORDER

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The stand-in at work, its pushes delivered to our own address in this process."""
    depot = Depot(tmp_path / "standin.sqlite3")
    playing = standin.Carrier(depot)
    server = ThreadingHTTPServer(("127.0.0.1", 0), standin.handler_of(playing))
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    with override_settings(KUAIDI100_API_URL=url, KUAIDI100_POLL_URL=url):
        yield playing
    server.shutdown()
    server.server_close()
    close_old_connections()


@pytest.fixture
def pushes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """What the stand-in pushed, and where to; nothing goes over the network."""
    from urllib.parse import parse_qsl

    sent: list[tuple[str, dict[str, str]]] = []

    def urlopen(request: Any, timeout: float) -> Any:
        sent.append((request.full_url, dict(parse_qsl(request.data.decode()))))
        raise OSError("kept back by the test")

    monkeypatch.setattr(standin, "urlopen", urlopen)
    return sent


def hand_over(at: datetime | None = None) -> Parcel:
    at = at or timezone.now()
    return operations.hand_over(
        parcel=packed_parcel(at=at), carrier=CARRIER, at=at, by=None
    )


@pytest.mark.django_db(transaction=True)
class TestAWholeWay:
    def test_from_booking_to_delivery_by_its_own_pushes(
        self, carrier: standin.Carrier, pushes: list[Any], client: Client
    ) -> None:
        parcel = hand_over()
        assert re.fullmatch(r"SL\d{14}", parcel.waybill)
        assert Booking.objects.get().subscribed_at is not None
        while carrier.move(parcel.waybill):
            address, form = pushes[-1]
            assert address.endswith("/carriers/push/kuaidi100/")
            answer = client.post("/carriers/push/kuaidi100/", form)
            assert answer.status_code == 200, answer.content
        parcel.refresh_from_db()
        assert parcel.status == Parcel.Status.DELIVERED
        assert len(pushes) == DONE
        texts = [event.text for event in parcel.events.all()]
        assert any("湖南省常德市汉寿县" in text for text in texts)
        assert any("湖南省长沙市岳麓区" in text for text in texts)
        assert not [text for text in texts if "李示例" in text or "尖山路" in text]

    def test_lost_pushes_are_asked_for(
        self, carrier: standin.Carrier, pushes: list[Any]
    ) -> None:
        parcel = hand_over()
        assert carrier.hurry({"waybill": parcel.waybill})["moved"] == DONE
        parcel.refresh_from_db()
        assert parcel.status == Parcel.Status.HANDED_OVER
        synced = operations.sync_parcel(parcel=parcel, at=timezone.now())
        assert synced.status == Parcel.Status.DELIVERED

    def test_nothing_is_known_before_it_is_collected(
        self, carrier: standin.Carrier, pushes: list[Any]
    ) -> None:
        parcel = hand_over()
        synced = operations.sync_parcel(parcel=parcel, at=timezone.now())
        assert synced.status == Parcel.Status.HANDED_OVER

    def test_a_server_that_is_not_there_leaves_the_booking_open(self) -> None:
        with (
            override_settings(KUAIDI100_API_URL="http://127.0.0.1:9"),
            pytest.raises(operations.HandOverPending),
        ):
            hand_over()
        assert Booking.objects.get().status == Booking.Status.ASKED


@pytest.mark.django_db
class TestTheProtocol:
    def test_the_same_order_id_is_the_same_waybill(
        self, carrier: standin.Carrier
    ) -> None:
        ours = Kuaidi100.configured()
        assert ours.book(ORDER) == ours.book(ORDER)

    def test_a_second_subscription_is_no_error(self, carrier: standin.Carrier) -> None:
        ours = Kuaidi100.configured()
        waybill = ours.book(ORDER).waybill
        ours.subscribe(order=ORDER, waybill=waybill)
        ours.subscribe(order=ORDER, waybill=waybill)
        with pytest.raises(CarrierRefused):
            ours.subscribe(order=ORDER, waybill="SL404")

    @pytest.mark.parametrize("wrong", ["secret", "key"])
    def test_a_wrong_signature_or_key_is_refused(
        self, carrier: standin.Carrier, wrong: str
    ) -> None:
        from dataclasses import replace

        stranger = replace(Kuaidi100.configured(), **{wrong: "wrong"})
        with pytest.raises(CarrierRefused):
            stranger.book(ORDER)
        if wrong == "key":
            with pytest.raises(CarrierRefused):
                stranger.subscribe(order=ORDER, waybill="SL1")
            with pytest.raises(CarrierUnknown):
                stranger.track(carrier="x", waybill="SL1", phone="1")

    def test_an_order_without_its_two_ends_is_refused(
        self, carrier: standin.Carrier
    ) -> None:
        from dataclasses import replace

        nobody = replace(ORDER, recipient=replace(ORDER.recipient, phone=""))
        with pytest.raises(CarrierRefused, match="参数错误"):
            Kuaidi100.configured().book(nobody)

    def test_unknown_doors_lead_nowhere(self, carrier: standin.Carrier) -> None:
        url = Kuaidi100.configured().poll_url.removesuffix("/poll")
        with pytest.raises(CarrierUnknown):
            post_form(f"{url}/elsewhere", {}, timeout_seconds=2)

    def test_remembers_its_parcels_and_nobodys_name(
        self, carrier: standin.Carrier, tmp_path: Path
    ) -> None:
        waybill = Kuaidi100.configured().book(ORDER).waybill
        carrier.move(waybill)
        again = Depot(tmp_path / "standin.sqlite3").find(waybill)
        assert again is not None
        assert again.step == 1
        kept = (tmp_path / "standin.sqlite3").read_bytes()
        for secret in ("李示例", "10000000001", "尖山路"):
            assert secret.encode() not in kept

    def test_moves_subscribed_parcels_by_itself(
        self, carrier: standin.Carrier, pushes: list[Any]
    ) -> None:
        ours = Kuaidi100.configured()
        waybill = ours.book(ORDER).waybill
        ours.subscribe(order=ORDER, waybill=waybill)
        stop = Event()
        thread = Thread(
            target=standin.keep_moving,
            args=(carrier,),
            kwargs={"seconds": 0.01, "stop": stop},
        )
        thread.start()
        for _ in range(1_000):
            if carrier.depot.due(before=datetime.now(UTC) + timedelta(days=1)):
                Event().wait(0.01)
        stop.set()
        thread.join(10)
        found = carrier.depot.find(waybill)
        assert found is not None
        assert found.step == DONE == len(pushes)
        assert carrier.depot.due(before=datetime.now(UTC) + timedelta(days=1)) == []


@pytest.mark.django_db
class TestHistoryWithoutAServer:
    def test_makes_a_whole_way_in_the_past(self) -> None:
        at = NOON - timedelta(days=60)
        parcel = operations.hand_over(
            parcel=packed_parcel(at=at),
            carrier=CARRIER,
            at=at,
            by=None,
            gateway=OfflineCarrier(),
        )
        halfway = usual_way(parcel, until=at + timedelta(hours=20))
        assert [event.kind for event in halfway] == ["collected", "in_transit"]
        arrived = operations.record_tracking(
            carrier=parcel.carrier,
            waybill=parcel.waybill,
            events=usual_way(parcel, until=NOON),
            at=NOON,
        )
        assert arrived.status == Parcel.Status.DELIVERED
        assert arrived.closed_at is not None
        assert timedelta(hours=35) <= arrived.closed_at - at < timedelta(hours=80)

    @pytest.mark.parametrize("hour", range(0, 24, 3))
    @pytest.mark.parametrize("waybill", ["SH1", "SH2", "SH77", "SH4711"])
    def test_rings_nobodys_bell_at_night(self, hour: int, waybill: str) -> None:
        at = (NOON - timedelta(days=60)).replace(hour=hour)
        way = usual_way(
            Parcel(
                station_code="430722101201",
                division_code="430104000000",
                waybill=waybill,
                handed_over_at=at,
            ),
            until=NOON,
        )
        told = [timezone.localtime(event.happened_at) for event in way]
        assert told == sorted(told)
        out, delivered = told[-2:]
        assert out.date() == delivered.date()
        assert 8 == out.hour < delivered.hour < 18


class TestItPlaysOnlyInTheDemo:
    @pytest.mark.parametrize("off", ["DEMO", "CARRIER_STANDIN"])
    def test_not_with_other_settings(
        self, off: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        require_standin()
        with override_settings(**{off: False}):
            with pytest.raises(NotAllowed):
                require_standin()
            with pytest.raises(NotAllowed):
                OfflineCarrier()
            with pytest.raises(NotAllowed):
                standin.serve(port=0, push="", seconds=0, state=tmp_path / "s")
            assert main(["--port", "0"]) == 2
        assert "demo" in capsys.readouterr().err

    def production(self, tmp_path: Path, *arguments: str, **more: str) -> Any:
        source = (ROOT / "shop/config/settings/production.py").read_text()
        wanted = re.findall(r'env\.required\(\s*"(\w+)"', source)
        environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "shop.config.settings.production",
            **dict.fromkeys(wanted, "x"),
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
            "XIANGJI_BASE_URL": "https://market.example",
            "XIANGJI_VAR": str(tmp_path),
            **more,
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_production_refuses_to_start_it(self, tmp_path: Path) -> None:
        done = self.production(tmp_path, "-m", "logistics.carriers.standin")
        assert done.returncode == 2, done.stderr
        assert "demo" in done.stderr
        assert not list(tmp_path.glob("*.sqlite3"))

    def test_production_refuses_to_start_with_it(self, tmp_path: Path) -> None:
        done = self.production(tmp_path, "manage.py", "check", CARRIER_STANDIN="1")
        assert done.returncode != 0
        assert "stand-in" in done.stderr

    def test_production_asks_the_real_one_over_https(self, tmp_path: Path) -> None:
        says = (
            "import django; django.setup();"
            "from django.conf import settings as s;"
            "from logistics.carriers.kuaidi100 import Kuaidi100 as K;"
            "k = K.configured();"
            "print(s.CARRIER_STANDIN, k.order_url, k.poll_url, k.callback, s.CARRIERS)"
        )
        done = self.production(
            tmp_path, "-c", says, CARRIER_STANDIN_URL="http://127.0.0.1:8002"
        )
        assert done.stdout.split() == [
            "False",
            "https://api.kuaidi100.com/label/order",
            "https://poll.kuaidi100.com/poll",
            "https://market.example/carriers/push/kuaidi100/",
            "['youzhengguonei',",
            "'zhongtong',",
            "'shunfeng']",
        ], done.stderr

    def test_nothing_of_the_product_imports_it(self) -> None:
        importers = set()
        for package in ("logistics", "partners", "shop", "traceability"):
            for path in (ROOT / package).rglob("*.py"):
                if "standin" in path.parts:
                    continue
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    names = (
                        [node.module or ""]
                        if isinstance(node, ast.ImportFrom)
                        else [alias.name for alias in node.names]
                        if isinstance(node, ast.Import)
                        else []
                    )
                    if any("standin" in name for name in names):
                        importers.add(path.relative_to(ROOT).parts[:2])
        assert importers <= {("shop", "demo")}
