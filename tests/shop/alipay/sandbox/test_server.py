"""The sandbox as its own process and web server, and who may start it."""

import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from shop.alipay import operations
from shop.alipay.gateway import Gateway
from shop.alipay.sandbox import client, server
from shop.alipay.sandbox.keys import sandbox_keys
from tests.shop.alipay.hostile import APP_ID, SELLER_ID

from .test_protocol import NOW

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[4]
HTTP = urllib3.PoolManager(retries=False, timeout=10)


@pytest.fixture
def shop():
    """A shop that hears notices; `answers` are used up one a notice."""
    heard, answers = [], [b"not yet", b"success"]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            heard.append(dict(parse_qsl(self.rfile.read(length).decode())))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answers[min(len(heard), len(answers)) - 1])

        def log_message(self, *_args):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    httpd.heard = heard
    yield httpd
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture
def sandbox(settings, tmp_path):
    """A running sandbox; its address."""
    settings.VAR, settings.KEYS = tmp_path, tmp_path / "keys"
    engine = client.engine(speed=24_000)
    httpd, notifier = server.serve(engine, host="127.0.0.1", port=0)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    notifier.stop()
    httpd.shutdown()
    httpd.server_close()


def gateway_of(sandbox, settings, shop) -> Gateway:
    made = client.Sandbox(now=timezone.now()).gateway
    return Gateway(
        url=f"{sandbox}/gateway.do",
        app_id=made.app_id,
        seller_id=made.seller_id,
        private_key=made.private_key,
        public_key=made.public_key,
        notify_url=f"http://127.0.0.1:{shop.server_port}/notify",
        return_url="http://127.0.0.1:9/return",
    )


def get(url):
    return HTTP.request("GET", url, redirect=False)


def press(url, action):
    return HTTP.request("POST", f"{url}/{action}", redirect=False)


@pytest.fixture
def pay_page(sandbox, settings, shop):
    gateway = gateway_of(sandbox, settings, shop)
    url = gateway.pay_url(
        out_trade_no="1000_abc",
        subject="<b>橙",
        amount_fen=1234,
        expires_at=timezone.now() + timedelta(minutes=5),
        wap=True,
    )
    answer = get(url)
    assert answer.status == 302
    return gateway, sandbox + answer.headers["Location"]


class TestTheServer:
    def test_takes_a_payment_from_page_to_notice(self, pay_page, shop):
        gateway, page = pay_page
        shown = get(page)
        assert "沙箱" in shown.data.decode()
        assert "12.34" in shown.data.decode()
        assert "<b>橙" not in shown.data.decode()
        back = press(page, "pay")
        assert back.status == 302
        parts = urlsplit(back.headers["Location"])
        assert (parts.netloc, parts.path) == ("127.0.0.1:9", "/return")
        assert gateway.verifies(dict(parse_qsl(parts.query)))
        assert gateway.query(out_trade_no="1000_abc").status == "TRADE_SUCCESS"
        for _ in range(100):
            if len(shop.heard) == 2:
                break
            threading.Event().wait(0.05)
        # The first was not acknowledged; both are the same notice.
        assert len(shop.heard) == 2
        assert shop.heard[0] == shop.heard[1]
        assert gateway.verifies(shop.heard[0])

    def test_lets_the_buyer_leave_without_paying(self, pay_page, shop):
        gateway, page = pay_page
        assert press(page, "leave").status == 302
        assert press(page, "login").status == 302
        assert gateway.query(out_trade_no="1000_abc").status == "WAIT_BUYER_PAY"
        assert not shop.heard

    def test_pays_once_however_often_the_button_is_pressed(self, pay_page):
        _gateway, page = pay_page
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: press(page, "pay"), range(8)))
        assert [answer.status for answer in answers] == [302] * 8
        led = [urlsplit(answer.headers["Location"]).query for answer in answers]
        assert len({dict(parse_qsl(query))["trade_no"] for query in led}) == 1

    def test_shows_nothing_for_made_up_addresses(self, sandbox):
        for path in (
            "/cashier/x",
            "/cashier/x/y/z",
            "/bill/x.zip",
            "/admin",
            "/a/../b",
        ):
            assert get(sandbox + path).status == 404
        assert press(f"{sandbox}/cashier/x", "pay").status == 400
        assert get(f"{sandbox}/gateway.do?method=alipay.trade.page.pay").status == 400
        assert get(f"{sandbox}/").status == 200

    def test_runs_no_code_from_elsewhere(self, pay_page):
        _gateway, page = pay_page
        shown = get(page)
        assert "default-src 'self'" in shown.headers["Content-Security-Policy"]
        assert "<script" not in shown.data.decode()


@pytest.mark.django_db
class TestSandboxHistory:
    def test_makes_signed_notices_at_any_time(self, settings, tmp_path):
        settings.VAR, settings.KEYS = tmp_path, tmp_path / "keys"
        past = NOW - timedelta(days=60)
        sandbox = client.Sandbox(now=past)
        payment = operations.open_payment(
            order_number="7",
            subject="橙",
            amount_fen=1234,
            expires_at=past + timedelta(minutes=30),
            at=past,
            gateway=sandbox.gateway,
        )
        sandbox.now = past + timedelta(minutes=2)
        outcome = operations.receive_notice(
            params=sandbox.signed_notice(payment),
            at=sandbox.now,
            gateway=sandbox.gateway,
        )
        assert outcome.acknowledged
        payment.refresh_from_db()
        assert (payment.status, payment.paid_at) == ("PAID", sandbox.now)
        sandbox.now = past + timedelta(days=1)
        refund = operations.refund(
            payment=payment,
            amount_fen=234,
            request_no="R1",
            at=sandbox.now,
            gateway=sandbox.gateway,
        )
        assert (refund.status, refund.done_at) == ("DONE", sandbox.now)

    def test_is_for_demo_and_tests_only(self, settings):
        settings.DEMO = False
        with pytest.raises(ImproperlyConfigured):
            client.engine()
        with pytest.raises(ImproperlyConfigured):
            client.Sandbox(now=NOW)


