"""The payment's outside door, used as a checker that is not ours would use it.

Everything is real here: an HTTP gateway that misbehaves, orders above the payments, the
web server's own view. Only the process is shared, so that it stays quick.
"""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from django.apps import apps
from django.test import Client
from django.utils import timezone

from shop.alipay import operations, tasks
from shop.alipay.models import Payment
from tests.probes.payment import answer

from .hostile import (
    ALIPAY_KEY,
    APP_ID,
    APP_KEY,
    SELLER_ID,
    Crash,
    Hostile,
    notice,
    signed,
)

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.django_db, pytest.mark.whole, pytest.mark.once]
STATE = (
    "status",
    "received_fen",
    "refunded_fen",
    "capture_entries",
    "suspense_fen",
    "ledger_sum_fen",
)


class Far(Hostile):
    """The hostile gateway behind real HTTP; `mode` breaks the wire itself."""

    mode = ""

    def serve(self) -> ThreadingHTTPServer:
        far = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length).decode()
                if far.mode == "hang":
                    far.released.wait(10)
                    return
                try:
                    said = far.send(self.path, body)
                except Crash:
                    return
                self.send_response(500 if far.mode == "500" else 200)
                self.end_headers()
                self.wfile.write(b"<html>oops" if far.mode == "garbage" else said)

            def log_message(self, *_args):
                pass

        self.released = threading.Event()
        httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        return httpd


