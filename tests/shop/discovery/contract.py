"""What every search engine must do. A test class of an engine inherits this one and
gives a fresh `engine`; nothing here knows which one it is.

    class TestOurEngine(SearchContract):
        @pytest.fixture
        def engine(self): ...
"""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from unittest.mock import patch

import pytest

from shop.discovery.documents import in_letters
from shop.discovery.engine import (
    BLOCK,
    DEEPEST,
    Document,
    Gone,
    Held,
    Page,
    Query,
    SearchEngine,
    SearchUnavailable,
    Tally,
)
from shop.discovery.tokens import indexed, indexed_pinyin, parse
from shop.listings.crops import CROPS

TOWNSHIPS = {"430722101000": "蒋家嘴镇", "430722102000": "岩汪湖镇"}
CATEGORIES = {"shui-guo": "水果", "shu-cai": "蔬菜", "feng-mi-cha-yin": "蜂蜜茶饮"}


def document(
    product_id: int,
    title: str,
    *,
    crop: str = "",
    village: str = "永固村",
    township: str = "430722101000",
    category: str = "shui-guo",
    text: str = "",
    price_fen: int = 2900,
    sold_out: bool = False,
    published_at: int = 1_700_000_000,
    version: int = 1,
) -> Document:
    """A document as `documents.document_of` makes it, without a database."""
    known = CROPS.get(crop)
    also = " ".join((known.name, *known.aliases)) if known else ""
    place = f"{village} {TOWNSHIPS[township]}"
    return Document(
        product_id=product_id,
        version=version,
        title=indexed(title),
        also=indexed(also),
        place=indexed(place),
        text=indexed(text),
        pinyin=in_letters(title=title, crop=known, place=place, category=category),
        category=category,
        category_name=CATEGORIES[category],
        township=township,
        township_name=TOWNSHIPS[township],
        price_fen=price_fen,
        sold_out=sold_out,
        published_at=published_at,
    )


MARKET = (
    document(1, "黄桃", crop="黄桃", price_fen=6800, published_at=1_700_000_100),
    document(2, "锦绣黄桃 礼盒", crop="黄桃", township="430722102000", price_fen=9900),
    document(3, "冰糖橙", crop="冰糖橙", text="树上熟，皮薄", price_fen=2900),
    document(4, "玉臂藕", crop="莲藕", category="shu-cai", township="430722102000"),
    document(5, "桂花蜂蜜", crop="蜂蜜", category="feng-mi-cha-yin", price_fen=5800),
    document(6, "番茄", crop="西红柿", category="shu-cai", village="荷花村"),
    document(7, "黄桃罐头", category="feng-mi-cha-yin", sold_out=True, price_fen=100),
)


# Newest last, so that age never explains the order.
SHELF = (
    document(1, "黄桃", published_at=1_700_000_001),
    document(2, "黄桃 锦绣老树现摘礼盒", published_at=1_700_000_002),
    document(11, "蜜桃", published_at=1_700_000_011),
    replace(
        document(12, "白凤", published_at=1_700_000_012),
        also=indexed("蜜桃 仙桃"),
        pinyin=indexed_pinyin("白凤 蜜桃 仙桃 永固村 蒋家嘴镇"),
    ),
    document(13, "莲藕", village="蜜桃村", published_at=1_700_000_013),
    document(14, "李子", text="比蜜桃还甜，皮薄", published_at=1_700_000_014),
    *(document(n, "红薯", text="粉糯，适合烤") for n in range(20, 40)),
)


# Ids fall as names get shorter, so that age never explains the order.
POULTRY = (
    document(
        1, "散养土鸡蛋", crop="土鸡蛋", category="shu-cai", published_at=1_700_000_009
    ),
    document(
        2, "土鸡蛋", crop="土鸡蛋", category="shu-cai", published_at=1_700_000_008
    ),
    document(
        3, "散养土鸡", crop="土鸡", category="shu-cai", published_at=1_700_000_001
    ),
    document(4, "黄桃", crop="黄桃", published_at=1_700_000_000),
    document(5, "黄桃罐头 荷塘月色", village="荷塘村", published_at=1_700_000_007),
    document(6, "糯米", crop="糯米", category="shu-cai", published_at=1_700_000_006),
    document(7, "大米", crop="大米", category="shu-cai", published_at=1_700_000_001),
    document(9, "核桃", crop="核桃", published_at=1_700_000_009),
    document(8, "米酒", crop="米酒", published_at=1_700_000_006),
    *(document(n, "红薯", crop="红薯", text="粉糯，适合烤") for n in range(20, 30)),
)


