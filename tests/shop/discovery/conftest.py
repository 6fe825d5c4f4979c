"""An index of its own for every test."""

import pytest


@pytest.fixture(autouse=True)
def own_index(settings, tmp_path):
    settings.SEARCH_INDEX = tmp_path / "search"
