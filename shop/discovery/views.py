"""The search page. It sets no cookie and writes nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from shop.discovery import queries
from shop.storefront.queries import (
    categories,
    crops_on_sale,
    crops_ripe_in,
    market_version,
)

SUGGESTED = 8


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Products for what was typed, by township and category; or what is ripe now."""
    wanted = queries.Search.from_query(request.GET)
    context: dict[str, object] = {"search": wanted}
    if wanted.text:
        found = queries.find(wanted)
        context |= {
            "found": found,
            "townships": queries.choices(found.townships, wanted, "township"),
            "categories": queries.choices(found.categories, wanted, "category"),
            "sorts": {
                "best": wanted.but(sort="best"),
                "newest": wanted.but(sort="newest"),
                "price": wanted.but(sort="price"),
            },
            "anywhere": wanted.but(township=""),
            "anything": wanted.but(category=""),
            "everything": wanted.but(township="", category=""),
            "previous_url": wanted.but(page=wanted.page - 1) if wanted.page > 1 else "",
            "next_url": wanted.but(page=wanted.page + 1) if found.more else "",
        }
    if not wanted.text or not context["found"].cards:  # type: ignore[attr-defined]
        context |= suggestions()
    return render(request, "shop/discovery/search.html", context)


def suggestions() -> dict[str, object]:
    """What is ripe this month and sold here, and the market's categories."""
    sold = crops_on_sale()
    ripe = crops_ripe_in(timezone.localdate().month, sold)
    names = [crop.name for crop in ripe if crop.name in sold]
    names += [name for name in sold if name and name not in names]
    return {
        "suggested": names[:SUGGESTED],
        "menu": list(categories(market_version()).values()),
    }
