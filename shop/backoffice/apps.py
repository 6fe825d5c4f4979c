from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopBackofficeConfig(AppConfig):
    name = "shop.backoffice"
    label = "shop_backoffice"
    verbose_name = _("Back office")

    def ready(self) -> None:
        from shop.backoffice import receivers  # noqa: F401, PLC0415  connects them
