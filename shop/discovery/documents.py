"""A product's card as an engine's document."""

import re

from shop.discovery.engine import Document
from shop.discovery.tokens import indexed, indexed_pinyin
from shop.listings.crops import CROPS
from shop.storefront.models import ProductCard

_TAG = re.compile(r"<[^>]*>")


# All of a card that a document tells; a change of anything else leaves it as it is.
FIELDS = (
    "title",
    "crop",
    "village_name",
    "township_code",
    "township_name",
    "category_code",
    "category_name",
    "description",
    "price_fen",
    "sold_out",
    "published_at",
)


def document_of(card: ProductCard, *, version: int) -> Document:
    """What can be found of a product: public words only, no person's name."""
    crop = CROPS.get(card.crop)
    also = " ".join((crop.name, *crop.aliases)) if crop else ""
    place = f"{card.village_name} {card.township_name}"
    # 水果 is looked for; but who looks for 蜂蜜 wants no tea out of 蜂蜜茶饮.
    kind = card.category_name if len(card.category_name) == 2 else ""
    return Document(
        product_id=card.product_id,
        version=version,
        title=indexed(card.title),
        also=indexed(also),
        place=indexed(place),
        text=indexed(f"{kind} {_TAG.sub(' ', card.description)}"),
        # Pinyin is for what a thing is called and where it is from.
        pinyin=indexed_pinyin(f"{card.title} {also} {place} {kind}"),
        category=card.category_code,
        category_name=card.category_name,
        township=card.township_code,
        township_name=card.township_name,
        price_fen=card.price_fen,
        sold_out=card.sold_out,
        published_at=int(card.published_at.timestamp()),
    )
