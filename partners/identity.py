"""Numbers that say who somebody is, checked before they are kept."""

import re
import secrets
import unicodedata
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum import luhn
from stdnum.cn import ric, uscc

from partners.privacy import blind_index

# Crockford's base 32: no I, L, O, U, which people misread.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def clean_id_number(text: str) -> str:
    """The 18 signs of a resident identity number. Source: GB 11643-1999, mod 11-2.

    The place in the first six digits is not judged: codes of places that were
    merged long ago are still on people's cards.

    Errors: ValidationError, in the reader's words and without the number.
    """
    number = _plain(text).upper()
    wrong = ValidationError(
        _("This ID number is not right. Check its 18 digits."), code="invalid_id_number"
    )
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise wrong
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise wrong from error
    if ric.calc_check_digit(number) != number[-1]:
        raise wrong
    return number


def clean_bank_card(text: str) -> str:
    """The digits of a bank card or passbook, 12 to 22 of them.

    UnionPay's cards (62…) end in a Luhn digit; passbooks of rural banks do not.

    Errors: ValidationError, in the reader's words and without the number.
    """
    number = _plain(text)
    well_formed = re.fullmatch(r"\d{12,22}", number)
    if not well_formed or (number.startswith("62") and not luhn.is_valid(number)):
        raise ValidationError(
            _("This bank card number is not right. Check its digits."),
            code="invalid_bank_card",
        )
    return number


def clean_uscc(text: str) -> str:
    """A unified social credit code of 18 signs. Source: GB 32100-2015, mod 31.

    Errors: ValidationError, in the reader's words.
    """
    number = _plain(text).upper()
    if not uscc.is_valid(number):
        raise ValidationError(
            _("This social credit code is not right. Copy it from the licence."),
            code="invalid_uscc",
        )
    return number


def household_number(id_number: str) -> str:
    """Ten signs that always mean the same household and lead back to nobody."""
    keyed = int(blind_index("household", id_number)[:13], 16)
    return "".join(_ALPHABET[(keyed >> (5 * place)) & 31] for place in range(10))


def _plain(text: str) -> str:
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))


def random_number() -> str:
    """Ten signs of nothing: cannot be guessed, misread or counted."""
    return "".join(secrets.choice(_ALPHABET) for _place in range(10))
