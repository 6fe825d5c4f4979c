"""Who the ledger's public pages name, and how far."""

import pytest
from django.test import Client
from django.urls import reverse

from partners.ledger import operations
from partners.ledger.operations import Line
from partners.models import Household, Supermarket
from tests.factories.shares import NOON

pytestmark = pytest.mark.django_db


def test_masks_the_household_and_names_the_supermarket(
    client: Client, supermarket: Supermarket, household_zhang: Household
) -> None:
    entry = operations.post(
        key="accrual",
        kind="share_accrued",
        subject="statement",
        lines=[
            Line(f"supermarket:{supermarket.pk}:share", 500),
            Line(f"household:{household_zhang.pk}:benefit", -500),
        ],
        at=NOON,
    )
    text = client.get(reverse("ledger:entry", args=[entry.pk])).content.decode()
    assert supermarket.name in text
    assert f"{household_zhang.public_name} · {household_zhang.village}" in text
    assert household_zhang.name not in text


def test_leaves_out_whom_it_does_not_know() -> None:
    from partners.public_names import households, supermarkets

    assert households(["999", "nobody"]) == {}
    assert supermarkets(["999", "nobody"]) == {}
