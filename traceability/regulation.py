"""The certificate's form, in one table, so that wording is corrected in one place.

Source: 农业农村部令 2025 年第 4 号 (承诺达标合格证管理办法), in force from
2026-02-01: 承诺事项, 承诺依据, product name, quantity, place of origin, time of issue,
promisor and contact, under the words 承诺达标合格证. Who buys produce in and mixes or
repacks it promises on the ground of the certificates collected for it
(农产品质量安全法, article 39). Secondary sources: the order's annex with the forms was
not at hand.
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
    Field("uscc", _("Unified social credit code")),
    Field("contact", _("Contact details")),
    Field("issued_at", _("Issued at")),
    Field("collected", _("Certificates collected for it")),
)

PROMISES = {
    "no_banned_substances": _(
        "No banned or withdrawn pesticides, veterinary drugs or illegal additives used"
    ),
    "residues_within_limits": _(
        "Residues of common pesticides and veterinary drugs are within the limits"
    ),
    "answers_for_promise": _("Answers for the truth of this promise"),
    "certificates_collected": _(
        "Collected and keeps the growers' certificates of this produce"
    ),
    "nothing_banned_added": _(
        "No banned preservatives or other additives used in storing and transport"
    ),
}

BASES = {
    "quality_control": _("Quality and safety control"),
    "self_test": _("Own testing"),
    "commissioned_test": _("Commissioned testing"),
    "collected_certificates": _("Certificates collected from the growers"),
}


class Form(NamedTuple):
    """What a kind of promisor promises, on what ground, and what it must show."""

    promises: tuple[str, ...]
    bases: tuple[str, ...]
    has_uscc: bool
    needs_uscc: bool = False
    # The basis without which there is no certificate of this form.
    needs_basis: str = ""


_GROWER = (
    ("no_banned_substances", "residues_within_limits", "answers_for_promise"),
    ("quality_control", "self_test", "commissioned_test"),
)
# By the keys of Certificate.Form.
FORMS = {
    "enterprise": Form(*_GROWER, has_uscc=True, needs_uscc=True),
    "cooperative": Form(*_GROWER, has_uscc=True, needs_uscc=True),
    "household": Form(*_GROWER, has_uscc=False),
    "buyer": Form(
        (
            "certificates_collected",
            "nothing_banned_added",
            "residues_within_limits",
            "answers_for_promise",
        ),
        ("collected_certificates", "quality_control", "self_test", "commissioned_test"),
        has_uscc=True,
        needs_basis="collected_certificates",
    ),
}

# Months for which whoever takes produce in keeps its certificate.
RETENTION_MONTHS = 6


def promises(keys: list[str]) -> list[Promise]:
    """The words for what is promised; keys of a later version are skipped."""
    return [words for key, words in PROMISES.items() if key in keys]


def bases(basis: list[str]) -> list[Promise]:
    """The words for what a promise is based on; keys of a later version are skipped."""
    return [words for key, words in BASES.items() if key in basis]
