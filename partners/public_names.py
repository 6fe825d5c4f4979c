"""What the ledger's public pages call supermarkets and households."""

from collections.abc import Sequence

from partners.models import Household, Supermarket


def households(ids: Sequence[str]) -> dict[str, str]:
    """张** · 永固村, by primary key."""
    found = Household.objects.filter(pk__in=_numbers(ids)).select_related("village")
    return {str(household.pk): str(household) for household in found}


def supermarkets(ids: Sequence[str]) -> dict[str, str]:
    """A supermarket's full name: it is a business and gives in public."""
    found = Supermarket.objects.filter(pk__in=_numbers(ids))
    return {str(supermarket.pk): supermarket.name for supermarket in found}


def _numbers(ids: Sequence[str]) -> list[int]:
    return [int(text) for text in ids if text.isdecimal()]
