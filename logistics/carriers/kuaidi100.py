"""快递100 (kuaidi100): book, subscribe, track, and read what it pushes.

Sources: its own documents, 电子面单下单接口 V2 (label/order), 快递信息推送服务 (poll)
and 实时快递查询 (poll/query.do), and the notes in its published Java examples.
An order repeated with the same `orderId` and `reorder` false returns the first
answer for 48 hours; a second subscription answers 501 while the first is running; a
waybill must not be queried more often than every half hour.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from logistics.carriers import http
from logistics.carriers.base import (
    Booked,
    CarrierRefused,
    CarrierUnknown,
    Contact,
    Order,
    Push,
    PushRefused,
    TrackingEvent,
)

# A text nested a thousand deep is no carrier's either: json gives up on it.
_UNREADABLE = (ValueError, KeyError, TypeError, RecursionError)
BEIJING = ZoneInfo("Asia/Shanghai")
PUSH_LIMIT = 256 * 1024  # characters; a year of scans is a tenth of it

# Answers that mean no, for certain; everything else leaves the outcome open.
_REFUSED_ORDER = range(30001, 40000)
_REFUSED_POLL = {"400", "600", "601", "700", "701", "702"}
_SUBSCRIBED = {"200", "501"}
_NOTHING_YET = {"500"}

# The state of a parcel, and its finer forms (statusCode with resultv2=4).
_KINDS = {
    "0": "in_transit",
    "1": "collected",
    "2": "problem",
    "3": "delivered",
    "4": "returned",
    "5": "out_for_delivery",
    "6": "returning",
    "7": "in_transit",
    "8": "in_transit",
    "10": "in_transit",
    "11": "in_transit",
    "12": "in_transit",
    "13": "problem",
    "14": "refused",
    "101": "",  # ordered
    "102": "",  # waiting to be collected
    "103": "collected",
    "203": "refused",
}
# The finer forms of one state share its first digit, but for 在途's 1001 and up.
_FINER = {"10": "0", "2": "2", "3": "3", "4": "4", "5": "5", "6": "6"}
_STATE_NAMED = {
    "在途": "0",
    "揽收": "1",
    "疑难": "2",
    "签收": "3",
    "退签": "4",
    "派件": "5",
    "退回": "6",
    "转投": "7",
    "转单": "7",
    "清关": "8",
    "拒签": "14",
}


@dataclass(frozen=True)
class Kuaidi100:
    """One account at 快递100.

    `accounts` holds each carrier's own e-waybill account (partnerId, partnerKey …) by
    the carrier's code; `callback` is our address for pushes.
    """

    key: str
    customer: str
    secret: str
    order_url: str
    poll_url: str
    callback: str
    accounts: Mapping[str, Mapping[str, str]]
    timeout_seconds: float

    slug = "kuaidi100"
    networked = True

    @classmethod
    def configured(cls) -> "Kuaidi100":
        """The account that the settings name."""
        return cls(
            key=settings.KUAIDI100_KEY,
            customer=settings.KUAIDI100_CUSTOMER,
            secret=settings.KUAIDI100_SECRET,
            order_url=f"{settings.KUAIDI100_API_URL}/label/order",
            poll_url=f"{settings.KUAIDI100_POLL_URL}/poll",
            callback=f"{settings.BASE_URL}/carriers/push/{cls.slug}/",
            accounts=settings.KUAIDI100_ACCOUNTS,
            timeout_seconds=settings.CARRIER_TIMEOUT_SECONDS,
        )

    def book(self, order: Order) -> Booked:
        param = _json(
            {
                "printType": "NON",
                "orderId": order.order_id,
                "reorder": False,
                "kuaidicom": order.carrier,
                "recMan": _man(order.recipient),
                "sendMan": _man(order.sender),
                "cargo": order.cargo,
                "count": 1,
                "weight": f"{order.weight_g // 1000}.{order.weight_g % 1000:03d}",
                "payType": "MONTHLY",
                **self.accounts.get(order.carrier, {}),
            }
        )
        moment = str(int(time.time() * 1000))
        answer = self._post(
            self.order_url,
            {
                "method": "order",
                "key": self.key,
                "t": moment,
                "param": param,
                "sign": sign(param, moment, self.key, self.secret),
            },
        )
        if answer.get("code") in _REFUSED_ORDER:
            raise CarrierRefused(str(answer.get("message") or answer["code"]))
        found = answer.get("data")
        data: dict[str, Any] = found if isinstance(found, dict) else {}
        waybill = data.get("kuaidinum")
        if answer.get("code") != 200 or not isinstance(waybill, str) or not waybill:
            raise CarrierUnknown(f"order answered {answer.get('code')}")
        return Booked(waybill=waybill, task_id=str(data.get("taskId") or ""))

    def subscribe(self, *, order: Order, waybill: str) -> None:
        param = _json(
            {
                "company": order.carrier,
                "number": waybill,
                "from": order.sender.region,
                "to": order.recipient.region,
                "key": self.key,
                "parameters": {
                    "callbackurl": self.callback,
                    "salt": self._salt(waybill),
                    "resultv2": "4",
                    "phone": order.recipient.phone[-4:],
                },
            }
        )
        answer = self._post(self.poll_url, {"schema": "json", "param": param})
        code = str(answer.get("returnCode"))
        if code in _REFUSED_POLL:
            raise CarrierRefused(str(answer.get("message") or code))
        if code not in _SUBSCRIBED:
            raise CarrierUnknown(f"subscription answered {code}")

    def track(
        self, *, carrier: str, waybill: str, phone: str
    ) -> Sequence[TrackingEvent]:
        param = _json(
            {"com": carrier, "num": waybill, "phone": phone[-4:], "resultv2": "4"}
        )
        answer = self._post(
            f"{self.poll_url}/query.do",
            {
                "customer": self.customer,
                "param": param,
                "sign": sign(param, self.key, self.customer),
            },
        )
        code = str(answer.get("returnCode") or answer.get("status"))
        if code in _NOTHING_YET:
            return []
        if code in _REFUSED_POLL:
            raise CarrierRefused(str(answer.get("message") or code))
        if code != "200" or answer.get("nu") != waybill:
            raise CarrierUnknown(f"query answered {code}")
        try:
            return _events(answer)
        except _UNREADABLE as error:
            raise CarrierUnknown(str(error)) from error

    def read_push(self, form: Mapping[str, str]) -> Push:
        param, given = form.get("param", ""), form.get("sign", "")
        if len(param) > PUSH_LIMIT:
            raise PushRefused("too long")
        try:
            body = json.loads(param)
            result = body["lastResult"]
            waybill, carrier = str(result["nu"]), str(result["com"])
            # It corrects a wrong company; ours is the one that we subscribed with.
            carrier = str(body.get("comOld") or carrier)
            _require_text(carrier, waybill)
        except _UNREADABLE as error:
            raise PushRefused("unreadable") from error
        # The salt is made from the waybill, so that a forgery asks no database.
        expected = sign(param, self._salt(waybill))
        if not hmac.compare_digest(expected.encode(), given.upper().encode()):
            raise PushRefused("not signed by the carrier")
        try:
            return Push(carrier=carrier, waybill=waybill, events=_events(result))
        except _UNREADABLE as error:
            raise PushRefused("unreadable") from error

    def _salt(self, waybill: str) -> str:
        """32 characters nobody can guess, one for each waybill."""
        return hmac.new(
            self.secret.encode(), f"push:{waybill}".encode(), hashlib.sha256
        ).hexdigest()[:32]

    def _post(self, url: str, form: Mapping[str, str]) -> dict[str, Any]:
        return http.post_form(url, form, timeout_seconds=self.timeout_seconds)


def sign(*parts: str) -> str:
    """快递100's signature: MD5 over the parts joined, 32 upper-case digits."""
    joined = "".join(parts).encode()
    return hashlib.md5(joined, usedforsecurity=False).hexdigest().upper()


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _require_text(*told: object) -> None:
    """That it is text that can be kept: no list, no NUL, no half of a surrogate pair.

    Errors: ValueError.
    """
    for text in told:
        if isinstance(text, list | dict):
            raise ValueError("the carrier's text is none")
        if b"\x00" in str(text).encode():
            raise ValueError("the carrier's text has a NUL in it")


