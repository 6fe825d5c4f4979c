"""Alibaba Cloud's SMS interface, spoken to a local stand-in that checks signatures.

The first test is the example that Alibaba Cloud publishes with "V3 request structure
and signature"; the stand-in's own check of signatures shares no code with ours.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.checks import Error

from shop.notices import operations
from shop.notices.checks import every_text_has_a_template
from shop.notices.models import TextMessage
from shop.notices.providers import Outgoing, UnableToDeliver
from shop.notices.providers.aliyun import (
    AliyunProvider,
    authorization,
    canonical_query,
)
from shop.notices.texts import TEXTS, told_in

NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)
KEY_ID, SECRET = "testId", "testSecret"


class Standin(ThreadingHTTPServer):
    """Answers as dysmsapi does; what it says next can be set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, str]] = []
        self.answer = (200, {"Code": "OK", "Message": "OK", "BizId": "9006^0"})
        self.raw: bytes | None = None


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Standin)
        status, answer = self.server.answer
        if self.headers["Authorization"] != self.expected():
            status, answer = 400, {"Code": "SignatureDoesNotMatch"}
        else:
            self.server.seen.append(dict(parse_qsl(urlsplit(self.path).query)))
        body = self.server.raw or json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def expected(self) -> str:
        names = (
            "host;x-acs-action;x-acs-content-sha256;x-acs-date;"
            "x-acs-signature-nonce;x-acs-version"
        )
        lines = ["POST", "/", urlsplit(self.path).query]
        lines += [f"{name}:{self.headers[name]}" for name in names.split(";")]
        lines += ["", names, hashlib.sha256(b"").hexdigest()]
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        signature = hmac.new(
            SECRET.encode(), f"ACS3-HMAC-SHA256\n{digest}".encode(), hashlib.sha256
        ).hexdigest()
        return (
            f"ACS3-HMAC-SHA256 Credential={KEY_ID},SignedHeaders={names},"
            f"Signature={signature}"
        )

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def standin(settings) -> Iterator[Standin]:
    server = Standin()
    Thread(target=server.serve_forever, daemon=True).start()
    settings.ALIYUN_SMS_ENDPOINT = f"http://127.0.0.1:{server.server_port}"
    settings.ALIYUN_SMS_KEY_ID, settings.ALIYUN_SMS_KEY_SECRET = KEY_ID, SECRET
    settings.ALIYUN_SMS_SIGN_NAME = "乡集"
    settings.ALIYUN_SMS_TEMPLATES = {"login_code": "SMS_154950909"}
    settings.ALIYUN_SMS_TIMEOUT_SECONDS = 2
    yield server
    server.shutdown()
    server.server_close()


def outgoing(template: str = "login_code", language: str = "zh-hans") -> Outgoing:
    return Outgoing(
        reference="login:7",
        phone="10000000001",
        template=template,
        words={"code": "314159"},
        language=language,
        body="…",
        written_at=NOON,
    )


