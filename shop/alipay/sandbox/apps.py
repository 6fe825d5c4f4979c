from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlipaySandboxConfig(AppConfig):
    name = "shop.alipay.sandbox"
    label = "alipay_sandbox"
    verbose_name = _("Alipay sandbox")
    default_auto_field = "django.db.models.BigAutoField"
