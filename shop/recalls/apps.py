from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecallsConfig(AppConfig):
    name = "shop.recalls"
    label = "recalls"
    verbose_name = _("Recalls")

    def ready(self) -> None:
        from shop.recalls import receivers  # noqa: F401, PLC0415
