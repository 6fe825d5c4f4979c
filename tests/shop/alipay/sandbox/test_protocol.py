"""The local Alipay keeps Alipay's protocol, rule by rule."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from alipay.aop.api.domain.AlipayTradePrecreateModel import AlipayTradePrecreateModel
from alipay.aop.api.request.AlipayTradePrecreateRequest import (
    AlipayTradePrecreateRequest,
)

from shop.alipay import bill, signing
from shop.alipay.gateway import (
    BillAddress,
    Closed,
    Gateway,
    NotRefunded,
    RefundDone,
    Refused,
    Unknown,
)
from shop.alipay.sandbox.answering import answer, read_request
from shop.alipay.sandbox.bills import bill_of, make_bill
from shop.alipay.sandbox.books import Keys, Refusal
from shop.alipay.sandbox.engine import Engine
from shop.alipay.sandbox.store import Store
from tests.shop.alipay.hostile import ALIPAY_KEY, APP_ID, APP_KEY, SELLER_ID

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOST = "http://127.0.0.1:8001"


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path, clock) -> Engine:
    return Engine(
        store=Store(tmp_path / "sandbox" / "gateway.sqlite3"),
        keys=Keys(private=ALIPAY_KEY, shop=APP_KEY.public_key()),
        app_id=APP_ID,
        seller_id=SELLER_ID,
        clock=clock,
        speed=60,
    )


@pytest.fixture
def gateway(engine, clock) -> Gateway:
    return Gateway(
        url=f"{HOST}/gateway.do",
        app_id=APP_ID,
        seller_id=SELLER_ID,
        private_key=APP_KEY,
        public_key=ALIPAY_KEY.public_key(),
        notify_url="http://shop.invalid/notify",
        return_url="http://shop.invalid/return",
        send=lambda url, body: answer(engine, urlsplit(url).query, body, HOST),
        clock=clock,
    )


def biz(**changes) -> dict[str, str]:
    wanted = {
        "out_trade_no": "1000_abc",
        "subject": "冰糖橙",
        "total_amount": "12.34",
        "product_code": "FAST_INSTANT_TRADE_PAY",
        "time_expire": "2026-11-23 10:30:00",
    }
    return wanted | changes


def opened(engine, **changes) -> str:
    return engine.open_page("page", biz(**changes), "http://shop.invalid/n", "")


def refuses(call) -> str:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.sub_code


def refund(gateway, trade_no, amount_fen, request_no="R1"):
    return gateway.refund(
        out_trade_no="1000_abc",
        trade_no=trade_no,
        request_no=request_no,
        amount_fen=amount_fen,
        refunded_fen=0,
        reason="",
    )


def refund_query(gateway, trade_no, amount_fen=1000, request_no="R1"):
    return gateway.refund_query(
        out_trade_no="1000_abc",
        trade_no=trade_no,
        request_no=request_no,
        amount_fen=amount_fen,
    )


class TestCashier:
    def test_makes_no_trade_before_the_buyer_acts(self, engine, gateway):
        opened(engine)
        not_there = Refused("40004", "ACQ.TRADE_NOT_EXIST")
        assert gateway.query(out_trade_no="1000_abc") == not_there
        assert gateway.close(out_trade_no="1000_abc") == not_there

    def test_logging_in_makes_one_that_waits(self, engine, gateway):
        trade_no = engine.begin(opened(engine))
        trade = gateway.query(out_trade_no="1000_abc")
        assert (trade.trade_no, trade.status) == (trade_no, "WAIT_BUYER_PAY")
        assert re.fullmatch(r"\d{28}", trade_no)

    def test_paying_makes_it_succeed(self, engine, gateway):
        token = opened(engine)
        assert engine.begin(token) == engine.pay(token)
        trade = gateway.query(out_trade_no="1000_abc")
        assert (trade.status, trade.amount_fen) == ("TRADE_SUCCESS", 1234)
        assert trade.paid_at == NOW

    def test_a_saved_page_still_pays_after_an_early_close(self, engine, gateway):
        token = opened(engine)
        gateway.close(out_trade_no="1000_abc")
        assert engine.pay(token)

    def test_refuses_a_second_payment_another_sum_and_a_closed_trade(
        self, engine, gateway
    ):
        token = opened(engine)
        engine.begin(token)
        other = lambda: opened(engine, total_amount="99.00")  # noqa: E731
        assert refuses(other) == "ACQ.CONTEXT_INCONSISTENT"
        engine.pay(token)
        assert refuses(lambda: engine.pay(token)) == "ACQ.TRADE_HAS_SUCCESS"
        assert refuses(lambda: opened(engine)) == "ACQ.TRADE_HAS_SUCCESS"
        late = opened(engine, out_trade_no="2")
        engine.begin(late)
        gateway.close(out_trade_no="2")
        assert refuses(lambda: engine.pay(late)) == "ACQ.TRADE_HAS_CLOSE"

    def test_ends_at_time_expire(self, engine, gateway, clock):
        begun, fresh = opened(engine), opened(engine, out_trade_no="2")
        engine.begin(begun)
        clock.now = NOW + timedelta(minutes=30)
        assert refuses(lambda: engine.pay(begun)) == "ACQ.TRADE_HAS_CLOSE"
        assert refuses(lambda: engine.pay(fresh)) == "ACQ.TRADE_HAS_CLOSE"
        assert gateway.query(out_trade_no="1000_abc").status == "TRADE_CLOSED"

    @pytest.mark.parametrize(
        "changes",
        [
            {"total_amount": "0.00"},
            {"total_amount": "0.001"},
            {"total_amount": "100000000.01"},
            {"total_amount": "abc"},
            {"out_trade_no": "a-b"},
            {"out_trade_no": "x" * 65},
            {"out_trade_no": ""},
            {"subject": "a/b"},
            {"subject": "a=b&c"},
            {"subject": "x" * 257},
            {"subject": ""},
            {"product_code": "QUICK_WAP_WAY"},
            {"time_expire": "tomorrow"},
        ],
    )
    def test_refuses_what_breaks_a_rule(self, engine, changes):
        assert refuses(lambda: opened(engine, **changes)) == "ACQ.INVALID_PARAMETER"

    @pytest.mark.parametrize("amount", ["0.01", "100000000.00"])
    def test_takes_the_smallest_and_the_largest_sum(self, engine, amount):
        assert opened(engine, total_amount=amount)


class TestPrecreate:
    def test_gives_a_code_that_leads_to_the_cashier(self, engine, gateway):
        model = AlipayTradePrecreateModel()
        model.out_trade_no, model.subject = "1000_abc", "橙"
        model.total_amount = "12.34"
        node = gateway.ask(AlipayTradePrecreateRequest(biz_model=model))
        assert node["qr_code"].startswith(f"{HOST}/cashier/")
        assert engine.pay(node["qr_code"].rpartition("/")[2])


class TestClose:
    def test_closes_what_waits_and_nothing_else(self, engine, gateway):
        token = opened(engine)
        engine.begin(token)
        assert gateway.close(out_trade_no="1000_abc") == Closed()
        refused = Refused("40004", "ACQ.REASON_TRADE_STATUS_INVALID")
        assert gateway.close(out_trade_no="1000_abc") == refused
        engine.pay(opened(engine, out_trade_no="2"))
        assert gateway.close(out_trade_no="2") == refused


class TestRefund:
    @pytest.fixture
    def trade_no(self, engine):
        return engine.pay(opened(engine))

    def test_pays_once_for_a_number_and_counts_up(self, gateway, trade_no, engine):
        assert refund_query(gateway, trade_no) == NotRefunded()
        assert refund(gateway, trade_no, 1000) == RefundDone(NOW)
        again = engine.refund(
            {
                "trade_no": trade_no,
                "out_request_no": "R1",
                "refund_amount": "10.00",
            }
        )
        assert (again["fund_change"], again["refund_fee"]) == ("N", "10.00")
        assert refund_query(gateway, trade_no) == RefundDone(NOW)
        second = engine.refund(
            {"trade_no": trade_no, "out_request_no": "R2", "refund_amount": "2.34"}
        )
        assert (second["refund_fee"], second["send_back_fee"]) == ("12.34", "2.34")

    def test_of_a_part_keeps_the_trade_and_of_all_closes_it(self, gateway, trade_no):
        refund(gateway, trade_no, 1000)
        assert gateway.query(out_trade_no="1000_abc").status == "TRADE_SUCCESS"
        refund(gateway, trade_no, 234, "R2")
        assert gateway.query(out_trade_no="1000_abc").status == "TRADE_CLOSED"

    @pytest.mark.parametrize(
        ("changes", "sub_code"),
        [
            ({"refund_amount": "12.35"}, "ACQ.REASON_TRADE_REFUND_FEE_ERR"),
            ({"refund_amount": "0.00"}, "ACQ.REASON_TRADE_REFUND_FEE_ERR"),
            ({"refund_amount": "x"}, "ACQ.INVALID_PARAMETER"),
            ({"refund_amount": "1.00"}, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"),
            ({"trade_no": "nobody"}, "ACQ.TRADE_NOT_EXIST"),
            ({"trade_no": ""}, "ACQ.INVALID_PARAMETER"),
        ],
    )
    def test_refuses(self, engine, trade_no, changes, sub_code):
        wanted = {"trade_no": trade_no, "refund_amount": "12.34"} | changes
        if sub_code != "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL":
            wanted["out_request_no"] = "R9"
        assert refuses(lambda: engine.refund(wanted)) == sub_code

    def test_refuses_another_sum_under_a_known_number(self, gateway, trade_no):
        refund(gateway, trade_no, 1000)
        assert refund(gateway, trade_no, 200) == Refused(
            "40004", "ACQ.DISCORDANT_REPEAT_REQUEST"
        )

    def test_refuses_unpaid_trades(self, engine, gateway):
        trade_no = engine.begin(opened(engine, out_trade_no="2"))
        answered = gateway.refund(
            out_trade_no="2",
            trade_no=trade_no,
            request_no="R1",
            amount_fen=1,
            refunded_fen=0,
            reason="",
        )
        assert answered == Refused("40004", "ACQ.TRADE_STATUS_ERROR")


class TestNotices:
    def test_are_signed_as_alipay_signs_them(self, engine, gateway):
        engine.pay(opened(engine))
        ((_id, url, fields),) = engine.due_notices()
        assert url == "http://shop.invalid/n"
        assert gateway.verifies(fields)
        assert fields["trade_status"] == "TRADE_SUCCESS"
        assert (fields["app_id"], fields["seller_id"]) == (APP_ID, SELLER_ID)

    def test_come_again_until_acknowledged_eight_times_at_most(self, engine, clock):
        engine.pay(opened(engine))
        sent = []
        for _ in range(200_000 // 60):
            sent += [(clock.now - NOW).total_seconds() for _ in engine.due_notices()]
            clock.now += timedelta(seconds=1)
        # Sixty times faster: 4 s, 10 s, 10 s, 1 min, 2 min, 6 min, 15 min.
        assert sent == [0, 4, 14, 24, 84, 204, 564, 1464]

    def test_end_with_the_acknowledgement(self, engine, clock):
        engine.pay(opened(engine))
        ((notice_id, _url, _fields),) = engine.due_notices()
        engine.acknowledge(notice_id)
        clock.now += timedelta(days=2)
        assert engine.due_notices() == []

    def test_tell_of_refunds(self, engine, gateway):
        trade_no = engine.pay(opened(engine))
        refund(gateway, trade_no, 1000)
        refund(gateway, trade_no, 234, "R2")
        told = [fields for _id, _url, fields in engine.due_notices()]
        assert [fields.get("out_biz_no") for fields in told] == [None, "R1", "R2"]
        assert [fields.get("refund_fee") for fields in told] == [None, "10.00", "12.34"]
        assert told[2]["trade_status"] == "TRADE_CLOSED"

    def test_survive_a_restart(self, engine, clock):
        engine.pay(opened(engine))
        again = Engine(
            store=Store(engine.store._path),
            keys=engine.keys,
            app_id=APP_ID,
            seller_id=SELLER_ID,
            clock=clock,
        )
        assert len(again.due_notices()) == 1


class TestRequests:
    def signed(self, clock, **changes) -> dict[str, str]:
        params = {
            "app_id": APP_ID,
            "method": "alipay.trade.query",
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": "2026-11-23 10:00:00",
            "version": "1.0",
            "biz_content": '{"out_trade_no":"1"}',
        } | changes
        return params | {"sign": signing.sign(APP_KEY, signing.request_content(params))}

    def ask(self, engine, params, *, in_body=("biz_content",)) -> dict[str, str]:
        address = {k: v for k, v in params.items() if k not in in_body}
        body = {k: v for k, v in params.items() if k in in_body}
        raw = answer(engine, urlencode(address), urlencode(body), HOST)
        return next(iter(json.loads(raw).values()))

    def test_in_order_are_answered(self, engine, clock):
        said = self.ask(engine, self.signed(clock))
        assert said["sub_code"] == "ACQ.TRADE_NOT_EXIST"

    @pytest.mark.parametrize(
        ("changes", "sub_code"),
        [
            ({"app_id": "another"}, "isv.invalid-app-id"),
            ({"sign_type": "RSA"}, "isv.invalid-signature-type"),
            ({"method": "alipay.trade.nothing"}, "isv.invalid-method"),
            ({"timestamp": "2026-11-23 11:00:00"}, "isv.invalid-timestamp"),
            ({"timestamp": "now"}, "isv.invalid-timestamp"),
            ({"biz_content": "[]"}, "isv.invalid-parameter"),
            ({"biz_content": "{"}, "isv.invalid-parameter"),
            ({"biz_content": ""}, "isv.missing-biz-content"),
        ],
    )
    def test_out_of_order_are_refused(self, engine, clock, changes, sub_code):
        assert self.ask(engine, self.signed(clock, **changes))["sub_code"] == sub_code

    def test_with_another_signature_are_refused(self, engine, clock):
        changed = self.signed(clock) | {"biz_content": '{"out_trade_no":"2"}'}
        assert self.ask(engine, changed)["sub_code"] == "isv.invalid-signature"

    def test_with_the_common_parameters_in_the_body_are_refused(self, engine, clock):
        params = self.signed(clock)
        said = self.ask(engine, params, in_body=("biz_content", "charset"))
        assert said["sub_code"] == "isv.invalid-signature"

    def test_pay_addresses_of_our_gateway_are_in_order(self, engine, gateway):
        url = gateway.pay_url(
            out_trade_no="1000_abc",
            subject="冰糖橙 5斤",
            amount_fen=1234,
            expires_at=NOW + timedelta(minutes=30),
            wap=False,
        )
        method, params, found = read_request(engine, urlsplit(url).query, "")
        assert method == "alipay.trade.page.pay"
        assert params["return_url"] == "http://shop.invalid/return"
        assert found["total_amount"] == "12.34"

    def test_returns_are_signed(self, engine, gateway):
        token = engine.open_page("page", biz(), "", "http://shop.invalid/return?a=1")
        engine.pay(token)
        url, params = engine.return_params(token)
        assert url == "http://shop.invalid/return?a=1"
        assert gateway.verifies(dict(parse_qsl(urlencode(params))))
        assert "trade_status" not in params


class TestBills:
    def test_are_read_by_the_shop(self, engine, gateway, clock):
        trade_no = engine.pay(opened(engine))
        refund(gateway, trade_no, 1000)
        rows = bill.read_bill(make_bill(engine, date(2026, 11, 23)), app_id=APP_ID)
        assert [row[:4] for row in rows] == [
            ("1000_abc", trade_no, "", 1234),
            ("1000_abc", trade_no, "R1", 1000),
        ]
        assert make_bill(engine, date(2026, 11, 22))
        assert not bill.read_bill(make_bill(engine, date(2026, 11, 22)), app_id=APP_ID)

    def test_come_by_a_link_that_lives_thirty_seconds(self, engine, gateway, clock):
        clock.now = NOW + timedelta(days=1)
        found = gateway.bill_address(day=date(2026, 11, 23))
        assert isinstance(found, BillAddress)
        token = found.url.rpartition("/")[2].removesuffix(".zip")
        assert bill_of(engine, token)
        clock.now += timedelta(seconds=31)
        assert bill_of(engine, token) is None
        assert bill_of(engine, "guessed") is None

    @pytest.mark.parametrize("day", [date(2026, 11, 23), date(2026, 11, 24)])
    def test_of_today_and_later_are_not_there(self, gateway, day):
        assert isinstance(gateway.bill_address(day=day), Unknown)
