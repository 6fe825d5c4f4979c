"""Scans as a map for an inline SVG: a graticule, seats of provinces, and dots.

No borders are drawn and no tiles asked for: see docs/decisions/0209. Only numbers are
worked out here; the template draws, the style sheet colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, cos, floor, radians

from traceability.places import CITIES

WIDTH = 360
_SIGN, _LINE = 10, 12  # a Chinese sign's width and a line's height, in units
# West, south, east and north of what a county's buyers are spread over.
_WHOLE = (74.0, 18.0, 134.0, 53.0)
_AIR = 2.0
# Wide and low, so that a phone shows more than the map.
_LEAST_WIDE, _LEAST_HIGH = 12.0, 6.0


@dataclass(frozen=True)
class Spot:
    """Scans at one place, in degrees; `text` tells which they are."""

    latitude: float
    longitude: float
    text: str
    is_bad: bool = False


@dataclass(frozen=True)
class Dot:
    """A spot or a city at its place in units; the text begins at `text_x`."""

    x: float
    y: float
    text: str
    is_bad: bool = False
    anchor: str = "start"

    @property
    def text_x(self) -> float:
        return self.x + (7 if self.anchor == "start" else -7)

    @property
    def text_y(self) -> float:
        return self.y + 3.5


@dataclass(frozen=True)
class Thread:
    """A line between the two scans that made an alarm."""

    x1: float
    y1: float
    x2: float
    y2: float
    address: str = ""
    title: str = ""


@dataclass(frozen=True)
class Map:
    """A picture of `width` by `height` units."""

    width: int
    height: int
    meridians: list[Dot]
    parallels: list[Dot]
    cities: list[Dot]
    dots: list[Dot]
    threads: list[Thread]


# Two places in degrees, where to go from there, and what it is.
Pair = tuple[tuple[float, float], tuple[float, float], str, str]


def draw_map(
    spots: Sequence[Spot], pairs: Sequence[Pair] = (), *, whole: bool = False
) -> Map | None:
    """Place everything; None where there is no spot. `whole` shows the country."""
    if not spots:
        return None
    view = _View.around(spots, whole=whole)
    dots = [_dot(view, s.latitude, s.longitude, s.text, is_bad=s.is_bad) for s in spots]
    threads = []
    for first, second, address, title in pairs:
        x1, y1 = view.place(*first)
        x2, y2 = view.place(*second)
        threads.append(Thread(x1, y1, x2, y2, address, title))
    return Map(
        WIDTH,
        view.height,
        meridians=[
            Dot(view.place(view.north, at)[0], 0, f"{at}°")
            for at in view.steps(view.west, view.east)
        ],
        parallels=[
            Dot(0, view.place(at, view.west)[1], f"{at}°")
            for at in view.steps(view.south, view.north)
        ],
        cities=_cities(view, dots),
        dots=dots,
        threads=threads,
    )


@dataclass(frozen=True)
class _View:
    """A part of the earth, drawn so that its middle is true to shape."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, spots: Sequence[Spot], *, whole: bool) -> "_View":
        west = min(s.longitude for s in spots) - _AIR
        east = max(s.longitude for s in spots) + _AIR
        south = min(s.latitude for s in spots) - _AIR
        north = max(s.latitude for s in spots) + _AIR
        if whole:
            west, south = min(west, _WHOLE[0]), min(south, _WHOLE[1])
            east, north = max(east, _WHOLE[2]), max(north, _WHOLE[3])
        wide, high = (
            max(0.0, _LEAST_WIDE - (east - west)),
            max(0.0, _LEAST_HIGH - (north - south)),
        )
        return cls(
            west - wide / 2,
            max(-85.0, south - high / 2),
            east + wide / 2,
            min(85.0, north + high / 2),
        )

    @property
    def unit(self) -> float:
        """Units a degree of longitude."""
        return WIDTH / (self.east - self.west)

    @property
    def stretch(self) -> float:
        """A degree of latitude is that much longer."""
        return 1 / cos(radians((self.south + self.north) / 2))

    @property
    def height(self) -> int:
        return ceil((self.north - self.south) * self.unit * self.stretch)

    def place(self, latitude: float, longitude: float) -> tuple[float, float]:
        x = (longitude - self.west) * self.unit
        y = (self.north - latitude) * self.unit * self.stretch
        return round(x, 1), round(y, 1)

    def steps(self, low: float, high: float) -> list[int]:
        """Where lines are drawn: every 10 degrees, or 5 or 2 where less is seen."""
        span = self.east - self.west
        step = 10 if span > 30 else 5 if span > 12 else 2
        return list(range(ceil(low / step) * step, floor(high) + 1, step))


def _dot(
    view: _View, latitude: float, longitude: float, text: str, *, is_bad: bool = False
) -> Dot:
    x, y = view.place(latitude, longitude)
    # Beside the right edge there is no room for words.
    anchor = "end" if x + 10 + _wide(text) > WIDTH else "start"
    return Dot(x, y, text, is_bad=is_bad, anchor=anchor)


def _wide(text: str) -> float:
    return sum(_SIGN * (0.62 if sign < "\u2e80" else 1) for sign in text)


def _box(dot: Dot) -> tuple[float, float, float, float]:
    left = dot.text_x - (_wide(dot.text) if dot.anchor == "end" else 0)
    left, right = min(left, dot.x - 6), max(left + _wide(dot.text), dot.x + 6)
    return left, dot.y - _LINE / 2, right, dot.y + _LINE / 2


def _cities(view: _View, dots: Sequence[Dot]) -> list[Dot]:
    """The cities in view; without its name where that would cover another or a dot."""
    taken = [_box(dot) for dot in dots]
    found = []
    for city in CITIES:
        if not (
            view.west < city.longitude < view.east
            and view.south < city.latitude < view.north
        ):
            continue
        dot = _dot(view, city.latitude, city.longitude, city.name)
        left, top, right, bottom = _box(dot)
        if any(
            left < b[2] and b[0] < right and top < b[3] and b[1] < bottom for b in taken
        ):
            dot = Dot(dot.x, dot.y, "")
        else:
            taken.append((left, top, right, bottom))
        found.append(dot)
    return found
