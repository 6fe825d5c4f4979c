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
        for name, path in (
            ("home, warm", "/"),
            ("category, warm", county.category),
            ("product, warm", county.product),
            ("village, warm", county.village),
            ("category, made", f"{county.category}?{UNKEPT}"),
            ("product, made", f"{county.product}?{UNKEPT}"),
            ("search with facets, made", f"/search/?q={quote('黄桃')}&{UNKEPT}"),
            ("scan, hot label", county.scan),
        ):
            yield measured(bench, server, f"{name}, {county.products:,} products", path)


def measured(bench: Bench, server: Server, name: str, path: str) -> Figure:
    def load(path: str) -> Rate:
        return server.load(path, seconds=bench.load_seconds, headers=GZIP)

    load("/ok")
    load(path)
    return bench.clock.in_turns(
        area="pages",
        name=name,
        measure=lambda: load(path),
        baseline=BARE,
        measure_bare=lambda: load("/ok"),
    )
