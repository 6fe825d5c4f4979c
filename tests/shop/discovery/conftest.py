"""An index of its own for every test, on each engine there is."""

import pytest
from django.conf import settings as configuration

from shop.discovery.engines import configured
from tests.shop.discovery.cluster import PATIENCE, engine_of_its_own, missing

ENGINES = ("sqlite",) if missing() else ("sqlite", "elasticsearch")


@pytest.fixture(autouse=True)
def own_index(settings, tmp_path):
    settings.SEARCH_INDEX = tmp_path / "search"


@pytest.fixture(params=ENGINES)
def index(request, settings, monkeypatch):
    """The configured engine, with nothing in it yet; the test runs on each."""
    settings.SEARCH_ENGINE = configuration.SEARCH_ENGINES[request.param]
    if request.param == "sqlite":
        yield configured()
        return
    with engine_of_its_own() as engine:
        settings.ELASTICSEARCH_PREFIX = engine.names.prefix
        settings.SEARCH_TIMEOUT_SECONDS = PATIENCE
        configured().visible_at_once = True
        yield configured()
