"""Token strings: the same for every engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.discovery.spelling import distance, shortened, slips_allowed
from shop.discovery.tokens import (
    LONGEST_QUERY,
    MOST_WORDS,
    clean,
    indexed,
    indexed_english,
    indexed_pinyin,
    indexed_whole,
    parse,
)
from shop.listings.crops import CATEGORIES, CROPS
from shop.listings.english import ENGLISH, KINDS


class TestIndexed:
    def test_characters_and_neighbours(self):
        assert indexed("冰糖橙 5斤") == "冰 糖 橙 冰糖 糖橙 5 斤"

    def test_pinyin_whole_neighbours_initials(self):
        assert set(indexed_pinyin("冰糖橙").split()) == {
            "bing",
            "tang",
            "cheng",
            "bingtang",
            "tangcheng",
            "bingtangcheng",
            "bt",
            "tc",
            "btc",
        }

    def test_full_width_and_case_are_folded(self):
        assert indexed("ＡＢ１２黄") == "ab 12 黄"

    def test_no_operator_survives(self):
        assert indexed('"黄桃" OR* (x:y)') == "黄 桃 黄桃 or x y"

    def test_whole_names_are_marked(self):
        assert indexed_whole("黄桃", "yellow peach", "黄桃 礼盒") == (
            "0huangtao 0ht 0yellowpeach"
        )

    def test_english_in_one_and_in_many(self):
        assert set(indexed_english("cherry, sweet potato").split()) == {
            "cherry",
            "cherries",
            "sweet",
            "sweets",
            "potato",
            "potatoes",
            "sweetpotato",
        }


class TestEnglish:
    def test_every_crop_has_a_name_and_no_name_is_of_nothing(self):
        assert ENGLISH.keys() == CROPS.keys()
        assert KINDS.keys() == {code for code, _name, _picture in CATEGORIES}
        assert all(name.isascii() and name.strip() for name in ENGLISH.values())


class TestParse:
    def test_cleans_what_is_shown(self):
        assert clean("  黄桃\n\x00　ＨＴ ") == "黄桃 HT"
        assert len(clean("黄" * 5000)) == LONGEST_QUERY

    def test_is_bounded(self):
        many = " ".join(chr(0x4E00 + n * 7) for n in range(200))
        assert len(parse(many).terms) <= MOST_WORDS

    def test_leaves_idle_words_out(self):
        terms = parse("哪里有好吃的黄桃").terms
        assert [term.any_of for term in terms] == [(("黄桃",),)]

    def test_an_idle_word_alone_is_looked_for(self):
        assert parse("家").terms

    def test_long_words_become_neighbours(self):
        (term,) = parse("火龙果").terms
        assert term.any_of == (("火龙", "龙果"),)

    def test_pinyin_together_and_apart(self):
        (term,) = parse("huang tao").terms
        assert term.any_of == (("huangtao*",), ("huang", "tao*"), ("0huangtao",))
        assert term.spelled == "huangtao"

    def test_initials_are_taken_literally(self):
        (term,) = parse("ht").terms
        assert term.any_of == (("ht",), ("0ht",))
        assert term.spelled == ""

    @given(st.text(max_size=200))
    def test_no_text_breaks_it(self, text):
        for term in parse(text).terms:
            for group in term.any_of:
                for token in group:
                    assert token.rstrip("*").isalnum()

    @given(st.text(alphabet="黄桃冰糖橙莲藕蜂蜜茶油", min_size=1, max_size=6))
    def test_every_word_of_a_title_is_found_by_the_title(self, title):
        tokens = set(indexed(title).split())
        for term in parse(title).terms:
            assert any(set(group) <= tokens for group in term.any_of)


class TestSpelling:
    @pytest.mark.parametrize(
        ("left", "right", "slips"),
        [
            ("huangtao", "hangtao", 1),
            ("huangtao", "huagntao", 1),
            ("huangtao", "huangtao", 0),
            ("huangtao", "huangta", 1),
            ("fengmi", "fenmi", 1),
            ("fengmi", "hengmi", 1),
            ("abcd", "wxyz", 3),
        ],
    )
    def test_counts_slips(self, left, right, slips):
        assert distance(left, right, most=2) == slips
        assert distance(right, left, most=2) == slips

    @given(st.text("abcde", min_size=4, max_size=8), st.data())
    def test_words_one_slip_apart_share_a_shortened_form(self, word, data):
        index = data.draw(st.integers(0, len(word) - 1))
        letter = data.draw(st.sampled_from("abcdexyz"))
        kind = data.draw(st.sampled_from(["replace", "add", "drop", "swap"]))
        other = {
            "replace": word[:index] + letter + word[index + 1 :],
            "add": word[:index] + letter + word[index:],
            "drop": word[:index] + word[index + 1 :],
            "swap": word[:index] + word[index : index + 2][::-1] + word[index + 2 :],
        }[kind]
        assert distance(word, other, most=1) <= 1
        assert shortened(word) & shortened(other)

    def test_short_words_must_be_right(self):
        assert [slips_allowed("x" * n) for n in (3, 4, 8, 9)] == [0, 1, 1, 2]
