"""Taking in supermarkets and households, signing and pairing, as operators do it."""

from datetime import date

import pytest
from django.contrib.auth import get_user_model

from partners import operations
from partners.links import household_of, link_token
from partners.models import Agreement, Household, Pairing, Supermarket
from partners.operations import UnableToPair, UnableToRegister, UnableToSign
from partners.organisations.models import AuditRecord
from tests.factories.people import new_phone, new_uscc
from tests.factories.shares import (
    JOINED,
    NOON,
    new_bank_card,
    new_household,
    new_id_number,
)

pytestmark = pytest.mark.django_db


def acts_on(subject: str) -> list[str]:
    found = AuditRecord.objects.filter(subject=subject).order_by("pk")
    return list(found.values_list("act", flat=True))


class TestEngageSupermarket:
    def engage(self, village, *, by, **changes):
        facts = {
            "name": "示例爱心超市",
            "uscc": new_uscc(),
            "division": village,
            "manager_name": "吴示例",
            "manager_phone": new_phone(),
            "at": NOON,
        }
        return operations.engage_supermarket(by=by, **facts | changes)

    def test_takes_it_in_with_its_manager(self, operator, village_yonggu):
        made = self.engage(village_yonggu, by=operator)
        assert made.managers.get().has_role("supermarket_manager")
        assert acts_on(f"supermarket:{made.pk}") == [
            "register_supermarket",
            "appoint_manager",
        ]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"uscc": "123"}, "uscc"),
            ({"name": " "}, "name"),
            ({"manager_phone": "123"}, "manager_phone"),
            ({"manager_name": " "}, "manager_name"),
        ],
    )
    def test_says_at_which_field_and_keeps_nothing(
        self, operator, village_yonggu, changes, field
    ):
        people = get_user_model().objects.count()
        with pytest.raises(UnableToRegister) as refused:
            self.engage(village_yonggu, by=operator, **changes)
        assert refused.value.field == field
        assert not Supermarket.objects.exists()
        assert get_user_model().objects.count() == people

    @pytest.mark.parametrize("who", ["auditor", "stranger", "manager"])
    def test_is_the_operators(self, who, request, village_yonggu):
        with pytest.raises(UnableToRegister):
            self.engage(village_yonggu, by=request.getfixturevalue(who))
        assert not Supermarket.objects.exists()

    def test_the_same_licence_is_taken_in_once(self, operator, village_yonggu):
        uscc = new_uscc()
        self.engage(village_yonggu, by=operator, uscc=uscc)
        with pytest.raises(UnableToRegister) as refused:
            self.engage(village_yonggu, by=operator, uscc=uscc, name="另一家")
        assert refused.value.field == "uscc"


class TestDismissManager:
    def test_takes_the_role_of_who_manages_nothing_more(
        self, operator, supermarket, manager
    ):
        operations.dismiss_manager(
            supermarket=supermarket, user=manager, by=operator, at=NOON
        )
        manager.forget_roles()
        assert not manager.has_role("supermarket_manager")
        assert not manager.has_perm("partners.file_statement", supermarket)
        assert acts_on(f"supermarket:{supermarket.pk}")[-1] == "dismiss_manager"

    def test_leaves_the_role_to_who_manages_another_one(
        self, operator, supermarket, other_supermarket, manager
    ):
        operations.appoint_manager(
            supermarket=other_supermarket, user=manager, by=operator, at=NOON
        )
        operations.dismiss_manager(
            supermarket=supermarket, user=manager, by=operator, at=NOON
        )
        manager.forget_roles()
        assert manager.has_role("supermarket_manager")

    def test_an_operator_may_step_down_as_one(self, operator, supermarket):
        for act in (operations.appoint_manager, operations.dismiss_manager):
            act(supermarket=supermarket, user=operator, by=operator, at=NOON)
        operator.forget_roles()
        assert not operator.has_role("supermarket_manager")

    def test_is_the_operators(self, auditor, supermarket, manager):
        with pytest.raises(UnableToRegister):
            operations.dismiss_manager(
                supermarket=supermarket, user=manager, by=auditor, at=NOON
            )
        assert supermarket.managers.get() == manager


