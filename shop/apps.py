"""The shop as Oscar sees it: our pages instead of Oscar's."""

from django.urls import URLPattern, URLResolver
from oscar.config import Shop as OscarShop


class Shop(OscarShop):
    """Oscar's models, with none of its pages, templates or static files."""

    name = "shop"
    label = "shop"

    def ready(self) -> None:
        """Nothing to prepare: Oscar would import the views we do not serve."""

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return []
