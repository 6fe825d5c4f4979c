"""The buyer's and the scanner's pages through the real web server.

Warm: the page is kept and its version asked for. Made: an address that is too long to
be kept, so that the page is read from the database and rendered each time.
"""

from collections.abc import Iterator
from urllib.parse import quote

from bench.bench import Bench
from bench.measure import Figure, Rate
from bench.server import Server

BARE = "a bare Django view, same server"
UNKEPT = "unkept=" + "x" * 210
GZIP = {"Accept-Encoding": "gzip", "Accept-Language": "zh-CN"}


def figures(bench: Bench) -> Iterator[Figure]:
    county = bench.county()
    with bench.serving() as server:
        for name, *paths in (
            ("home, warm", "/"),
            ("category, warm", county.category),
            ("product, warm", county.product),
            ("village, warm", county.village),
            ("category, made", f"{county.category}?{UNKEPT}"),
            ("product, made", f"{county.product}?{UNKEPT}"),
            ("search with facets, made", f"/search/?q={quote('黄桃')}&{UNKEPT}"),
            (f"scan, {len(county.scans)} labels of a hot lot", *county.scans),
        ):
            title = f"{name}, {county.products:,} products"
            yield measured(bench, server, title, *paths)


def measured(bench: Bench, server: Server, name: str, *paths: str) -> Figure:
    def load(*paths: str) -> Rate:
        return server.load(*paths, seconds=bench.load_seconds, headers=GZIP)

    load("/ok")
    load(*paths)
    return bench.clock.in_turns(
        area="pages",
        name=name,
        measure=lambda: load(*paths),
        baseline=BARE,
        measure_bare=lambda: load("/ok"),
    )
