"""A request to the gateway's door: checked as Alipay checks, answered as it answers."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from shop.alipay import signing
from shop.alipay.amounts import moment_from_text

from .bills import bill_query
from .books import Fields, Refusal
from .engine import Engine

PAGE_METHODS = {"alipay.trade.page.pay": "page", "alipay.trade.wap.pay": "wap"}
CLOCKS_DIFFER = timedelta(minutes=15)
_MESSAGES = {
    "10000": "Success",
    "40001": "Missing Required Arguments",
    "40002": "Invalid Arguments",
    "40004": "Business Failed",
}
_CHARSET = re.compile(r"(?:^|&)charset=")


def read_request(engine: Engine, query: str, body: str) -> tuple[str, Fields, Fields]:
    """The method, the parameters and biz_content of a request that is in order.

    Errors: Refusal with 40001 or 40002 where it is not.
    """
    pairs = parse_qsl(query, keep_blank_values=True) + parse_qsl(
        body, keep_blank_values=True
    )
    params = dict(pairs)
    for name in ("method", "app_id", "sign", "timestamp", "charset", "biz_content"):
        if not params.get(name):
            raise Refusal(f"isv.missing-{name.replace('_', '-')}", "40001")
    if params["app_id"] != engine.app_id:
        raise Refusal("isv.invalid-app-id", "40002")
    if params.get("sign_type") != "RSA2":
        raise Refusal("isv.invalid-signature-type", "40002")
    content = signing.request_content(params)
    # With POST, Alipay reads the common parameters from the address only.
    in_address = not body or bool(_CHARSET.search(query))
    if not in_address or not signing.is_signed(
        engine.keys.shop, content, params["sign"]
    ):
        raise Refusal("isv.invalid-signature", "40002")
    sent_at = moment_from_text(params["timestamp"])
    if sent_at is None or abs(engine.clock() - sent_at) > CLOCKS_DIFFER:
        raise Refusal("isv.invalid-timestamp", "40002")
    return params["method"], params, _biz(params["biz_content"])


def _biz(text: str) -> Fields:
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        raise Refusal("isv.invalid-parameter", "40002") from error
    if not isinstance(found, dict):
        raise Refusal("isv.invalid-parameter", "40002")
    return {k: v for k, v in found.items() if isinstance(v, str)}


def answer(engine: Engine, query: str, body: str, host: str) -> bytes:
    """The signed JSON answer to a request that is not for a browser."""
    method = dict(parse_qsl(query)).get("method", "")
    try:
        method, params, biz = read_request(engine, query, body)
        node = _call(engine, method, params, biz, host)
        fields = {"code": "10000", "msg": _MESSAGES["10000"], **node}
    except Refusal as refusal:
        fields = {
            "code": refusal.code,
            "msg": _MESSAGES.get(refusal.code, "Failed"),
            "sub_code": refusal.sub_code,
        }
        if refusal.sub_code == "isv.invalid-method":
            # [U] A question to nobody is answered without a signature.
            return json.dumps({"error_response": fields}).encode()
    return _envelope(engine, method, fields)


def _call(
    engine: Engine, method: str, params: Fields, biz: Fields, host: str
) -> Fields:
    if method == "alipay.trade.query":
        return engine.query(biz)
    if method == "alipay.trade.close":
        return engine.close(biz)
    if method == "alipay.trade.refund":
        return engine.refund(biz)
    if method == "alipay.trade.fastpay.refund.query":
        return engine.refund_query(biz)
    if method == "alipay.trade.precreate":
        return engine.precreate(biz, params.get("notify_url", ""), host)
    if method == "alipay.data.dataservice.bill.downloadurl.query":
        return bill_query(engine, biz, host)
    raise Refusal("isv.invalid-method", "40002")


def _envelope(engine: Engine, method: str, fields: dict[str, Any]) -> bytes:
    # Alipay writes slashes escaped, and signs what it writes.
    raw = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    raw = raw.replace("/", "\\/")
    name = method.replace(".", "_") + "_response"
    sign = signing.sign(engine.keys.private, raw)
    return f'{{"{name}":{raw},"sign":"{sign}"}}'.encode()
