"""The doors: Alipay's notices, the way to the cashier, the way back."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from shop.alipay import operations, queries, tasks
from shop.alipay.models import Notice
from tests.races import at_once

from .conftest import NOW
from .hostile import content_of, notice, rsa2, signed

pytestmark = pytest.mark.django_db
NOTIFY = "/pay/alipay/notify/"
RETURN = "/pay/alipay/return/"


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Which tasks were hurried; none of them runs."""
    seen = []
    monkeypatch.setattr(tasks, "soon", lambda task, **ids: seen.append(task.name))
    return seen


def post(client, params, **extra):
    return client.post(
        NOTIFY,
        urlencode(params),
        content_type="application/x-www-form-urlencoded",
        **extra,
    )


def status(payment) -> str:
    payment.refresh_from_db()
    return payment.status


class TestNotify:
    def test_answers_seven_bytes_and_nothing_else(self, client, payment):
        answer = post(client, notice(payment))
        assert (answer.status_code, answer.content) == (200, b"success")
        assert not answer.cookies
        assert status(payment) == "PAID"

    def test_needs_no_token_and_no_login(self, payment):
        answer = post(Client(enforce_csrf_checks=True), notice(payment))
        assert answer.content == b"success"

    def test_answers_repeats_the_same_way(self, client, payment):
        params = notice(payment)
        answers = {post(client, params).content for _ in range(50)}
        assert answers == {b"success"}
        assert queries.state(payment)["capture_entries"] == 1

    def test_never_says_success_to_a_forgery(self, client, payment):
        forged = notice(payment) | {"total_amount": "0.01"}
        answer = post(client, forged)
        assert answer.status_code == 400
        assert b"success" not in answer.content
        assert status(payment) == "PENDING"

    @pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
    def test_takes_only_post(self, client, payment, method):
        answer = getattr(client, method)(f"{NOTIFY}?{urlencode(notice(payment))}")
        assert answer.status_code == 405
        assert status(payment) == "PENDING"

    def test_reads_only_the_body_not_the_address(self, client, payment):
        address = f"{NOTIFY}?{urlencode(notice(payment))}"
        for body in ("", urlencode({"sign": "x"})):
            answer = client.post(
                address, body, content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code == 400
        assert status(payment) == "PENDING"

    def test_refuses_a_field_with_two_meanings(self, client, payment):
        body = urlencode(notice(payment)) + "&total_amount=0.01"
        for text in (body, "total_amount=0.01&" + urlencode(notice(payment))):
            answer = client.post(
                NOTIFY, text, content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code == 400
        assert status(payment) == "PENDING"

    @pytest.mark.parametrize(
        "content_type", ["application/json", "text/plain", "multipart/form-data"]
    )
    def test_takes_only_forms(self, client, payment, content_type):
        answer = client.post(
            NOTIFY, urlencode(notice(payment)), content_type=content_type
        )
        assert answer.status_code == 400

    def test_takes_a_form_that_names_its_charset(self, client, payment):
        answer = client.post(
            NOTIFY,
            urlencode(notice(payment)),
            content_type="application/x-www-form-urlencoded; charset=utf-8",
        )
        assert answer.content == b"success"

    @pytest.mark.parametrize("header", ["", "; charset=gbk"])
    def test_is_read_in_the_charset_it_names(self, client, payment, header):
        params = notice(payment, charset="GBK", subject="黄桃5斤装")
        params["sign"] = rsa2(
            content_of(params, "sign", "sign_type"), encoding="gb18030"
        )
        answer = client.post(
            NOTIFY,
            urlencode(params, encoding="gb18030"),
            content_type=f"application/x-www-form-urlencoded{header}",
        )
        assert answer.content == b"success"
        assert status(payment) == "PAID"

    @pytest.mark.parametrize(
        ("named", "signed_in", "sent_in"),
        [
            ("utf-8", "gb18030", "gb18030"),
            ("GBK", "utf-8", "gb18030"),
            ("GBK", "gb18030", "utf-8"),
            ("utf-16", "utf-16", "utf-16"),
        ],
    )
    def test_in_another_charset_than_it_names_is_refused(
        self, client, payment, named, signed_in, sent_in
    ):
        params = notice(payment, charset=named, subject="黄桃5斤装")
        params["sign"] = rsa2(
            content_of(params, "sign", "sign_type"), encoding=signed_in
        )
        answer = client.post(
            NOTIFY,
            urlencode(params, encoding=sent_in),
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code == 400
        assert status(payment) == "PENDING"

    def test_limits_size_and_number_of_fields(self, client, payment):
        long = signed({"a": "x" * 70_000})
        assert post(client, long).status_code == 400
        # Heard out to its end, so that the other side hears the answer.
        assert post(client, long).wsgi_request.read() == b""
        many = {f"f{number}": "1" for number in range(2000)}
        assert post(client, many).status_code == 400

    def test_survives_bytes_that_are_no_text(self, client):
        for body in (b"\xff\xfe=%ff&a=%00", b"%", b"=" * 50, b"a" * 1000):
            answer = client.post(
                NOTIFY, body, content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code == 400
        assert not Notice.objects.exists()

    def test_verified_nul_characters_do_not_reach_the_database(self, client, payment):
        assert post(client, notice(payment, extra="a\x00b")).status_code == 400

    def test_hurries_what_has_to_go_back(self, client, payment, hurried):
        assert post(client, notice(payment, total_amount="0.01")).content == b"success"
        assert hurried == ["shop.alipay.tasks.resolve"]

    def test_a_broken_broker_does_not_cost_the_success(
        self, client, payment, monkeypatch
    ):
        monkeypatch.undo()

        def fail(**_ids):
            raise OSError("no broker")

        monkeypatch.setattr(tasks.resolve, "delay", fail)
        tasks.soon(tasks.resolve)


@pytest.mark.django_db(transaction=True)
def test_twenty_notices_at_the_door_at_once_pay_once(payment):
    params = notice(payment)
    answers = at_once(*[lambda: post(Client(), params).content] * 20)
    assert answers == [b"success"] * 20
    payment.refresh_from_db()
    assert queries.state(payment)["received_fen"] == 1234


class TestPay:
    def test_leads_to_the_cashier_without_writing(
        self, client, payment, django_assert_num_queries
    ):
        with time_machine.travel(NOW, tick=False), django_assert_num_queries(1):
            answer = client.get(queries.pay_path(payment))
        assert answer.status_code == 302
        assert answer["Location"].startswith("http://127.0.0.1:9/gateway.do?")
        assert "page.pay" in answer["Location"]
        assert not answer.cookies

    def test_gives_phones_their_own_cashier(self, client, payment):
        with time_machine.travel(NOW, tick=False):
            answer = client.get(
                queries.pay_path(payment), HTTP_USER_AGENT="Mozilla/5.0 (iPhone)"
            )
        assert "wap.pay" in answer["Location"]

    def test_shows_wechat_how_to_get_out(self, client, payment):
        with time_machine.travel(NOW, tick=False):
            answer = client.get(
                queries.pay_path(payment),
                HTTP_USER_AGENT="Mozilla/5.0 (iPhone) MicroMessenger/8.0.40",
            )
        assert answer.status_code == 200
        assert queries.pay_path(payment) in answer.content.decode()

    @pytest.mark.parametrize("name", ["pay", "status", "news"])
    def test_is_closed_to_who_only_guesses_the_number(self, client, payment, name):
        for token in ("x", "0" * 43, queries.pay_token(payment)[:-1]):
            address = reverse(f"alipay:{name}", args=[payment.order_number, token])
            assert client.get(address).status_code == 404
        assert client.get(reverse(f"alipay:{name}", args=["9", "x"])).status_code == 404

    def test_is_opened_by_the_token_of_the_orders_page(self, client, open_payment):
        made = open_payment(order_path="/orders/77/secret-token/", order_number="77")
        assert queries.pay_path(made) == "/pay/77/secret-token/"
        assert client.get("/pay/77/secret-token/status/").status_code == 200

    def test_of_what_is_paid_or_too_late_shows_how_it_stands(self, client, payment):
        with time_machine.travel(NOW + timedelta(hours=1), tick=False):
            answer = client.get(queries.pay_path(payment))
        assert answer["Location"] == queries.status_path(payment)
        operations.receive_notice(params=notice(payment), at=NOW)
        with time_machine.travel(NOW, tick=False):
            answer = client.get(queries.pay_path(payment))
        assert answer["Location"] == queries.status_path(payment)


class TestStatus:
    def page(self, client, payment, at=NOW) -> str:
        with time_machine.travel(at, tick=False):
            answer = client.get(queries.status_path(payment))
        assert answer.status_code == 200
        return answer.content.decode()

    def news(self, client, payment) -> str:
        return client.get(queries.news_path(payment)).json()["status"]

    def test_waits_with_and_without_scripts(self, client, payment):
        page = self.page(client, payment)
        assert queries.news_path(payment) in page
        assert queries.status_path(payment) in page
        assert queries.pay_path(payment) in page
        assert self.news(client, payment) == "PENDING"

    def test_has_its_own_words_for_every_end(self, client, open_payment, alipay):
        pages = {self.page(client, open_payment(), NOW + timedelta(hours=1))}
        closed, wrong, paid, back = (open_payment() for _ in range(4))
        operations.close(payment=closed, at=NOW)
        receive = operations.receive_notice
        receive(params=notice(wrong, total_amount="0.01"), at=NOW)
        for row in (paid, back):
            alipay.paid(row)
            receive(params=notice(row), at=NOW)
        operations.refund(payment=back, amount_fen=1000, request_no="R1", at=NOW)
        for row in (closed, wrong, paid, back):
            row.refresh_from_db()
            page = self.page(client, row)
            # Late money may come, and what came wrongly is on its way back.
            assert ("data-news" in page) is (row in (closed, wrong))
            pages.add(page.replace(row.order_number, ""))
        assert len(pages) == 5


class TestComeBack:
    def params(self, payment, **changes):
        fields = {
            "method": "alipay.trade.page.pay.return",
            "app_id": payment.app_id,
            "out_trade_no": payment.out_trade_no,
            "trade_no": f"T{payment.pk}",
            "total_amount": "12.34",
            "charset": "utf-8",
        }
        return signed(fields | changes)

    def test_shows_and_has_alipay_asked_but_books_nothing(
        self, client, payment, hurried
    ):
        answer = client.get(RETURN, self.params(payment))
        assert answer["Location"] == f"{queries.status_path(payment)}?asked"
        assert '"button button-primary"' not in client.get(answer["Location"]).text
        assert hurried == ["shop.alipay.tasks.ask_about"]
        assert status(payment) == "PENDING"

    def test_asking_books_what_alipay_says(self, payment, alipay):
        alipay.paid(payment)
        tasks.ask_about(payment_id=payment.pk)
        assert status(payment) == "PAID"

    @pytest.mark.parametrize(
        "change",
        [
            {"sign": "x"},
            {"sign_type": "RSA"},
            {"total_amount": "99.00"},
            {"out_trade_no": "another"},
            {"extra": "1"},
        ],
    )
    def test_of_a_forged_address_asks_nobody(self, client, payment, hurried, change):
        answer = client.get(RETURN, self.params(payment) | change)
        assert answer.status_code == 400
        assert not hurried

    def test_of_another_applications_payment_is_not_shown(self, client, payment):
        answer = client.get(RETURN, self.params(payment, app_id="another"))
        assert answer.status_code == 400

    def test_without_anything_is_not_readable(self, client):
        assert client.get(RETURN).status_code == 400
        assert client.post(RETURN).status_code in {403, 405}
