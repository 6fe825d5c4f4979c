"""What others announce becomes a text, in the same transaction."""

import json

import pytest

from partners.links import household_of
from shop.notices.models import TextMessage

pytestmark = pytest.mark.django_db


class TestDisbursementMade:
    @pytest.fixture(autouse=True)
    def own_folders(self, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path / "media"
        settings.PRIVATE_ROOT = tmp_path / "private"

    def test_asks_the_household_to_confirm(self, disbursement):
        text = TextMessage.objects.get(key=f"disbursement:{disbursement.number}")
        household = disbursement.household
        assert (text.phone, text.template) == (
            household.contact_phone,
            "benefit_disbursed",
        )
        words = json.loads(text.words)
        token = words["link"].rstrip("/").rpartition("/")[2]
        assert household_of(token) == household
        assert text.written_at == disbursement.disbursed_at

    def test_names_nobody(self, disbursement):
        text = TextMessage.objects.get(key=f"disbursement:{disbursement.number}")
        household = disbursement.household
        assert household.name not in text.words
        assert household.contact_phone not in text.words
