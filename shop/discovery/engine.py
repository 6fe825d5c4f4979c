"""The one contract of search: what every engine takes and gives.

Engines know token strings and whole numbers, nothing of Chinese and nothing of the
database: `tokens.py` segments for all of them, and the page checks every hit again.
`tests/shop/discovery/contract.py` is run on each engine.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from shop.discovery.tokens import Tokens

SORTS = ("best", "newest", "price")
PAGE_SIZE = 20
# Nobody reads the eleventh page; deep pages are how crawlers tire an engine.
DEEPEST = 200


class SearchUnavailable(Exception):
    """The engine cannot answer now: no index yet, or no server."""


@dataclass(frozen=True)
class Document:
    """What an engine knows of one product. Nothing personal, nothing to trust.

    `title`, `also` (other names of the crop), `place` and `text` are token strings
    parted by spaces. Prices are whole fen, `published_at` whole seconds.
    """

    product_id: int
    title: str
    also: str
    place: str
    text: str
    pinyin: str
    category: str
    category_name: str
    township: str
    township_name: str
    price_fen: int
    sold_out: bool
    published_at: int


@dataclass(frozen=True)
class Query:
    """What somebody looks for. Codes that do not exist find nothing.

    `category` is a category's code, `township` twelve digits, `sort` one of SORTS;
    `start` counts hits from 0.
    """

    tokens: Tokens
    category: str = ""
    township: str = ""
    sort: str = "best"
    start: int = 0
    size: int = PAGE_SIZE


@dataclass(frozen=True)
class Hit:
    """One product found; a higher score fits better. Within one query only."""

    product_id: int
    score: float


@dataclass(frozen=True)
class Facet:
    """A choice that narrows the search: its code, its name, how many it leaves."""

    code: str
    name: str
    count: int


@dataclass(frozen=True)
class Page:
    """Hits from `start` on, and how many there are in all (an engine may stop
    counting at 20,000).

    Townships are counted with the category chosen but any township, categories the
    other way round, so that each count says what choosing it would show. `near`: no
    product had all of the words, so these have some of them.
    """

    hits: list[Hit]
    total: int
    townships: list[Facet] = field(default_factory=list)
    categories: list[Facet] = field(default_factory=list)
    near: bool = False


class SearchEngine(Protocol):
    """What an index can do. Every method raises SearchUnavailable, nothing else."""

    def search(self, query: Query) -> Page:
        """Products that have every word, sold-out ones last."""
        ...

    def put(self, documents: Iterable[Document]) -> None:
        """Write documents; one that is there already is replaced."""
        ...

    def remove(self, product_ids: Iterable[int]) -> None:
        """Forget products; unknown ones are no error."""
        ...

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Hold exactly these documents, and answer from the old ones until then.

        Returns how many. `put` and `remove` may raise SearchUnavailable meanwhile.
        """
        ...
