"""Which engine this place searches with: one setting, named in one place."""

from django.conf import settings
from django.utils.module_loading import import_string

from shop.discovery.engine import SearchEngine


def configured() -> SearchEngine:
    """The engine of `SEARCH_ENGINE`, one object a process."""
    engine: SearchEngine = import_string(settings.SEARCH_ENGINE).from_settings()
    return engine