class TestSignature:
    def test_is_the_published_one(self):
        query = canonical_query(
            {
                "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
                "RegionId": "cn-shanghai",
            }
        )
        signed = authorization(
            key_id="YourAccessKeyId",
            secret="YourAccessKeySecret",
            query=query,
            headers={
                "host": "ecs.cn-shanghai.aliyuncs.com",
                "x-acs-action": "RunInstances",
                "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
                "x-acs-date": "2023-10-26T10:22:32Z",
                "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
                "x-acs-version": "2014-05-26",
            },
        )
        assert signed.endswith(
            "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        )

    def test_escapes_as_rfc_3986_has_it(self):
        assert canonical_query({"b": "a b*~/", "a": "签"}) == (
            "a=%E7%AD%BE&b=a%20b%2A~%2F"
        )


class TestSend:
    def test_a_link_leaves_its_host_to_the_approved_wording(self, standin, settings):
        settings.BASE_URL = "https://market.example"
        words = {
            "link": "https://market.example/confirm/Zk3-_x/",
            "product": "https://market.example.evil/",
        }
        AliyunProvider().send(replace(outgoing(), words=words))
        told = json.loads(standin.seen[0]["TemplateParam"])
        assert told == {**words, "link": "confirm/Zk3-_x/"}

    def test_sends_the_approved_wording_with_its_words(self, standin):
        assert AliyunProvider().send(outgoing()) == "9006^0"
        assert standin.seen == [
            {
                "OutId": "login:7",
                "PhoneNumbers": "10000000001",
                "SignName": "乡集",
                "TemplateCode": "SMS_154950909",
                "TemplateParam": '{"code": "314159"}',
            }
        ]

    def test_a_wrong_secret_is_refused_and_may_be_mended(self, standin, settings):
        settings.ALIYUN_SMS_KEY_SECRET = "other"
        self.expect("SignatureDoesNotMatch", final=False)

    def test_a_limit_is_tried_again(self, standin):
        standin.answer = (200, {"Code": "isv.BUSINESS_LIMIT_CONTROL"})
        self.expect("isv.BUSINESS_LIMIT_CONTROL", final=False)

    def test_an_impossible_number_is_final(self, standin):
        standin.answer = (200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL"})
        self.expect("isv.MOBILE_NUMBER_ILLEGAL", final=True)

    @pytest.mark.parametrize("raw", [b"<html>busy</html>", b"[1]", b"{}"])
    def test_nonsense_is_tried_again(self, standin, raw):
        standin.raw = raw
        with pytest.raises(UnableToDeliver) as error:
            AliyunProvider().send(outgoing())
        assert not error.value.final

    def test_nobody_there_is_tried_again(self, settings, standin):
        settings.ALIYUN_SMS_ENDPOINT = "http://127.0.0.1:1"
        self.expect("ConnectionRefusedError", final=False)

    def test_a_text_without_its_template_code_waits(self, standin):
        with pytest.raises(UnableToDeliver, match="order_paid") as error:
            AliyunProvider().send(outgoing("order_paid"))
        assert not error.value.final

    def expect(self, reason: str, *, final: bool) -> None:
        with pytest.raises(UnableToDeliver) as error:
            AliyunProvider().send(outgoing())
        assert (error.value.reason, error.value.final) == (reason, final)


@pytest.mark.django_db
class TestThroughTheRow:
    def test_a_text_goes_from_its_row_to_the_carrier(self, standin, settings):
        settings.TEXT_PROVIDER = "shop.notices.providers.aliyun.AliyunProvider"
        message = operations.send_text(
            phone="10000000001",
            template="login_code",
            params={"code": "271828"},
            at=NOON,
            key="login:9",
        )
        sent = operations.deliver_text(message_id=message.pk, at=NOON)
        assert sent.status == TextMessage.Status.SENT
        assert (sent.provider, sent.receipt) == ("aliyun", "9006^0")
        assert json.loads(standin.seen[0]["TemplateParam"]) == {"code": "271828"}


class TestStart:
    def test_refuses_to_start_without_every_template_code(self, settings):
        settings.TEXT_PROVIDER = "shop.notices.providers.aliyun.AliyunProvider"
        settings.ALIYUN_SMS_TEMPLATES = {"login_code": "SMS_1"}
        errors = every_text_has_a_template()
        assert isinstance(errors[0], Error)
        assert "order_paid" in errors[0].msg and "login_code" not in errors[0].msg
        settings.ALIYUN_SMS_TEMPLATES = dict.fromkeys(TEXTS, "SMS_1")
        assert every_text_has_a_template() == []

    def test_english_wordings_are_all_approved_or_none(self, settings):
        settings.TEXT_PROVIDER = "shop.notices.providers.aliyun.AliyunProvider"
        every = dict.fromkeys(TEXTS, "SMS_1")
        settings.ALIYUN_SMS_TEMPLATES = every | {"login_code.en": "SMS_2"}
        (error,) = every_text_has_a_template()
        assert "order_paid.en" in error.msg and "login_code.en" not in error.msg
        assert told_in() == {"zh-hans"}
        english = {f"{name}.en": "SMS_2" for name in TEXTS}
        settings.ALIYUN_SMS_TEMPLATES = every | english
        assert every_text_has_a_template() == []
        assert told_in() == {"zh-hans", "en"}

    def test_the_demo_needs_none(self, settings):
        settings.ALIYUN_SMS_TEMPLATES = {}
        assert every_text_has_a_template() == []
