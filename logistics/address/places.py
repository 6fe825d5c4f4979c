"""Find the province, city and county in a text, or say which ones it may mean.

A place is read from a chain of names that stand next to each other and lie inside
each other (湖南 长沙 岳麓区). A single name is believed only where it is whole, stands
where an address begins, and means one place.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from logistics.address.gazetteer import (
    CITY,
    COUNTY,
    PROVINCE,
    Gazetteer,
    Meaning,
    Place,
)
from logistics.address.text import MARKS, SEPARATORS
from logistics.regions import BEYOND_THE_LIST

_GAP = rf"[\s{MARKS}\-/>·_.]*"
_BETWEEN = re.compile(rf"{_GAP}(?:市辖区|省直辖县级行政区划)?{_GAP}")
# 南京东路 is a road and 岳麓山 a hill: a short name before these is no place.
_THING = re.compile(
    r"[东西南北中一二三四五六七八九十新老上下前后]{0,2}"
    r"(?:路|街(?!道)|大道|大街|巷|弄|胡同|桥|山|湖|河|江|港|寺|公路|高速|站|小区|花园|广场|公园|大厦"
    r"|大学|学院|中学|小学|医院|银行|酒店|宾馆|饭店|新村|新城|国际|名城|科技|工业|苑|里|楼|村|园)"
)
# Names so general that alone they say nothing: every town has its 城区 and 东区.
_GENERAL = {
    "城中区",
    "市中区",
    "城关区",
    "新城区",
    "老城区",
    "新市区",
    "城东区",
    "城西区",
    "城北区",
    "桥东区",
    "桥西区",
    "河东区",
    "河西区",
    "海港区",
    "港口区",
    "新区",
    "开发区",
    "高新区",
    "经开区",
}
MOST_CHOICES = 8
MOST_REPEATS = 3


@dataclass(frozen=True)
class Chain:
    """Names in a row, each inside the one before.

    `end` is behind the last name, `before_last` behind the one before it.
    """

    start: int
    end: int
    before_last: int
    places: tuple[Place, ...]
    points: int
    full: bool  # whether the last name carries its ending
    repeats: int = 0

    @property
    def last(self) -> Place:
        return self.places[-1]


@dataclass(frozen=True)
class Region:
    """What was found: the smallest certain place, and what it may be below that.

    `place` is None where nothing is certain; `choices` are the places that fit then.
    """

    start: int = 0
    end: int = 0
    place: Place | None = None
    choices: tuple[Place, ...] = ()
    beyond: str = ""
    names: int = 0
    full: bool = False


@dataclass
class _Scan:
    text: str
    book: Gazetteer
    memo: dict[int, list[tuple[int, Meaning]]] = field(default_factory=dict)

    def hits(self, start: int) -> list[tuple[int, Meaning]]:
        """Every (end, meaning) of a name that begins here."""
        if start not in self.memo:
            longest = min(self.book.longest, len(self.text) - start)
            self.memo[start] = [
                (start + length, meaning)
                for length in range(longest, 1, -1)
                for meaning in self.book.meaning(self.text[start : start + length])
            ]
        return self.memo[start]


def find_region(text: str, book: Gazetteer) -> Region:
    """The region that the text names. Never guesses: see `Region`."""
    scan = _Scan(text, book)
    chains = [chain for start in range(len(text)) for chain in _chains(scan, start)]
    chains = [chain for chain in chains if _believable(chain, text)]
    if not chains:
        return Region()
    best = max(chains, key=_weight)
    rivals = [
        chain
        for chain in chains
        if chain.last.digits == COUNTY == best.last.digits
        and not _overlap(chain, best)
        and chain.points >= 7
        and chain.last != best.last
    ]
    equal = [
        chain
        for chain in chains
        if (chain.start, chain.end, chain.points, chain.full)
        == (best.start, best.end, best.points, best.full)
    ]
    if best.places[0].prefix in BEYOND_THE_LIST:
        return Region(
            best.start, best.end, beyond=BEYOND_THE_LIST[best.places[0].prefix]
        )
    if rivals:
        return _asked([best, *rivals])
    if _contradicted(scan, best):
        return _asked(equal)
    if len({chain.last for chain in equal}) > 1:
        return _narrowed(scan, equal)
    return _settled(scan, best)


def _settled(scan: _Scan, best: Chain) -> Region:
    """The chain's place; above a county, with the counties hinted at behind it."""
    place = _only_child(best.last, scan.book)
    hinted: list[Place] = []
    if place.digits < COUNTY:
        gap = _BETWEEN.match(scan.text, best.end)
        hits = scan.hits(gap.end() if gap else best.end)
        hinted = [
            meaning.place for _end, meaning in hits if meaning.place.within(place)
        ]
    return Region(
        best.start,
        best.end,
        place=place,
        choices=tuple(found for found in hinted if found.digits == COUNTY),
        names=len(best.places),
        full=best.full,
    )


