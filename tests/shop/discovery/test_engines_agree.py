"""The embedded engine and Elasticsearch, side by side over one market.

The contract says what each must do; here neither may find, count or order anything
that the other does not.
"""

from itertools import product

import pytest

from shop.discovery.engine import SORTS, Gone, Query
from shop.discovery.sqlite_engine import SqliteEngine
from shop.discovery.tokens import parse
from shop.listings.crops import CROPS
from tests.shop.discovery.cluster import engine_of_its_own, missing
from tests.shop.discovery.contract import CATEGORIES, TOWNSHIPS, document, ids

if reason := missing():
    pytest.skip(reason, allow_module_level=True)

VILLAGES = ("永固村", "荷花村", "鹿溪村", "桃花源村", "沧港社区", "七星堆村")
WORDS = ("现摘现发", "树上熟，皮薄多汁", "自家吃不完", "礼盒装送人体面", "")
QUERIES = (
    *("黄桃", "桃", "冰糖橙", "橙", "西红柿", "番茄", "藕", "湖藕", "蜂蜜", "皮薄"),
    *("huangtao", "huang tao", "ht", "bingtangcheng", "btc", "fengmi", "lianou"),
    *("hang tao", "hangtao", "huagntao", "fenmi", "bintangcheng", "huangt", "hua"),
    *(
        "荷花村",
        "荷花村的黄桃",
        "桃花源",
        "taohuayuan",
        "蒋家嘴镇",
        "岩汪湖",
        "yanwanghu",
    ),
    *(
        "黄桃 礼盒",
        "黄桃 lihe",
        "永固村 冰糖橙 皮薄",
        "多汁的桃",
        "现摘",
        "5",
        "礼盒装",
    ),
    *("苹果派", "xyzzy", "黄桃 蓝莓酒", "王婶家黄桃", "的", "a", "桃 桃", "黄桃黄桃"),
)


def market():
    """Every crop once or twice, spread over villages, prices and days."""
    for number, (crop, (turn, *_)) in enumerate(
        product(CROPS.values(), [(0, ""), (1, "")]), start=1
    ):
        if turn and number % 3:
            continue
        words = WORDS[number % len(WORDS)]
        yield document(
            number,
            crop.name if not turn else f"{crop.name} {words[:4]}",
            crop=crop.name,
            village=VILLAGES[number % len(VILLAGES)],
            township=list(TOWNSHIPS)[number % 2],
            category=list(CATEGORIES)[number % len(CATEGORIES)],
            text=f"{words} {number}斤",
            price_fen=1000 + number * 37 % 900,
            sold_out=number % 7 == 0,
            published_at=1_700_000_000 + number * 7919 % 1000,
        )


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    embedded = SqliteEngine(tmp_path_factory.mktemp("agree"))
    with engine_of_its_own() as elastic:
        for engine in (embedded, elastic):
            engine.rebuild(market())
        yield embedded, elastic


def everything(engine, **asked):
    """All pages of a search, joined, and what the first one says."""
    pages = [engine.search(Query(start=start, **asked)) for start in range(0, 220, 20)]
    return pages[0], [number for page in pages for number in ids(page)]


@pytest.mark.parametrize("text", QUERIES)
def test_the_same_hits_counts_and_order(engines, text):
    tokens = parse(text)
    for sort in SORTS:
        embedded, ours = everything(engines[0], tokens=tokens, sort=sort)
        elastic, theirs = everything(engines[1], tokens=tokens, sort=sort)
        assert set(theirs) == set(ours)
        assert len(theirs) == len(ours) == elastic.total == embedded.total
        assert elastic.townships == embedded.townships
        assert elastic.categories == embedded.categories
        assert elastic.near == embedded.near
        if sort != "best":
            assert theirs == ours


@pytest.mark.parametrize("text", ["桃", "huangtao", "现摘", "hangtao", "礼盒 多汁"])
@pytest.mark.parametrize("township", ["", *TOWNSHIPS, "430722999000"])
@pytest.mark.parametrize("category", ["", "shui-guo", "feng-mi-cha-yin", "nothing"])
def test_the_same_counts_with_choices_made(engines, text, township, category):
    asked = {"tokens": parse(text), "township": township, "category": category}
    embedded, ours = everything(engines[0], sort="price", **asked)
    elastic, theirs = everything(engines[1], sort="price", **asked)
    assert theirs == ours
    assert elastic.total == embedded.total
    assert elastic.townships == embedded.townships
    assert elastic.categories == embedded.categories


def test_there_is_something_to_agree_on(engines):
    found = [engines[0].search(Query(tokens=parse(text))).total for text in QUERIES]
    assert sum(total > 1 for total in found) > 30
    assert 0 in found


def test_they_hold_the_same_and_still_do_after_changes(engines):
    changed = [document(3, "黄桃王", price_fen=1, version=2)]
    for engine in engines:
        assert engine.tallies()
        engine.put(changed)
        engine.remove([Gone(5, 2)])
    assert engines[0].tallies() == engines[1].tallies()
    assert engines[0].held(0) == engines[1].held(0)
