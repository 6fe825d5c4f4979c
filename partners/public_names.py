"""What the ledger's public pages call supermarkets and households."""

from collections.abc import Sequence

from partners.models import Household, Supermarket
from partners.spelling import place_told


def households(ids: Sequence[str]) -> dict[str, str]:
    """张** · 永固村, by primary key, the village as the reader says it."""
    found = Household.objects.filter(pk__in=_numbers(ids)).select_related("village")
    return {
        str(each.pk): f"{each.public_name} · {place_told(each.village.name)}"
        for each in found
    }


def supermarkets(ids: Sequence[str]) -> dict[str, str]:
    """A supermarket's full name: it is a business and gives in public.

    On English pages it is spelled too.
    """
    found = Supermarket.objects.filter(pk__in=_numbers(ids))
    return {str(supermarket.pk): place_told(supermarket.name) for supermarket in found}


def _numbers(ids: Sequence[str]) -> list[int]:
    return [int(text) for text in ids if text.isdecimal()]