@pytest.fixture
def keys(tmp_path):
    private, public = tmp_path / "app.pem", tmp_path / "alipay.pem"
    private.write_bytes(
        APP_KEY.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        ALIPAY_KEY.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


@pytest.fixture
def far(settings, keys, monkeypatch):
    """The checker's gateway, named in the settings as the environment would."""
    gateway = Far()
    httpd = gateway.serve()
    settings.ALIPAY_GATEWAY = f"http://127.0.0.1:{httpd.server_port}/gateway.do"
    settings.ALIPAY_APP_ID, settings.ALIPAY_SELLER_ID = APP_ID, SELLER_ID
    settings.ALIPAY_APP_PRIVATE_KEY_FILE = str(keys[0])
    settings.ALIPAY_PUBLIC_KEY_FILE = str(keys[1])
    settings.ALIPAY_TIMEOUT_SECONDS = 0.3
    # The worker's part is played by `later`.
    monkeypatch.setattr(tasks, "soon", lambda task, **ids: None)
    yield gateway
    gateway.released.set()
    httpd.shutdown()
    httpd.server_close()


def probe(*words: str) -> dict:
    said, code = answer(list(words))
    assert code == 0, said
    return said


def new(fen: int = 1234) -> Payment:
    return Payment.objects.get(out_trade_no=probe("new", str(fen))["out_trade_no"])


def tell(params) -> bytes:
    """Post a notice to the web server."""
    form = "application/x-www-form-urlencoded"
    said = Client().post("/pay/alipay/notify/", urlencode(params), content_type=form)
    return said.content if said.status_code == 200 else b""


def later(minutes: int = 2) -> None:
    """What beat has done by then."""
    operations.resolve_due(now=timezone.now() + timezone.timedelta(minutes=minutes))


def state(payment: Payment) -> tuple:
    found = probe("state", payment.out_trade_no)
    return tuple(found[name] for name in STATE)


def order_of(payment: Payment):
    return apps.get_model("order", "Order").objects.get(number=payment.order_number)


class TestNew:
    def test_places_an_order_of_exactly_that_sum(self, far):
        said = probe("new", "1234")
        assert said.keys() == {"out_trade_no", "pay_url", "notify_url"}
        params = dict(parse_qsl(urlsplit(said["pay_url"]).query))
        biz = json.loads(params["biz_content"])
        assert said["pay_url"].startswith(far_url())
        assert (params["method"], params["app_id"]) == ("alipay.trade.page.pay", APP_ID)
        assert biz["total_amount"] == "12.34"
        assert biz["out_trade_no"] == said["out_trade_no"]
        assert params["notify_url"] == said["notify_url"]
        assert said["notify_url"].endswith("/pay/alipay/notify/")
        payment = Payment.objects.get(out_trade_no=said["out_trade_no"])
        assert order_of(payment).status == "pending"
        assert state(payment) == ("PENDING", 0, 0, 0, 0, 0)

    @pytest.mark.parametrize(
        "fen", ["0", "-1", "10000000001", "x", "1.5", "", "1e2", "1_0", "１０", " 10"]
    )
    def test_refuses_sums_nobody_can_pay(self, far, fen):
        said, code = answer(["new", fen])
        assert code
        assert said.keys() == {"error"}


def far_url() -> str:
    from django.conf import settings

    return settings.ALIPAY_GATEWAY


class TestAnswers:
    @pytest.mark.parametrize(
        "words", [[], ["nothing"], ["state"], ["refund", "1", "2"], ["new", "1", "2"]]
    )
    def test_to_calls_not_understood_is_an_error(self, far, words):
        said, code = answer(words)
        assert (list(said), code) == (["error"], 2)

    @pytest.mark.parametrize(
        "words",
        [["state", "x"], ["cancel", "x"], ["sync", "x"], ["refund", "x", "1", "R"]],
    )
    def test_about_unknown_payments_is_an_error(self, far, words):
        said, code = answer(words)
        assert (list(said), code) == (["error"], 1)

    @pytest.mark.parametrize("fen", ["1e2", "1_0", "１００", " 100", "1.0", ""])
    def test_to_a_refund_of_what_is_no_whole_number_is_an_error(self, far, fen):
        payment = new()
        tell(notice(payment))
        said, code = answer(["refund", payment.out_trade_no, fen, "R1"])
        assert (list(said), code) == (["error"], 2)
        assert state(payment) == ("PAID", 1234, 0, 1, 0, 0)

    @pytest.mark.parametrize("day", ["20261123", "2026-W48-1", "2026-11-31", "today"])
    def test_to_what_is_no_day_is_an_error(self, far, day):
        said, code = answer(["reconcile", day])
        assert (list(said), code) == (["error"], 2)

    def test_is_one_line_of_json_on_standard_output(self, tmp_path, keys):
        env = os.environ | {
            "XIANGJI_VAR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "shop.config.settings.local",
            "ALIPAY_GATEWAY": "http://127.0.0.1:9/gateway.do",
            "ALIPAY_APP_ID": APP_ID,
            "ALIPAY_SELLER_ID": SELLER_ID,
            "ALIPAY_APP_PRIVATE_KEY_FILE": str(keys[0]),
            "ALIPAY_PUBLIC_KEY_FILE": str(keys[1]),
        }
        said = subprocess.run(
            [sys.executable, "-m", "tests.probes.payment", "nonsense"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 2
        assert said.stdout.count("\n") == 1
        assert "error" in json.loads(said.stdout)


class TestAPaidOrder:
    def test_is_paid_once_by_fifty_notices(self, far):
        payment = new()
        assert {tell(notice(payment)) for _ in range(50)} == {b"success"}
        assert state(payment) == ("PAID", 1234, 0, 1, 0, 0)
        assert order_of(payment).status == "paid"

    def test_is_paid_by_sync_where_the_notice_was_lost(self, far):
        payment = new()
        far.paid(payment)
        assert probe("sync", payment.out_trade_no)["status"] == "PAID"
        assert tell(notice(payment)) == b"success"
        assert state(payment) == ("PAID", 1234, 0, 1, 0, 0)

    def test_is_not_paid_by_what_the_address_says_but_by_what_alipay_says(self, far):
        payment = new()
        params = signed(
            {"app_id": APP_ID, "out_trade_no": payment.out_trade_no, "a": "1 2"}
        )
        query = urlencode(params)
        said = probe("return", payment.out_trade_no, query)
        assert (said["verified"], said["status"]) == (True, "PENDING")
        forged = query.replace("a=1", "a=3")
        assert probe("return", payment.out_trade_no, forged)["verified"] is False
        other = new()
        assert probe("return", other.out_trade_no, query)["verified"] is False
        far.paid(payment)
        assert probe("return", payment.out_trade_no, f"?{query}")["status"] == "PAID"

    def test_is_refunded_in_parts_and_never_too_much(self, far):
        payment = new()
        far.paid(payment)
        tell(notice(payment))
        name = payment.out_trade_no
        assert probe("refund", name, "1000", "R1")["status"] == "PART_REFUNDED"
        assert probe("refund", name, "1000", "R1")["refunded_fen"] == 1000
        assert probe("refund", name, "200", "R1")["result"] == "REFUSED"
        assert probe("refund", name, "235", "R2")["result"] == "REFUSED"
        assert probe("refund", name, "234", "R2")["status"] == "REFUNDED"
        assert state(payment) == ("REFUNDED", 1234, 1234, 1, 0, 0)
        assert far.sent_back_fen == 1234

    def test_settled_already_gives_its_money_back_for_a_refund(self, far):
        from partners.ledger import operations as ledger
        from partners.ledger.operations import Line
        from shop.alipay import signals

        payment = new()
        far.paid(payment)
        tell(notice(payment))
        escrow = f"order:{payment.order_number}:escrow"
        away = [Line(escrow, 1234), Line("platform:fee", -1234)]
        post = {"kind": "completion", "subject": "test", "at": timezone.now()}
        ledger.post(key="away", lines=away, **post)

        def bring_back(refund, **_rest):
            back = [Line("platform:fee", 1000), Line(escrow, -1000)]
            ledger.post(key=f"back:{refund.pk}", lines=back, **post)

        signals.refund_due.connect(bring_back)
        try:
            said = probe("refund", payment.out_trade_no, "1000", "R1")
        finally:
            signals.refund_due.disconnect(bring_back)
        assert (said["result"], said["refunded_fen"]) == ("DONE", 1000)


class TestACancelledOrder:
    def test_is_closed_and_late_money_goes_back(self, far):
        payment = new()
        assert probe("cancel", payment.out_trade_no)["status"] == "CLOSED"
        assert order_of(payment).status == "cancelled"
        far.paid(payment)
        assert tell(notice(payment)) == b"success"
        later()
        assert state(payment) == ("CLOSED", 0, 1234, 0, 1234, 0)
        assert order_of(payment).status == "cancelled"
        assert far.sent_back_fen == 1234

    def test_that_alipay_says_is_paid_stays_paid(self, far):
        payment = new()
        far.paid(payment)
        said = probe("cancel", payment.out_trade_no)
        assert (said["result"], said["status"]) == ("REFUSED", "PAID")
        assert order_of(payment).status == "paid"

    @pytest.mark.parametrize("mode", ["hang", "500", "garbage"])
    def test_stays_open_while_alipay_is_silent_and_closes_after(self, far, mode):
        payment = new()
        far.mode = mode
        assert probe("cancel", payment.out_trade_no)["status"] == "PENDING"
        assert order_of(payment).status == "pending"
        far.mode = ""
        later()
        assert state(payment)[0] == "CLOSED"
        assert order_of(payment).status == "cancelled"


class TestAGatewayInTrouble:
    @pytest.mark.parametrize("mode", ["hang", "500", "garbage"])
    def test_neither_pays_nor_refunds_before_it_recovers(self, far, mode):
        payment = new()
        far.paid(payment)
        far.mode = mode
        assert probe("sync", payment.out_trade_no)["status"] == "PENDING"
        far.mode = ""
        later()
        assert state(payment)[0] == "PAID"
        far.mode = mode
        said = probe("refund", payment.out_trade_no, "1000", "R1")
        assert (said["result"], said["refunded_fen"]) == ("WAITING", 0)
        far.mode = ""
        later()
        assert state(payment) == ("PART_REFUNDED", 1234, 1000, 1, 0, 0)
        assert far.sent_back_fen == 1000

    def test_sends_suspense_back_once_it_recovers(self, far):
        payment = new()
        far.paid(payment, amount="0.01")
        far.mode = "500"
        tell(notice(payment, total_amount="0.01"))
        later()
        assert state(payment) == ("EXCEPTION", 0, 0, 0, 1, 0)
        far.mode = ""
        later(4)
        assert state(payment) == ("EXCEPTION", 0, 1, 0, 1, 0)
        assert far.sent_back_fen == 1


class TestHostileNotices:
    def test_second_payment_goes_back_and_the_order_stays_paid(self, far):
        payment = new()
        far.paid(payment)
        far.paid(payment, trade_no="T-second")
        tell(notice(payment))
        tell(notice(payment, trade_no="T-second"))
        later()
        assert state(payment) == ("PAID", 1234, 1234, 1, 1234, 0)
        assert far.trades["T-second"]["refunded"] == 1234

    def test_wrong_sum_pays_nothing_and_its_order_ends_unpaid(self, far):
        payment = new()
        far.paid(payment, amount="99.99")
        assert tell(notice(payment, total_amount="99.99")) == b"success"
        later()
        assert state(payment) == ("EXCEPTION", 0, 9999, 0, 9999, 0)
        assert order_of(payment).status == "pending"
        later(40)
        assert order_of(payment).status == "cancelled"

    def test_of_every_forged_kind_change_nothing(self, far):
        payment = new()
        honest = notice(payment)
        for change in (
            {"sign": "x"},
            {"sign_type": "RSA"},
            {"total_amount": "0.01"},
            {"seller_id": "2088111111111111"},
            {"app_id": "another"},
            {"extra": "1"},
        ):
            assert tell(honest | change) == b""
        for name in honest:
            assert tell({k: v for k, v in honest.items() if k != name}) == b""
        for changes in (
            {"seller_id": "2088111111111111"},
            {"app_id": "another"},
            {"total_amount": "12.340"},
            {"total_amount": "1e1"},
            {"total_amount": "-12.34"},
        ):
            assert tell(notice(payment, **changes)) == b""
        assert state(payment) == ("PENDING", 0, 0, 0, 0, 0)
        assert tell(honest) == b"success"


class TestReconcileVerb:
    def test_answers_three_lists_or_an_error(self, far, monkeypatch):
        from shop.alipay import transport

        from .test_bill import line, packed, table

        payment = new()
        said, code = answer(["reconcile", "2026-11-23"])
        assert (list(said), code) == (["error"], 1)
        assert answer(["reconcile", "yesterday"])[1] == 2
        address = "http://127.0.0.1:9/bill.zip"
        far.data_dataservice_bill_downloadurl_query = lambda biz: {
            "code": "10000",
            "bill_download_url": address,
        }
        content = packed(("a.csv", table(line(payment))))
        monkeypatch.setattr(transport, "get", lambda url, limit: content)
        assert probe("reconcile", "2026-11-23") == {
            "missing_local": [payment.out_trade_no],
            "amount_mismatch": [],
            "missing_remote": [],
        }
