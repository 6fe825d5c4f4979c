"""The certificate's form, in one table, so that wording is corrected in one place.

Source: 农业农村部令 2025 年第 4 号 (承诺达标合格证管理办法), in force from
2026-02-01: 承诺事项, 承诺依据, product name, quantity, place of origin, time of issue,
promisor and contact, under the words 承诺达标合格证.
"""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TITLE = "承诺达标合格证"
TITLE_IN_WORDS = _("Certificate of compliance with food safety promises")
PROMISE_HEADING = _("The promise")
BASIS_HEADING = _("Based on")
SCAN_TO_CHECK = _("Scan to see whether this certificate still stands")


class Field(NamedTuple):
    """A line of the form: its key in the signed text and its name to readers."""

    key: str
    label: Promise


FIELDS = (
    Field("product", _("Product name")),
    Field("quantity_g", _("Quantity (weight)")),
    Field("origin", _("Place of origin")),
    Field("harvest_date", _("Harvest date")),
    Field("promisor", _("Promisor")),
    Field("contact", _("Contact details")),
    Field("issued_at", _("Issued at")),
)

PROMISES = {
    "no_banned_substances": _(
        "No banned or withdrawn pesticides, veterinary drugs or illegal additives used"
    ),
    "residues_within_limits": _(
        "Residues of common pesticides and veterinary drugs are within the limits"
    ),
    "answers_for_promise": _("Answers for the truth of this promise"),
}

BASES = {
    "quality_control": _("Quality and safety control"),
    "self_test": _("Own testing"),
    "commissioned_test": _("Commissioned testing"),
}

# Months for which whoever takes produce in keeps its certificate.
RETENTION_MONTHS = 6


def bases(basis: list[str]) -> list[Promise]:
    """The words for what a promise is based on; keys of a later version are skipped."""
    return [words for key, words in BASES.items() if key in basis]