def _man(contact: Contact) -> dict[str, str]:
    return {
        "name": contact.name,
        "mobile": contact.phone,
        "printAddr": contact.address,
    }


def _events(result: Mapping[str, Any]) -> list[TrackingEvent]:
    """The rows of a query's or push's result, oldest first. Errors: ValueError."""
    rows = result.get("data") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("the carrier's rows cannot be read")
    events = []
    for position, row in enumerate(rows):
        # Without states of their own, only the newest row has the parcel's.
        usual = str(result.get("state", "0")) if position == 0 else "0"
        kind = _kind(str(row.get("statusCode") or ""), row.get("status"), usual)
        if kind:
            events.append(_event(row, kind))
    return events[::-1]


def _kind(code: str, named: object, usual: str) -> str:
    """The event's kind, from the finest state that the row names."""
    state = code or _STATE_NAMED.get(str(named or ""), usual)
    if state in _KINDS:
        return _KINDS[state]
    for prefix, coarse in _FINER.items():
        if len(state) > 2 and state.startswith(prefix):
            return _KINDS[coarse]
    return "in_transit"


def _event(row: Mapping[str, Any], kind: str) -> TrackingEvent:
    written = str(row.get("ftime") or row.get("time") or "")
    area = row.get("areaName") or row.get("location") or ""
    text, place = row.get("context") or "", area
    _require_text(text, place)
    return TrackingEvent(
        kind=kind,
        happened_at=datetime.fromisoformat(written).replace(tzinfo=BEIJING),
        text=str(text),
        place=str(place).replace(",", ""),
    )
