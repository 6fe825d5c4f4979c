"""A lot on sale that can be recalled, and who does it."""

import pytest

from partners.organisations.operations import open_station
from tests.factories.places import load_places
from tests.shop.ordering.test_pack import make_labels
from traceability.models import Lot


@pytest.fixture(autouse=True)
def _places(hanshou):
    load_places("430104")


@pytest.fixture
def packer(assistant_zhao):
    return assistant_zhao.user


@pytest.fixture
def codes(oranges, packer) -> list[str]:
    """Labels of the oranges' lot."""
    made = make_labels(oranges, by=packer)
    open_station(village=oranges.village, name="永固村级服务站", phone="0736-0000000")
    oranges.refresh_from_db()
    return made


@pytest.fixture
def lot(codes, oranges) -> Lot:
    return oranges.lot
