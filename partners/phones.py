"""Mobile numbers of mainland China, eleven digits, one way of writing them."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# MIIT's numbering plan gives mobile numbers 13x to 19x.
# Full-width digits, as Chinese keyboards type them.
_FULL_WIDTH = {0xFF10 + offset: str(offset) for offset in range(10)}
_MOBILE = re.compile(r"1[3-9]\d{9}")


def clean_phone(text: str) -> str:
    """The eleven digits of a mobile number, however it was typed.

    Accepts +86, 0086, spaces, hyphens and full-width digits. Numbers with the
    demo's prefix (`DEMO_PHONE_PREFIX`, never set in production) are accepted too:
    they are outside the numbering plan, so that no real person has one.

    Errors: ValidationError, in the reader's words.
    """
    digits = re.sub(r"\D", "", text.translate(_FULL_WIDTH))
    digits = re.sub(r"^(0086|86)(?=1\d{10}$)", "", digits)
    demo = settings.DEMO_PHONE_PREFIX
    if _MOBILE.fullmatch(digits):
        return digits
    if demo and len(digits) == 11 and digits.startswith(demo):
        return digits
    raise ValidationError(
        _("Enter a mobile number of 11 digits."), code="invalid_phone"
    )


def mask_phone(phone: str) -> str:
    """138****5678: enough for its owner to recognise, for nobody to call."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) == 11 else "****"
