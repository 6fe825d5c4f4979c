from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlipayConfig(AppConfig):
    name = "shop.alipay"
    label = "alipay"
    verbose_name = _("Payments")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401, PLC0415  registers itself
