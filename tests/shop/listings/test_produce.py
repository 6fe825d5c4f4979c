"""A Chinese title told in English: the crop it ends with, and its pack."""

from types import SimpleNamespace

import pytest
from django.utils import translation

from shop.listings.forms import DraftForm
from shop.listings.sentence.tokens import BOXES, PIECES
from shop.listings.templatetags.produce import (
    beside,
    goods,
    in_english,
    titles,
    with_english,
)
from shop.listings.words import unit_choices


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("玉臂藕 5斤装", "Lotus root, pack of 5 jin"),
        ("冰糖橙", "Rock-sugar orange"),
        ("土鸡蛋 30枚装", "Free-range egg, pack of 30 pcs"),
        ("甲鱼 2只约3.5斤装", "Softshell turtle, pack of 2 pcs · 3.5 jin"),
        ("茶油 500克/瓶", "Camellia oil, 1 jin a bottle"),
        ("桂花苗 1株", "Osmanthus sapling, 1 pc"),
        ("毛家冲高山红薯（大果）", "Sweet potato"),
        # What is not known is not guessed; in Chinese the last word says what it is.
        ("辣椒酱 500克/瓶", "1 jin a bottle"),
        ("冰糖橙 大箱 10斤装", "Rock-sugar orange, pack of 10 jin"),
        ("神秘果", ""),
        ("神秘果 大箱", ""),
        ("", ""),
    ],
)
def test_title(title: str, told: str) -> None:
    with translation.override("en"):
        assert in_english(title) == told
    with translation.override("zh-hans"):
        assert in_english(title) == ""
        assert beside(title) == ""
        assert with_english(title) == title


class TestGoods:
    """What an order holds, in one line of Chinese or with English under each."""

    SOLD = (
        SimpleNamespace(title="冰糖橙 5斤装", quantity=2),
        SimpleNamespace(line=SimpleNamespace(title="神秘<果"), quantity=1),
        SimpleNamespace(title="鸭蛋", quantity=3),
    )

    def test_are_listed_in_the_readers_language(self) -> None:
        with translation.override("zh-hans"):
            assert goods(self.SOLD) == "冰糖橙 5斤装 × 2、神秘&lt;果 × 1、鸭蛋 × 3"
            assert titles(["冰糖橙", "鸭蛋"]) == "冰糖橙、鸭蛋"
        with translation.override("en"):
            assert goods(self.SOLD) == (
                '冰糖橙 5斤装 × 2<span class="gloss">Rock-sugar orange, pack of 5 jin'
                '</span>神秘&lt;果 × 1, 鸭蛋 × 3<span class="gloss">Duck egg</span>'
            )
            assert titles(["神秘果", "神果"]) == "神秘果, 神果"


def test_every_counting_word_has_an_english_one() -> None:
    with translation.override("en"):
        told = dict(unit_choices([*PIECES, *BOXES]))
    assert [unit for unit, words in told.items() if unit and words == unit] == []


def test_the_gloss_stands_beside_and_is_escaped() -> None:
    with translation.override("en"):
        assert with_english("冰糖橙") == "冰糖橙 (Rock-sugar orange)"
        assert beside("冰糖橙") == '<span class="gloss">Rock-sugar orange</span>'
        assert beside("<b>") == ""


@pytest.mark.parametrize(
    ("language", "counted", "packed"),
    [("en", "pcs 枚", "gift box 礼盒"), ("zh-hans", "枚", "礼盒")],
)
def test_the_drafts_choices_speak_the_readers_language(
    language: str, counted: str, packed: str
) -> None:
    pieces, boxes = (
        DraftForm.base_fields[name] for name in ("piece_unit", "container")
    )
    with translation.override(language):
        assert counted in dict(pieces.choices).values()  # type: ignore[attr-defined]
        assert packed in dict(boxes.choices).values()  # type: ignore[attr-defined]
