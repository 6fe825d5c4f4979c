"""Alipay, as the rest of the shop sees it: questions, and answers that can be trusted.

Requests, models and the text to sign come from alipay-sdk-python; sending, signing and
checking are ours (see design/money.md for the faults this keeps out). An answer is one
of three things and never a fourth: what Alipay says it did, Alipay's refusal, or
`Unknown`. Unknown is neither success nor failure: ask again.
"""

import functools
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from alipay.aop.api.domain.AlipayDataDataserviceBillDownloadurlQueryModel import (
    AlipayDataDataserviceBillDownloadurlQueryModel as BillModel,
)
from alipay.aop.api.domain.AlipayTradeCloseModel import AlipayTradeCloseModel
from alipay.aop.api.domain.AlipayTradeFastpayRefundQueryModel import (
    AlipayTradeFastpayRefundQueryModel as RefundQueryModel,
)
from alipay.aop.api.domain.AlipayTradePagePayModel import AlipayTradePagePayModel
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.domain.AlipayTradeWapPayModel import AlipayTradeWapPayModel
from alipay.aop.api.request.AlipayDataDataserviceBillDownloadurlQueryRequest import (
    AlipayDataDataserviceBillDownloadurlQueryRequest as BillRequest,
)
from alipay.aop.api.request.AlipayTradeCloseRequest import AlipayTradeCloseRequest
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import (
    AlipayTradeFastpayRefundQueryRequest as RefundQueryRequest,
)
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.request.AlipayTradeWapPayRequest import AlipayTradeWapPayRequest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from . import answers, signing, transport
from .amounts import (
    amount_from_fen,
    fen_from_amount,
    moment_from_text,
    text_from_moment,
)

logger = logging.getLogger(__name__)

Send = Callable[[str, str], bytes]
TRADE_STATUSES = {"WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_FINISHED", "TRADE_CLOSED"}
TRADE_NOT_EXIST = "ACQ.TRADE_NOT_EXIST"
TRADE_NO = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Signed refusals: the request was understood and will not be done.
_REFUSALS = {"20001", "40001", "40002", "40003", "40004", "40006"}
_UNCERTAIN = ("ACQ.SYSTEM_ERROR", "isp.", "aop.")


class Unknown(NamedTuple):
    """What Alipay did is not known. `answered`: it spoke, so asking again is cheap."""

    reason: str
    answered: bool = False


class Refused(NamedTuple):
    """Alipay's signed refusal."""

    code: str
    sub_code: str


class Trade(NamedTuple):
    """A trade as Alipay's signed answer to our own question describes it."""

    out_trade_no: str
    trade_no: str
    status: str
    amount_fen: int
    paid_at: datetime | None


class Closed(NamedTuple):
    """The trade is closed at Alipay; nobody can pay it."""


class RefundDone(NamedTuple):
    """The refund with the number asked about has been made, when Alipay says."""

    made_at: datetime | None = None


class NotRefunded(NamedTuple):
    """Alipay knows no refund with the number asked about, or has not made it."""


