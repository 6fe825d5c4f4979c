from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _


def require_demo() -> None:
    """Stop where settings are not a demo's or a test's.

    A sandbox beside real money would let anybody pay with nothing.
    """
    if not settings.DEMO:
        raise ImproperlyConfigured("The Alipay sandbox runs in the demo and in tests.")


class AlipaySandboxConfig(AppConfig):
    name = "shop.alipay.sandbox"
    label = "alipay_sandbox"
    verbose_name = _("Alipay sandbox")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        require_demo()
