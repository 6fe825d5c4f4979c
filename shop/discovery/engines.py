"""Which engine this place searches with: one setting, named in one place."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from shop.discovery.engine import SearchEngine


def configured() -> SearchEngine:
    """The engine of `SEARCH_ENGINE`, one object a process."""
    return _made(settings.SEARCH_ENGINE, Path(settings.SEARCH_INDEX))


@lru_cache(maxsize=8)
def _made(path: str, folder: Path) -> SearchEngine:
    engine: SearchEngine = import_string(path)(folder)
    return engine
