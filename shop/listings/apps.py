from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ListingsConfig(AppConfig):
    name = "shop.listings"
    label = "listings"
    verbose_name = _("Listings")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shop.listings import receivers  # noqa: F401, PLC0415  connects them
