"""One sentence, read or asked about, never guessed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners import measures
from partners.organisations.models import Division, Farmer
from shop.listings.crops import CATEGORIES, CROPS
from shop.listings.sentence import Reading, numbers, read, read_among
from tests.factories.listings import assistant, farmer, village
from tests.shop.listings.corpus import CORPUS

TODAY = date(2026, 11, 23)
YONGGU = Division(code="430722108201", name="永固村")
LUXI = Division(code="430722109201", name="鹿溪村")
CAST = [
    Farmer(pk=1, called="王婶", name="王秀英", village=YONGGU),
    Farmer(pk=2, called="李伯", name="李大山", village=YONGGU),
    Farmer(pk=3, called="张嫂", name="张桂兰", village=YONGGU),
    Farmer(pk=4, called="张嫂", name="张小妹", village=LUXI),
    Farmer(pk=5, called="周家老二", name="周建国", village=LUXI),
    Farmer(pk=6, called="姜爹", name="姜有田", village=LUXI),
]


def said(reading: Reading) -> dict[str, object]:
    """What was read, in the corpus's short keys, without what is empty."""
    who = reading.farmer
    crop = reading.crop.name if reading.crop else ""
    found = {
        "f": who.called if who else "",
        "t": reading.title,
        "k": crop if crop != reading.title else "",
        "g": reading.pack_g,
        "n": reading.pieces,
        "u": reading.piece_unit,
        "b": reading.container,
        "p": reading.price_fen,
        "h": reading.harvest_on,
        "c": reading.capacity_packs,
        "ask": ",".join(f"{one.field}:{one.why}" for one in reading.unread),
    }
    if who and who.called == "张嫂":
        found["v"] = who.village.name
    return {key: value for key, value in found.items() if value}


