"""Regions that are written in Latin letters: Yuelu District, Changsha, Hunan.

They are put into Chinese before the address is read, where nothing is open about
them: each stands between commas, and the one inside the other.
"""

import re
from collections.abc import Iterable

from logistics.address.gazetteer import CITY, PROVINCE, Gazetteer, Place
from logistics.regions import short_name
from partners.organisations.queries import UNSPOKEN
from partners.spelling import pinyin, spelled_place

# What stands between two commas, or between one and a phone number or postcode.
_BETWEEN = re.compile(r"[,;，；、\n]|\+?\d[\d -]{4,}\d")
_KIND = re.compile(
    r"\s+(?:province|prov\.?|autonomous\s.*|municipality|city|prefecture|district"
    r"|county|shi|qu|xian)$",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[a-z]+")
_COUNTRY = {"china", "prchina", "mainlandchina"}


def in_chinese(text: str, book: Gazetteer) -> str:
    """The text with its region in Chinese; as it is where that would be a guess.

    A province alone is not enough: 安徽 may be somebody called An Hui.
    """
    parts = _parts(text)
    found: list[tuple[str, Place]] = []
    offered: Iterable[Place] = [p for p in book.places.values() if p.digits == PROVINCE]
    while offered:
        # 长沙县 lies in 长沙市: a word that was read once is not read again.
        unread = parts.keys() - {word for word, _place in found}
        fitting = [
            (word, place) for place in offered for word in _words_for(place) & unread
        ]
        if len({place for _word, place in fitting}) != 1:
            break
        found.append(fitting[0])
        offered = _inside(fitting[0][1], book)
    if len(found) < 2:
        return text
    spans = [parts[word] for word, _place in found]
    spans += [parts[word] for word in _COUNTRY & parts.keys()]
    first = min(start for start, _end in spans)
    name = "".join(place.name for _word, place in found)
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + (name if start == first else "") + text[end:]
    return text


def _parts(text: str) -> dict[str, tuple[int, int]]:
    """The letters of each part between commas, and where it stands; repeats no more."""
    parts: dict[str, tuple[int, int]] = {}
    repeated = set()
    ends = [*((m.start(), m.end()) for m in _BETWEEN.finditer(text)), (len(text),) * 2]
    start = 0
    for end, after in ends:
        word = _letters(_KIND.sub("", text[start:end].strip()))
        if word in parts:
            repeated.add(word)
        parts[word] = (start, end)
        start = after
    return {word: span for word, span in parts.items() if word not in repeated | {""}}


def _letters(text: str) -> str:
    """Xi'an and XIAN alike; "" where something else than a name is written."""
    plain = re.sub(r"[\s'’.-]", "", text.lower())
    return plain if _LETTERS.fullmatch(plain) else ""


def _words_for(place: Place) -> set[str]:
    short = short_name(place.name)
    words = {_letters(pinyin(short))}
    if place.digits == PROVINCE:
        words.add(_letters(spelled_place(short)))
        # Both provinces are shanxi in pinyin; only one of them is written so.
        words -= {"shanxi"} if short == "陕西" else set()
    return words


def _inside(place: Place, book: Gazetteer) -> list[Place]:
    """What lies in it and is said: in 北京市 that is its districts."""
    found = []
    for child in book.children.get(place.prefix, []):
        if child.digits == CITY and child.name in UNSPOKEN:
            found += book.children.get(child.prefix, [])
        else:
            found.append(child)
    return found
