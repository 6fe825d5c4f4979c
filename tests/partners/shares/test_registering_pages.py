"""Staff's pages that take people in: one form each, errors at fields, then masked."""

import logging
from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.urls import reverse

from partners.models import Agreement, Household, Pairing, Supermarket
from partners.organisations.models import AuditRecord
from tests.factories.people import new_phone, new_uscc
from tests.factories.shares import (
    NOON,
    new_bank_card,
    new_household,
    new_id_number,
)

pytestmark = pytest.mark.django_db


def address(name: str, *args: object) -> str:
    return reverse(f"partners_backoffice:{name}", args=args)


@pytest.fixture
def november() -> Iterator[None]:
    """While the agreement runs."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def county(november, client, operator):
    client.force_login(operator)
    return client


def household_facts(village, **changes) -> dict[str, str]:
    return {
        "village": village.pk,
        "name": "王示例",
        "id_number": new_id_number(),
        "contact_phone": new_phone(),
        "contact_name": "王小示例",
        "bank_card": new_bank_card(),
    } | changes


@pytest.fixture
def writes(
    supermarket, manager, agreement, household_zhang, village_yonggu
) -> dict[str, dict[str, str]]:
    """Every address that writes, with what would be taken."""
    number = household_zhang.number
    person = {"name": "吴示例", "phone": new_phone()}
    return {
        address("supermarket_new"): {
            "name": "新超市",
            "uscc": new_uscc(),
            "division": village_yonggu.pk,
            "manager_name": "冯示例",
            "manager_phone": new_phone(),
        },
        address("manager_new", supermarket.pk): person,
        address("manager_dismiss", supermarket.pk, manager.pk): {},
        address("sign", supermarket.pk): {
            "starts_on": "2028-01-01",
            "ends_on": "2028-12-31",
            "rate_bp": "5",
            "cap_fen": "3000",
            "basis": "all",
        },
        address("pairing_end", agreement.pairings.first().pk): {"on": "2026-12-31"},
        address("household_new"): household_facts(village_yonggu),
        address("card", number): {"bank_card": new_bank_card(), "card_holder": "张"},
        address("contact", number): {
            "contact_name": "张",
            "contact_phone": new_phone(),
        },
        address("member_new", number): {
            "name": "张小示例",
            "id_number": new_id_number(),
            "relation": "子女",
        },
        address("links_end", number): {},
    }


class TestWho:
    @pytest.mark.parametrize("who", ["auditor", "manager", "stranger"])
    def test_nobody_but_operators_writes(self, who, request, client, writes):
        client.force_login(request.getfixturevalue(who))
        before = AuditRecord.objects.count()
        for page, facts in writes.items():
            assert client.post(page, facts).status_code == 403, page
        assert AuditRecord.objects.count() == before

    def test_strangers_are_asked_to_log_in(self, client, writes):
        for page, facts in writes.items():
            assert client.post(page, facts).url.startswith("/login/"), page

    def test_every_write_is_on_record_with_its_operator(self, county, operator, writes):
        for page, facts in writes.items():
            before = AuditRecord.objects.count()
            answer = county.post(page, facts)
            assert answer.status_code == 302, (page, answer.content.decode()[-3000:])
            records = AuditRecord.objects.order_by("-pk")
            assert records.count() > before, page
            assert records[0].actor == operator, page


class TestSupermarkets:
    def test_are_listed_with_what_binds_them(self, county, agreement, supermarket):
        page = county.get(address("supermarkets")).content.decode()
        assert supermarket.name in page
        assert address("supermarket", supermarket.pk) in page

    def test_a_share_is_typed_in_percent_and_a_cap_in_yuan(self, county, supermarket):
        county.post(
            address("sign", supermarket.pk),
            {
                "starts_on": "2026-12-01",
                "ends_on": "2027-11-30",
                "rate_bp": "7.25",
                "cap_fen": "3000.50",
                "basis": "store",
            },
        )
        signed = Agreement.objects.get()
        assert (signed.rate_bp, signed.cap_fen, signed.basis) == (725, 300_050, "store")

    def test_an_overlap_is_said_at_the_day(self, county, agreement, supermarket):
        answer = county.post(
            address("sign", supermarket.pk),
            {
                "starts_on": "2027-01-01",
                "ends_on": "2028-01-01",
                "rate_bp": "5",
                "cap_fen": "3000",
                "basis": "all",
            },
        )
        assert answer.status_code == 422
        assert "id_starts_on_error" in answer.content.decode()
        assert Agreement.objects.count() == 1

    def test_a_managers_wrong_number_is_said_at_its_field(self, county, village_yonggu):
        answer = county.post(
            address("supermarket_new"),
            {
                "name": "新超市",
                "uscc": new_uscc(),
                "division": village_yonggu.pk,
                "manager_name": "冯示例",
                "manager_phone": "123",
            },
        )
        assert "id_manager_phone_error" in answer.content.decode()
        assert not Supermarket.objects.exists()

    def test_an_agreement_shows_each_ones_part(self, county, agreement):
        page = county.get(address("agreement", agreement.pk)).content.decode()
        assert "66.7%" in page
        assert "33.3%" in page


class TestHouseholds:
    def test_is_taken_in_and_shown_masked(self, county, village_yonggu):
        facts = household_facts(village_yonggu)
        answer = county.post(address("household_new"), facts, follow=True)
        made = Household.objects.get()
        page = answer.content.decode()
        assert answer.redirect_chain[-1][0] == address("household", made.number)
        for secret in ("id_number", "contact_phone", "bank_card"):
            assert facts[secret] not in page
        listed = county.get(address("households") + "?part=all").content.decode()
        assert "王示例" not in listed
        assert "王**" in listed

    def test_a_wrong_id_number_is_said_at_its_field(self, county, village_yonggu):
        facts = household_facts(village_yonggu, id_number="430722190001010000")
        answer = county.post(address("household_new"), facts)
        assert answer.status_code == 422
        assert "id_id_number_error" in answer.content.decode()
        assert not Household.objects.exists()

    def test_the_same_householder_twice_is_said_at_the_field(
        self, county, village_yonggu, household_zhang
    ):
        facts = household_facts(village_yonggu, id_number=household_zhang.id_number)
        answer = county.post(address("household_new"), facts)
        assert "id_id_number_error" in answer.content.decode()
        assert Household.objects.count() == 1

    def test_nothing_personal_reaches_a_log_or_an_address(
        self, county, village_yonggu, caplog
    ):
        caplog.set_level(logging.DEBUG)
        facts = household_facts(village_yonggu)
        answer = county.post(address("household_new"), facts, follow=True)
        said = caplog.text + " ".join(url for url, _status in answer.redirect_chain)
        for secret in ("name", "id_number", "contact_phone", "bank_card"):
            assert facts[secret] not in said

    def test_the_village_may_come_with_the_address(self, county, village_yonggu):
        page = f"{address('household_new')}?village={village_yonggu.pk}"
        assert f'value="{village_yonggu.pk}" selected' in (
            county.get(page).content.decode()
        )

    def test_is_paired_and_stands_in_the_agreement(
        self, county, agreement, village_yonggu
    ):
        other = new_household(village=village_yonggu, name="陈示例")
        facts = {"agreement": agreement.pk, "weight": "2", "from_on": "2026-12-05"}
        answer = county.post(address("pair", other.number), facts)
        assert answer.status_code == 302
        made = Pairing.objects.get(household=other)
        assert (made.weight, made.from_on) == (2, date(2026, 12, 5))
        page = county.get(address("agreement", agreement.pk)).content.decode()
        assert other.number in page

    def test_an_agreement_it_has_a_part_in_is_not_offered_again(
        self, county, agreement, household_zhang
    ):
        page = address("pair", household_zhang.number)
        assert (
            f'<option value="{agreement.pk}"' not in county.get(page).content.decode()
        )
        facts = {"agreement": agreement.pk, "weight": "2", "from_on": "2026-12-05"}
        assert county.post(page, facts).status_code == 422
        assert household_zhang.pairings.count() == 1

    def test_members_are_shown_masked(self, county, household_zhang):
        county.post(
            address("member_new", household_zhang.number),
            {"name": "张小示例", "id_number": new_id_number(), "relation": "子女"},
        )
        page = county.get(address("household", household_zhang.number))
        assert "张小示例" not in page.content.decode()
        assert "子女" in page.content.decode()
