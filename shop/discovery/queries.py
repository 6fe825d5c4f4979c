"""What the search page reads: hits from the engine, truth from the database."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict

from shop.discovery.engine import (
    DEEPEST,
    PAGE_SIZE,
    SORTS,
    Facet,
    Query,
    SearchEngine,
    SearchUnavailable,
)
from shop.discovery.engines import configured
from shop.discovery.signals import search_fell_back
from shop.discovery.tokens import Term, Tokens, clean, indexed, indexed_pinyin, parse
from shop.listings.crops import CROPS, Crop
from shop.storefront.models import ProductCard

MOST_FACETS = 12
# So many words are looked for in names, where there is no index to find them in.
MOST_NAMES = 4


@dataclass(frozen=True)
class Search:
    """What somebody looks for, as it stands in the address. Nothing here trusts it."""

    text: str
    category: str = ""
    township: str = ""
    sort: str = "best"
    page: int = 1

    @classmethod
    def from_query(cls, query: QueryDict) -> "Search":
        sort = query.get("sort", "best")
        page = query.get("page", "1")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1
        return cls(
            text=clean(query.get("q", "")),
            category=query.get("category", "")[:60],
            township=query.get("township", "")[:12],
            sort=sort if sort in SORTS else "best",
            page=max(1, min(number, DEEPEST // PAGE_SIZE)),
        )

    @property
    def address(self) -> str:
        """This search's own address."""
        chosen = {
            "q": self.text,
            "township": self.township,
            "category": self.category,
            "sort": self.sort if self.sort != "best" else "",
            "page": self.page if self.page > 1 else "",
        }
        return "?" + urlencode({name: value for name, value in chosen.items() if value})

    def but(self, **chosen: Any) -> str:
        """The address of this search with something chosen otherwise, from page 1."""
        return replace(self, **({"page": 1} | chosen)).address


@dataclass(frozen=True)
class Choice:
    """A facet as the page shows it."""

    name: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class Found:
    """A page of cards. `near`: with some of the words only. `by_name_only`: not from
    the engine, which cannot answer now, but by name from the database."""

    cards: list[ProductCard]
    total: int
    townships: list[Facet]
    categories: list[Facet]
    near: bool = False
    by_name_only: bool = False
    more: bool = False


def find(search: Search, *, engine: SearchEngine | None = None) -> Found:
    """Cards for a search, every one looked up in the database for price and sale."""
    engine = engine or configured()
    start = (search.page - 1) * PAGE_SIZE
    tokens = parse(search.text)
    query = Query(
        tokens=tokens,
        category=search.category,
        township=search.township,
        sort=search.sort,
        start=start,
    )
    try:
        page = engine.search(query)
    except SearchUnavailable:
        search_fell_back.send(sender=Search)
        return _by_name(search, tokens)
    known = ProductCard.objects.on_sale().in_bulk([hit.product_id for hit in page.hits])
    cards = [known[hit.product_id] for hit in page.hits if hit.product_id in known]
    if search.sort == "price":
        # The engine's price may be a moment old; the cards' is the one that is paid.
        cards.sort(key=lambda card: (card.sold_out, card.price_fen, -card.product_id))
    return Found(
        cards=cards,
        total=max(page.total - (len(page.hits) - len(cards)), len(cards)),
        townships=page.townships,
        categories=page.categories,
        near=page.near,
        more=start + len(page.hits) < min(page.total, DEEPEST),
    )


def _by_name(search: Search, tokens: Tokens) -> Found:
    """Without an engine: products whose name, crop or place holds the words."""
    cards = ProductCard.objects.on_sale()
    for term in tokens.terms[:MOST_NAMES]:
        cards = cards.filter(_named(term))
    if search.category:
        cards = cards.filter(category_code=search.category)
    if search.township:
        cards = cards.filter(township_code=search.township)
    start = (search.page - 1) * PAGE_SIZE
    total = cards.count()
    order = "price_key" if search.sort == "price" else "-newest_key"
    shown = cards.order_by(order, "-product_id")[start : start + PAGE_SIZE]
    return Found(
        cards=list(shown),
        total=total,
        townships=[],
        categories=[],
        by_name_only=True,
        more=start + PAGE_SIZE < min(total, DEEPEST),
    )


def _named(term: Term) -> Q:
    """What a database can find of a term: each of its tokens in some name, or a crop
    that is called or spelled so."""
    named = Q(crop__in=_crops_called(term))
    for group in term.any_of:
        every = Q()
        for token in group:
            every &= (
                Q(title__icontains=token.rstrip("*"))
                | Q(crop__icontains=token.rstrip("*"))
                | Q(village_name__icontains=token.rstrip("*"))
                | Q(township_name__icontains=token.rstrip("*"))
            )
        named |= every
    return named


def _crops_called(term: Term) -> list[str]:
    return [
        crop.name
        for crop in CROPS.values()
        if any(
            all(_is_among(token, _names_of(crop)) for token in group)
            for group in term.any_of
        )
    ]


def _is_among(token: str, words: frozenset[str]) -> bool:
    if token.endswith("*"):
        return any(word.startswith(token[:-1]) for word in words)
    return token in words


@lru_cache(maxsize=512)
def _names_of(crop: Crop) -> frozenset[str]:
    names = " ".join((crop.name, *crop.aliases))
    return frozenset(f"{indexed(names)} {indexed_pinyin(names)}".split())


def choices(facets: list[Facet], search: Search, name: str) -> list[Choice]:
    """A facet's choices with their addresses; the chosen one's own frees it."""
    chosen = getattr(search, name)
    return [
        Choice(
            name=facet.name,
            count=facet.count,
            url=search.but(**{name: "" if facet.code == chosen else facet.code}),
            chosen=facet.code == chosen,
        )
        for facet in facets[:MOST_FACETS]
    ]
