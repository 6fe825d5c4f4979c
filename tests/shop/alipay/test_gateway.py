"""Questions to Alipay, and which answers are believed."""

import base64
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from shop.alipay.gateway import (
    Closed,
    NotRefunded,
    RefundDone,
    Refused,
    Trade,
    Unknown,
)

from . import hostile
from .conftest import NOW
from .hostile import APP_KEY, Hostile, content_of, rsa2, says

QUERY = "alipay.trade.query"
REFUND = "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"


class Order:
    """What the cast asks about; no row needed."""

    pk = 7
    out_trade_no = "1000_abc"
    amount_fen = 1234


@pytest.fixture
def far() -> Hostile:
    return Hostile()


@pytest.fixture
def gateway(far):
    far.paid(Order)
    return far.gateway()


def ask_refund(gateway, refunded_fen=0):
    return gateway.refund(
        out_trade_no="1000_abc",
        trade_no="T7",
        request_no="R1",
        amount_fen=1000,
        refunded_fen=refunded_fen,
        reason="",
    )


def ask_refund_query(gateway, amount_fen=1000):
    return gateway.refund_query(
        out_trade_no="1000_abc", trade_no="T7", request_no="R1", amount_fen=amount_fen
    )


class TestPayUrl:
    def address(self, gateway, wap=False):
        url = gateway.pay_url(
            out_trade_no="1000_abc",
            subject="冰糖橙 & 土鸡蛋",
            amount_fen=1234,
            expires_at=NOW + timedelta(minutes=30),
            wap=wap,
        )
        return url, dict(parse_qsl(urlsplit(url).query))

    def test_is_signed_over_all_parameters_as_they_were_before_encoding(self, gateway):
        _url, params = self.address(gateway)
        APP_KEY.public_key().verify(
            base64.b64decode(params["sign"]),
            content_of(params, "sign").encode(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
        assert params["sign_type"] == "RSA2"

    def test_says_when_paying_ends_in_beijing_time(self, gateway):
        _url, params = self.address(gateway)
        assert '"time_expire":"2026-11-23 10:30:00"' in params["biz_content"]
        assert params["timestamp"] == "2026-11-23 10:00:00"

    def test_keeps_the_gateways_port_and_our_addresses(self, gateway):
        url, params = self.address(gateway)
        assert url.startswith("http://127.0.0.1:9/gateway.do?")
        assert params["notify_url"] == "http://testserver/pay/alipay/notify/"
        assert params["return_url"] == "http://testserver/pay/alipay/return/"

    @pytest.mark.parametrize(
        ("wap", "method", "product"),
        [
            (False, "alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
            (True, "alipay.trade.wap.pay", "QUICK_WAP_WAY"),
        ],
    )
    def test_differs_for_desktop_and_phone(self, gateway, wap, method, product):
        _url, params = self.address(gateway, wap=wap)
        assert params["method"] == method
        assert f'"product_code":"{product}"' in params["biz_content"]


class TestQuery:
    def test_tells_what_became_of_a_trade(self, gateway):
        trade = gateway.query(out_trade_no="1000_abc")
        assert trade == Trade("1000_abc", "T7", "TRADE_SUCCESS", 1234, NOW)

    def test_of_a_trade_nobody_began_is_a_refusal(self, gateway):
        answer = gateway.query(out_trade_no="nobody")
        assert answer == Refused("40004", "ACQ.TRADE_NOT_EXIST")

    @pytest.mark.parametrize("fault", hostile.UNKNOWN_FAULTS)
    def test_without_an_answer_to_trust_is_unknown(self, gateway, far, fault):
        far.fail(QUERY, hostile.UNKNOWN_FAULTS[fault])
        assert isinstance(gateway.query(out_trade_no="1000_abc"), Unknown)
        # Negative control: the next, undisturbed answer is believed.
        assert isinstance(gateway.query(out_trade_no="1000_abc"), Trade)

    @pytest.mark.parametrize(
        ("code", "sub_code"),
        [
            ("20000", "isp.unknow-error"),
            ("20000", "aop.unknow-error"),
            ("40004", "ACQ.SYSTEM_ERROR"),
            ("40004", "aop.ACQ.SYSTEM_ERROR"),
            ("10003", ""),
            ("", ""),
            ("77777", "ACQ.TRADE_NOT_EXIST"),
        ],
    )
    def test_that_alipay_itself_cannot_answer_is_unknown(
        self, gateway, far, code, sub_code
    ):
        far.fail(QUERY, says(QUERY, {"code": code, "sub_code": sub_code}))
        assert isinstance(gateway.query(out_trade_no="1000_abc"), Unknown)

    @pytest.mark.parametrize(
        "change",
        [
            {"out_trade_no": "somebody_elses"},
            {"out_trade_no": None},
            {"trade_no": None},
            {"trade_no": ""},
            {"trade_no": "T" * 65},
            {"trade_no": "T 7"},
            {"trade_status": "PAID"},
            {"total_amount": "12.340"},
            {"total_amount": "1e1"},
            {"total_amount": "0.00"},
            {"total_amount": None},
        ],
    )
    def test_about_something_else_or_unreadable_is_unknown(self, gateway, far, change):
        node = {"code": "10000", **far.query({"out_trade_no": "1000_abc"}), **change}
        node = {k: v for k, v in node.items() if v is not None}
        far.fail(QUERY, says(QUERY, node))
        assert isinstance(gateway.query(out_trade_no="1000_abc"), Unknown)
        # Negative control: only the change kept it from being believed.
        assert isinstance(gateway.query(out_trade_no="1000_abc"), Trade)

    def test_is_read_from_the_raw_text_with_escaped_slashes(self, gateway, far):
        node = far.query({"out_trade_no": "1000_abc"}) | {"note": "a/b"}
        answer = far.answer(QUERY, node)
        assert b"a\\/b" in answer
        far.fail(QUERY, lambda _honest: answer)
        assert isinstance(gateway.query(out_trade_no="1000_abc"), Trade)

    def test_with_numbers_instead_of_texts_keeps_them_exact(self, gateway, far):
        node = far.query({"out_trade_no": "1000_abc"}) | {"code": 10000}
        raw = far.answer(QUERY, node | {"total_amount": 12.3})
        far.fail(QUERY, lambda _honest: raw)
        assert gateway.query(out_trade_no="1000_abc").amount_fen == 1230

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda text: text + "x",
            lambda text: text + text,
            lambda text: text.replace('{"alipay', '{"error_response":{},"alipay', 1),
            lambda text: text.replace("12.34", "12.35"),
            lambda text: text.replace('"sign":', '"sign":"AAAA","sign":'),
            lambda text: "[" + text + "]",
        ],
        ids=["tail", "twice", "two nodes", "changed", "two signs", "list"],
    )
    def test_that_was_tampered_with_is_unknown(self, gateway, far, spoil):
        far.fail(QUERY, lambda honest: spoil(honest.decode()).encode())
        assert isinstance(gateway.query(out_trade_no="1000_abc"), Unknown)

    def test_signed_error_without_a_method_is_not_believed(self, gateway, far):
        raw = '{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}'
        answer = f'{{"error_response":{raw},"sign":"{rsa2(raw)}"}}'.encode()
        far.fail(QUERY, lambda _honest: answer)
        assert isinstance(gateway.query(out_trade_no="1000_abc"), Unknown)


class TestAsk:
    def test_the_sdk_would_take_another_methods_node(self, far):
        # Negative control: the SDK's own parser believes what ours refuses.
        from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
        from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
        from alipay.aop.api.util.WebUtils import THREAD_LOCAL
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        config = AlipayClientConfig()
        config.alipay_public_key = (
            hostile.ALIPAY_KEY.public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )
        THREAD_LOCAL.uuid, THREAD_LOCAL.logger = "test", None
        client = DefaultAlipayClient(config)
        other = hostile.other_methods_node(b"")
        parsed = client._DefaultAlipayClient__parse_response(other)
        assert '"10000"' in parsed

    def test_puts_common_parameters_into_the_address(self, gateway, far):
        seen = []

        def send(url, body):
            seen.append((dict(parse_qsl(urlsplit(url).query)), dict(parse_qsl(body))))
            return far.send(url, body)

        object.__setattr__(gateway, "send", send)
        model = AlipayTradeQueryModel()
        model.out_trade_no = "1000_abc"
        assert isinstance(gateway.ask(AlipayTradeQueryRequest(biz_model=model)), dict)
        query, form = seen[0]
        assert {"app_id", "method", "charset", "sign", "timestamp"} <= query.keys()
        assert form.keys() == {"biz_content"}


class TestClose:
    def test_of_an_unpaid_trade(self, gateway, far):
        far.trades["T7"]["trade_status"] = "WAIT_BUYER_PAY"
        assert gateway.close(out_trade_no="1000_abc") == Closed()

    def test_of_a_paid_one_is_refused(self, gateway):
        answer = gateway.close(out_trade_no="1000_abc")
        assert answer == Refused("40004", "ACQ.REASON_TRADE_STATUS_INVALID")

    @pytest.mark.parametrize("named", [{"out_trade_no": "another"}, {}])
    def test_that_speaks_of_another_trade_or_of_none_is_unknown(
        self, gateway, far, named
    ):
        node = {"code": "10000", **named}
        far.fail("alipay.trade.close", says("alipay.trade.close", node))
        assert isinstance(gateway.close(out_trade_no="1000_abc"), Unknown)


class TestRefund:
    def test_is_done_once_for_a_number(self, gateway, far):
        assert isinstance(ask_refund(gateway), RefundDone)
        # The second time nothing moves, and the refund query is to be asked.
        assert isinstance(ask_refund(gateway), Unknown)
        assert isinstance(ask_refund_query(gateway), RefundDone)
        assert far.sent_back_fen == 1000

    @pytest.mark.parametrize(
        "change",
        [
            {"out_trade_no": "another"},
            {"trade_no": "T8"},
            {"fund_change": "N"},
            {"fund_change": None},
            {"refund_fee": "9.99"},
            {"refund_fee": "1e3"},
            {"refund_fee": None},
        ],
    )
    def test_whose_answer_does_not_fit_is_unknown(self, gateway, far, change):
        node = {
            "code": "10000",
            "out_trade_no": "1000_abc",
            "trade_no": "T7",
            "fund_change": "Y",
            "refund_fee": "10.00",
        }
        # Negative control: unchanged it is believed.
        far.fail(REFUND, says(REFUND, node))
        assert isinstance(ask_refund(gateway), RefundDone)
        changed = {k: v for k, v in (node | change).items() if v is not None}
        far.fail(REFUND, says(REFUND, changed))
        assert isinstance(ask_refund(gateway), Unknown)

    def test_answered_with_an_earlier_refunds_answer_is_unknown(self, gateway, far):
        # Signed, of this method, about this trade, yet ¥10.00 went back before it.
        node = {
            "code": "10000",
            "out_trade_no": "1000_abc",
            "trade_no": "T7",
            "fund_change": "Y",
            "refund_fee": "10.00",
        }
        far.fail(REFUND, *[says(REFUND, node)] * 2)
        assert isinstance(ask_refund(gateway, refunded_fen=1000), Unknown)
        # Negative control: with nothing paid back before, it is the first one's.
        assert isinstance(ask_refund(gateway), RefundDone)


class TestRefundQuery:
    def test_code_10000_alone_does_not_mean_refunded(self, gateway):
        assert ask_refund_query(gateway) == NotRefunded()

    @pytest.mark.parametrize("status", ["", "REFUND_PROCESSING", "refund_success"])
    def test_any_other_status_does_not_either(self, gateway, far, status):
        node = {"code": "10000", "refund_status": status, "refund_amount": "10.00"}
        far.fail(REFUND_QUERY, says(REFUND_QUERY, node))
        assert ask_refund_query(gateway) == NotRefunded()

    @pytest.mark.parametrize(
        "change",
        [
            {"out_request_no": "R2"},
            {"out_request_no": None},
            {"refund_amount": None},
            {"out_trade_no": "another"},
            {"trade_no": "T8"},
            {"refund_amount": "10.01"},
            {"refund_amount": "10.000"},
        ],
    )
    def test_about_another_refund_is_unknown(self, gateway, far, change):
        ask_refund(gateway)
        node = far.fastpay_refund_query(
            {"trade_no": "T7", "out_trade_no": "1000_abc", "out_request_no": "R1"}
        )
        changed = {k: v for k, v in (node | change).items() if v is not None}
        far.fail(REFUND_QUERY, says(REFUND_QUERY, changed))
        assert isinstance(ask_refund_query(gateway), Unknown)
        assert isinstance(ask_refund_query(gateway), RefundDone)

    def test_that_names_nothing_at_all_is_unknown(self, gateway, far):
        node = {"code": "10000", "refund_status": "REFUND_SUCCESS"}
        far.fail(REFUND_QUERY, says(REFUND_QUERY, node))
        assert isinstance(ask_refund_query(gateway), Unknown)
