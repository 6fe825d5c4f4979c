"""An index of its own for every test."""

import pytest

from shop.discovery.engines import configured


@pytest.fixture(autouse=True)
def own_index(settings, tmp_path):
    settings.SEARCH_INDEX = tmp_path / "search"


@pytest.fixture
def index():
    """The engine, with nothing in it yet."""
    return configured()