class BillAddress(NamedTuple):
    """Where the day's bill can be fetched, for thirty seconds."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """One application at one gateway, with both sides' keys."""

    url: str
    app_id: str
    seller_id: str
    private_key: RSAPrivateKey
    public_key: RSAPublicKey
    notify_url: str = ""
    return_url: str = ""
    send: Send = transport.post
    clock: Callable[[], datetime] = timezone.now

    def pay_url(
        self,
        *,
        out_trade_no: str,
        subject: str,
        amount_fen: int,
        expires_at: datetime,
        wap: bool,
    ) -> str:
        """The cashier's signed address for a desktop, or a phone's browser (`wap`)."""
        model = AlipayTradeWapPayModel() if wap else AlipayTradePagePayModel()
        model.out_trade_no = out_trade_no
        model.subject = subject
        model.total_amount = amount_from_fen(amount_fen)
        model.time_expire = text_from_moment(expires_at)
        model.product_code = "QUICK_WAP_WAY" if wap else "FAST_INSTANT_TRADE_PAY"
        make = AlipayTradeWapPayRequest if wap else AlipayTradePagePayRequest
        request = make(biz_model=model)
        request.notify_url = self.notify_url
        request.return_url = self.return_url
        return f"{self.url}?{urlencode(self._signed(request))}"

    def query(self, *, out_trade_no: str) -> Trade | Refused | Unknown:
        """What has become of a trade. Refused TRADE_NOT_EXIST: nobody began to pay."""
        model = AlipayTradeQueryModel()
        model.out_trade_no = out_trade_no
        node = self.ask(AlipayTradeQueryRequest(biz_model=model))
        if not isinstance(node, dict):
            return node
        try:
            trade = Trade(
                out_trade_no=node["out_trade_no"],
                trade_no=node["trade_no"],
                status=node["trade_status"],
                amount_fen=fen_from_amount(node["total_amount"]),
                paid_at=moment_from_text(node.get("send_pay_date", "")),
            )
        except (KeyError, ValueError):
            return Unknown("the answer lacks what a trade must have", answered=True)
        if trade.out_trade_no != out_trade_no or trade.status not in TRADE_STATUSES:
            return Unknown("the answer is about something else", answered=True)
        if not TRADE_NO.fullmatch(trade.trade_no) or trade.amount_fen == 0:
            return Unknown("no trade, or no money", answered=True)
        return trade

    def close(self, *, out_trade_no: str) -> Closed | Refused | Unknown:
        """Close a trade that nobody has paid."""
        model = AlipayTradeCloseModel()
        model.out_trade_no = out_trade_no
        node = self.ask(AlipayTradeCloseRequest(biz_model=model))
        if not isinstance(node, dict):
            return node
        # One that names no trade could be an answer about any: the query will say.
        if node.get("out_trade_no") != out_trade_no:
            return Unknown("the answer is about something else", answered=True)
        return Closed()

    def refund(
        self,
        *,
        out_trade_no: str,
        trade_no: str,
        request_no: str,
        amount_fen: int,
        refunded_fen: int,
        reason: str,
    ) -> RefundDone | Refused | Unknown:
        """Pay back. The same number pays once, however often it is sent.

        `refunded_fen` is what the trade has paid back before, as far as we know: an
        earlier refund's answer does not name its number and must not count as this one.
        """
        model = AlipayTradeRefundModel()
        model.out_trade_no = out_trade_no
        model.trade_no = trade_no
        model.out_request_no = request_no
        model.refund_amount = amount_from_fen(amount_fen)
        model.refund_reason = reason or None
        node = self.ask(AlipayTradeRefundRequest(biz_model=model))
        if not isinstance(node, dict):
            return node
        about_this = (
            node.get("out_trade_no") == out_trade_no
            and node.get("trade_no", trade_no) == trade_no
        )
        if not about_this:
            return Unknown("the answer is about something else", answered=True)
        # fund_change N: nothing moved this time. Perhaps it did before: ask.
        so_far_fen = _fen(node, "refund_fee")
        if node.get("fund_change") != "Y" or so_far_fen < refunded_fen + amount_fen:
            return Unknown("no money moved with this answer", answered=True)
        return RefundDone(moment_from_text(node.get("gmt_refund_pay", "")))

    def refund_query(
        self, *, out_trade_no: str, trade_no: str, request_no: str, amount_fen: int
    ) -> RefundDone | NotRefunded | Refused | Unknown:
        """Whether the refund with this number was made, to this sum."""
        model = RefundQueryModel()
        model.out_trade_no = out_trade_no
        model.trade_no = trade_no
        model.out_request_no = request_no
        node = self.ask(RefundQueryRequest(biz_model=model))
        if not isinstance(node, dict):
            return node
        # Code 10000 only says that the question was understood.
        if node.get("refund_status") != "REFUND_SUCCESS":
            return NotRefunded()
        # Without its number and sum it could be any of the trade's refunds.
        about_this = (
            node.get("out_request_no") == request_no
            and node.get("out_trade_no", out_trade_no) == out_trade_no
            and node.get("trade_no", trade_no) == trade_no
            and _fen(node, "refund_amount") == amount_fen
        )
        if not about_this:
            return Unknown("the answer is about something else", answered=True)
        return RefundDone(moment_from_text(node.get("gmt_refund_pay", "")))

    def bill_address(self, *, day: date) -> BillAddress | Refused | Unknown:
        """Where the bill of a day that is over can be fetched; there from 9:00 on."""
        model = BillModel()
        model.bill_type = "trade"
        model.bill_date = day.isoformat()
        node = self.ask(BillRequest(biz_model=model))
        if not isinstance(node, dict):
            return node
        address = node.get("bill_download_url", "")
        secure = urlsplit(self.url).scheme
        if urlsplit(address).scheme not in {"https", secure}:
            return Unknown("the answer has no address for the bill", answered=True)
        return BillAddress(address)

    def verifies(self, params: Mapping[str, str]) -> bool:
        """Whether a notice or a return comes from Alipay, RSA2 only. Never raises."""
        if params.get("sign_type") != "RSA2" or not signing.has_one_reading(params):
            return False
        return signing.is_signed(
            self.public_key,
            signing.message_content(params),
            params.get("sign", ""),
            charset=signing.charset_of(params),
        )

    def ask(self, request: Any) -> dict[str, str] | Refused | Unknown:
        """The verified node of an SDK request's answer where its code is 10000."""
        params = self._signed(request)
        method = params["method"]
        # Alipay wants the common parameters in the address, the rest in the body.
        body = urlencode({"biz_content": params.pop("biz_content")})
        try:
            raw = self.send(f"{self.url}?{urlencode(params)}", body)
            node = self._verified_node(method, raw.decode("utf-8"))
        except (transport.NoAnswer, UnicodeDecodeError) as error:
            logger.warning("%s: no answer: %s", method, error)
            return Unknown(str(error)[:100])
        except answers.BadAnswer as error:
            logger.warning("%s: no answer to trust: %s", method, error)
            return Unknown(str(error)[:100])
        return _judged(method, node)

    def _signed(self, request: Any) -> dict[str, str]:
        params: dict[str, str] = request.get_params()
        params |= {
            "app_id": self.app_id,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": text_from_moment(self.clock()),
        }
        content = signing.request_content(params)
        return params | {"sign": signing.sign(self.private_key, content)}

    def _verified_node(self, method: str, text: str) -> dict[str, str]:
        """The method's own node, its signature checked over its raw characters.

        `error_response` is not taken even where it is signed: it does not say which
        method it answers, so it could be another call's.
        """
        found = answers.members(text)
        name = method.replace(".", "_") + "_response"
        if [key for key in found if key.endswith("_response")] != [name]:
            raise answers.BadAnswer("the answer is not this method's")
        node, raw = found[name]
        signature, _ = found.get("sign", ("", ""))
        if not isinstance(node, dict):
            raise answers.BadAnswer("the node is no object")
        if not signing.is_signed(self.public_key, raw, signature):
            raise answers.BadAnswer("the signature does not fit")
        return {key: value for key, value in node.items() if isinstance(value, str)}


