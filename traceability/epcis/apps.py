from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EpcisConfig(AppConfig):
    name = "traceability.epcis"
    label = "epcis"
    verbose_name = _("Exchange of events")
    default_auto_field = "django.db.models.BigAutoField"
