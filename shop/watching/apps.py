from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WatchingConfig(AppConfig):
    name = "shop.watching"
    label = "watching"
    verbose_name = _("Watching")

    def ready(self) -> None:
        from shop.watching import jobs, receivers  # noqa: F401, PLC0415
