"""The market's public pages. None of them writes, none of them sets a cookie.

Each reads the market's version first and hands its page over to be kept under it.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from partners.keys import key_in
from partners.organisations.models import Division, Farmer, Station
from partners.provinces import PROVINCES
from partners.queries import share_preview
from shop.listings.words import category_name
from shop.storefront import queries
from shop.storefront.filters import CategoryFilter, chosen_month, chosen_province
from shop.storefront.kept import keep
from shop.storefront.models import MONTHS, ProductCard
from shop.storefront.pictures import illustration
from shop.storefront.season import headline, solar_term
from shop.users.operations import choose_language

READING_COOKIE_AGE = 365 * 24 * 3600
WEEK_ON_HOME = 12
VILLAGES_ON_HOME = 12
LEFT_IS_LITTLE = 20


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The market's front: what is ripe, where from, and what it gave."""
    market = queries.market_version()
    today = timezone.localdate()
    cards = queries.weeks_harvest(today, size=WEEK_ON_HOME)
    sold = queries.crops_on_sale()
    townships = queries.townships()
    villages = sorted(
        (count for township in townships for count in township.villages),
        key=lambda count: -count.products,
    )
    page = render(
        request,
        "shop/storefront/home.html",
        {
            "today": today,
            "term": solar_term(today),
            "headline": headline(card.crop for card in cards),
            "months": _months(today, sold),
            "cards": cards,
            "categories": queries.categories(market).values(),
            "given": queries.given_last_month(),
            "villages": villages[:VILLAGES_ON_HOME],
            "village_count": len(villages),
            "product_count": sum(count.products for count in villages),
            "county": _county_name(townships),
        },
    )
    return keep(page, market=market)


def _county_name(townships: list[queries.TownshipCount]) -> str:
    """Taken from a shelf's village, which is there already; empty in an empty shop."""
    if not townships:
        return ""
    return county_name(settings.COUNTY_CODE)


def county_name(code: str) -> str:
    """The county's name; it does not change while we run."""
    if code not in _names:
        found = Division.objects.filter(pk=code).values_list("name", flat=True).first()
        if found is None:
            return ""
        _names[code] = found
    return _names[code]


_names: dict[str, str] = {}