def _judged(method: str, node: dict[str, str]) -> dict[str, str] | Refused | Unknown:
    code, sub_code = node.get("code", ""), node.get("sub_code", "")
    if code == "10000":
        return node
    logger.info("%s: code %.10s %.60s", method, code, sub_code)
    if code not in _REFUSALS or sub_code.startswith(_UNCERTAIN):
        return Unknown(f"{code} {sub_code}"[:100], answered=True)
    return Refused(code[:10], sub_code[:60])


def _fen(node: Mapping[str, str], name: str) -> int:
    """The sum of a field; -1 where there is none that can be read."""
    try:
        return fen_from_amount(node[name])
    except (KeyError, ValueError):
        return -1


def configured() -> Gateway:
    """The gateway that the settings name, with the keys of their files."""
    names = (settings.ALIPAY_APP_PRIVATE_KEY_FILE, settings.ALIPAY_PUBLIC_KEY_FILE)
    return _configured(
        settings.ALIPAY_GATEWAY,
        settings.ALIPAY_APP_ID,
        settings.ALIPAY_SELLER_ID,
        *((str(name), Path(name).stat().st_mtime_ns) for name in names),
        settings.BASE_URL,
        settings.ALIPAY_TIMEOUT_SECONDS,
    )


@functools.lru_cache(maxsize=2)
def _configured(
    url: str,
    app_id: str,
    seller_id: str,
    private_key_file: tuple[str, int],
    public_key_file: tuple[str, int],
    base_url: str,
    read_seconds: float,
) -> Gateway:
    return Gateway(
        url=url.partition("?")[0],
        app_id=app_id,
        seller_id=seller_id,
        private_key=signing.load_private_key(Path(private_key_file[0]).read_text()),
        public_key=signing.load_public_key(Path(public_key_file[0]).read_text()),
        notify_url=base_url + reverse("alipay:notify"),
        return_url=base_url + reverse("alipay:return"),
        send=functools.partial(transport.post, read_seconds=read_seconds),
    )
