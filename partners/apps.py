from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "partners"
    label = "partners"
    verbose_name = _("Partners")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from partners import public_names  # noqa: PLC0415  apps must be loaded
        from partners.ledger.public import name_owners  # noqa: PLC0415

        name_owners("household", public_names.households)
        name_owners("supermarket", public_names.supermarkets)
