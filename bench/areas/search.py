"""Search beside the engine's own client, and the building of an index."""

from collections.abc import Iterator
from itertools import cycle

from bench.bench import Bench
from bench.measure import Act, Figure

WORDS = ("黄桃", "huangtao", "土鸡蛋", "永固村", "冰糖橙", "mi", "cha you", "hunag tao")


def figures(bench: Bench) -> Iterator[Figure]:
    from django.utils import timezone

    from shop.discovery import operations, queries
    from shop.discovery.engines import configured

    county = bench.county()
    words = cycle(WORDS)
    ask = own_client(words)
    for name, act in (
        ("engine, 20 hits and both facets", _asking(words)),
        ("search and its cards", lambda: queries.find(queries.Search(next(words)))),
    ):
        yield bench.clock.compare(
            area="search",
            name=f"{name}, {county.products:,} products",
            act=act,
            baseline="the engine's own client, 20 hits",
            bare=ask,
        )
    from shop.storefront.models import ProductCard

    yield bench.clock.compare(
        area="search",
        name=f"rebuild, documents of {county.products:,}",
        act=lambda: operations.rebuild_index(at=timezone.now(), engine=configured()),
        times=county.products,
        baseline="cards read from the database",
        bare=lambda: list(ProductCard.objects.on_sale()),
        bare_times=county.products,
    )


def _asking(words: Iterator[str]) -> Act:
    from shop.discovery.engine import Query
    from shop.discovery.engines import configured
    from shop.discovery.tokens import parse

    return lambda: configured().search(Query(tokens=parse(next(words))))


def own_client(words: Iterator[str]) -> Act:
    """The engine asked for the same words with nothing of ours around it."""
    from django.conf import settings

    if "elastic" in settings.SEARCH_ENGINE:
        from elasticsearch import Elasticsearch

        client = Elasticsearch(
            settings.ELASTICSEARCH_NODES,
            basic_auth=(settings.ELASTICSEARCH_USER, settings.ELASTICSEARCH_PASSWORD)
            if settings.ELASTICSEARCH_USER
            else None,
        )
        index = f"{settings.ELASTICSEARCH_PREFIX}-products-*"
        return lambda: client.search(
            index=index, query={"query_string": {"query": next(words)}}, size=20
        )
    import sqlite3
    from pathlib import Path

    from shop.discovery.tokens import parse

    folder = Path(settings.SEARCH_INDEX)
    database = sqlite3.connect(folder / (folder / "current").read_text())
    table = _fts_table(database)

    def ask() -> object:
        terms = parse(next(words)).terms
        match = " AND ".join(f'"{term.any_of[0][0]}"' for term in terms)
        return database.execute(
            f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rank LIMIT 20",
            (match,),
        ).fetchall()

    return ask


def _fts_table(database) -> str:
    return database.execute(
        "SELECT name FROM sqlite_master WHERE sql LIKE '%fts5%' ORDER BY name LIMIT 1"
    ).fetchone()[0]
