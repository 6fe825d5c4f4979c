"""Real places for tests: Hunan down to Hanshou's villages, and others on demand."""

from functools import cache

import pytest

from partners.organisations.division_files import Row, packed
from partners.organisations.models import Division
from partners.organisations.operations import load_divisions
from partners.organisations.queries import division, find_by_names

HANSHOU = "430722"


@cache
def _all_rows() -> tuple[Row, ...]:
    return (*packed("divisions"), *packed("villages-430722"))


@cache
def _rows(codes: tuple[str, ...]) -> tuple[Row, ...]:
    """Chosen once: looking through all of China takes longer than most tests."""
    return tuple(
        row
        for row in _all_rows()
        if any(row.code.startswith(c) or c.startswith(row.code) for c in codes)
    )


def load_places(*codes: str) -> None:
    """Load these divisions, all above and all below them: "430722", "110108"."""
    load_divisions(rows=_rows(codes))


def village(name: str) -> Division:
    """A village of Hanshou by its name; the first where several have it."""
    return find_by_names(village=name)[0]


@pytest.fixture
def hanshou(db: None) -> Division:
    """Hanshou county with its townships and villages, and what is above it."""
    load_places(HANSHOU)
    return division(HANSHOU)


@pytest.fixture
def village_yonggu(hanshou: Division) -> Division:
    """永固村, 崔家桥镇: where farmer_wang grows and assistant_zhao works."""
    return village("永固村")


@pytest.fixture
def village_luxi(hanshou: Division) -> Division:
    """鹿溪村, 丰家铺镇: another assistant's."""
    return village("鹿溪村")
