"""A second, independent Alipay for tests: it can lie, hang, crash and recover.

Shares no code with shop.alipay or its sandbox: it signs with `cryptography` alone and
reads requests with the standard library.
"""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from shop.alipay import transport
from shop.alipay.gateway import Gateway

APP_ID = "2021000000000077"
SELLER_ID = "2088000000000077"
APP_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ALIPAY_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Crash(BaseException):
    """Our process dies here, as by kill -9."""


def rsa2(
    content: str, key: Any = ALIPAY_KEY, algorithm: Any = None, encoding: str = "utf-8"
) -> str:
    digest = algorithm or hashes.SHA256()
    raw = key.sign(content.encode(encoding), padding.PKCS1v15(), digest)
    return base64.b64encode(raw).decode()


def content_of(params: dict[str, str], *left_out: str) -> str:
    return "&".join(f"{k}={v}" for k, v in sorted(params.items()) if k not in left_out)


def signed(params: dict[str, str], key: Any = ALIPAY_KEY, algorithm: Any = None):
    """The fields of a notice with their signature."""
    sign = rsa2(content_of(params, "sign", "sign_type"), key, algorithm)
    return {"sign_type": "RSA2", **params, "sign": sign}


def notice(payment, **changes) -> dict[str, str]:
    """What Alipay sends when the payment was paid in full; `changes` before signing."""
    fields = {
        "notify_id": "20261123000000001",
        "notify_type": "trade_status_sync",
        "notify_time": "2026-11-23 10:00:01",
        "charset": "utf-8",
        "version": "1.0",
        "app_id": APP_ID,
        "seller_id": SELLER_ID,
        "buyer_id": "2088999999999999",
        "buyer_logon_id": "186****0000",
        "out_trade_no": payment.out_trade_no,
        "trade_no": f"T{payment.pk}",
        "trade_status": "TRADE_SUCCESS",
        "total_amount": f"{payment.amount_fen // 100}.{payment.amount_fen % 100:02d}",
        "gmt_payment": "2026-11-23 10:00:00",
    }
    fields |= changes
    return signed({k: v for k, v in fields.items() if v is not None})