def expected(line: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for part in line.split():
        key, value = part.split("=", 1)
        if key in "gnpc":
            found[key] = int(value)
        elif key == "h":
            full = value if value.count("-") == 2 else f"2026-{value}"
            found[key] = date.fromisoformat(full)
        else:
            found[key] = value
    if found.get("k") == found.get("t"):
        found.pop("k", None)
    return found


class TestTheCorpus:
    def test_is_large_enough_to_mean_something(self):
        assert len({sentence for sentence, _line in CORPUS}) == len(CORPUS) >= 80

    @pytest.mark.parametrize(("sentence", "line"), CORPUS, ids=[s for s, _ in CORPUS])
    def test_is_read_word_for_word(self, sentence, line):
        reading = read_among(sentence, farmers=CAST, today=TODAY)
        assert said(reading) == expected(line)


class TestSounds:
    def asked(self, sentence: str, cast=CAST) -> dict[str, str]:
        reading = read_among(sentence, farmers=cast, today=TODAY)
        return {one.field: one.words for one in reading.unread if one.why == "alike"}

    def test_says_what_was_taken_for_what(self):
        words = self.asked("王审家冰塘橙,5斤装29快,下周三摘,有600斤")["heard"]
        assert words == "王审→王婶、冰塘橙→冰糖橙、快→块"

    def test_says_nothing_of_what_is_written_right(self):
        assert self.asked("王婶家冰糖橙,5斤装29块,下周三摘,有600斤") == {}

    def test_marks_the_words_as_they_were_said(self):
        reading = read_among("王婶家冰塘橙5斤装29快", farmers=CAST, today=TODAY)
        assert reading.words_of("crop") == ["冰塘橙"]
        assert reading.words_of("price") == ["29快"]

    def test_asks_which_farmer_two_sound_like(self):
        other = Farmer(pk=7, called="黄婶", name="黄示例", village=YONGGU)
        cast = [other, Farmer(pk=8, called="皇婶", name="皇示例", village=YONGGU)]
        assert self.asked("煌婶家脐橙", cast) == {"farmer": "黄婶、皇婶"}
        assert self.asked("煌婶家脐橙", cast[:1]) == {"heard": "煌婶→黄婶"}
        assert self.asked("黄婶家脐橙", cast) == {}

    @pytest.mark.parametrize(
        "words", ["29快递", "29元区", "600今年", "5快要", "10香菇", "快", "20香米"]
    )
    def test_leaves_other_words_alone(self, words):
        assert "heard" not in self.asked(f"王婶家脐橙{words}")


def spoken(number: int) -> str:
    """1205 -> 一千二百零五, as a primer teaches it."""
    digits, units = "零一二三四五六七八九", ("千", "百", "十", "")
    if number >= 10_000:
        low = number % 10_000
        gap = "零" if 0 < low < 1000 else ""
        return spoken(number // 10_000) + "万" + gap + (spoken(low) if low else "")
    words = ""
    for place, unit in zip((1000, 100, 10, 1), units, strict=True):
        digit = number // place % 10
        if digit:
            words += digits[digit] + unit
        elif words and number % place and not words.endswith("零"):
            words += "零"
    return words


class TestNumbers:
    @given(st.integers(1, 9_999_999))
    def test_what_is_spoken_is_what_is_meant(self, number):
        assert numbers.parse(spoken(number)) == number

    @pytest.mark.parametrize(
        ("words", "value"),
        [
            ("一百二", 120),
            ("两百五", 250),
            ("一千二", 1200),
            ("一万二", 12_000),
            ("十二", 12),
            ("两千零五", 2005),
            ("廿五", 25),
            ("卅", 30),
            ("半", Decimal("0.5")),
            ("二点五", Decimal("2.5")),
            ("1.2万", 12_000),
            ("1,200", 1200),
        ],
    )
    def test_short_forms(self, words, value):
        assert numbers.parse(words) == value

    @pytest.mark.parametrize(
        "words", ["百", "五二十", "二两一", "一二", "十十", "万", ""]
    )
    def test_what_is_no_number(self, words):
        assert numbers.parse(words) is None


class TestReading:
    @given(
        packs=st.integers(1, 400),
        pack_jin=st.integers(1, 50),
        price_fen=st.integers(1, 99_999),
        digits=st.booleans(),
    )
    def test_any_numbers_are_read_exactly(self, packs, pack_jin, price_fen, digits):
        word = str if digits else spoken
        yuan, cents = divmod(price_fen, 100)
        price = f"¥{yuan}.{cents:02d}" if digits else ""
        if not digits:
            yuan, cents = max(yuan, 1), cents // 10 * 10
            price_fen = yuan * 100 + cents
            price = f"{spoken(yuan)}块" + (f"{spoken(cents // 10)}毛" if cents else "")
        total = word(packs * pack_jin)
        sentence = f"王婶家冰糖橙,{word(pack_jin)}斤装{price},明天摘,有{total}斤"
        reading = read_among(sentence, farmers=CAST, today=TODAY)
        assert reading.unread == []
        assert reading.pack_g == pack_jin * 500
        assert reading.price_fen == price_fen
        assert reading.capacity_packs == packs

    @given(
        st.text(
            alphabet="王婶李伯家有共橙苗鸡蛋一二两三十百千万半几多斤公克kg箱瓶只个株块元毛装每/"
            "0123456789.,,。()¥ 周月号日底下明天后摘卖的x*-到大概",
            max_size=60,
        )
    )
    def test_no_text_breaks_it_and_spans_fit(self, text):
        reading = read_among(text, farmers=CAST, today=TODAY)
        for _field, start, end in reading.spans:
            assert 0 <= start < end <= len(text)
        assert (reading.pack_g or 1) > 0
        assert (reading.price_fen or 1) > 0
        assert (reading.capacity_packs or 1) > 0

    def test_shows_which_words_were_read(self):
        sentence = "王婶家冰糖橙,5斤装29块,下周三摘,有600斤"
        reading = read_among(sentence, farmers=CAST, today=TODAY)
        words = {name: reading.words_of(name) for name, _start, _end in reading.spans}
        assert words == {
            "farmer": ["王婶家"],
            "crop": ["冰糖橙"],
            "pack": ["5斤"],
            "price": ["29块"],
            "harvest": ["下周三摘"],
            "capacity": ["600斤"],
        }

    def test_computes_the_price_of_one_jin(self):
        reading = read_among(
            "王婶家冰糖橙,5斤装29块,下周三摘,有600斤", farmers=CAST, today=TODAY
        )
        assert measures.fen_per_jin(reading.price_fen, reading.pack_g) == 580

    def test_names_both_who_are_called_so(self):
        reading = read_among("张嫂家腊肉2斤装116", farmers=CAST, today=TODAY)
        assert reading.farmer is None
        assert [who.pk for who in reading.choices] == [3, 4]

    def test_knows_each_weekday_from_each_weekday(self):
        for start in range(7):
            today = TODAY + timedelta(days=start)
            for offset, name in enumerate("一二三四五六日"):
                text = f"王婶脐橙5斤装29块,周{name}摘,有100斤"
                day = read_among(text, farmers=CAST, today=today).harvest_on
                assert day is not None
                assert day.weekday() == offset
                assert timedelta(0) <= day - today < timedelta(days=7)
                following = read_among(
                    text.replace("周", "下周"), farmers=CAST, today=today
                ).harvest_on
                assert following is not None
                assert following.isocalendar().week != today.isocalendar().week
                assert following.weekday() == offset


@pytest.mark.django_db
class TestReadForAnAssistant:
    def test_knows_only_the_farmers_of_the_assistants_villages(self):
        here = village()
        there = village("430722109201", "邻村")
        farmer(called="王婶", home=there)
        serving = assistant(here)
        reading = read("王婶家脐橙5斤装29块", assistant=serving, today=TODAY)
        assert reading.farmer is None
        farmer(called="王婶", home=here)
        reading = read("王婶家脐橙5斤装29块", assistant=serving, today=TODAY)
        assert reading.farmer is not None
        assert reading.farmer.village == here


class TestTheLexicon:
    def test_knows_eighty_crops_and_all_their_categories(self):
        assert len(CROPS) >= 80
        assert {crop.category for crop in CROPS.values()} == {
            slug for slug, _name, _picture in CATEGORIES
        }

    def test_has_no_name_twice(self):
        said = [word for crop in CROPS.values() for word in (crop.name, *crop.aliases)]
        assert sorted(said) == sorted(set(said))
