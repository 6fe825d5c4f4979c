"""The stand-in's door: 快递100's three addresses, and one to move a parcel at once.

POST /label/order     take an order                  (sign = MD5(param+t+key+secret))
POST /poll            subscribe to pushes            (key inside param)
POST /poll/query.do   say where a parcel is          (sign = MD5(param+key+customer))
POST /standin/advance waybill=…&steps=5              the market day's hurry
GET  /                what this is
"""

import hashlib
import hmac
import json
import logging
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.parse import parse_qsl, urlencode
from urllib.request import Request, urlopen

from django.conf import settings

from logistics.carriers.standin.depot import DONE, Consignment, Depot
from logistics.carriers.standin.permission import require_standin

log = logging.getLogger(__name__)

BODY_LIMIT = 64 * 1024
FIRST_STEP_SECONDS = 3.0
Form = dict[str, str]
Answer = dict[str, object]


class Carrier:
    """What the stand-in knows and does, without HTTP around it."""

    def __init__(self, depot: Depot, *, push: str = "") -> None:
        self.depot = depot
        self._push = push
        self._moving = threading.Lock()

    def order(self, form: Form) -> Answer:
        param = form.get("param", "")
        signed = _md5(
            param, form.get("t", ""), form.get("key", ""), settings.KUAIDI100_SECRET
        )
        if form.get("key") != settings.KUAIDI100_KEY:
            return _refusal(30003, "账号信息不正确")
        if not hmac.compare_digest(signed, form.get("sign", "")):
            return _refusal(30002, "验证签名失败")
        asked = _json(param)
        receiver, sender = asked.get("recMan"), asked.get("sendMan")
        if not (
            isinstance(receiver, dict)
            and isinstance(sender, dict)
            and all(_complete(man) for man in (receiver, sender))
            and asked.get("orderId")
            and asked.get("reorder") is False
        ):
            return _refusal(30001, "参数错误")
        taken = self.depot.book(
            order_id=str(asked["orderId"]),
            company=str(asked.get("kuaidicom", "")),
            start=_region(str(sender["printAddr"])),
            end=_region(str(receiver["printAddr"])),
        )
        return {
            "code": 200,
            "success": True,
            "message": "success",
            "time": 1,
            "data": {
                "taskId": hashlib.sha256(taken.order_id.encode()).hexdigest()[:32],
                "kuaidinum": taken.waybill,
            },
        }

    def subscribe(self, form: Form) -> Answer:
        asked = _json(form.get("param", ""))
        wishes = asked.get("parameters")
        if asked.get("key") != settings.KUAIDI100_KEY:
            return _told(600, "您不是合法的订阅者")
        waybill = str(asked.get("number", ""))
        if not isinstance(wishes, dict) or self.depot.find(waybill) is None:
            return _told(700, "订阅方的订阅数据存在错误")
        new = self.depot.subscribe(
            waybill=waybill,
            salt=str(wishes.get("salt", "")),
            callback=str(wishes.get("callbackurl", "")),
        )
        return _told(200, "提交成功") if new else _told(501, "重复订阅")

    def query(self, form: Form) -> Answer:
        param = form.get("param", "")
        signed = _md5(param, settings.KUAIDI100_KEY, settings.KUAIDI100_CUSTOMER)
        if not hmac.compare_digest(signed, form.get("sign", "")):
            return _told(503, "验证签名失败")
        found = self.depot.find(str(_json(param).get("num", "")))
        if found is None or not found.moments:
            return _told(500, "查询无结果,请隔段时间再查")
        return found.result()

    def hurry(self, form: Form) -> Answer:
        """Move a parcel on at once, with its pushes; for the market day."""
        waybill = form.get("waybill", "")
        steps = form.get("steps", "")
        wanted = int(steps) if steps.isdecimal() else DONE
        done = 0
        while done < wanted and self.move(waybill):
            done += 1
        found = self.depot.find(waybill)
        return {
            "result": found is not None,
            "moved": done,
            "step": found.step if found else 0,
            "of": DONE,
        }

    def move(self, waybill: str) -> bool:
        """One step and its push; False where there is nowhere to go."""
        with self._moving:
            moved = self.depot.advance(waybill, at=datetime.now(UTC))
            if moved is None:
                return False
            self._tell(moved)
        return True

    def _tell(self, moved: Consignment) -> None:
        address = self._push or moved.callback
        if not address.startswith(("http://", "https://")):
            return
        param = json.dumps(
            {
                "status": "shutdown" if moved.step == DONE else "polling",
                "billstatus": "",
                "message": "",
                "autoCheck": "0",
                "comOld": "",
                "comNew": "",
                "lastResult": moved.result(),
            },
            ensure_ascii=False,
        )
        body = urlencode({"sign": _md5(param, moved.salt), "param": param}).encode()
        request = Request(address, data=body, method="POST")  # noqa: S310  http(s) only
        try:
            with urlopen(request, timeout=10) as answer:  # noqa: S310  http(s) only
                answer.read(BODY_LIMIT)
        except (URLError, OSError, ValueError) as error:
            # As with the real one: a push that fails is lost; whoever cares will ask.
            log.warning("A push for %s was lost: %s", moved.waybill, error)


