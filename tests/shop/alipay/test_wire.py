"""Amounts, keys, signatures and raw answers: what goes over the wire, read strictly."""

import base64
from datetime import UTC, datetime

import pytest
from alipay.aop.api.util.SignatureUtils import verify_with_rsa
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from shop.alipay import amounts, answers, signing

from .hostile import ALIPAY_KEY, APP_KEY, STRANGERS_KEY, rsa2

PUBLIC = ALIPAY_KEY.public_key()


class TestAmounts:
    @pytest.mark.parametrize(
        ("text", "fen"),
        [("12.34", 1234), ("12.3", 1230), ("12", 1200), ("0.01", 1), ("0", 0)],
    )
    def test_are_whole_fen(self, text, fen):
        assert amounts.fen_from_amount(text) == fen

    @pytest.mark.parametrize(
        "text",
        [
            "12.340",
            "1e1",
            "-12.34",
            "+12.34",
            " 12.34",
            "12.34\n",
            "012.34",
            "12.",
            ".34",
            "",
            "１２.34",
            "١٢.٣٤",
            "12,34",
            "0x10",
            "NaN",
            "Infinity",
            "1_000",
            "12.34.56",
            "9" * 400,
        ],
    )
    def test_in_any_other_notation_are_refused(self, text):
        with pytest.raises(ValueError, match="not a sum"):
            amounts.fen_from_amount(text)

    @pytest.mark.parametrize("fen", [1, 10, 100, 1234, 10_000_000_000])
    def test_are_written_as_they_are_read(self, fen):
        assert amounts.fen_from_amount(amounts.amount_from_fen(fen)) == fen

    def test_times_are_beijing_times_whatever_the_process_thinks(self, monkeypatch):
        monkeypatch.setenv("TZ", "America/New_York")
        moment = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
        assert amounts.text_from_moment(moment) == "2026-11-23 10:00:00"
        assert amounts.moment_from_text("2026-11-23 10:00:00") == moment

    def test_a_refunds_moment_has_thousandths(self):
        moment = datetime(2026, 11, 23, 2, 0, 0, 320_000, tzinfo=UTC)
        assert amounts.moment_from_text("2026-11-23 10:00:00.320") == moment

    @pytest.mark.parametrize(
        "text", ["", "2026-13-01 00:00:00", "2026-11-23", "2026-11-23 10:00:00.3200000"]
    )
    def test_what_is_no_moment_is_none(self, text):
        assert amounts.moment_from_text(text) is None


def private_pem(form, encoding=serialization.Encoding.PEM) -> bytes:
    return APP_KEY.private_bytes(encoding, form, serialization.NoEncryption())


class TestKeys:
    @pytest.mark.parametrize(
        "form",
        [
            serialization.PrivateFormat.PKCS8,
            serialization.PrivateFormat.TraditionalOpenSSL,
        ],
    )
    def test_ours_is_read_from_pkcs1_and_pkcs8_with_and_without_frame(self, form):
        pem = private_pem(form).decode()
        bare = base64.b64encode(private_pem(form, serialization.Encoding.DER)).decode()
        for text in (pem, bare, f"{bare[:64]}\n{bare[64:]}\n"):
            key = signing.load_private_key(text)
            assert key.private_numbers() == APP_KEY.private_numbers()

    def test_alipays_is_read_with_and_without_frame(self):
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        pem = PUBLIC.public_bytes(serialization.Encoding.PEM, form).decode()
        der = PUBLIC.public_bytes(serialization.Encoding.DER, form)
        for text in (pem, base64.b64encode(der).decode()):
            assert signing.load_public_key(text) == PUBLIC

    @pytest.mark.parametrize("text", ["", "hello", "-----BEGIN NOTHING-----"])
    def test_what_is_no_key_is_refused_with_a_sentence(self, text):
        with pytest.raises(signing.BadKey):
            signing.load_private_key(text)
        with pytest.raises(signing.BadKey):
            signing.load_public_key(text)

    def test_a_key_of_another_kind_or_under_a_password_is_refused(self):
        curve = ec.generate_private_key(ec.SECP256R1())
        locked = APP_KEY.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
        other = curve.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        for pem in (locked, other):
            with pytest.raises(signing.BadKey):
                signing.load_private_key(pem.decode())


