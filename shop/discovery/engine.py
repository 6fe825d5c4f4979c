"""The one contract of search: what every engine takes and gives.

Engines know token strings and whole numbers, nothing of Chinese and nothing of the
database: `tokens.py` segments for all of them, and the page checks every hit again.
`tests/shop/discovery/contract.py` is run on each engine.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Protocol, Self

from shop.discovery.tokens import Tokens

SORTS = ("best", "newest", "price")
PAGE_SIZE = 20
# Nobody reads the eleventh page; deep pages are how crawlers tire an engine.
DEEPEST = 200
# Products are compared by thousands; so few that a sum of fingerprints stays exact
# even where an engine adds up in floating point (40 + 10 bits of 53).
BLOCK = 1000
FINGERPRINT_BYTES = 5
# How long an index remembers of what version a product was forgotten: longer than any
# writer can come late.
REMEMBERED_SECONDS = 900


class SearchUnavailable(Exception):
    """The engine cannot answer now: no index yet, or no server."""


class DocumentsRefused(Exception):
    """The engine took all changes but those of `product_ids`; ask again later."""

    def __init__(self, product_ids: Iterable[int], reason: str) -> None:
        self.product_ids = frozenset(product_ids)
        super().__init__(f"{len(self.product_ids)} documents refused: {reason}")


@dataclass(frozen=True)
class Document:
    """What an engine knows of one product. Nothing personal, nothing to trust.

    `title`, `also` (other names of the crop), `place` and `text` are token strings
    parted by spaces. Prices are whole fen, `published_at` whole seconds. `version`
    grows with every change of the product.
    """

    product_id: int
    version: int
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

    @cached_property
    def fingerprint(self) -> int:
        """40 bits of a hash of what it says, whatever its version."""
        says = asdict(self) | {"version": None}
        text = json.dumps(says, ensure_ascii=False, sort_keys=True)
        return int.from_bytes(sha256(text.encode()).digest()[:FINGERPRINT_BYTES])


@dataclass(frozen=True)
class Gone:
    """A product that is to be forgotten, as of this version of it."""

    product_id: int
    version: int


@dataclass(frozen=True)
class Tally:
    """How many documents a block has, and the sum of their fingerprints."""

    count: int = 0
    total: int = 0

    def plus(self, fingerprint: int) -> Self:
        return type(self)(self.count + 1, self.total + fingerprint)


@dataclass(frozen=True)
class Held:
    """What an index holds of a product: what it says, in 40 bits, and its version."""

    fingerprint: int
    version: int


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
    """What an index can do.

    Every method raises SearchUnavailable, and `put` and `remove` DocumentsRefused;
    nothing else. Changes may come in any order and twice: one that is not newer than
    what the index knows of the product is left out, and is no error.
    """

    def ready(self) -> bool:
        """Whether there is an index, of the form that this code writes."""
        ...

    def about(self) -> Mapping[str, str]:
        """How it is, for an operator: what it is made of, and how many products."""
        ...

    def search(self, query: Query) -> Page:
        """Products that have every word, sold-out ones last."""
        ...

    def put(self, documents: Iterable[Document]) -> None:
        """Write documents over what is there. They can be found within a second."""
        ...

    def remove(self, gone: Iterable[Gone]) -> None:
        """Forget products; unknown ones are no error."""
        ...

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Hold exactly these documents, and answer from the old ones until then.

        Returns how many. What is `put` or `removed` meanwhile is in the new index
        too, or SearchUnavailable tells that it is not.
        """
        ...

    def tallies(self) -> Mapping[int, Tally]:
        """What it holds of each block of products (`product_id // BLOCK`)."""
        ...

    def held(self, block: int) -> Mapping[int, Held]:
        """What it holds of a block's products, by product."""
        ...
