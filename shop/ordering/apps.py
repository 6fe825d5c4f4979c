from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrderingConfig(AppConfig):
    name = "shop.ordering"
    label = "ordering"
    verbose_name = _("Ordering")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shop.ordering import receivers  # noqa: F401, PLC0415  connects them
