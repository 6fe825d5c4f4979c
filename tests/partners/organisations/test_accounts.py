"""Accounts opened for others: by name and number, never a stranger's by mistake."""

from functools import partial

import pytest
from django.contrib.auth import get_user_model

from partners.organisations import operations
from partners.organisations.models import Assistant, AuditRecord, Station
from partners.organisations.operations import UnableToAppoint, UnableToRegister
from partners.organisations.positions import Position
from tests.factories.people import SOME_DAY, new_phone, new_uscc, new_user
from tests.races import at_once

pytestmark = pytest.mark.django_db


def open_for(phone: str, *, by, name: str = "赵示例"):
    return operations.account_for(phone=phone, name=name, by=by, at=SOME_DAY)


class TestAccountFor:
    def test_opens_one_that_logs_in_by_code_alone(self, operator):
        phone = new_phone()
        person = open_for(phone, by=operator)
        assert (person.phone, person.name) == (phone, "赵示例")
        assert not person.has_usable_password()
        record = AuditRecord.objects.get(act="open_account")
        assert (record.actor, record.subject) == (operator, f"user:{person.pk}")

    def test_gives_the_one_that_is_there(self, operator, buyer):
        assert open_for(buyer.phone, by=operator, name=buyer.name) == buyer
        assert not AuditRecord.objects.filter(act="open_account").exists()

    def test_names_one_that_has_no_name(self, operator):
        nameless = new_user(name="")
        assert open_for(nameless.phone, by=operator).name == "赵示例"

    def test_refuses_a_number_of_somebody_of_another_name(self, operator, buyer):
        with pytest.raises(UnableToRegister) as refused:
            open_for(buyer.phone, by=operator)
        assert refused.value.field == "phone"
        assert buyer.name not in str(refused.value)
        assert buyer.phone not in str(refused.value)

    @pytest.mark.parametrize(
        ("phone", "name", "field"), [("123", "赵示例", "phone"), ("", " ", "phone")]
    )
    def test_says_at_which_field_it_is_wrong(self, operator, phone, name, field):
        with pytest.raises(UnableToRegister) as refused:
            open_for(phone, by=operator, name=name)
        assert refused.value.field == field

    def test_wants_a_name(self, operator):
        with pytest.raises(UnableToRegister) as refused:
            open_for(new_phone(), by=operator, name="  ")
        assert refused.value.field == "name"

    @pytest.mark.parametrize("who", ["auditor", "stranger", "buyer"])
    def test_is_the_operators(self, who, request):
        phone = new_phone()
        with pytest.raises(UnableToRegister):
            open_for(phone, by=request.getfixturevalue(who))
        assert not get_user_model().objects.filter(phone=phone).exists()


class TestEngageAssistant:
    def engage(self, village, *, by, **changes):
        facts = {"phone": new_phone(), "name": "赵示例", "at": SOME_DAY} | changes
        return operations.engage_assistant(village=village, by=by, **facts)

    def test_appoints_somebody_who_never_logged_in(self, operator, village_yonggu):
        person = self.engage(village_yonggu, by=operator)
        assert person.has_role("assistant")
        assert Assistant.objects.get(user=person).serves(village_yonggu.pk)

    def test_adds_to_the_villages_they_have(
        self, operator, assistant_zhao, village_luxi
    ):
        user = assistant_zhao.user
        self.engage(village_luxi, by=operator, phone=user.phone, name=user.name)
        assert assistant_zhao.villages.count() == 2

    def test_opens_no_account_where_it_may_not_appoint(self, auditor, village_yonggu):
        phone = new_phone()
        with pytest.raises(UnableToAppoint):
            self.engage(village_yonggu, by=auditor, phone=phone)
        assert not get_user_model().objects.filter(phone=phone).exists()

    def test_opens_no_account_for_a_place_that_is_no_village(self, operator, hanshou):
        phone = new_phone()
        with pytest.raises(UnableToAppoint):
            self.engage(hanshou, by=operator, phone=phone)
        assert not get_user_model().objects.filter(phone=phone).exists()


class TestStations:
    def test_are_opened_and_described_by_operators_on_record(
        self, operator, auditor, village_yonggu
    ):
        facts = {
            "name": "永固村服务站",
            "address": "",
            "phone": "0736-0000000",
            "position": Position(289, 1120),
        }
        with pytest.raises(UnableToRegister):
            operations.open_station(
                village=village_yonggu, by=auditor, at=SOME_DAY, **facts
            )
        station = operations.open_station(
            village=village_yonggu, by=operator, at=SOME_DAY, **facts
        )
        with pytest.raises(UnableToRegister):
            operations.describe_station(
                station=station, by=auditor, at=SOME_DAY, **facts
            )
        operations.describe_station(
            station=station, by=operator, at=SOME_DAY, **facts | {"address": "村口"}
        )
        assert Station.objects.get().address == "村口"
        assert Station.objects.get().position == (289, 1120)
        acts = AuditRecord.objects.filter(subject=f"village:{village_yonggu.pk}")
        assert {(one.act, one.actor) for one in acts} == {
            ("open_station", operator),
            ("describe_station", operator),
        }

    def test_a_cooperative_is_the_operators_too(
        self, operator, auditor, village_yonggu
    ):
        facts = {"village": village_yonggu, "name": "永固合作社", "at": SOME_DAY}
        with pytest.raises(UnableToRegister):
            operations.register_cooperative(uscc=new_uscc(), by=auditor, **facts)
        with pytest.raises(UnableToRegister) as refused:
            operations.register_cooperative(uscc="1", by=operator, **facts)
        assert refused.value.field == "uscc"
        operations.register_cooperative(uscc=new_uscc(), by=operator, **facts)
        assert AuditRecord.objects.filter(act="register_cooperative").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_operators_at_once_open_one_account(operator, other_operator):
    phone = new_phone()
    one, other = at_once(
        *(partial(open_for, phone, by=by) for by in (operator, other_operator))
    )
    assert one.pk == other.pk
    assert AuditRecord.objects.filter(act="open_account").count() == 1
