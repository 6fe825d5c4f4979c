"""A product's card as an engine's document."""

import re
from functools import cache

from shop.discovery.engine import Document
from shop.discovery.tokens import (
    indexed,
    indexed_english,
    indexed_pinyin,
    indexed_whole,
)
from shop.listings.crops import CROPS, Crop
from shop.listings.english import ENGLISH, KINDS
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
        pinyin=in_letters(
            title=card.title,
            crop=crop,
            place=place,
            kind=kind,
            category=card.category_code,
        ),
        category=card.category_code,
        category_name=card.category_name,
        township=card.township_code,
        township_name=card.township_name,
        price_fen=card.price_fen,
        sold_out=card.sold_out,
        published_at=int(card.published_at.timestamp()),
    )


def in_letters(
    *, title: str, crop: Crop | None, place: str, kind: str = "", category: str = ""
) -> str:
    """What is found by letters: pinyin of names and places, and English names."""
    name = crop.name if crop else ""
    also = " ".join((name, *crop.aliases)) if crop else ""
    gloss = ENGLISH.get(name, "")
    return " ".join(
        tokens
        for tokens in (
            indexed_pinyin(f"{title} {also} {place} {kind}"),
            indexed_english(f"{gloss}, {KINDS.get(category, '')}"),
            _whole(name, title, name, *gloss.split(", ")),
        )
        if tokens
    )


def _whole(crop: str, *names: str) -> str:
    """The whole names' tokens, but none that means another crop first."""
    tokens = indexed_whole(*names).split()
    return " ".join(one for one in tokens if _meant().get(one, crop) == crop)


@cache
def _meant() -> dict[str, str]:
    """Which crop letters mean where they fit several: ht is 黄桃 before 核桃.

    The one that stands first in the county's own table.
    """
    meant: dict[str, str] = {}
    for crop in CROPS:
        for token in indexed_whole(crop).split():
            meant.setdefault(token, crop)
    return meant
