"""The sandbox as a web server: the gateway's door, the cashier's pages, the bills."""

import logging
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import urllib3
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from .answering import PAGE_METHODS, answer, read_request
from .bills import bill_of
from .books import Refusal
from .engine import Engine

logger = logging.getLogger(__name__)

BODY_BYTES = 64_000
NOTIFY_SECONDS = 10.0
_STYLE = Path(__file__).with_name("cashier.css")
_HTML = "text/html; charset=utf-8"
Reply = tuple[int, dict[str, str], bytes]


class Application:
    """WSGI. `told` is called when there is news for the shop."""

    def __init__(self, engine: Engine, told: Callable[[], object]) -> None:
        self.engine, self.told = engine, told

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        language = environ.get("HTTP_ACCEPT_LANGUAGE", "")[:2]
        with translation.override("en" if language == "en" else "zh-hans"):
            status, headers, body = self._reply(environ)
        phrase = HTTPStatus(status).phrase
        headers |= {
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
            ),
        }
        start_response(f"{status} {phrase}", list(headers.items()))
        return [body]

    def _reply(self, environ: dict[str, Any]) -> Reply:
        path = environ.get("PATH_INFO", "/")
        method = environ["REQUEST_METHOD"]
        parts = path.strip("/").split("/")
        if path == "/gateway.do":
            return self._gateway(environ)
        if parts[0] == "cashier" and len(parts) == 2 and method == "GET":
            return self._cashier(parts[1])
        if parts[0] == "cashier" and len(parts) == 3 and method == "POST":
            return self._act(parts[1], parts[2])
        if parts[0] == "bill" and len(parts) == 2:
            packed = bill_of(self.engine, parts[1].removesuffix(".zip"))
            if packed is not None:
                return 200, {"Content-Type": "application/zip"}, packed
        if path == "/cashier.css":
            return 200, {"Content-Type": "text/css"}, _STYLE.read_bytes()
        if path == "/":
            return self._trades()
        return _message(404, _("Nothing is here."))

    def _gateway(self, environ: dict[str, Any]) -> Reply:
        query = environ.get("QUERY_STRING", "")
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if size > BODY_BYTES:
            return _message(413, _("The request is too large."))
        body = environ["wsgi.input"].read(size).decode("utf-8", "replace")
        host = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}"
        if any(f"method={name}" in f"{query}&{body}" for name in PAGE_METHODS):
            return self._page_pay(query, body)
        content = answer(self.engine, query, body, host)
        self.told()
        return 200, {"Content-Type": "text/html;charset=utf-8"}, content

    def _page_pay(self, query: str, body: str) -> Reply:
        try:
            method, params, biz = read_request(self.engine, query, body)
            token = self.engine.open_page(
                PAGE_METHODS[method],
                biz,
                params.get("notify_url", ""),
                params.get("return_url", ""),
            )
        except Refusal as refusal:
            return _refused(refusal)
        return 302, {"Location": f"/cashier/{token}"}, b""

    def _cashier(self, token: str) -> Reply:
        found = self.engine.page(token)
        if found is None:
            return _message(404, _("This cashier's page does not exist."))
        _kind, fields = found
        trade = self.engine.trade_of(fields)
        context = {
            "token": token,
            "fields": fields,
            "status": "" if trade is None else trade["status"],
            "over": self.engine.is_over(fields),
        }
        return _page(200, "cashier", context)

    def _act(self, token: str, action: str) -> Reply:
        try:
            if action == "login":
                self.engine.begin(token)
                return 302, {"Location": f"/cashier/{token}"}, b""
            if action == "pay":
                self._pay(token)
            elif action != "leave":
                return _message(404, _("Nothing is here."))
            address, params = self.engine.return_params(token)
        except Refusal as refusal:
            return _refused(refusal)
        if not address:
            return _message(200, _("Paid. You can close this page."))
        joint = "&" if "?" in address else "?"
        return 302, {"Location": f"{address}{joint}{urlencode(params)}"}, b""

    def _pay(self, token: str) -> None:
        """A second tap on the button pays nothing, and leads back like the first."""
        try:
            self.engine.pay(token)
        except Refusal as refusal:
            if refusal.sub_code != "ACQ.TRADE_HAS_SUCCESS":
                raise
        self.told()

    def _trades(self) -> Reply:
        rows = self.engine.store.all(
            "SELECT trades.*, (SELECT max(attempts) FROM notices"
            " WHERE notices.trade_no = trades.trade_no) AS attempts,"
            " (SELECT min(acknowledged) FROM notices"
            " WHERE notices.trade_no = trades.trade_no) AS acknowledged"
            " FROM trades ORDER BY created_at DESC LIMIT 50"
        )
        return _page(200, "trades", {"trades": [dict(row) for row in rows]})


def _page(status: int, name: str, context: dict[str, Any]) -> Reply:
    text = render_to_string(f"shop/alipay/sandbox/{name}.html", context)
    return status, {"Content-Type": _HTML}, text.encode()


def _message(status: int, text: str, code: str = "") -> Reply:
    return _page(status, "message", {"text": text, "code": code})


def _refused(refusal: Refusal) -> Reply:
    words = {
        "ACQ.TRADE_HAS_SUCCESS": _("This order has been paid already."),
        "ACQ.TRADE_HAS_CLOSE": _("This order is closed and cannot be paid."),
        "ACQ.CONTEXT_INCONSISTENT": _("The sum has changed since you began."),
    }
    text = words.get(refusal.sub_code, _("The gateway refuses this request."))
    return _message(400, text, refusal.sub_code)


class Notifier(threading.Thread):
    """Sends notices until the shop answers `success`, at Alipay's intervals."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(daemon=True, name="sandbox-notices")
        self.engine = engine
        self._news = threading.Event()
        self._done = threading.Event()
        self._http = urllib3.PoolManager(retries=False, timeout=NOTIFY_SECONDS)

    def hurry(self) -> None:
        """Look for due notices now."""
        self._news.set()

    def stop(self) -> None:
        """End after the notice being sent."""
        self._done.set()
        self._news.set()

    def run(self) -> None:
        while not self._done.is_set():
            for notice_id, url, fields in self.engine.due_notices():
                if self._send(url, fields):
                    self.engine.acknowledge(notice_id)
            self._news.wait(timeout=0.5)
            self._news.clear()

    def _send(self, url: str, fields: dict[str, str]) -> bool:
        try:
            answered = self._http.urlopen(
                "POST",
                url,
                body=urlencode(fields),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                redirect=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            logger.warning("%s: %s", url, type(error).__name__)
            return False
        logger.info("notice sent to %s: %s", url, answered.status)
        return answered.status == 200 and answered.data == b"success"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *values: Any) -> None:
        logger.debug(format, *values)

    def address_string(self) -> str:
        return str(self.client_address[0])


def serve(engine: Engine, *, host: str, port: int) -> tuple[WSGIServer, Notifier]:
    """A server that is listening and a notifier that is running.

    Call `serve_forever` on the one and `stop` on the other. Errors: OSError where the
    port is taken.
    """
    notifier = Notifier(engine)
    server = make_server(
        host,
        port,
        Application(engine, notifier.hurry),
        server_class=_Server,
        handler_class=_Handler,
    )
    notifier.start()
    return server, notifier
