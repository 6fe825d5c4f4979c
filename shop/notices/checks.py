"""Refuses a start in which some text could never be sent."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from shop.notices.texts import TEXTS


@register
def every_text_has_a_template(**kwargs: Any) -> list[Error]:
    """Alibaba Cloud sends approved wordings only; each of ours must have its code."""
    if not settings.TEXT_PROVIDER.endswith("AliyunProvider"):
        return []
    missing = sorted(set(TEXTS) - set(settings.ALIYUN_SMS_TEMPLATES))
    if not missing:
        return []
    return [
        Error(
            f"ALIYUN_SMS_TEMPLATES names no template code for: {', '.join(missing)}.",
            hint="Write it as text=SMS_123456789, separated by commas.",
            id="notices.E001",
        )
    ]
