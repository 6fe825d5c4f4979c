"""Numbers that marks carry, and whether they can be right.

Organic codes (有机码) have 17 digits: 3 certifier, 2 year, 12 random. Green food has
two numbers of the China Green Food Development Centre. Its enterprise code (企业信息码,
since 2009-08-01) is GF and 12 digits: 6 the county by GB/T 2260, 2 year, 4 serial. Its
product number (产品编号) is LB, 2 digits of one of 57 classes; year, month and
province in 2 digits each; a serial of 3 or 4; and the grade, A or AA, or a digit that
is odd for A. The licensee of a geographical indication is a social credit code,
GB 32100-2015. Secondary sources all but the last: hence one table.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc

from partners.provinces import PROVINCES

_CLASSES = 57
_ENTERPRISE_CODE = re.compile(r"GF(\d{2})\d{4}\d{2}(\d{4})", re.ASCII)
_PRODUCT_NUMBER = re.compile(r"LB(\d{2})\d{2}(\d{2})\d{2}\d{3,4}(?:AA?|\d)", re.ASCII)


def plain(number: str) -> str:
    """The number as it is kept: capitals, narrow signs, no spaces and no dashes."""
    return re.sub(r"[\s\-—–]", "", unicodedata.normalize("NFKC", number)).upper()


def _is_green_food(number: str) -> bool:
    if match := _ENTERPRISE_CODE.fullmatch(number):
        return match[1] in PROVINCES and int(match[2]) > 0
    if match := _PRODUCT_NUMBER.fullmatch(number):
        return 1 <= int(match[1]) <= _CLASSES and 1 <= int(match[2]) <= 12
    return False


def _is_organic(number: str) -> bool:
    return re.fullmatch(r"\d{17}", number, re.ASCII) is not None


class Check(NamedTuple):
    """Whether a number can be one of this mark's, and what to say where it cannot."""

    can_be: Callable[[str], bool]
    refusal: Promise


# By the mark, as Evidence.Kind and Mark have it.
CHECKS = {
    "gi_licence": Check(uscc.is_valid, _("Give the 18-character social credit code.")),
    "green_food": Check(
        _is_green_food,
        _("A green food number is GF and 12 digits, or LB and the product's number."),
    ),
    "organic": Check(_is_organic, _("An organic code has 17 digits.")),
}
