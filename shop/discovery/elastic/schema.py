"""What Elasticsearch keeps of a product, and under which names.

Every name ends with the number of its form, so that code never reads an index that
other code wrote differently: `xiangji-products-1` is the alias that is searched,
`xiangji-products-1-next` the one under which a rebuild writes, and the indices behind
them are `xiangji-products-1-20261125T210506-3fa2`.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from elasticsearch_dsl import Boolean, Keyword, Long, MetaField, Text
from elasticsearch_dsl import Document as ElasticDocument

from shop.discovery.engine import REMEMBERED_SECONDS, Document
from shop.discovery.spelling import SHORTEST

# Another number with every change below that old documents do not follow.
FORM = 1
# What a word weighs by where it stands.
WEIGHTS = {"title": 10, "also": 6, "place": 4, "text": 1, "pinyin": 3}


def _tokens() -> Any:
    """Token strings parted by spaces. How often matters, the order does not."""
    return Text(analyzer="whitespace", index_options="freqs")


class ProductDocument(ElasticDocument):  # type: ignore[misc]
    """A product as it is found, narrowed, counted and sorted by.

    `spelled` holds the pinyin words that are long enough for a slip. `fingerprint` is
    added up when the index is compared with the market.
    """

    product_id = Long()
    title = _tokens()
    also = _tokens()
    place = _tokens()
    text = _tokens()
    pinyin = _tokens()
    spelled = _tokens()
    category = Keyword()
    category_name = Keyword(index=False)
    township = Keyword()
    township_name = Keyword(index=False)
    price_fen = Long(index=False)
    sold_out = Boolean(index=False)
    published_at = Long(index=False)
    fingerprint = Long(index=False)

    class Meta:
        # A field nobody thought of is a mistake, not a new column.
        dynamic = MetaField("strict")

    class Index:
        settings = {
            "number_of_shards": 1,
            "auto_expand_replicas": "0-1",
            "refresh_interval": "1s",
            # How long the version of a removed document is remembered.
            "gc_deletes": f"{REMEMBERED_SECONDS}s",
        }


def source_of(document: Document) -> dict[str, Any]:
    """The document as Elasticsearch takes it."""
    row = ProductDocument(
        product_id=document.product_id,
        title=document.title,
        also=document.also,
        place=document.place,
        text=document.text,
        pinyin=document.pinyin,
        spelled=" ".join(
            word
            for word in document.pinyin.split()
            if len(word) >= SHORTEST and word.isalpha()
        ),
        category=document.category,
        category_name=document.category_name,
        township=document.township,
        township_name=document.township_name,
        price_fen=document.price_fen,
        sold_out=document.sold_out,
        published_at=document.published_at,
        fingerprint=document.fingerprint,
    )
    source: dict[str, Any] = row.to_dict(skip_empty=False)
    return source


@dataclass(frozen=True)
class Names:
    """The names of everything of ours on a cluster that others may share."""

    prefix: str

    @property
    def live(self) -> str:
        """The alias that is searched and written."""
        return f"{self.prefix}-products-{FORM}"

    @property
    def next(self) -> str:
        """The alias of an index that is being written."""
        return f"{self.live}-next"

    @property
    def all(self) -> str:
        """A pattern for every index of this form."""
        return f"{self.live}-*"

    def fresh(self) -> str:
        """A name that no index has had."""
        now = datetime.now(UTC)
        return f"{self.live}-{now:%Y%m%dt%H%M%S}-{secrets.token_hex(2)}"

    def template(self) -> dict[str, Any]:
        """How indices of these names begin, and that none begins by itself.

        Or a late write to an alias that has moved on would make an index of its name.
        """
        index = ProductDocument._index.to_dict()
        return {
            "index_patterns": [self.live, self.all],
            "template": {"settings": index["settings"], "mappings": index["mappings"]},
            "allow_auto_create": False,
            "priority": 500,
            "version": FORM,
        }
