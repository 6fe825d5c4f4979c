"""The sandbox without its web server, for the demo's history and for tests.

`Sandbox` speaks through the same engine and the same file, at whatever time the caller
says it is, so that what it makes can be asked about, refunded and reconciled later.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from shop.alipay import signing
from shop.alipay.amounts import amount_from_fen, text_from_moment
from shop.alipay.gateway import Gateway
from shop.alipay.models import Payment

from .answering import answer
from .apps import require_demo
from .books import Fields, Keys
from .engine import Engine
from .keys import APP_ID, SELLER_ID, SandboxKeys, sandbox_keys
from .store import Store


def engine(
    *, clock: Callable[[], datetime] = timezone.now, speed: float = 1.0
) -> Engine:
    """The sandbox's trades under VAR, with the keys under KEYS."""
    require_demo()
    files = sandbox_keys(Path(settings.KEYS))
    keys = Keys(
        private=signing.load_private_key(files.alipay_private.read_text()),
        shop=signing.load_public_key(files.app_public.read_text()),
    )
    return Engine(
        store=Store(Path(settings.VAR) / "sandbox" / "gateway.sqlite3"),
        keys=keys,
        app_id=APP_ID,
        seller_id=SELLER_ID,
        clock=clock,
        speed=speed,
    )


class Sandbox:
    """The local Alipay at a time of the caller's choosing."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self._engine = engine(clock=lambda: self.now)
        files: SandboxKeys = sandbox_keys(Path(settings.KEYS))
        self.gateway = Gateway(
            url="http://sandbox.invalid/gateway.do",
            app_id=APP_ID,
            seller_id=SELLER_ID,
            private_key=signing.load_private_key(files.app_private.read_text()),
            public_key=signing.load_public_key(files.alipay_public.read_text()),
            send=self._send,
            clock=lambda: self.now,
        )

    def _send(self, url: str, body: str) -> bytes:
        return answer(self._engine, urlsplit(url).query, body, "http://sandbox.invalid")

    def signed_notice(self, payment: Payment) -> Fields:
        """The buyer pays now: what Alipay would send, for `receive_notice`.

        Errors: Refusal where the payment's number was paid or closed at the sandbox.
        """
        fields = {
            "out_trade_no": payment.out_trade_no,
            "subject": payment.subject,
            "total_amount": amount_from_fen(payment.amount_fen),
            "time_expire": text_from_moment(payment.expires_at),
            "product_code": "QUICK_WAP_WAY",
        }
        token = self._engine.open_page("wap", fields, "", "")
        return self._engine.paid_notice(self._engine.pay(token))
