"""Registering supermarkets and households, signing and pairing."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from partners import identity, queries
from partners.models import Agreement, Household, Pairing
from partners.operations import (
    UnableToPair,
    UnableToRegister,
    UnableToSign,
    add_member,
    appoint_manager,
    end_pairing,
    pair,
    register_household,
    sign_agreement,
)
from tests.factories.people import new_phone
from tests.factories.shares import JOINED, NOON, OCTOBER, new_id_number


class TestRegisterSupermarket:
    def test_makes_its_manager_a_supermarket_manager(self, supermarket, manager):
        assert manager.has_role("supermarket_manager")
        assert list(supermarket.managers.all()) == [manager]


class TestRegisterHousehold:
    def test_keeps_nothing_personal_in_clear(self, household_zhang):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM partners_household")
            row = " ".join(str(value) for value in cursor.fetchone())
        for secret in (
            household_zhang.name,
            household_zhang.id_number,
            household_zhang.bank_card,
            household_zhang.contact_phone,
        ):
            assert secret
            assert secret not in row

    def test_its_number_leads_back_to_nobody(self, household_zhang, settings):
        number = identity.household_number(household_zhang.id_number)
        assert household_zhang.number == number
        settings.BLIND_INDEX_SECRET = "another county's"
        assert identity.household_number(household_zhang.id_number) != number

    def test_refuses_the_same_householder_twice(self, household_zhang, village_luxi):
        with pytest.raises(UnableToRegister):
            register_household(
                village=village_luxi,
                name="张示例",
                id_number=household_zhang.id_number,
                contact_phone=new_phone(),
                at=JOINED,
            )

    @pytest.mark.parametrize("number", ["", "12345", "430722180001010010", "X" * 18])
    def test_refuses_a_wrong_id_number_without_repeating_it(
        self, number, village_yonggu
    ):
        with pytest.raises(UnableToRegister) as refusal:
            register_household(
                village=village_yonggu,
                name="张示例",
                id_number=number,
                contact_phone=new_phone(),
                at=JOINED,
            )
        assert not number or number not in str(refusal.value)

    def test_refuses_a_card_with_one_digit_changed(self, village_yonggu):
        with pytest.raises(UnableToRegister):
            register_household(
                village=village_yonggu,
                name="张示例",
                id_number=new_id_number(),
                bank_card="6200000000000000013",
                contact_phone=new_phone(),
                at=JOINED,
            )

    def test_refuses_a_place_that_is_no_village(self, hanshou):
        with pytest.raises(UnableToRegister):
            register_household(
                village=hanshou,
                name="张示例",
                id_number=new_id_number(),
                contact_phone=new_phone(),
                at=JOINED,
            )

    def test_masks_the_name(self, household_zhang):
        assert household_zhang.public_name == "张**"
        assert "张示例" not in str(household_zhang)

    def test_a_member_is_kept_once(self, household_zhang):
        number = new_id_number()
        for _time in range(2):
            add_member(
                household=household_zhang,
                name="张小示例",
                id_number=number,
                relation="儿子",
                at=JOINED,
            )
        assert household_zhang.members.count() == 1


class TestSignAgreement:
    def sign(self, supermarket, **changes) -> Agreement:
        terms = {
            "supermarket": supermarket,
            "starts_on": date(2026, 7, 1),
            "ends_on": date(2026, 12, 31),
            "rate_bp": 500,
            "cap_fen": 100_000,
            "at": JOINED,
        }
        return sign_agreement(**(terms | changes))

    @pytest.mark.parametrize(
        "changes",
        [
            {"rate_bp": 0},
            {"rate_bp": 10_001},
            {"cap_fen": 0},
            {"ends_on": date(2026, 6, 30)},
        ],
    )
    def test_refuses_terms_that_make_no_sense(self, supermarket, changes):
        with pytest.raises(UnableToSign):
            self.sign(supermarket, **changes)

    def test_counts_no_sales_twice(self, supermarket):
        self.sign(supermarket, basis=Agreement.Basis.STORE)
        self.sign(supermarket, basis=Agreement.Basis.PLATFORM)
        with pytest.raises(UnableToSign):
            self.sign(supermarket, starts_on=date(2026, 12, 31), basis="store")

    def test_one_may_follow_the_other(self, supermarket):
        self.sign(supermarket)
        self.sign(supermarket, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31))

    def test_the_database_refuses_to_change_one(self, agreement):
        with pytest.raises(IntegrityError), transaction.atomic():
            Agreement.objects.filter(pk=agreement.pk).update(rate_bp=1)


class TestWho:
    @pytest.mark.parametrize("who", ["auditor", "manager", "stranger"])
    def test_only_operators_register_and_sign(
        self, who, request, supermarket, household_zhang, village_luxi
    ):
        by = request.getfixturevalue(who)
        with pytest.raises(UnableToRegister):
            register_household(
                village=village_luxi,
                name="周示例",
                id_number=new_id_number(),
                contact_phone=new_phone(),
                by=by,
                at=JOINED,
            )
        with pytest.raises(UnableToRegister):
            appoint_manager(supermarket=supermarket, user=by, by=by, at=JOINED)
        with pytest.raises(UnableToSign):
            sign_agreement(
                supermarket=supermarket,
                starts_on=date(2026, 7, 1),
                ends_on=date(2026, 12, 31),
                rate_bp=500,
                cap_fen=100,
                by=by,
                at=JOINED,
            )


class TestPair:
    def test_refuses_a_household_twice(self, agreement, household_li):
        with pytest.raises(UnableToPair):
            pair(agreement=agreement, household=household_li, weight=1, at=JOINED)

    def test_refuses_no_weight(self, agreement, household_li):
        with pytest.raises(UnableToPair):
            pair(agreement=agreement, household=household_li, weight=0, at=JOINED)

    def test_an_ended_pairing_counts_through_its_month(self, agreement):
        end_pairing(pairing=Pairing.objects.latest("pk"), on=date(2026, 10, 9), at=NOON)
        november = date(2026, 11, 1)
        assert queries.pairings_in(agreement=agreement, period=OCTOBER).count() == 2
        assert queries.pairings_in(agreement=agreement, period=november).count() == 1


class TestSharePreview:
    def test_is_the_contracted_share_and_the_households(self, supermarket, agreement):
        preview = queries.share_preview(
            supermarket=supermarket, margin_fen=1_750, on=date(2026, 10, 20)
        )
        assert preview == queries.SharePreview(amount_fen=88, households=2)

    def test_is_nothing_without_an_agreement(self, other_supermarket):
        preview = queries.share_preview(
            supermarket=other_supermarket, margin_fen=1_750, on=date(2026, 10, 20)
        )
        assert preview == queries.SharePreview(0, 0)

    def test_stops_at_the_cap(self, supermarket, agreement):
        preview = queries.share_preview(
            supermarket=supermarket, margin_fen=10**9, on=date(2026, 10, 20)
        )
        assert preview.amount_fen == agreement.cap_fen


def test_logs_and_errors_name_a_household_masked(household_zhang):
    assert "张示例" not in repr(Household.objects.get())
