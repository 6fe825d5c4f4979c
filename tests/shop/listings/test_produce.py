"""A Chinese title told in English: the crop it ends with, and its pack."""

import pytest
from django.utils import translation

from shop.listings.forms import DraftForm
from shop.listings.templatetags.produce import beside, in_english, with_english


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
        ("神秘果", ""),
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