class Hostile:
    """Alipay's side: trades by number, and for each method a way to misbehave.

    `faults[method]` is a list of callables used up one a call; each gets the honest
    answer's bytes and returns others or raises.
    """

    def __init__(self) -> None:
        self.trades: dict[str, dict[str, Any]] = {}
        self.refunds: dict[tuple[str, str], str] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, list[Callable[[bytes], bytes]]] = {}
        self.refusals: dict[str, list[dict[str, Any]]] = {}
        self.now = datetime(2026, 11, 23, 2, tzinfo=UTC)

    def gateway(self) -> Gateway:
        return Gateway(
            url="http://127.0.0.1:9/gateway.do",
            app_id=APP_ID,
            seller_id=SELLER_ID,
            private_key=APP_KEY,
            public_key=ALIPAY_KEY.public_key(),
            notify_url="http://testserver/pay/alipay/notify/",
            return_url="http://testserver/pay/alipay/return/",
            send=self.send,
            clock=lambda: self.now,
        )

    def paid(self, payment, *, trade_no: str = "", amount: str = "", **fields) -> None:
        """The buyer pays at the cashier."""
        number = trade_no or f"T{payment.pk}"
        fen = payment.amount_fen
        self.trades[number] = {
            "trade_no": number,
            "out_trade_no": payment.out_trade_no,
            "trade_status": "TRADE_SUCCESS",
            "total_amount": amount or f"{fen // 100}.{fen % 100:02d}",
            "send_pay_date": "2026-11-23 10:00:00",
            "refunded": 0,
            **fields,
        }

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [biz for name, biz in self.calls if name == method]

    def fail(self, method: str, *faults: Callable[[bytes], bytes]) -> None:
        self.faults.setdefault(method, []).extend(faults)

    def refuse(self, method: str, *sub_codes: str) -> None:
        """Refuse the next calls, signed, without doing anything."""
        nodes = [refusal(sub_code) for sub_code in sub_codes]
        self.refusals.setdefault(method, []).extend(nodes)

    def send(self, url: str, body: str) -> bytes:
        params = dict(parse_qsl(urlsplit(url).query))
        biz = json.loads(dict(parse_qsl(body))["biz_content"])
        full = params | dict(parse_qsl(body))
        APP_KEY.public_key().verify(
            base64.b64decode(params["sign"]),
            content_of(full, "sign").encode(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
        method = params["method"]
        self.calls.append((method, biz))
        if self.refusals.get(method):
            return self.answer(method, self.refusals[method].pop(0))
        name = method.removeprefix("alipay.").removeprefix("trade.").replace(".", "_")
        node = getattr(self, name)(biz)
        answer = self.answer(method, node)
        faults = self.faults.get(method, [])
        return faults.pop(0)(answer) if faults else answer

    def answer(self, method: str, node: dict[str, Any], key: Any = ALIPAY_KEY) -> bytes:
        raw = json.dumps(node, ensure_ascii=False).replace("/", "\\/")
        name = method.replace(".", "_") + "_response"
        return f'{{"{name}":{raw},"sign":"{rsa2(raw, key)}"}}'.encode()

    def _trade(self, biz: dict[str, Any]) -> dict[str, Any] | None:
        if "trade_no" in biz:
            return self.trades.get(biz["trade_no"])
        mine = [
            trade
            for trade in self.trades.values()
            if trade["out_trade_no"] == biz["out_trade_no"]
        ]
        return mine[0] if mine else None

    def query(self, biz: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(biz)
        if trade is None:
            return refusal("ACQ.TRADE_NOT_EXIST")
        shown = {k: v for k, v in trade.items() if k != "refunded"}
        return {"code": "10000", "msg": "Success", **shown}

    def close(self, biz: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(biz)
        if trade is None:
            return refusal("ACQ.TRADE_NOT_EXIST")
        if trade["trade_status"] != "WAIT_BUYER_PAY":
            return refusal("ACQ.REASON_TRADE_STATUS_INVALID")
        trade["trade_status"] = "TRADE_CLOSED"
        return {"code": "10000", "msg": "Success", **pick(trade)}

    def refund(self, biz: dict[str, Any]) -> dict[str, Any]:
        trade = self._trade(biz)
        if trade is None:
            return refusal("ACQ.TRADE_NOT_EXIST")
        fen = round(float(biz["refund_amount"]) * 100)
        known = (trade["trade_no"], biz["out_request_no"])
        if known in self.refunds:
            change = "N"
        elif trade["refunded"] + fen > round(float(trade["total_amount"]) * 100):
            return refusal("ACQ.REASON_TRADE_REFUND_FEE_ERR")
        else:
            change = "Y"
            trade["refunded"] += fen
            self.refunds[known] = biz["refund_amount"]
        return {
            "code": "10000",
            "msg": "Success",
            "fund_change": change,
            "refund_fee": f"{trade['refunded'] / 100:.2f}",
            "gmt_refund_pay": "2026-11-23 11:00:00",
            **pick(trade),
        }

    def fastpay_refund_query(self, biz: dict[str, Any]) -> dict[str, Any]:
        amount = self.refunds.get((biz["trade_no"], biz["out_request_no"]))
        if amount is None:
            return {"code": "10000", "msg": "Success"}
        return {
            "code": "10000",
            "msg": "Success",
            "refund_status": "REFUND_SUCCESS",
            "refund_amount": amount,
            "out_request_no": biz["out_request_no"],
            "out_trade_no": biz["out_trade_no"],
            "trade_no": biz["trade_no"],
        }

    @property
    def sent_back_fen(self) -> int:
        """What has really left Alipay, however often it was asked for."""
        return sum(trade["refunded"] for trade in self.trades.values())


def pick(trade: dict[str, Any]) -> dict[str, Any]:
    return {"trade_no": trade["trade_no"], "out_trade_no": trade["out_trade_no"]}


def refusal(sub_code: str, code: str = "40004") -> dict[str, Any]:
    return {"code": code, "msg": "Business Failed", "sub_code": sub_code}


# Ways to misbehave.


def time_out(_answer: bytes) -> bytes:
    raise transport.NoAnswer("ReadTimeoutError")


def status_500(_answer: bytes) -> bytes:
    raise transport.NoAnswer("status 500")


def die(_answer: bytes) -> bytes:
    raise Crash


def garbage(_answer: bytes) -> bytes:
    return b"\x00\xff<html>not json"


def unsigned_error(_answer: bytes) -> bytes:
    return b'{"error_response":{"code":"40002","sub_code":"isv.invalid-signature"}}'


def strangers_signature(answer: bytes) -> bytes:
    text = answer.decode()
    name, raw = text[2 : text.index('":')], text[text.index(":") + 1 :]
    raw = raw[: raw.rindex(',"sign"')]
    return f'{{"{name}":{raw},"sign":"{rsa2(raw, STRANGERS_KEY)}"}}'.encode()


def other_methods_node(_answer: bytes) -> bytes:
    return Hostile().answer("alipay.trade.pay", {"code": "10000", "msg": "Success"})


def says(method: str, node: dict[str, Any]) -> Callable[[bytes], bytes]:
    """A properly signed answer of this method's that says `node`."""
    return lambda _answer: Hostile().answer(method, node)


def without_signature(answer: bytes) -> bytes:
    text = answer.decode()
    return (text[: text.rindex(',"sign"')] + "}").encode()


UNKNOWN_FAULTS = {
    "time-out": time_out,
    "status 500": status_500,
    "garbage": garbage,
    "unsigned error": unsigned_error,
    "a stranger's signature": strangers_signature,
    "another method's node": other_methods_node,
    "no signature": without_signature,
}