def _chains(scan: _Scan, start: int) -> Iterator[Chain]:
    for end, meaning in scan.hits(start):
        first = Chain(
            start, end, start, (meaning.place,), _points(meaning), full=meaning.full
        )
        yield from _longer(scan, first)


def _longer(scan: _Scan, chain: Chain) -> Iterator[Chain]:
    """The chain itself where it may stop (not in 岳麓大道), and all it goes on to."""
    if chain.full or not _THING.match(scan.text, chain.end):
        yield chain
    gap = _BETWEEN.match(scan.text, chain.end)
    begin = gap.end() if gap else chain.end
    for end, meaning in scan.hits(begin):
        again = meaning.place == chain.last or meaning.place in chain.places
        if again and meaning.full and chain.repeats < MOST_REPEATS:
            # 北京北京市, 恩施州恩施市's city part: said twice, meant once.
            repeated = replace(chain, end=end, full=True, repeats=chain.repeats + 1)
            yield from _longer(scan, repeated)
        elif meaning.place.within(chain.last):
            longer = Chain(
                chain.start,
                end,
                chain.end,
                (*chain.places, meaning.place),
                chain.points + _points(meaning),
                full=meaning.full,
                repeats=chain.repeats,
            )
            yield from _longer(scan, longer)


def _points(meaning: Meaning) -> int:
    full = {PROVINCE: 3, CITY: 3, COUNTY: 5}
    short = {PROVINCE: 2, CITY: 2, COUNTY: 2}
    return (full if meaning.full else short)[meaning.place.digits]


def _weight(chain: Chain) -> tuple[int, int, int, int]:
    # Of equals the earlier one, and of one word's meanings the larger place.
    return (chain.points, chain.end - chain.start, -chain.start, -chain.last.digits)


def _believable(chain: Chain, text: str) -> bool:
    """Whether this much can carry an address."""
    if len(chain.places) > 1:
        return True
    word = text[chain.start : chain.end]
    at_boundary = chain.start == 0 or text[chain.start - 1] in SEPARATORS
    if chain.last.digits == COUNTY:
        if not chain.full or len(word) < 3 or word in _GENERAL:
            return False
        return at_boundary or _begins_after_a_name(text, chain.start)
    return at_boundary or (chain.full and _begins_after_a_name(text, chain.start))


def _begins_after_a_name(text: str, start: int) -> bool:
    """Whether only a name's length of Chinese stands before, back to a boundary."""
    before = re.search(rf"(?:^|[{SEPARATORS}])([\u4e00-\u9fff·]{{1,4}})$", text[:start])
    return before is not None


def _overlap(one: Chain, other: Chain) -> bool:
    return one.start < other.end and other.start < one.end


def _contradicted(scan: _Scan, chain: Chain) -> bool:
    """Whether a whole province or city right before it says something else."""
    for start in range(max(0, chain.start - scan.book.longest - 2), chain.start):
        for end, meaning in scan.hits(start):
            gap = _BETWEEN.match(scan.text, end)
            touches = end <= chain.start and gap and gap.end() == chain.start
            if (
                touches
                and meaning.full
                and meaning.place.digits < COUNTY
                and not chain.places[0].within(meaning.place)
                and meaning.place not in chain.places
            ):
                return True
    return False


def _asked(chains: list[Chain]) -> Region:
    """Nothing is certain; these are the places to choose from."""
    counties = [chain.last for chain in chains if chain.last.digits == COUNTY]
    return Region(choices=tuple(dict.fromkeys(counties))[:MOST_CHOICES])


def _narrowed(scan: _Scan, equal: list[Chain]) -> Region:
    """What all the meanings share is certain: 江苏鼓楼区 is in 江苏, at least."""
    largest = min(equal, key=lambda chain: chain.last.digits)
    if all(chain.last.code.startswith(largest.last.prefix) for chain in equal):
        # 吉林 alone is the province, 长沙 the city, whatever else bears the name.
        return _settled(scan, largest)
    places = list(dict.fromkeys(chain.last for chain in equal))
    first = equal[0]
    shared = None
    for digits in (PROVINCE, CITY):
        prefixes = {place.code[:digits] for place in places}
        if len(prefixes) == 1:
            shared = scan.book.places.get(prefixes.pop())
    return Region(
        first.start,
        # 高新区 may be none of the choices: then it belongs to the street.
        first.end if first.full else first.before_last,
        place=shared,
        choices=tuple(places[:MOST_CHOICES]),
        names=len(first.places),
        full=first.full,
    )


def _only_child(place: Place, book: Gazetteer) -> Place:
    """东莞市 has one county, itself: who names the city has named it too."""
    children = book.children.get(place.prefix, [])
    while len(children) == 1 and place.digits < COUNTY:
        place = children[0]
        children = book.children.get(place.prefix, [])
    return place
