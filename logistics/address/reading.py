"""Read a pasted line: what it says, what is missing, what has to be asked."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from logistics.address import abroad, names
from logistics.address.gazetteer import (
    CITY,
    COUNTY,
    PROVINCE,
    Gazetteer,
    gazetteer,
)
from logistics.address.latin import in_chinese
from logistics.address.places import Region, find_region
from logistics.address.text import (
    ADDRESS_LABEL,
    HARD,
    LIMIT,
    MARKS,
    NAME_LABEL,
    PHONE,
    Draft,
    draft,
)
from logistics.regions import postal_name
from partners.organisations.models import Division

_GAP = re.compile(rf"[\s{MARKS}\-/>·_.]*")
_TOWNSHIP = re.compile(r"[\u4e00-\u9fff]{2,12}?(?:街道|镇|乡|苏木|农场|林场)")
_OFFICE = re.compile(r"(?:办事处|办)?")
_POLITE = re.compile(r"\(?(?:收|收件|亲收)\)?|谢谢.?|多谢|麻烦了|辛苦了|[.!?！？~]+")
_HAN = r"[\u4e00-\u9fff]"
# A region's mark in the text, so that what stood before and after stays apart.
REGION = "\ue003"
# Words stand apart by spaces, but Tom Li is one.
_LATIN = rf"[A-Za-z][A-Za-z.'-]*(?![^ {MARKS}{REGION}])"
_WORD = re.compile(rf"{_LATIN}(?: {_LATIN})+|[^ {MARKS}{REGION}]+")


class Choice(NamedTuple):
    """A county that the text may mean, with its name from the province down."""

    code: str
    name: str


@dataclass
class PastedAddress:
    """What was read. Codes have twelve digits; what was not read is "".

    `missing` names the fields still to be given (name, phone, province, city, county,
    detail), `unsure` those to look at twice, `choices` the counties to choose from
    where the text fits several, `beyond` a place that no box goes to (台湾, 日本).
    `unread_phone` stands where a phone number would and is none: it is nobody's street.
    """

    name: str = ""
    phone: str = ""
    unread_phone: str = ""
    province_code: str = ""
    city_code: str = ""
    county_code: str = ""
    township_code: str = ""
    detail: str = ""
    missing: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    beyond: str = ""


def parse(text: str) -> PastedAddress:
    """Read recipient, phone and address from one pasted text, in any usual shape.

    Only what the text says is filled in: a district that several cities have is asked
    for with its `choices`, never picked. Longer texts are cut at 500 characters.
    """
    book = gazetteer()
    cleaned = draft(text)
    region = find_region(cleaned.text, book)
    if not region.names and not region.choices:
        cleaned = draft(in_chinese(text[:LIMIT], book))
        region = find_region(cleaned.text, book)
    township, end = _township(cleaned.text, region, book)
    if township is not None and (region.place is None or region.place.digits < COUNTY):
        county = book.places[township.code[:COUNTY]]
        region = Region(region.start, region.end, place=county, names=region.names)
    rest = _without_region(cleaned.text, region, end)
    name, certainty, rest = _take_name(cleaned, rest)
    if not name and _is_rather_a_name(cleaned.text, region):
        name, certainty = cleaned.text[region.start : region.end], names.ENOUGH
        region = Region()
    found = PastedAddress(
        name=name,
        phone=cleaned.phone,
        township_code=township.code if township else "",
        detail=_detail(rest, cleaned),
        unread_phone=cleaned.unread_phone,
        beyond=abroad.beyond(cleaned.text, region),
    )
    _place(found, region, book)
    if name and certainty < names.SURE:
        found.unsure.append("name")
    found.choices = [
        Choice(place.code, postal_name(place.code)) for place in region.choices
    ]
    found.missing = [
        wanted
        for wanted, value in (
            ("name", found.name),
            ("phone", found.phone),
            ("province", found.province_code),
            ("city", found.city_code),
            ("county", found.county_code),
            ("detail", found.detail),
        )
        if not value
    ]
    return found


def _place(found: PastedAddress, region: Region, book: Gazetteer) -> None:
    place = region.place
    while place is not None:
        if place.digits == COUNTY:
            found.county_code = place.code
        elif place.digits == CITY:
            found.city_code = place.code
        else:
            found.province_code = place.code
        place = book.parent(place)


def _township(
    text: str, region: Region, book: Gazetteer
) -> tuple[Division | None, int]:
    """The township named right after the region, and where its name ends."""
    if region.place is None or region.choices:
        return None, region.end
    gap = _GAP.match(text, region.end)
    begin = gap.end() if gap else region.end
    known = {
        row.name: row
        for row in Division.objects.filter(
            level=Division.Level.TOWNSHIP,
            code__startswith=region.place.prefix,
            name__in=_township_words(text[begin:]),
        )
        if region.place.digits > PROVINCE
    }
    fitting = [name for name in known if text.startswith(_bare(name), begin)]
    if region.place.digits < COUNTY and len(_counties(known, fitting)) != 1:
        return None, region.end
    for name in sorted(fitting, key=len, reverse=True):
        end = begin + len(_bare(name))
        office = _OFFICE.match(text, end)
        return known[name], office.end() if office else end
    return None, region.end


def _counties(known: dict[str, Division], fitting: list[str]) -> set[str]:
    return {known[name].code[:COUNTY] for name in fitting}


def _bare(name: str) -> str:
    return name.removesuffix("办事处")


def _township_words(text: str) -> list[str]:
    """The names that may stand at the beginning, as the list of divisions has them."""
    words = []
    for found in re.finditer("街道|镇|乡|苏木|场|区|园", text[:16]):
        words += [text[: found.end()], text[: found.end()] + "办事处"]
    return words


def _without_region(text: str, region: Region, end: int) -> str:
    if region.end <= region.start:
        return text
    return text[: region.start] + HARD + REGION + HARD + text[max(end, region.end) :]


def _is_rather_a_name(text: str, region: Region) -> bool:
    """吉林 alone between separators, beside the phone: somebody called so."""
    word = text[region.start : region.end]
    before = text[: region.start].rstrip(" \n")
    after = text[region.end :].lstrip(" \n")
    return (
        region.names == 1
        and not region.full
        and (before.endswith(PHONE) or after.startswith(PHONE))
        and names.has_surname(word)
    )


class _Word(NamedTuple):
    """A stretch of the rest without separators, and where it stands."""

    start: int
    end: int
    text: str
    labelled: bool
    address: bool


def _words(rest: str) -> list[_Word]:
    found = []
    for line in re.finditer(rf"[^{HARD}]+", rest):
        mark = line[0].strip()[:1]
        name_line, address_line = mark == NAME_LABEL, mark == ADDRESS_LABEL
        for position, word in enumerate(_WORD.finditer(line[0])):
            start = line.start() + word.start()
            found.append(
                _Word(
                    start,
                    start + len(word[0]),
                    word[0],
                    name_line and position == 0,
                    address_line,
                )
            )
    return found


def _take_name(cleaned: Draft, rest: str) -> tuple[str, int, str]:
    """The recipient's name, how sure it is, and the text without it."""
    words = _words(rest)
    labelled = [word for word in words if word.labelled and names.cleaned(word.text)]
    if labelled:
        return _cut(rest, labelled[0], names.SURE)
    dotted = [word for word in words if not word.address]
    scored = [(_score(rest, words, word), word) for word in dotted]
    best = max(scored, key=lambda pair: pair[0], default=(0, None))
    if best[1] is not None and best[0] >= names.ENOUGH:
        tied = [pair for pair in scored if pair[0] == best[0]]
        return _cut(rest, best[1], names.ENOUGH if len(tied) > 1 else best[0])
    for word in words:
        glued = names.glued_to_the_end(word.text)
        last = rest[word.end :].strip(" \n") in {"", PHONE}
        if glued and (last or rest[word.end :].lstrip(" \n").startswith(PHONE)):
            cut = word._replace(start=word.end - len(glued), text=glued)
            return _cut(rest, cut, names.ENOUGH)
    return "", 0, rest


def _score(rest: str, words: list[_Word], word: _Word) -> int:
    before = rest[: word.start].rstrip(" \n")
    after = rest[word.end :].lstrip(" \n")
    return names.score(
        word.text,
        beside_phone=before.endswith(PHONE) or after.startswith(PHONE),
        at_an_end=word in (words[0], words[-1]),
    )


def _cut(rest: str, word: _Word, certainty: int) -> tuple[str, int, str]:
    kept = rest[: word.start] + HARD + rest[word.end :]
    return names.cleaned(word.text), certainty, kept


def _detail(rest: str, cleaned: Draft) -> str:
    """What is left of the text is the street and the house, in its own order."""
    joined = ""
    for word in (found.text.strip("-:·_/") for found in _words(rest)):
        if not word or _POLITE.fullmatch(word):
            continue
        touching = re.search(rf"{_HAN}$|[)\]]$", joined) or re.match(_HAN, word)
        apart = re.fullmatch(r"[\d-]{7,}", word) or not touching
        joined += f" {word}" if joined and apart else word
    numbers = [f"转{cleaned.extension}"] if cleaned.extension else []
    return " ".join(filter(None, [joined, *numbers, *cleaned.other_phones]))
