"""A buyer's way from the product to the order, through the whole stack in one process.

Two baselines: a bare view through the same test client, and the commit of one row.
"""

import re
from collections.abc import Iterator
from itertools import count

from bench.bench import Bench
from bench.commits import COMMIT, bare_commits
from bench.measure import Figure

BARE = "a bare Django view, same client"
ADDRESS = {
    "name": "李示例",
    "phone": "10012345678",
    "province": "430000000000",
    "city": "430100000000",
    "county": "430104000000",
    "township": "",
    "detail": "示例路1号2栋301",
    "fresh_confirmed": "on",
}
# What the form carries along: its key, and the total that the buyer sees.
HIDDEN = re.compile(r'name="(key|seen_total_fen)" value="([^"]+)"')


class Unbought(Exception):
    """A step did not end as it must: its speed would say nothing."""


def figures(bench: Bench) -> Iterator[Figure]:
    from django.apps import apps
    from django.test import Client

    from shop.storefront.models import ProductCard

    bench.county()
    StockRecord = apps.get_model("partner", "StockRecord")
    StockRecord.objects.update(num_in_stock=10**6)
    products = list(
        ProductCard.objects.on_sale().order_by("pk").values_list("pk", flat=True)[:60]
    )
    numbers = count()

    def add(browser: Client) -> None:
        product_id = products[next(numbers) % len(products)]
        answer = browser.post(f"/basket/add/{product_id}/", {"quantity": "1"})
        _require(answer, 302)

    def buy() -> None:
        """Add, paste, look, order: the cashier's page is the next one."""
        browser = Client()
        add(browser)
        _require(browser.get("/basket/"), 200)
        line = "李示例 10012345678 湖南省长沙市岳麓区示例路1号2栋301"
        _require(browser.post("/checkout/address/", {"pasted": line}), 302)
        page = browser.get("/checkout/")
        _require(page, 200)
        fields = ADDRESS | dict(HIDDEN.findall(page.content.decode()))
        answer = browser.post("/checkout/", fields)
        _require(answer, 302)
        if "/pay/" not in answer["Location"]:
            raise Unbought(answer["Location"])

    bare = Client()
    yield bench.clock.compare(
        area="checkout",
        name="add to an empty basket",
        act=lambda: add(Client()),
        baseline=BARE,
        bare=lambda: _require(bare.get("/ok"), 200),
    )
    yield bench.clock.compare(
        area="checkout",
        name="whole anonymous checkout, 5 requests",
        act=buy,
        baseline=COMMIT,
        bare=bare_commits(),
    )


def _require(answer, status: int) -> None:
    if answer.status_code != status:
        raise Unbought(f"{answer.status_code} instead of {status}")