class TestHousehold:
    def test_who_took_it_in_is_on_record_and_nothing_personal_is(
        self, operator, village_yonggu
    ):
        made = new_household(village=village_yonggu, name="王示例", by=operator)
        record = AuditRecord.objects.get(subject=f"household:{made.pk}")
        assert (record.act, record.actor) == ("register_household", operator)
        row = f"{record.subject} {record.detail}"
        for secret in (made.name, made.id_number, made.contact_phone, made.bank_card):
            assert secret not in row

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"id_number": "430722190001010000"}, "id_number"),
            ({"bank_card": "6200"}, "bank_card"),
            ({"contact_phone": "123"}, "contact_phone"),
        ],
    )
    def test_says_at_which_field_without_the_number(
        self, operator, village_yonggu, changes, field
    ):
        with pytest.raises(UnableToRegister) as refused:
            new_household(village=village_yonggu, name="王示例", **changes)
        assert refused.value.field == field
        assert changes[field] not in str(refused.value)

    def test_a_new_contact_ends_the_old_ones_links(self, operator, household_zhang):
        token = link_token(household_zhang)
        phone = new_phone()
        operations.change_contact(
            household=household_zhang,
            contact_name="张小示例",
            contact_phone=phone,
            by=operator,
            at=NOON,
        )
        assert household_of(token) is None
        kept = Household.objects.get(pk=household_zhang.pk)
        assert (kept.contact_name, kept.contact_phone) == ("张小示例", phone)
        assert acts_on(f"household:{kept.pk}")[-2:] == ["end_links", "change_contact"]

    @pytest.mark.parametrize("who", ["auditor", "stranger", "manager"])
    def test_what_is_known_of_it_is_the_operators_to_change(
        self, who, request, household_zhang
    ):
        by = request.getfixturevalue(who)
        facts = {"household": household_zhang, "by": by, "at": NOON}
        for change in (
            lambda: operations.change_contact(
                contact_name="某", contact_phone=new_phone(), **facts
            ),
            lambda: operations.change_bank_card(
                bank_card=new_bank_card(), card_holder="某", **facts
            ),
            lambda: operations.add_member(
                name="某", id_number=new_id_number(), relation="子女", **facts
            ),
        ):
            with pytest.raises(UnableToRegister):
                change()
        assert household_zhang.members.count() == 0


class TestAgreements:
    def sign(self, supermarket, **changes) -> Agreement:
        facts = {
            "starts_on": date(2026, 7, 1),
            "ends_on": date(2027, 6, 30),
            "rate_bp": 500,
            "cap_fen": 300_000,
            "at": JOINED,
        }
        return operations.sign_agreement(supermarket=supermarket, **facts | changes)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"rate_bp": 0}, "rate_bp"),
            ({"cap_fen": 0}, "cap_fen"),
            ({"ends_on": date(2026, 6, 30)}, "ends_on"),
        ],
    )
    def test_says_at_which_field(self, supermarket, changes, field):
        with pytest.raises(UnableToSign) as refused:
            self.sign(supermarket, **changes)
        assert refused.value.field == field

    def test_who_signed_is_on_record(self, supermarket, operator):
        self.sign(supermarket, by=operator)
        assert acts_on(f"supermarket:{supermarket.pk}")[-1] == "sign_agreement"

    @pytest.mark.parametrize("day", [date(2026, 6, 30), date(2027, 7, 1)])
    def test_pairs_within_its_days_only(self, supermarket, household_zhang, day):
        with pytest.raises(UnableToPair) as refused:
            operations.pair(
                agreement=self.sign(supermarket),
                household=household_zhang,
                weight=1,
                from_on=day,
                at=JOINED,
            )
        assert refused.value.field == "from_on"
        assert not Pairing.objects.exists()

    def test_a_pairing_ends_no_earlier_than_it_begins(self, agreement, operator):
        pairing = agreement.pairings.first()
        with pytest.raises(UnableToPair) as refused:
            operations.end_pairing(
                pairing=pairing, on=date(2026, 6, 30), by=operator, at=NOON
            )
        assert refused.value.field == "on"
        operations.end_pairing(
            pairing=pairing, on=date(2026, 7, 1), by=operator, at=NOON
        )
        with pytest.raises(UnableToPair):
            operations.end_pairing(
                pairing=pairing, on=date(2026, 8, 1), by=operator, at=NOON
            )
        assert acts_on(f"household:{pairing.household_id}")[-1] == "end_pairing"

    @pytest.mark.parametrize("who", ["auditor", "stranger", "manager"])
    def test_pairing_is_the_operators(
        self, who, request, supermarket, agreement, village_yonggu
    ):
        by = request.getfixturevalue(who)
        other = new_household(village=village_yonggu, name="陈示例")
        with pytest.raises(UnableToPair):
            operations.pair(
                agreement=agreement, household=other, weight=1, by=by, at=NOON
            )
        with pytest.raises(UnableToPair):
            operations.end_pairing(
                pairing=agreement.pairings.first(), on=NOON.date(), by=by, at=NOON
            )
        assert agreement.pairings.filter(ended_on__isnull=True).count() == 2
