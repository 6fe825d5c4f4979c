"""Farmers, stations, cooperatives, assistants: registering, appointing, who may."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils.translation import override

from partners.organisations import operations, rules
from partners.organisations.models import Assistant, AuditRecord, Farmer
from partners.organisations.operations import UnableToAppoint, UnableToRegister
from partners.organisations.queries import division
from tests.factories.people import (
    new_assistant,
    new_farmer,
    new_phone,
    new_uscc,
    new_user,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


def register(village, **changes) -> Farmer:
    fields = {"name": "王示例", "called": "王婶", "phone": new_phone(), "at": NOON}
    return operations.register_farmer(village=village, **fields | changes)


class TestRegisterFarmer:
    def test_keeps_who_and_since_when(self, village_yonggu):
        farmer = register(village_yonggu, growing_since=2015, story=" 十一年橙子。 ")
        farmer.refresh_from_db()
        assert (farmer.village, farmer.called) == (village_yonggu, "王婶")
        assert (farmer.growing_since, farmer.story) == (2015, "十一年橙子。")
        assert farmer.joined_at == NOON

    def test_the_number_is_encrypted_and_found_again(self, village_yonggu):
        farmer = register(village_yonggu, phone="+86 100 0000 9999")
        assert Farmer.objects.get(pk=farmer.pk).phone == "10000009999"
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM organisations_farmer")
            assert "10000009999" not in repr(cursor.fetchall())

    @pytest.mark.parametrize("code", ["430722111", "430722", "43"])
    def test_farmers_live_in_villages(self, hanshou, code):
        with pytest.raises(UnableToRegister, match="is not a village"):
            register(division(code))

    def test_a_number_registers_once(self, village_yonggu, village_luxi):
        phone = new_phone()
        register(village_yonggu, phone=phone)
        with pytest.raises(UnableToRegister, match="mobile number"):
            register(village_luxi, called="李婶", phone=f"86{phone}")

    def test_a_calling_is_one_persons_in_a_village(self, village_yonggu, village_luxi):
        register(village_yonggu)
        with pytest.raises(UnableToRegister, match="永固村 has a 王婶"):
            register(village_yonggu)
        assert register(village_luxi)

    @pytest.mark.parametrize("changes", [{"name": " "}, {"called": ""}])
    def test_needs_a_name_and_a_calling(self, village_yonggu, changes):
        with pytest.raises(UnableToRegister, match="Enter the farmer's name"):
            register(village_yonggu, **changes)

    def test_needs_a_number(self, village_yonggu):
        with pytest.raises(UnableToRegister, match="11 digits"):
            register(village_yonggu, phone="12345")

    def test_is_on_record_without_a_name_or_number(
        self, village_yonggu, assistant_zhao
    ):
        farmer = register(village_yonggu, by=assistant_zhao.user)
        record = AuditRecord.objects.get(subject=f"farmer:{farmer.pk}")
        assert (record.act, record.detail) == ("register_farmer", village_yonggu.code)
        assert (record.actor, record.at) == (assistant_zhao.user, NOON)

    def test_with_an_account_it_makes_a_farmer_of_it(self, village_yonggu, stranger):
        register(village_yonggu, user=stranger)
        assert stranger.has_role("farmer")


class TestRecogniseFarmer:
    def test_joins_the_account_once(self, farmer_wang, stranger, buyer):
        found = operations.recognise_farmer(
            user=stranger, phone=farmer_wang.phone, at=NOON
        )
        assert found == farmer_wang
        assert stranger.has_role("farmer")
        again = operations.recognise_farmer(
            user=buyer, phone=farmer_wang.phone, at=NOON
        )
        assert again is None
        farmer_wang.refresh_from_db()
        assert farmer_wang.user == stranger

    def test_other_numbers_are_nobodys(self, farmer_wang, stranger):
        assert (
            operations.recognise_farmer(user=stranger, phone=new_phone(), at=NOON)
            is None
        )
        assert not stranger.has_role("farmer")

    def test_one_account_is_one_farmer(self, farmer_wang, farmer_li, stranger):
        for farmer in (farmer_wang, farmer_li):
            operations.recognise_farmer(user=stranger, phone=farmer.phone, at=NOON)
        assert Farmer.objects.filter(user=stranger).count() == 1


class TestOrganisations:
    def test_a_village_has_one_station(self, village_yonggu):
        operations.open_station(village=village_yonggu, name="永固村服务站")
        with pytest.raises(UnableToRegister, match="service station"):
            operations.open_station(village=village_yonggu, name="又一个")

    def test_a_station_stands_in_a_village(self, hanshou):
        with pytest.raises(UnableToRegister, match="is not a village"):
            operations.open_station(village=hanshou, name="县站")

    def test_a_cooperative_has_its_own_social_credit_code(self, village_yonggu):
        code = new_uscc()
        operations.register_cooperative(village=village_yonggu, name="甲", uscc=code)
        with pytest.raises(UnableToRegister, match="is registered"):
            operations.register_cooperative(
                village=village_yonggu, name="乙", uscc=code.lower()
            )

    def test_a_mistyped_social_credit_code_is_refused(self, village_yonggu):
        code = new_uscc()
        wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
        for text in (wrong, "", "93430722"):
            with pytest.raises(UnableToRegister, match="no unified social credit"):
                operations.register_cooperative(
                    village=village_yonggu, name="甲", uscc=text
                )


class TestAppointAssistant:
    def test_serves_exactly_these_villages(
        self, operator, stranger, village_yonggu, village_luxi
    ):
        assistant = operations.appoint_assistant(
            user=stranger, villages=[village_yonggu], by=operator, at=NOON
        )
        assert assistant.serves(village_yonggu.pk)
        assert not assistant.serves(village_luxi.pk)
        assert stranger.has_role("assistant")

    def test_every_change_says_who_said_so(
        self, operator, stranger, village_yonggu, village_luxi
    ):
        for village in (village_yonggu, village_luxi):
            assistant = operations.appoint_assistant(
                user=stranger, villages=[village], by=operator, at=NOON
            )
        said = AuditRecord.objects.filter(subject=f"assistant:{assistant.pk}")
        assert {(line.act, line.detail) for line in said} == {
            ("appoint", village_yonggu.code),
            ("dismiss", village_yonggu.code),
            ("appoint", village_luxi.code),
        }
        assert {(line.actor, line.at) for line in said} == {(operator, NOON)}

    def test_only_an_operator_appoints(
        self, stranger, auditor, assistant_zhao, village_luxi
    ):
        for by in (stranger, auditor, assistant_zhao.user):
            with pytest.raises(UnableToAppoint, match="county operator"):
                operations.appoint_assistant(
                    user=stranger, villages=[village_luxi], by=by, at=NOON
                )
        assert not Assistant.objects.filter(user=stranger).exists()
        assert not stranger.has_role("assistant")

    def test_an_assistant_cannot_give_themselves_a_village(
        self, assistant_zhao, village_luxi
    ):
        with pytest.raises(UnableToAppoint):
            operations.change_villages(
                user=assistant_zhao.user,
                village=village_luxi,
                serves=True,
                by=assistant_zhao.user,
                at=NOON,
            )
        assert not assistant_zhao.serves(village_luxi.pk)

    def test_needs_villages(self, stranger, hanshou):
        with pytest.raises(UnableToAppoint, match="at least one"):
            operations.appoint_assistant(user=stranger, villages=[], at=NOON)
        with pytest.raises(UnableToAppoint, match="is not a village"):
            operations.appoint_assistant(user=stranger, villages=[hanshou], at=NOON)

    def test_the_last_village_taken_takes_the_role(
        self, operator, assistant_zhao, village_yonggu
    ):
        operations.change_villages(
            user=assistant_zhao.user,
            village=village_yonggu,
            serves=False,
            by=operator,
            at=NOON,
        )
        assert not assistant_zhao.serves(village_yonggu.pk)
        assert not assistant_zhao.user.has_perm(
            "organisations.serve_village", village_yonggu
        )
        fresh = type(operator).objects.get(pk=assistant_zhao.user.pk)
        assert not fresh.has_role("assistant")


class TestWhoMay:
    """What each person may do to 永固村, its farmer, and its assistant's post."""

    PERMS = (
        "serve_village",
        "view_village",
        "register_farmer",
        "view_farmer",
        "change_farmer",
        "appoint_assistant",
        "open_station",
        "view_audit",
    )

    def may(self, user, village, farmer) -> set[str]:
        things = {"view_farmer": farmer, "change_farmer": farmer}
        return {
            perm
            for perm in self.PERMS
            if user.has_perm(f"organisations.{perm}", things.get(perm, village))
        }

    def test_its_assistant(self, assistant_zhao, village_yonggu, farmer_wang):
        assert self.may(assistant_zhao.user, village_yonggu, farmer_wang) == {
            "serve_village",
            "view_village",
            "register_farmer",
            "view_farmer",
            "change_farmer",
        }

    @pytest.mark.parametrize("who", ["assistant_qian", "stranger", "buyer", "nobody"])
    def test_everybody_else(self, who, request, village_yonggu, farmer_wang):
        user = AnonymousUser() if who == "nobody" else request.getfixturevalue(who)
        user = getattr(user, "user", user)
        assert self.may(user, village_yonggu, farmer_wang) == set()

    def test_the_farmer_sees_themselves(self, village_yonggu, farmer_wang, stranger):
        operations.recognise_farmer(user=stranger, phone=farmer_wang.phone, at=NOON)
        farmer_wang.refresh_from_db()
        assert self.may(stranger, village_yonggu, farmer_wang) == {"view_farmer"}
        other = new_farmer(village=village_yonggu, called="赵伯")
        assert self.may(stranger, village_yonggu, other) == set()

    def test_the_operator_works_for_all_villages_but_serves_none(
        self, operator, village_yonggu, farmer_wang
    ):
        assert self.may(operator, village_yonggu, farmer_wang) == {
            *self.PERMS,
        } - {"serve_village"}

    def test_the_auditor_looks(self, auditor, village_yonggu, farmer_wang):
        assert self.may(auditor, village_yonggu, farmer_wang) == {
            "view_village",
            "view_farmer",
            "view_audit",
        }

    def test_who_was_shut_out_may_nothing(
        self, assistant_zhao, village_yonggu, farmer_wang
    ):
        user = assistant_zhao.user
        user.is_active = False
        user.save()
        assert self.may(user, village_yonggu, farmer_wang) == set()

    def test_the_role_alone_serves_no_village(self, village_yonggu):
        user = new_user(role="assistant")
        assert not user.has_perm("organisations.serve_village", village_yonggu)

    def test_without_a_village_nothing_is_served(self, assistant_zhao):
        assert not assistant_zhao.user.has_perm("organisations.serve_village")
        assert not rules.serves_village(assistant_zhao.user, None)

    def test_an_assistant_of_two_villages_serves_both(
        self, village_yonggu, village_luxi
    ):
        both = new_assistant(village_yonggu, village_luxi, name="吴示例").user
        for village in (village_yonggu, village_luxi):
            assert both.has_perm("organisations.serve_village", village)