class TestKeys:
    def test_are_made_once_by_whoever_comes_first(self, tmp_path):
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda _: sandbox_keys(tmp_path), range(4)))
        assert len(set(made)) == 1
        before = made[0].app_private.read_bytes()
        assert sandbox_keys(tmp_path).app_private.read_bytes() == before
        assert made[0].app_private.stat().st_mode & 0o077 == 0
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def settings_say(
    module: str, expression: str, **env: str
) -> subprocess.CompletedProcess:
    """What a fresh process with these settings prints, or why it did not start."""
    code = (
        "import django; django.setup();"
        f"from django.conf import settings; print({expression})"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ALIPAY_")}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=clean | {"DJANGO_SETTINGS_MODULE": f"shop.config.settings.{module}"} | env,
        check=False,
    )


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> dict[str, str]:
    """An environment that production starts with."""
    names = (ROOT / "shop/config/settings/production.py").read_text()
    folder = tmp_path_factory.mktemp("production")
    required = re.findall(r'env\.required\(\s*"([A-Z0-9_]+)"', names)
    env = dict.fromkeys(required, "x")
    env |= dict.fromkeys(re.findall(r'"(XIANGJI_[A-Z0-9_]+)"', names), "x")
    key = folder / "key.pem"
    key.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    env |= {name: str(key) for name in env if name.endswith("_FILE")}
    return env | {
        "XIANGJI_VAR": str(folder),
        "DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x",
        "ALIPAY_GATEWAY": "https://openapi.alipay.com/gateway.do",
        "ALIYUN_SMS_TEMPLATES": "login_code=SMS_1",
    }


class TestSettings:
    def test_local_ones_make_the_sandbox_and_its_keys(self, tmp_path):
        said = settings_say(
            "local",
            "settings.ALIPAY_SANDBOX, settings.ALIPAY_GATEWAY,"
            " __import__('pathlib').Path(settings.ALIPAY_PUBLIC_KEY_FILE).exists()",
            XIANGJI_VAR=str(tmp_path),
            ALIPAY_SANDBOX_URL="http://127.0.0.1:7777/",
        )
        assert said.stdout == "True http://127.0.0.1:7777/gateway.do True\n", (
            said.stderr
        )

    def test_a_gateway_in_the_environment_is_used_and_no_sandbox(self, tmp_path):
        env = {
            "XIANGJI_VAR": str(tmp_path),
            "ALIPAY_GATEWAY": "http://127.0.0.1:9/gateway.do",
            "ALIPAY_APP_ID": APP_ID,
            "ALIPAY_SELLER_ID": SELLER_ID,
            "ALIPAY_APP_PRIVATE_KEY_FILE": "/a.pem",
            "ALIPAY_PUBLIC_KEY_FILE": "/b.pem",
        }
        expression = (
            "settings.ALIPAY_SANDBOX, settings.ALIPAY_GATEWAY, settings.ALIPAY_APP_ID"
        )
        said = settings_say("local", expression, **env)
        assert said.stdout == f"False http://127.0.0.1:9/gateway.do {APP_ID}\n"
        del env["ALIPAY_PUBLIC_KEY_FILE"]
        said = settings_say("local", expression, **env)
        assert said.returncode
        assert "ALIPAY_PUBLIC_KEY_FILE" in said.stderr

    def test_the_demos_address_is_found_by_commands_beside_it(self, tmp_path):
        (tmp_path / "demo.json").write_text('{"base_url": "http://127.0.0.1:8123"}')
        env = {"XIANGJI_VAR": str(tmp_path)}
        clean = os.environ.pop("XIANGJI_BASE_URL", None)
        try:
            said = settings_say("local", "settings.BASE_URL", **env)
        finally:
            if clean is not None:
                os.environ["XIANGJI_BASE_URL"] = clean
        assert said.stdout == "http://127.0.0.1:8123\n", said.stderr
        env["XIANGJI_BASE_URL"] = "http://127.0.0.1:9999"
        said = settings_say("local", "settings.BASE_URL", **env)
        assert said.stdout == "http://127.0.0.1:9999\n"

    def test_production_starts_without_and_never_with_the_sandbox(self, production):
        expression = "'shop.alipay.sandbox' in settings.INSTALLED_APPS"
        # Negative control: with everything in place it starts.
        said = settings_say("production", expression, **production)
        assert said.stdout == "False\n", said.stderr
        said = settings_say("production", expression, **production, ALIPAY_SANDBOX="1")
        assert said.returncode
        assert "sandbox cannot run with production" in said.stderr

    def test_production_cannot_be_talked_into_its_command(self, production):
        code = (
            "import django; from django.conf import settings;"
            "settings.INSTALLED_APPS.append('shop.alipay.sandbox'); django.setup()"
        )
        said = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env=os.environ
            | {"DJANGO_SETTINGS_MODULE": "shop.config.settings.production"}
            | production,
            check=False,
        )
        assert said.returncode
        assert "runs in the demo and in tests" in said.stderr
