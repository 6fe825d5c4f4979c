from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopBackofficeConfig(AppConfig):
    name = "shop.backoffice"
    label = "shop_backoffice"
    verbose_name = _("Back office")
