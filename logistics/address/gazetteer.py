"""Every name by which a province, city or county may be written, held in memory.

About 3,400 places and 9,000 ways of writing them: 4 MB, read in 60 ms when somebody
first pastes an address. Townships stay in the database and are asked for by county.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Count, Max, Min

from logistics.regions import BEYOND_THE_LIST, short_name
from partners.organisations.models import Division
from partners.organisations.queries import OWN_DIGITS, UNSPOKEN

_LEVELS = (Division.Level.PROVINCE, Division.Level.CITY, Division.Level.COUNTY)
PROVINCE, CITY, COUNTY = 2, 4, 6

# As people write them, beside what short_name finds.
_ALSO_PROVINCES = {"内蒙古": ("内蒙",)}
_ZONES = (
    ("高新技术产业开发区", ("高新区", "高新技术开发区", "高新开发区")),
    ("高新技术开发区", ("高新区", "高新技术产业开发区", "高新开发区")),
    ("高新技术产业园区", ("高新区",)),
    ("经济技术开发区", ("经开区", "经济开发区", "开发区", "经济技术开发区")),
    ("经济开发区", ("经开区", "经济技术开发区", "开发区", "经济开发区")),
)


class Place(NamedTuple):
    """A province, city or county; `digits` is how much of its code is its own."""

    code: str
    name: str
    digits: int

    @property
    def prefix(self) -> str:
        return self.code[: self.digits]

    def within(self, other: "Place") -> bool:
        """Whether this place is inside the other one."""
        return self.digits > other.digits and self.code.startswith(other.prefix)


class Meaning(NamedTuple):
    """One place that a word may mean.

    `full` words carry their ending (长沙市). The others mean the place only in
    context: a county's 岳麓 and a zone's 高新区 after their city.
    """

    place: Place
    full: bool


@dataclass
class Gazetteer:
    """Names to places. `longest` is the length of the longest name."""

    meanings: dict[str, list[Meaning]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    children: dict[str, list[Place]] = field(default_factory=dict)
    longest: int = 0

    def meaning(self, word: str) -> list[Meaning]:
        return self.meanings.get(word, [])

    def parent(self, place: Place) -> Place | None:
        """The place one level up; None above a province."""
        above = {CITY: PROVINCE, COUNTY: CITY}.get(place.digits)
        return self.places.get(place.code[:above]) if above else None

    def add(self, word: str, place: Place, *, full: bool) -> None:
        known = self.meanings.setdefault(word, [])
        if all(meaning.place != place for meaning in known):
            known.append(Meaning(place, full))
            self.longest = max(self.longest, len(word))


_held: tuple[tuple[object, ...], Gazetteer] | None = None


def gazetteer() -> Gazetteer:
    """The names of the divisions that are loaded now; one small query when held."""
    global _held
    rows = Division.objects.filter(level__in=_LEVELS)
    fingerprint = tuple(
        rows.aggregate(Count("code"), Min("code"), Max("code")).values()
    )
    if _held is None or _held[0] != fingerprint:
        _held = (fingerprint, _built(rows.values_list("code", "name", "level")))
    return _held[1]


def _built(rows: Iterable[tuple[str, str, str]]) -> Gazetteer:
    book = Gazetteer()
    for code, name, level in rows:
        place = Place(code, name, OWN_DIGITS[Division.Level(level)])
        book.places[place.prefix] = place
    for prefix, name in BEYOND_THE_LIST.items():
        if prefix not in book.places:
            book.places[prefix] = Place(prefix.ljust(12, "0"), name, PROVINCE)
            _name_beyond(book, book.places[prefix])
    _complete(book)
    for place in book.places.values():
        parent = book.parent(place)
        if parent is not None:
            book.children.setdefault(parent.prefix, []).append(place)
        if place.name not in UNSPOKEN:
            book.add(place.name, place, full=True)
    for place in book.places.values():
        if place.name not in UNSPOKEN:
            _name_short(book, place)
    return book


def _complete(book: Gazetteer) -> None:
    """Cities without counties (东莞市) are their own county, under the same code."""
    with_counties = {
        place.code[:CITY] for place in book.places.values() if place.digits == COUNTY
    }
    for place in list(book.places.values()):
        if place.digits == CITY and place.prefix not in with_counties:
            county = Place(place.code, place.name, COUNTY)
            book.places[county.prefix] = county


def _name_beyond(book: Gazetteer, place: Place) -> None:
    for ending in ("省", "特别行政区", "地区"):
        book.add(place.name + ending, place, full=True)


def _name_short(book: Gazetteer, place: Place) -> None:
    short = short_name(place.name)
    if short != place.name:
        book.add(short, place, full=False)
    if place.digits == PROVINCE:
        for other in _ALSO_PROVINCES.get(short, ()):
            book.add(other, place, full=False)
        if place.name.endswith("自治区"):
            book.add(short + "省", place, full=True)
    elif place.name.endswith("自治州"):
        book.add(short + "州", place, full=True)
    elif place.name.endswith("自治县"):
        book.add(short + "县", place, full=True)
    elif place.digits == COUNTY and place.name[-1] in "区市" and len(short) >= 2:
        # What was 望城县 is 望城区 now, and many still write the old ending.
        if not book.meaning(short + "县"):
            book.add(short + "县", place, full=True)
        _name_zone(book, place)


def _name_zone(book: Gazetteer, place: Place) -> None:
    for ending, spoken in _ZONES:
        if place.name.endswith(ending):
            for word in spoken:
                book.add(word, place, full=False)
            return
    city = book.parent(place)
    stem = short_name(city.name) if city else ""
    rest = place.name.removeprefix(stem)
    if stem and rest != place.name and len(rest) >= 3:
        book.add(rest, place, full=False)
