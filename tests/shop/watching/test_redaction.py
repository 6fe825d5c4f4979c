"""What looks personal does not get into a log, whoever wrote the line."""

import json
import logging

import pytest

from shop.watching import redaction
from shop.watching.logs import PlainLines
from shop.watching.redaction import clean

log = logging.getLogger("somebody.else")
ID_NUMBER = "11010519491231002X"

PERSONAL = [
    "10012345678",
    "13800138000",
    "+86 138 0013 8000",
    "8613800138000",
    "138-0013-8000",
    ID_NUMBER,
    "430722199001011234",
    "430722900101123",
    "6222021234567890123",
    "6222 0212 3456 7890 123",
    "6222-0212-3456-7890",
    "li.shili@example.cn",
]

HARMLESS = [
    "2026-09-01T01:02:03.456+08:00",
    "order 26090100000001 stays: 3 boxes",
    "26090100000001_a1b2c3d4e5f6",
    "trade 2026090122001400001412345678",
    "division 430722108201",
    "127.0.0.1:19400",
    "text 12345 put off: HTTP 503",
    "/srv/xiangji/lib/python3.11/site-packages/django/core/handlers/base.py",
    "0.000123456",
]


class TestClean:
    @pytest.mark.parametrize("value", PERSONAL)
    @pytest.mark.parametrize(
        "around", ["{}", "of {}, twice", "手机{}号", "k={}&", "'{}'"]
    )
    def test_nothing_personal_is_left(self, value, around):
        parts = [part for part in value.replace("-", " ").split() if len(part) > 3]
        left = clean(around.format(value))
        assert not any(part in left for part in parts), left

    @pytest.mark.parametrize("text", HARMLESS)
    def test_what_operators_need_is_left_alone(self, text):
        assert clean(text) == text

    def test_keys_in_links(self):
        link = (
            "https://xiangji.example/confirm/Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4/?lang=en"
        )
        short = clean(link)
        assert "Zm9v" not in short
        assert short.endswith("/?lang=en")

    def test_the_row_that_postgresql_refused(self):
        text = (
            "IntegrityError: null value\nDETAIL:  Failing row contains (1, 张示例,\n"
            "永固村3组, x).\n\nThe above exception was the direct cause"
        )
        left = clean(text)
        assert "示例" not in left
        assert "永固村" not in left
        assert left.endswith("\n\nThe above exception was the direct cause")

    @pytest.mark.parametrize(
        "value",
        [
            13_800_138_000,
            {"phone": "13800138000"},
            ["x", ("13800138000",)],
            {"13800138000": 1},
        ],
    )
    def test_values_that_are_no_text(self, value):
        assert "13800138000" not in json.dumps(redaction.clean_value(value))

    @pytest.mark.parametrize("value", [None, True, 1.5, 404, -3])
    def test_small_values_stay_what_they_are(self, value):
        assert redaction.clean_value(value) is value


class TestLines:
    def write(self):
        log.info("called %s about %s", "13800138000", ID_NUMBER)
        log.info("refund", extra={"outcome": "6222021234567890123"})
        try:
            raise ValueError("no reader has li.shili@example.cn")
        except ValueError:
            log.exception("unable")

    def test_message_values_and_exceptions_are_cleaned(self, written):
        self.write()
        assert "called [phone] about [number]" in written.text
        for secret in ("13800138000", ID_NUMBER, "6222021234567890123", "@example"):
            assert secret not in written.text

    def test_without_the_filter_they_would_be_there(self, written, monkeypatch):
        monkeypatch.setattr("shop.watching.logs.clean", lambda text: text)
        monkeypatch.setattr("shop.watching.logs.clean_value", lambda value: value)
        self.write()
        for secret in ("13800138000", ID_NUMBER, "6222021234567890123", "@example"):
            assert secret in written.text

    def test_what_libraries_attach_stays_outside(self, written):
        log.info("job", extra={"data": {"values": "张示例"}, "kwargs": "永固村"})
        assert "示例" not in written.text
        assert "永固村" not in written.text

    def test_a_plain_line_is_cleaned_too(self):
        record = log.makeRecord("x", 20, "", 0, "to %s", ("13800138000",), None)
        assert PlainLines().format(record).endswith(" info x to [phone]")

    def test_a_line_stays_one_line(self, written):
        log.info("two\nlines")
        assert len(written.text.splitlines()) == 1
