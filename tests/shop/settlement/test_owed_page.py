"""The farmer's own link to what is owed: whose it is, and when it dies."""

import pytest
from django.core.signing import Signer
from django.urls import reverse

from partners.organisations.operations import move_phone
from shop.settlement import queries
from tests.factories.people import SOME_DAY, new_phone

pytestmark = pytest.mark.django_db


def opened(client, token):
    return client.get(reverse("settlement:owed", args=[token])).status_code


class TestTheFarmersLink:
    def test_opens_the_farmers_page(self, client, farmer_wang):
        assert opened(client, queries.farmer_token(farmer_wang)) == 200

    def test_dies_when_the_number_changes(self, client, farmer_wang):
        """Who finds the old phone reads nothing any more; a new link opens."""
        token = queries.farmer_token(farmer_wang)
        move_phone(farmer=farmer_wang, phone=new_phone(), at=SOME_DAY)
        assert opened(client, token) == 404
        assert opened(client, queries.farmer_token(farmer_wang)) == 200

    def test_would_live_on_if_it_were_signed_without_the_number(
        self, client, farmer_wang, monkeypatch
    ):
        monkeypatch.setattr(queries, "_signer", lambda _: Signer(sep="."))
        token = queries.farmer_token(farmer_wang)
        move_phone(farmer=farmer_wang, phone=new_phone(), at=SOME_DAY)
        assert opened(client, token) == 200

    def test_is_nobody_elses(self, client, farmer_wang, farmer_li):
        _key, _dot, signature = queries.farmer_token(farmer_wang).partition(".")
        assert opened(client, f"{farmer_li.pk}.{signature}") == 404

    @pytest.mark.parametrize("token", ["1", "1.", ".x", "x.y", "9" * 40 + ".x", "%00"])
    def test_nonsense_opens_nothing(self, client, farmer_wang, token):
        assert opened(client, token) == 404