def patience(seconds: float):
    """How long a writer of the embedded engine waits for another one."""
    return patch("shop.discovery.sqlite_engine.PATIENCE", seconds)


def ids(page: Page) -> list[int]:
    return [hit.product_id for hit in page.hits]


class SearchContract:
    """Run on each engine with `MARKET` in it."""

    @pytest.fixture
    def engine(self) -> SearchEngine:
        raise NotImplementedError

    @pytest.fixture
    def market(self, engine: SearchEngine) -> SearchEngine:
        engine.rebuild(MARKET)
        return engine

    @staticmethod
    def find(engine: SearchEngine, text: str, **narrowed: object) -> Page:
        return engine.search(Query(tokens=parse(text), **narrowed))  # type: ignore[arg-type]

    # Words

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("黄桃", {1, 2, 7}),
            ("桃", {1, 2, 7}),
            ("冰糖橙", {3}),
            ("冰糖", {3}),
            ("橙", {3}),
            ("藕", {4}),
            ("蜂蜜", {5}),
            ("桂花", {5}),
            ("皮薄", {3}),
            ("黄桃 礼盒", {2}),
            ("荷花村", {6}),
            ("荷花村的番茄", {6}),
            ("永固的冰糖橙多少钱一斤", {3}),
            ("岩汪湖黄桃", {2}),
        ],
    )
    def test_finds_by_words(self, market, text, found):
        page = self.find(market, text)
        assert set(ids(page)) == found
        assert page.total == len(found)
        assert not page.near

    @pytest.mark.parametrize(
        ("text", "found"), [("西红柿", {6}), ("蕹菜", set()), ("湖藕", {4})]
    )
    def test_finds_by_what_else_it_is_called(self, market, text, found):
        assert set(ids(self.find(market, text))) == found

    def test_two_letters_are_not_enough_to_match_neighbours(self, market):
        # 糖桃 stands nowhere together, though both its characters do.
        assert 3 not in ids(self.find(market, "糖桃"))

    # Pinyin

    @pytest.mark.parametrize(
        "text", ["huangtao", "huang tao", "HuangTao", "huang'tao", "ht", "huangt"]
    )
    def test_finds_by_pinyin(self, market, text):
        page = self.find(market, text)
        assert {1, 2, 7} <= set(ids(page))
        assert 3 not in ids(page)

    @pytest.mark.parametrize(
        ("text", "product_id"),
        [
            ("bingtangcheng", 3),
            ("bing tang cheng", 3),
            ("btc", 3),
            ("tangcheng", 3),
            ("fengmi", 5),
            ("guihuafengmi", 5),
            ("ou", 4),
            ("yubiou", 4),
        ],
    )
    def test_finds_parts_in_pinyin(self, market, text, product_id):
        assert product_id in ids(self.find(market, text))

    @pytest.mark.parametrize(
        ("text", "product_id"),
        [
            ("hang tao", 1),
            ("hangtao", 1),
            ("huantao", 1),
            ("huagntao", 1),
            ("fenmi", 5),
            ("bintangchen", 3),
            ("bingtagncheng", 3),
        ],
    )
    def test_forgives_a_slip(self, market, text, product_id):
        assert product_id in ids(self.find(market, text))

    @pytest.mark.parametrize("text", ["pingguo", "xyzzy", "qqqq", "苹果", "vv"])
    def test_finds_nothing_where_nothing_is(self, market, text):
        assert self.find(market, text) == Page(hits=[], total=0)

    def test_han_and_pinyin_together(self, market):
        assert ids(self.find(market, "黄桃 lihe")) == [2]

    # Order

    def test_what_is_sold_out_stands_last(self, market):
        for sort in ("best", "newest", "price"):
            assert ids(self.find(market, "黄桃", sort=sort))[-1] == 7

    def test_orders_by_price_and_by_day(self, market):
        assert ids(self.find(market, "黄桃", sort="price"))[:2] == [1, 2]
        assert ids(self.find(market, "黄桃", sort="newest"))[0] == 1

    def test_a_title_outweighs_a_text(self, engine):
        engine.rebuild(
            [
                document(1, "红薯", text="像板栗一样粉，板栗香，板栗味"),
                document(2, "板栗"),
            ]
        )
        assert ids(self.find(engine, "板栗")) == [2, 1]

    @pytest.mark.parametrize(
        ("text", "order"),
        [
            # A name outweighs another name of the crop, that a place, that a text.
            ("蜜桃", [11, 12, 13, 14]),
            # The whole name comes before a longer one that holds it.
            ("黄桃", [1, 2]),
            ("huangtao", [1, 2]),
            ("huang tao", [1, 2]),
            ("ht", [1, 2]),
            ("hang tao", [1, 2]),
            # All of the words, in a name and in a place.
            ("黄桃 礼盒", [2]),
            ("蜜桃村的莲藕", [13]),
        ],
    )
    def test_what_fits_better_stands_first(self, engine, text, order):
        engine.rebuild(SHELF)
        page = self.find(engine, text)
        assert ids(page) == order

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("tuji", 3),
            ("tu ji", 3),
            ("tj", 3),
            ("tujidan", 2),
            ("ht", 4),
            ("huangtao", 4),
            ("rice", 7),
            ("yellow peach", 4),
        ],
    )
    def test_the_whole_name_stands_first_in_letters_too(self, engine, text, first):
        engine.rebuild(POULTRY)
        assert ids(self.find(engine, text))[0] == first

    def test_by_parts_alone_longer_names_would_stand_first(self, engine):
        bare = [replace(one, pinyin=re.sub(r"0\w+", "", one.pinyin)) for one in POULTRY]
        engine.rebuild(bare)
        assert ids(self.find(engine, "tuji"))[0] != 3

    # English

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("yellow peach", {1, 2}),
            ("Yellow Peaches", {1, 2}),
            ("peach", {1, 2}),
            ("yelow peach", {1, 2}),
            ("honey", {5}),
            ("lotus root", {4}),
            ("tomatoes", {6}),
            ("tomato", {6}),
        ],
    )
    def test_finds_by_english_names(self, market, text, found):
        page = self.find(market, text)
        assert set(ids(page)) == found
        assert not page.near

    def test_english_of_a_kind_finds_all_of_it(self, market):
        assert {4, 6} <= set(ids(self.find(market, "vegetables")))
        assert {1, 2, 3} <= set(ids(self.find(market, "fruit")))

    # Narrowing

    def test_narrows_by_township_and_category(self, market):
        assert ids(self.find(market, "黄桃", township="430722102000")) == [2]
        assert set(ids(self.find(market, "黄桃", category="shui-guo"))) == {1, 2}
        both = self.find(market, "黄桃", category="shui-guo", township="430722101000")
        assert ids(both) == [1]
        assert both.total == 1

    def test_counts_what_each_choice_would_leave(self, market):
        page = self.find(market, "黄桃", category="shui-guo", township="430722101000")
        assert {(f.code, f.name, f.count) for f in page.townships} == {
            ("430722101000", "蒋家嘴镇", 1),
            ("430722102000", "岩汪湖镇", 1),
        }
        assert {(f.code, f.name, f.count) for f in page.categories} == {
            ("shui-guo", "水果", 1),
            ("feng-mi-cha-yin", "蜂蜜茶饮", 1),
        }

    def test_a_choice_that_leaves_nothing_still_shows_the_others(self, market):
        page = self.find(market, "冰糖橙", township="430722102000")
        assert page.hits == []
        assert [f.code for f in page.townships] == ["430722101000"]

    def test_unknown_codes_find_nothing(self, market):
        assert self.find(market, "黄桃", township="x' OR 1=1 --").hits == []

    # Some of the words

    def test_offers_what_is_near_where_nothing_has_all_words(self, market):
        page = self.find(market, "黄桃 蓝莓")
        assert page.near
        assert set(ids(page)) == {1, 2, 7}

    # Pages

    def test_pages_join_without_gap_or_repeat(self, engine):
        engine.rebuild(document(n, f"黄桃 {n}号") for n in range(1, 56))
        seen = [
            product_id
            for start in (0, 20, 40)
            for product_id in ids(self.find(engine, "黄桃", start=start))
        ]
        assert sorted(seen) == list(range(1, 56))
        assert self.find(engine, "黄桃").total == 55

    def test_deep_pages_are_bounded(self, market):
        self.find(market, "黄桃", start=DEEPEST * 1000)

    # Whatever is typed

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            '"',
            '"黄桃',
            "黄桃 OR 1",
            "NEAR(黄桃 1)",
            "title:黄桃",
            "黄桃*",
            "*",
            "^黄桃",
            "-黄桃",
            "(黄桃",
            "黄桃 AND",
            "'; DROP TABLE words; --",
            "\x00黄桃",
            "{title}: x",
            "的",
            "a",
            "😀",
            "黄" * 5000,
            "huang " * 500,
            "\u202e黄桃",
            "%",
            "_",
            "黄桃\n黄桃",
        ],
    )
    def test_no_query_breaks_it(self, market, text):
        page = self.find(market, text)
        assert page.total >= len(page.hits)
        assert set(ids(self.find(market, "黄桃"))) == {1, 2, 7}

    def test_operators_are_words(self, market):
        # Were OR an operator, this would find the honey too.
        assert 5 not in ids(self.find(market, "冰糖橙 or 蜂蜜"))[:1]
        assert self.find(market, "冰糖橙 or 蜂蜜").near

    # Writing

    def test_put_replaces(self, market):
        market.put([document(3, "脐橙", crop="脐橙", version=2)])
        assert ids(self.find(market, "冰糖")) == []
        assert ids(self.find(market, "脐橙")) == [3]
        market.put([document(3, "脐橙", crop="脐橙", version=3)])
        assert self.find(market, "脐橙").total == 1

    def test_put_adds_words_that_a_slip_finds(self, market):
        market.put([document(9, "荸荠")])
        assert ids(self.find(market, "biqi")) == [9]
        market.put([document(10, "蓝莓", crop="蓝莓")])
        assert ids(self.find(market, "lanmie")) == [10]

    def test_remove_forgets(self, market):
        market.remove([Gone(1, 2), Gone(999, 2)])
        assert set(ids(self.find(market, "黄桃"))) == {2, 7}
        assert self.find(market, "huangtao").total == 2

    def test_what_was_removed_may_come_back(self, market):
        market.remove([Gone(1, 2)])
        market.put([document(1, "黄桃", version=3)])
        assert 1 in ids(self.find(market, "黄桃"))

    # Changes in any order

    def test_whoever_is_late_with_an_older_document_changes_nothing(self, market):
        market.put([document(3, "脐橙", version=5)])
        market.put([document(3, "冰糖橙", version=4), document(9, "荸荠")])
        assert ids(self.find(market, "脐橙")) == [3]
        assert ids(self.find(market, "冰糖")) == []
        # What came with it is written all the same.
        assert ids(self.find(market, "荸荠")) == [9]

    def test_the_same_change_twice_is_no_error(self, market):
        for _twice in range(2):
            market.put([document(3, "脐橙", version=2)])
            market.remove([Gone(4, 2)])
        assert ids(self.find(market, "脐橙")) == [3]
        assert ids(self.find(market, "藕")) == []

    def test_a_late_document_does_not_bring_back_what_is_gone(self, market):
        market.remove([Gone(3, 5)])
        market.put([document(3, "冰糖橙", version=4)])
        assert ids(self.find(market, "冰糖橙")) == []

    def test_a_late_removal_takes_nothing_away(self, market):
        market.put([document(3, "冰糖橙", version=5)])
        market.remove([Gone(3, 4)])
        assert ids(self.find(market, "冰糖橙")) == [3]

    # Without an index

    def test_without_an_index_it_is_not_ready_and_says_so(self, engine):
        assert not engine.ready()
        for act in (
            lambda: self.find(engine, "黄桃"),
            lambda: engine.put([MARKET[0]]),
            lambda: engine.remove([Gone(1, 2)]),
            engine.tallies,
            engine.about,
            lambda: engine.held(0),
        ):
            with pytest.raises(SearchUnavailable):
                act()
        # Or it would hold one product, and nobody would miss the others.
        assert not engine.ready()

    def test_with_one_it_is_ready(self, engine):
        engine.rebuild([])
        assert engine.ready()
        assert engine.about()["products"] == "0"
        assert self.find(engine, "黄桃") == Page(hits=[], total=0)

    # What it holds

    def test_tells_an_operator_how_it_is(self, market):
        about = market.about()
        assert about["products"] == str(len(MARKET))
        assert about["index"]

    def test_tells_what_it_holds_block_by_block(self, market):
        far = document(3 * BLOCK + 1, "荸荠", version=7)
        market.put([far])
        sum_near = sum(each.fingerprint for each in MARKET)
        assert market.tallies() == {
            0: Tally(len(MARKET), sum_near),
            3: Tally(1, far.fingerprint),
        }
        assert market.held(3) == {far.product_id: Held(far.fingerprint, 7)}
        assert set(market.held(0)) == {each.product_id for each in MARKET}
        assert market.held(1) == {}

    def test_what_it_holds_follows_every_change(self, market):
        before = market.tallies()[0]
        changed = document(1, "黄桃", crop="黄桃", price_fen=6900, version=2)
        market.put([changed])
        market.remove([Gone(2, 2)])
        after = market.tallies()[0]
        assert after.count == before.count - 1
        assert market.held(0)[1] == Held(changed.fingerprint, 2)
        assert 2 not in market.held(0)

    def test_a_full_block_is_added_up_exactly(self, engine):
        many = [document(n, f"{n}") for n in range(BLOCK, 2 * BLOCK)]
        engine.rebuild(many)
        total = sum(each.fingerprint for each in many)
        assert engine.tallies() == {1: Tally(BLOCK, total)}
        assert len(engine.held(1)) == BLOCK

    # The whole anew

    def test_rebuild_holds_exactly_what_it_was_given(self, market):
        assert market.rebuild(MARKET[:1]) == 1
        assert ids(self.find(market, "黄桃")) == [1]
        assert ids(self.find(market, "冰糖橙")) == []

    def test_what_changes_during_a_rebuild_is_in_it_or_refused(self, market):
        told: list[bool] = []

        def tell(act: Callable[[], None]) -> None:
            try:
                act()
            except SearchUnavailable:
                told.append(False)
            else:
                told.append(True)

        def slowly() -> Iterator[Document]:
            yield from MARKET[:4]
            tell(lambda: market.put([document(6, "荸荠", version=2)]))
            tell(lambda: market.remove([Gone(3, 2)]))
            # Read before that change, written after it.
            yield from MARKET[4:]
            tell(lambda: market.put([document(50, "蓝莓")]))

        with patience(0.0):
            market.rebuild(slowly())
        assert ids(self.find(market, "荸荠")) == ([6] if told[0] else [])
        assert ids(self.find(market, "番茄")) == ([] if told[0] else [6])
        assert ids(self.find(market, "冰糖橙")) == ([] if told[1] else [3])
        assert ids(self.find(market, "蓝莓")) == ([50] if told[2] else [])

    def test_rebuild_leaves_no_gap(self, market):
        """Every search during rebuilds finds the whole market."""
        gaps: list[object] = []
        stop = threading.Event()

        def search_on() -> None:
            while not stop.is_set():
                try:
                    found = set(ids(self.find(market, "黄桃")))
                except Exception as error:
                    gaps.append(error)
                else:
                    if found != {1, 2, 7}:
                        gaps.append(found)

        threads = [threading.Thread(target=search_on) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _round in range(5):
            market.rebuild(MARKET)
        stop.set()
        for thread in threads:
            thread.join()
        assert gaps == []

    def test_a_rebuild_that_fails_changes_nothing(self, market):
        def breaks():
            yield MARKET[0]
            raise RuntimeError("the database went away")

        with pytest.raises(RuntimeError):
            market.rebuild(breaks())
        assert set(ids(self.find(market, "黄桃"))) == {1, 2, 7}
