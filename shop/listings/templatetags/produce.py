"""What is sold, in the reader's words: its title is Chinese for everybody."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from partners.measures import GRAMS_PER_JIN
from partners.spelling import reads_english
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
    if not reads_english():
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
    """The crop that a name ends with: in Chinese, what it is comes last.

    Only what stands apart may follow it, as a size does: 冰糖橙 大箱.
    """
    known = crops.names()
    while name:
        tails = (name[at:] for at in range(len(name)))
        if found := next((known[tail].name for tail in tails if tail in known), ""):
            return found
        name = name.rpartition(" ")[0].rstrip()
    return ""


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
def titles(sold: Iterable[str]) -> SafeString:
    """冰糖橙、鸭蛋; on English pages each with its English under it."""
    return _listed((title, title) for title in sold)


@register.filter
def goods(sold: Iterable[Any]) -> SafeString:
    """冰糖橙 5斤装 × 2、鸭蛋 × 1: an order's lines, or their terms."""
    lines = ((getattr(each, "line", each).title, each.quantity) for each in sold)
    return _listed((title, f"{title} × {quantity}") for title, quantity in lines)


def _listed(told: Iterable[tuple[str, str]]) -> SafeString:
    """Each text, and under it its title's English; else a comma before the next."""
    parts = [(text, beside(title)) for title, text in told]
    last = len(parts) - 1
    return format_html_join(
        "",
        "{}{}",
        (
            (text, english_of or (_(", ") if at < last else ""))
            for at, (text, english_of) in enumerate(parts)
        ),
    )


@register.filter
def with_english(title: str) -> str:
    """Title and English in one line of text, for sentences and labels."""
    told = in_english(title)
    return f"{title} ({told})" if told else title
