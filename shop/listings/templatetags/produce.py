"""What is sold, in the reader's words: its title is Chinese for everybody."""

import re
from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language

from partners.measures import GRAMS_PER_JIN
from shop.listings import crops
from shop.listings.english import english
from shop.listings.sentence.tokens import BOXES, PIECES
from shop.listings.words import pack_words

register = template.Library()

# The tail that words.title_words writes: 5斤装, 30枚装, 8只约5斤装, 500克/瓶, 1株.
_PACK = re.compile(
    rf"\s*(?:(?P<pieces>\d{{1,6}})(?P<unit>{'|'.join(PIECES)}))?"
    r"约?(?:(?P<weight>\d{1,6}(?:\.\d)?)(?P<measure>斤|克))?"
    rf"(?:装|/(?P<box>{'|'.join(BOXES)}))?"
)
_NOTE = re.compile(r"[(（][^()（）]*[)）]\s*$")


@register.filter
def in_english(title: str) -> str:
    """玉臂藕 5斤装: Lotus root, pack of 5 jin. "" on other pages, or if unknown."""
    if not (get_language() or "").startswith("en"):
        return ""
    return _in_english(str(title))


@lru_cache(maxsize=4096)
def _in_english(title: str) -> str:
    title = _NOTE.sub("", title).strip()
    starts = range(len(title) + 1)
    pack = next(found for at in starts if (found := _PACK.fullmatch(title, at)))
    what = english(_named_last(title[: pack.start()].strip()))
    return capfirst(", ".join(part for part in (what, _pack_told(pack)) if part))


def _named_last(name: str) -> str:
    """The crop that a name ends with: in Chinese, what it is comes last."""
    known = crops.names()
    tails = (name[at:] for at in range(len(name)))
    return next((known[tail].name for tail in tails if tail in known), "")


def _pack_told(pack: re.Match[str]) -> str:
    grams = GRAMS_PER_JIN if pack["measure"] == "斤" else 1
    return pack_words(
        pack_g=round(float(pack["weight"]) * grams) if pack["weight"] else None,
        pieces=int(pack["pieces"]) if pack["pieces"] else None,
        piece_unit=pack["unit"] or "",
        container=pack["box"] or "",
    )


@register.filter
def beside(title: str) -> SafeString:
    """What stands under a Chinese title on English pages; nothing elsewhere."""
    told = in_english(title)
    return format_html('<span class="gloss">{}</span>', told) if told else SafeString()


@register.filter
def with_english(title: str) -> str:
    """Title and English in one line of text, for sentences and labels."""
    told = in_english(title)
    return f"{title} ({told})" if told else title