class TestIsSigned:
    def test_says_yes_to_rsa2_only_where_content_and_key_fit(self):
        assert signing.is_signed(PUBLIC, "内容", rsa2("内容"))
        assert not signing.is_signed(PUBLIC, "内容!", rsa2("内容"))
        assert not signing.is_signed(PUBLIC, "内容", rsa2("内容", STRANGERS_KEY))

    @pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.MD5()])
    def test_refuses_weaker_digests_that_the_sdk_accepts(self, algorithm):
        signature = rsa2("a=1", algorithm=algorithm)
        pem = PUBLIC.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()
        # Negative control: this is what the SDK would have let in.
        assert verify_with_rsa(pem, b"a=1", signature)
        assert not signing.is_signed(PUBLIC, "a=1", signature)

    def test_refuses_another_padding(self):
        raw = ALIPAY_KEY.sign(
            b"a=1",
            padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH),
            hashes.SHA256(),
        )
        assert not signing.is_signed(PUBLIC, "a=1", base64.b64encode(raw).decode())

    @pytest.mark.parametrize(
        "signature", ["", "!!!", "ééé", "AAAA", "=" * 8, None, 5, "QUFB" * 5000]
    )
    def test_never_raises(self, signature):
        assert signing.is_signed(PUBLIC, "a=1", signature) is False

    def test_takes_no_decoration_around_the_base64(self):
        good = rsa2("a=1")
        assert not signing.is_signed(PUBLIC, "a=1", f" {good}")
        assert not signing.is_signed(PUBLIC, "a=1", good.replace("=", ""))

    def test_covers_sign_type_in_requests_but_not_in_messages(self):
        params = {"b": "2", "a": "1", "sign_type": "RSA2", "sign": "x", "empty": ""}
        assert signing.request_content(params) == "a=1&b=2&sign_type=RSA2"
        assert signing.message_content(params) == "a=1&b=2&empty="


class TestHasOneReading:
    @pytest.mark.parametrize(
        "params",
        [
            {"subject": "桃 & 橙 = 果篮"},
            {"fund_bill_list": '[{"amount":"1.00","fundChannel":"PCREDIT"}]'},
            {"body": "?a=1"},
            {"empty": ""},
        ],
    )
    def test_is_so_for_what_alipay_sends(self, params):
        assert signing.has_one_reading(params)

    @pytest.mark.parametrize(
        "params",
        [
            {"subject": "桃&total_amount=1.00"},
            {"subject": "&=x"},
            {"subject&total_amount": "1.00"},
            {"a=b": "1"},
            {"": "1"},
        ],
    )
    def test_is_not_where_the_same_text_makes_other_fields(self, params):
        assert not signing.has_one_reading(params)


class TestMembers:
    def test_keep_the_raw_text_of_each_value(self):
        text = '{"x_response":{"url":"http:\\/\\/a","n": 1.50},"sign":"s"}'
        found = answers.members(text)
        assert found["x_response"][1] == '{"url":"http:\\/\\/a","n": 1.50}'
        assert found["x_response"][0] == {"url": "http://a", "n": "1.50"}
        assert found["sign"][0] == "s"

    def test_allow_space_between_them(self):
        found = answers.members(' { "a" : { } ,\n "sign" : "s" } ')
        assert found["a"][1] == "{ }"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "{}",
            "[]",
            "null",
            '{"a":1}x',
            '{"a":1}{"a":1}',
            '{"a":1,"a":2}',
            '{"a":1,"\\u0061":2}',
            '{"a":{"b":1,"b":2}}',
            '{"a":NaN}',
            '{"a":1,}',
            '{"a" 1}',
            "{'a':1}",
            '{1:"a"}',
            '{"a":"\n"}',
            '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
        ],
    )
    def test_are_refused_where_the_text_is_not_one_clear_object(self, text):
        with pytest.raises(answers.BadAnswer):
            answers.members(text)
