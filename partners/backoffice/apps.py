"""The staff pages as one of Oscar's dashboard apps, under a label of our own."""

from importlib import import_module

from django.urls import URLPattern, reverse_lazy
from django.utils.translation import gettext_lazy as _
from oscar.core.application import OscarDashboardConfig


class PartnersBackofficeConfig(OscarDashboardConfig):  # type: ignore[misc]
    """Oscar's dashboard asks for this permission before every view."""

    name = "partners.backoffice"
    label = "partners_backoffice"
    namespace = "partners_backoffice"
    verbose_name = _("Back office: supermarkets and households")
    login_url = reverse_lazy("users:login")
    default_permissions = ["partners.view_backoffice"]

    def get_urls(self) -> list[URLPattern]:
        # Only now: views need the models, which are not there yet at import.
        urls = import_module("partners.backoffice.urls").urlpatterns
        patterns: list[URLPattern] = self.post_process_urls(urls)
        return patterns
