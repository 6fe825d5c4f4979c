"""Refuses a start in which some text could never be sent."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from shop.notices.texts import TEXTS, approved_as


@register
def every_text_has_a_template(**kwargs: Any) -> list[Error]:
    """Alibaba Cloud sends approved wordings only; each of ours must have its code."""
    if not settings.TEXT_PROVIDER.endswith("AliyunProvider"):
        return []
    missing = [
        name
        for language, _name in settings.LANGUAGES
        for name in _missing(language)
        # A language of which no wording was approved is one that no text is sent in.
        if language == settings.LANGUAGE_CODE or len(_missing(language)) < len(TEXTS)
    ]
    if not missing:
        return []
    return [
        Error(
            f"ALIYUN_SMS_TEMPLATES names no template code for: {', '.join(missing)}.",
            hint="Write it as text=SMS_123456789, separated by commas; in another "
            "language as text.en=SMS_123456789, all of them or none.",
            id="notices.E001",
        )
    ]


def _missing(language: str) -> list[str]:
    names = sorted(approved_as(name, language) for name in TEXTS)
    return [name for name in names if name not in settings.ALIYUN_SMS_TEMPLATES]
