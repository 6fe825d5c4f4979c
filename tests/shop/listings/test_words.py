"""Packs as people speak of them, in both languages."""

import pytest
from django.utils import translation

from shop.listings.words import pack_words, title_words, unit_words


@pytest.mark.parametrize(
    ("pack_g", "pieces", "piece_unit", "container", "chinese", "english"),
    [
        (2_500, None, "", "", "5斤装", "pack of 5 jin"),
        # A portion is no container.
        (2_500, None, "", "份", "5斤装", "pack of 5 jin"),
        (500, None, "", "瓶", "1斤/瓶", "1 jin a bottle"),
        (None, 30, "枚", "", "30枚装", "pack of 30 pcs"),
        (None, 1, "株", "份", "1株", "1 pc"),
    ],
)
def test_pack(
    pack_g: int | None,
    pieces: int | None,
    piece_unit: str,
    container: str,
    chinese: str,
    english: str,
) -> None:
    for language, words in (("zh-hans", chinese), ("en", english)):
        with translation.override(language):
            assert (
                pack_words(
                    pack_g=pack_g,
                    pieces=pieces,
                    piece_unit=piece_unit,
                    container=container,
                )
                == words
            )
    title = title_words(
        pack_g=pack_g, pieces=pieces, piece_unit=piece_unit, container=container
    )
    assert title == chinese


def test_an_unknown_word_stays_as_it_is() -> None:
    with translation.override("en"):
        assert unit_words("担") == "担"