def _months(today: date, sold: dict[str, int]) -> list[dict[str, object]]:
    """The year as a strip: how many crops sold here are picked in each month."""
    counts = {
        month: sum(crop.name in sold for crop in queries.crops_ripe_in(month, sold))
        for month in MONTHS
    }
    most = max(counts.values()) or 1
    return [
        {
            "month": month,
            "crops": count,
            "height": round(24 * count / most),
            "now": month == today.month,
        }
        for month, count in counts.items()
    ]


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """One category's products, by place, season and price."""
    market = queries.market_version()
    entry = queries.categories(market).get(slug)
    if entry is None:
        raise Http404
    townships = queries.townships(entry.pk)
    chosen = CategoryFilter.from_query(request.GET, townships)
    found = queries.card_page(
        chosen.apply(ProductCard.objects.on_sale().filter(category_id=entry.pk)),
        sort=chosen.sort,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    page = render(
        request,
        "shop/storefront/category.html",
        {
            "category": entry,
            "categories": queries.categories(market).values(),
            "townships": townships,
            "chosen": chosen,
            "page": found,
            "months": MONTHS,
            "this_month": timezone.localdate().month,
            "total": sum(township.products for township in townships),
        },
    )
    return keep(page, market=market)


def _packs(card: ProductCard, neighbours: list[ProductCard]) -> list[ProductCard]:
    """What the grower sells this crop in, each size and price once, cheapest first."""
    sizes = {(card.pack, card.price_fen): card}
    for other in neighbours:
        if (other.farmer_id, other.crop) == (card.farmer_id, card.crop) and card.crop:
            sizes.setdefault((other.pack, other.price_fen), other)
    return sorted(sizes.values(), key=lambda one: one.price_fen)


def _said_twice(words: Iterable[str]) -> set[str]:
    """Which sizes alone do not tell two offers apart; their titles do."""
    return {word for word, times in Counter(words).items() if times > 1}


@require_safe
def product(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One offer: what, whose, when, how much, and what it does."""
    market = queries.market_version()
    if key_in(str(pk)) is None:
        raise Http404
    card = get_object_or_404(ProductCard.objects.select_related("supermarket"), pk=pk)
    if slug != card.slug:
        return HttpResponsePermanentRedirect(card.get_absolute_url())
    today = timezone.localdate()
    neighbours = queries.same_village(card)
    packs = _packs(card, neighbours)
    share = None
    if card.supermarket and card.margin_fen and card.buyable():
        share = share_preview(
            supermarket=card.supermarket, margin_fen=card.margin_fen, on=today
        )
    province = chosen_province(request.GET)
    freight = card.freight.get(province)
    page = render(
        request,
        "shop/storefront/product.html",
        {
            "card": card,
            "today": today,
            "category_name": category_name(card.category_code, card.category_name),
            "packs": packs if len(packs) > 1 else [],
            "twins": _said_twice(pack.pack for pack in packs),
            "neighbours": [other for other in neighbours if other not in packs][:8],
            "share": share if share and share.amount_fen and share.households else None,
            "province": province,
            "province_name": PROVINCES[province],
            "provinces": PROVINCES.items(),
            "freight": freight,
            "little_left": card.left <= LEFT_IS_LITTLE,
            "years": today.year - card.growing_since if card.growing_since else 0,
            "base_url": settings.BASE_URL,
        },
    )
    return keep(page, market=market, card=card)


@require_safe
def villages(request: HttpRequest) -> HttpResponse:
    """Every village that sells something, by township."""
    market = queries.market_version()
    townships = queries.townships()
    menu = {entry.pk: entry for entry in queries.categories(market).values()}
    page = render(
        request,
        "shop/storefront/villages.html",
        {
            "townships": [
                (
                    township,
                    [
                        (count, [menu[pk] for pk in count.category_ids if pk in menu])
                        for count in township.villages
                    ],
                )
                for township in townships
            ],
            "village_count": sum(len(each.villages) for each in townships),
            "county": _county_name(townships),
        },
    )
    return keep(page, market=market)


@require_safe
def village(request: HttpRequest, code: str) -> HttpResponse:
    """One village: its station, its growers, its produce."""
    market = queries.market_version()
    place = get_object_or_404(
        Division.objects.select_related("parent"),
        pk=code,
        level=Division.Level.VILLAGE,
    )
    found = queries.card_page(
        ProductCard.objects.on_sale().filter(village_id=code),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    growers = Farmer.objects.filter(
        pk__in=[card.farmer_id for card in found.cards]
    ).order_by("pk")
    page = render(
        request,
        "shop/storefront/village.html",
        {
            "village": place,
            "station": Station.objects.filter(village_id=code).first(),
            "growers": growers,
            "page": found,
        },
    )
    return keep(page, market=market)


@require_safe
def farmer(request: HttpRequest, pk: int) -> HttpResponse:
    """One grower, by family name only, and what they sell."""
    market = queries.market_version()
    if key_in(str(pk)) is None:
        raise Http404
    found = queries.card_page(
        ProductCard.objects.on_sale().filter(farmer_id=pk),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    # Whoever never sold anything here has no public page.
    known = found.cards or list(ProductCard.objects.filter(farmer_id=pk)[:1])
    if not known:
        raise Http404
    today = timezone.localdate()
    card = known[0]
    page = render(
        request,
        "shop/storefront/farmer.html",
        {
            "card": card,
            "years": today.year - card.growing_since if card.growing_since else 0,
            "page": found,
        },
    )
    return keep(page, market=market)


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """Twelve months and what is picked in each."""
    market = queries.market_version()
    today = timezone.localdate()
    month = chosen_month(request.GET) or today.month
    sold = queries.crops_on_sale()
    ripe = [
        {
            "crop": crop,
            "picture": illustration(crop.picture),
            "products": sold.get(crop.name, 0),
        }
        for crop in queries.crops_ripe_in(month, sold)
    ]
    year = [
        {
            "crop": crop,
            "cells": [
                (each, each in crop.season, each == today.month) for each in MONTHS
            ],
        }
        for crop in queries.seasonal_crops(sold)
    ]
    page = render(
        request,
        "shop/storefront/calendar.html",
        {
            "month": month,
            "this_month": today.month,
            "months": _months(today, sold),
            "ripe": ripe,
            "year": year,
            "term": solar_term(today),
        },
    )
    return keep(page, market=market)


# Public pages carry no token. A forged post could only change how a page reads.
@csrf_exempt
@require_POST
def reading(request: HttpRequest) -> HttpResponse:
    """Remember the reader's language and letter size, then go back."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    language = request.POST.get("language")
    if language in dict(settings.LANGUAGES):
        _remember(response, settings.LANGUAGE_COOKIE_NAME, language)
        if request.user.is_authenticated:
            choose_language(user=request.user, language=language)
    size = request.POST.get("type")
    if size == "large":
        _remember(response, "type", size)
    elif size == "":
        response.delete_cookie("type", samesite="Lax")
    return response


def _remember(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=READING_COOKIE_AGE,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
