"""Giving and taking roles: who may, what stays on record, what pages show whom."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from partners.organisations.models import AuditRecord
from shop.users import queries
from shop.users.models import RoleGrant
from shop.users.operations import (
    UnableToGrant,
    UnableToRegisterUser,
    grant_role,
    register_user,
    revoke_role,
)
from tests.factories.people import new_phone, new_user

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


class TestGrantRole:
    def test_says_who_gave_it_and_when(self, operator, stranger):
        grant = grant_role(user=stranger, role="auditor", by=operator, at=NOON)
        assert (grant.granted_by, grant.granted_at) == (operator, NOON)
        record = AuditRecord.objects.get(subject=f"user:{stranger.pk}")
        assert (record.act, record.detail) == ("grant_role", "auditor")
        assert (record.actor, record.at) == (operator, NOON)

    def test_twice_is_once(self, operator, stranger):
        for _time in range(2):
            grant_role(user=stranger, role="auditor", by=operator, at=NOON)
        assert RoleGrant.objects.filter(user=stranger).count() == 1
        assert AuditRecord.objects.filter(subject=f"user:{stranger.pk}").count() == 1

    @pytest.mark.parametrize("who", ["stranger", "buyer", "auditor"])
    def test_only_an_operator_gives(self, who, request):
        by = request.getfixturevalue(who)
        with pytest.raises(UnableToGrant, match="county operator"):
            grant_role(user=by, role="operator", by=by, at=NOON)
        assert not by.has_role("operator")

    def test_an_unknown_role_is_refused_by_name(self, operator, stranger):
        with pytest.raises(UnableToGrant, match="king"):
            grant_role(user=stranger, role="king", by=operator, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            RoleGrant.objects.create(user=stranger, role="king")

    def test_a_role_counts_at_once(self, operator, stranger):
        assert not stranger.has_role("auditor")
        grant_role(user=stranger, role="auditor", by=operator, at=NOON)
        assert stranger.has_role("auditor")
        revoke_role(user=stranger, role="auditor", by=operator, at=NOON)
        assert not stranger.has_role("auditor")


class TestRevokeRole:
    def test_stays_on_record(self, operator, auditor):
        revoke_role(user=auditor, role="auditor", by=operator, at=NOON)
        acts = [said.words for said in queries.trail(auditor)]
        assert set(acts) == {"Was made Auditor", "Is no longer Auditor"}

    def test_only_an_operator_takes(self, auditor, stranger, operator):
        with pytest.raises(UnableToGrant):
            revoke_role(user=operator, role="operator", by=auditor, at=NOON)
        assert operator.has_role("operator")

    def test_nobody_locks_themselves_out(self, operator):
        with pytest.raises(UnableToGrant, match="ask a colleague"):
            revoke_role(user=operator, role="operator", by=operator, at=NOON)


class TestRegisterUser:
    def test_a_number_has_one_account(self, operator):
        with pytest.raises(UnableToRegisterUser, match="has an account"):
            register_user(phone=operator.phone, at=NOON)

    def test_a_number_is_needed(self):
        with pytest.raises(UnableToRegisterUser, match="11 digits"):
            register_user(phone="110", at=NOON)

    def test_real_numbers_only_outside_the_demo(self, settings):
        settings.DEMO_PHONE_PREFIX = ""
        with pytest.raises(UnableToRegisterUser):
            register_user(phone="10000000001", at=NOON)

    def test_its_name_is_masked_wherever_it_is_written(self):
        user = new_user(name="张示例")
        assert str(user) == f"张** 100****{user.phone[-4:]}"


class TestPeoplePages:
    def test_strangers_stay_outside(self, client, stranger, buyer):
        person = f"/backoffice/people/{buyer.pk}/"
        for url in ("/backoffice/people/", person):
            assert client.get(url).url.startswith("/login/")
        client.force_login(stranger)
        for url in ("/backoffice/people/", person):
            assert client.get(url).status_code == 403
        for act in ("grant", "revoke"):
            client.post(f"{person}{act}/", {"role": "operator"})
        buyer.forget_roles()
        assert buyer.held_roles == {"buyer"}

    def test_a_stranger_cannot_appoint(self, client, stranger, village_yonggu):
        client.force_login(stranger)
        client.post(
            f"/backoffice/people/{stranger.pk}/appoint/",
            {"village": village_yonggu.code, "serves": "yes"},
        )
        assert not hasattr(type(stranger).objects.get(pk=stranger.pk), "assistant")

    def test_the_operator_gives_and_takes(self, client, operator, stranger):
        client.force_login(operator)
        person = f"/backoffice/people/{stranger.pk}/"
        assert client.post(f"{person}grant/", {"role": "auditor"}).url == person
        assert RoleGrant.objects.get(user=stranger).granted_by == operator
        client.post(f"{person}revoke/", {"role": "auditor"})
        assert not RoleGrant.objects.filter(user=stranger).exists()

    def test_roles_that_follow_from_elsewhere_are_not_given_here(
        self, client, operator, stranger
    ):
        client.force_login(operator)
        for role in ("assistant", "supermarket_manager", "farmer", "king"):
            client.post(f"/backoffice/people/{stranger.pk}/grant/", {"role": role})
        assert not RoleGrant.objects.filter(user=stranger).exists()

    def test_the_operator_appoints(
        self, client, operator, stranger, village_yonggu, hanshou
    ):
        client.force_login(operator)
        act = f"/backoffice/people/{stranger.pk}/appoint/"
        client.post(act, {"village": village_yonggu.code, "serves": "yes"})
        stranger.refresh_from_db()
        assert stranger.assistant.serves(village_yonggu.code)
        for wrong in ("999999999999", "", hanshou.code, "430000000000"):
            client.post(act, {"village": wrong, "serves": "yes"})
        assert stranger.assistant.villages.count() == 1
        page = client.get(
            f"/backoffice/people/{stranger.pk}/", headers={"accept-language": "en"}
        )
        assert "Became assistant of 永固村" in page.content.decode()

    def test_the_auditor_sees_and_has_no_buttons(self, client, auditor, buyer):
        client.force_login(auditor)
        page = client.get(f"/backoffice/people/{buyer.pk}/").content.decode()
        assert "/grant/" not in page and buyer.phone not in page
        client.post(f"/backoffice/people/{buyer.pk}/grant/", {"role": "operator"})
        buyer.forget_roles()
        assert not buyer.has_role("operator")

    def test_somebody_is_found_by_number_which_no_address_shows(
        self, client, operator, buyer
    ):
        client.force_login(operator)
        found = client.post("/backoffice/people/", {"phone": f"+86 {buyer.phone}"})
        assert found.url == f"/backoffice/people/{buyer.pk}/"
        for phone in (new_phone(), "7"):
            page = client.post("/backoffice/people/", {"phone": phone})
            assert page.status_code == 200

    def test_the_list_has_roles_and_no_mere_buyers(
        self, client, operator, auditor, buyer
    ):
        client.force_login(operator)
        assert client.get("/backoffice/people/").context["page"].users == [
            operator,
            auditor,
        ]
        only = client.get("/backoffice/people/?role=auditor").context["page"]
        assert only.users == [auditor]

    def test_the_list_pages_on(self, operator):
        for _person in range(5):
            new_user(role="auditor")
        first = queries.people(limit=4)
        rest = queries.people(limit=4, after=first.after)
        assert len(first.users) == 4 and len(rest.users) == 2
        assert rest.after is None
        assert not {*first.users} & {*rest.users}
