"""What people type and others read has nothing in it that the eye does not see."""

import unicodedata
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django import forms
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from partners.cleaning import LineField, ParagraphField, one_line, paragraphs
from partners.forms import YuanField

OURS = ("partners", "traceability", "logistics", "shop")
HIDDEN = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202d\u202e\u2060\u2066\u2069\ufeff\u00ad"
    "\u061c\u180e\u3164\u2800\x00\x07\x1b\x7f\x9f\ud800\udfff\U000e0041"
)


class TestOneLine:
    @pytest.mark.parametrize("sign", HIDDEN)
    def test_takes_out_what_is_not_seen(self, sign: str) -> None:
        assert one_line(f"{sign}王{sign}婶{sign}") == "王婶"
        assert one_line(sign) == ""

    @pytest.mark.parametrize("space", " \t\n\r\v\f\x1c\x85\xa0\u2003\u2028\u2029\u3000")
    def test_every_space_is_one_space(self, space: str) -> None:
        assert one_line(f"{space}王{space}{space}婶{space}") == "王 婶"

    @pytest.mark.parametrize(
        "text",
        # Rare characters of names: a plane of their own, a private one, a variant.
        [
            "王婶",
            "李·示例",
            "𠮷",
            "\ue123",
            "葛\U000e0100",
            "🍊",
            "☺️",
            "é",
            "¥29，5斤（装）",
        ],
    )
    def test_touches_nothing_that_is_seen(self, text: str) -> None:
        assert one_line(text) == text

    @given(st.text(st.characters(codec=None), max_size=40))
    def test_whatever_it_gives_can_be_kept_and_stays(self, text: str) -> None:
        line = one_line(text)
        line.encode()
        assert one_line(line) == line == paragraphs(line)
        assert not {unicodedata.category(sign) for sign in line} & {"Cc", "Cf", "Cs"}


class TestParagraphs:
    def test_keeps_lines_and_no_gap_wider_than_one(self) -> None:
        text = "\n\n树上熟\r\n\r\n\n\u200b\n 不打蜡\u202e \n\n"
        assert paragraphs(text) == "树上熟\n\n不打蜡"


class TestFields:
    def test_clean_before_they_judge(self) -> None:
        assert LineField(max_length=2).clean("王\u200b\u200b婶\n") == "王婶"
        assert LineField(required=False).clean("\u202e") == ""
        assert ParagraphField(max_length=5).clean("一\r\n\r\n\n二\u200b") == "一\n\n二"
        for empty in ("\u200b\ufeff", "\u3164", " \u2028 "):
            for field in (LineField(), ParagraphField()):
                with pytest.raises(forms.ValidationError):
                    field.clean(empty)


def _forms(known: type = forms.BaseForm) -> Iterator[type[Any]]:
    for form in known.__subclasses__():
        if form.__module__.split(".")[0] in OURS:
            yield form
        yield from _forms(form)


def _uncleaned(form: type[Any]) -> list[str]:
    """Fields of free text that would let anything through."""
    apart = (LineField, ParagraphField, YuanField, forms.RegexField)
    unread = (forms.PasswordInput, forms.HiddenInput)
    return [
        f"{form.__module__}.{form.__name__}.{name}"
        for name, field in form.base_fields.items()
        if isinstance(field, forms.CharField)
        and not isinstance(field, apart)
        and not isinstance(field.widget, unread)
    ]


class TestEveryForm:
    def test_cleans_every_text_that_others_read(self) -> None:
        import_module(settings.ROOT_URLCONF)
        found = set(_forms())
        assert len(found) > 40
        assert [name for form in found for name in _uncleaned(form)] == []

    def test_one_that_does_not_would_be_found(self) -> None:
        # The negative control.
        class Careless(forms.Form):
            note = forms.CharField()

        assert _uncleaned(Careless)[0].endswith("Careless.note")