def _md5(*parts: str) -> str:
    return (
        hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest().upper()
    )


def _json(text: str) -> Answer:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _complete(man: dict[str, object]) -> bool:
    return all(man.get(wanted) for wanted in ("name", "mobile", "printAddr"))


def _region(address: str) -> str:
    """Province, city and county at the beginning of a complete address."""
    found = re.match(
        r"(?:.{2,8}?(?:省|自治区|市))?(?:.{2,12}?(?:市|自治州|地区|盟|州))?.{1,14}?(?:区|县|市|旗)",
        address,
    )
    return found[0] if found else address[:6]


def _refusal(code: int, message: str) -> Answer:
    return {"code": code, "success": False, "message": message, "time": 1}


def _told(code: int, message: str) -> Answer:
    return {"result": code == 200, "returnCode": str(code), "message": message}


def handler_of(carrier: Carrier) -> type[BaseHTTPRequestHandler]:
    """The HTTP around a carrier."""
    doors: dict[str, Callable[[Form], Answer]] = {
        "/label/order": carrier.order,
        "/poll": carrier.subscribe,
        "/poll/query.do": carrier.query,
        "/standin/advance": carrier.hurry,
    }

    class Handler(BaseHTTPRequestHandler):
        server_version = "StandIn"

        def do_POST(self) -> None:
            door = doors.get(self.path.split("?")[0])
            length = int(self.headers.get("Content-Length") or 0)
            if door is None or length > BODY_LIMIT:
                self._answer(404, {"message": "no such address"})
                return
            body = self.rfile.read(length).decode("utf-8", "replace")
            self._answer(200, door(dict(parse_qsl(body, keep_blank_values=True))))

        def do_GET(self) -> None:
            self._answer(200, {"message": "示例快递：本机演示用，不是真的快递公司"})

        def _answer(self, status: int, answer: Answer) -> None:
            body = json.dumps(answer, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            log.debug(format, *args)

    return Handler


def keep_moving(carrier: Carrier, *, seconds: float, stop: threading.Event) -> None:
    """Move every subscribed parcel on, one step each `seconds`."""
    while not stop.wait(min(seconds, FIRST_STEP_SECONDS)):
        before = datetime.now(UTC) - timedelta(seconds=seconds)
        for found in carrier.depot.due(before=before):
            carrier.move(found.waybill)


def serve(*, port: int, push: str, seconds: float, state: Path) -> None:
    """Play the carrier on this machine's loopback until interrupted."""
    require_standin()
    carrier = Carrier(Depot(state), push=push)
    server = ThreadingHTTPServer(("127.0.0.1", port), handler_of(carrier))
    stop = threading.Event()
    if seconds > 0:
        threading.Thread(
            target=keep_moving,
            args=(carrier,),
            kwargs={"seconds": seconds, "stop": stop},
            daemon=True,
        ).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        log.info("The carrier stand-in stops.")
    finally:
        stop.set()
        server.server_close()
