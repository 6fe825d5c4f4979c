"""Signed links for people who do not log in.

A link holds the household's public number and a version, nothing else; raising the
household's `link_version` ends every link that was sent before.
"""

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from partners.models import Household

_SALT = "partners.household"


def link_token(household: Household) -> str:
    """The token in the household's link."""
    return _signer().sign(f"{household.number}-{household.link_version}")


def household_link(household: Household) -> str:
    """The whole address, as a text message carries it."""
    path = reverse("partners:household", args=[link_token(household)])
    return f"{settings.BASE_URL}{path}"


def household_of(token: str) -> Household | None:
    """The household a token was made for; None where it was not made by us.

    A forged token asks the database nothing.
    """
    try:
        number, _dash, version = _signer().unsign(token).rpartition("-")
    except BadSignature:
        return None
    return (
        Household.objects.filter(number=number, link_version=int(version))
        .select_related("village")
        .first()
    )


def _signer() -> Signer:
    return Signer(salt=_SALT, sep=".")
