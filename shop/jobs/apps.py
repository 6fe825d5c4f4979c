from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "shop.jobs"
    label = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from shop.jobs import receivers  # noqa: F401, PLC0415
