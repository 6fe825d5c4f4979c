"""Every wording can be filled, in both languages, and says nothing too much."""

import pytest
from django.utils.translation import override

from shop.notices.texts import TEXTS, UnknownText, render, require

WORDS = {
    "amount": "¥12.00",
    "carrier": "邮政",
    "code": "314159",
    "link": "https://example.test/x",
    "number": "2026-1",
    "pack": "5斤装",
    "price": "¥29.00",
    "product": "冰糖橙",
    "supermarket": "示例超市",
    "total": "¥29.00",
    "waybill": "9887",
}


@pytest.mark.parametrize("name", sorted(TEXTS))
class TestEveryText:
    def test_says_each_of_its_words(self, name):
        text = TEXTS[name]
        words = {blank: WORDS.get(blank, blank) for blank in text.blanks}
        for language in ("en", "zh-hans"):
            body = render(name, words, language=language)
            assert all(word in body for word in words.values())
            assert "%(" not in body

    def test_the_wording_uses_exactly_its_blanks(self, name):
        text = TEXTS[name]
        for language in ("en", "zh-hans"):
            with override(language):
                assert str(text.wording) % dict.fromkeys(text.blanks, "")

    def test_a_code_or_token_is_forgotten_once_sent(self, name):
        assert TEXTS[name].secret or "code" not in TEXTS[name].blanks


class TestRequire:
    def test_names_what_is_missing(self):
        with pytest.raises(UnknownText, match="order_cancelled needs"):
            require("order_cancelled", {"number": "1"})

    def test_too_much_is_refused_as_well(self):
        words = {"number": "1", "link": "/", "name": "王示例"}
        with pytest.raises(UnknownText):
            require("order_cancelled", words)
