"""Where in the country something is, as people copy it from a map."""

import re
from typing import NamedTuple

from django.utils.translation import gettext as _

# Degrees north and degrees east between which China lies: no number fits both.
_NORTH, _EAST = (3, 54), (73, 136)
_NUMBERS = re.compile(
    r"\s*(\d{1,3}(?:\.\d{1,15})?)\s*[°NE]?\s*[,，;\s]\s*(\d{1,3}(?:\.\d{1,15})?)\s*[°NE]?\s*"
)


class NoPosition(ValueError):
    """The text tells no place in China; the message says what is asked for."""


class Position(NamedTuple):
    """Tenths of a degree: about 10 km, which is as much as pages show."""

    latitude: int
    longitude: int

    def __str__(self) -> str:
        return f"{self.latitude / 10:.1f}, {self.longitude / 10:.1f}"


def read_position(text: str) -> Position:
    """Two numbers in whichever order the map gave them. Errors: NoPosition."""
    found = _NUMBERS.fullmatch(text)
    if found is not None:
        low, high = sorted(map(float, found.groups()))
        if _NORTH[0] <= low <= _NORTH[1] and _EAST[0] <= high <= _EAST[1]:
            return Position(round(low * 10), round(high * 10))
    raise NoPosition(
        _("Copy the two numbers that a map shows for the place, such as 28.91, 111.97.")
    )
