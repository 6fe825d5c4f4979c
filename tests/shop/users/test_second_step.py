"""The second step: a code that only the phone has, asked of whoever works here."""

import json
from base64 import b32decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django_otp.oath import hotp

from partners.organisations.models import AuditRecord
from shop.notices.models import TextMessage
from shop.users import authenticators
from shop.users.authenticators import UnableToReset, UnableToVerify
from shop.users.models import Authenticator, Role, SpareCode, User
from shop.users.operations import grant_role
from tests.factories.people import PASSWORD, new_user
from tests.races import at_once, refused

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HALF_MINUTE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def in_english(settings) -> Iterator[None]:
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def required(settings) -> None:
    settings.SECOND_STEP_REQUIRED = True


def shown(secret: str, at: datetime | None = None) -> str:
    """What the app shows at a moment."""
    step = int((at or timezone.now()).timestamp()) // 30
    return f"{hotp(b32decode(secret), step):06d}"


def enrolled(user: User, at: datetime = NOON) -> authenticators.Enrolled:
    secret = authenticators.new_secret()
    return authenticators.enrol(user=user, secret=secret, code=shown(secret, at), at=at)


def first_step(client: Client, user: User, target: str = "/backoffice/"):
    client.post(
        f"/login/?next={target}",
        {"phone": user.phone, "way": "password", "next": target},
    )
    return client.post(reverse("users:password"), {"secret": PASSWORD})


def is_in(client: Client) -> bool:
    return client.get(reverse("users:me")).status_code == 200


class TestCodes:
    def test_are_those_of_the_standard(self):
        """RFC 6238, appendix B, its last six digits."""
        secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        for seconds, code in (
            (59, "287082"),
            (1111111109, "081804"),
            (20000000000, "353130"),
        ):
            at = datetime.fromtimestamp(seconds, UTC)
            assert authenticators._matching_step(secret, code, at) == seconds // 30

    def test_one_works_once(self, operator: User):
        secret = enrolled(operator).authenticator.secret
        at = NOON + HALF_MINUTE
        authenticators.verify(user=operator, code=shown(secret, at), at=at)
        with pytest.raises(UnableToVerify, match="used before"):
            authenticators.verify(user=operator, code=shown(secret, at), at=at)

    def test_the_one_that_enrolled_lets_nobody_in(self, operator: User):
        secret = enrolled(operator).authenticator.secret
        with pytest.raises(UnableToVerify):
            authenticators.verify(user=operator, code=shown(secret, NOON), at=NOON)

    @pytest.mark.parametrize(("steps", "passes"), [(-2, 0), (-1, 1), (1, 1), (2, 0)])
    def test_a_clock_may_be_one_step_off(self, operator: User, steps, passes):
        secret = enrolled(operator).authenticator.secret
        at = NOON + 5 * HALF_MINUTE
        code = shown(secret, at + steps * HALF_MINUTE)
        if passes:
            authenticators.verify(user=operator, code=code, at=at)
        else:
            with pytest.raises(UnableToVerify):
                authenticators.verify(user=operator, code=code, at=at)

    @pytest.mark.parametrize(
        "code", ["", "12345", "１２３４５６", "abcdef", "\0", "9" * 5000]
    )
    def test_nonsense_is_no_code(self, operator: User, code: str):
        enrolled(operator)
        with pytest.raises(UnableToVerify):
            authenticators.verify(user=operator, code=code, at=NOON)

    def test_guessing_ends_after_ten_and_right_ones_cost_nothing(self, operator: User):
        secret = enrolled(operator).authenticator.secret
        at = NOON
        for _ in range(12):
            at += HALF_MINUTE
            authenticators.verify(user=operator, code=shown(secret, at), at=at)
        for _ in range(authenticators.TRIES_OF_USER.most):
            with pytest.raises(UnableToVerify, match="not the code"):
                authenticators.verify(user=operator, code="000000", at=at)
        at += HALF_MINUTE
        with pytest.raises(UnableToVerify, match="too often"):
            authenticators.verify(user=operator, code=shown(secret, at), at=at)
        hour_later = at + timedelta(hours=1)
        code = shown(secret, hour_later)
        authenticators.verify(user=operator, code=code, at=hour_later)

    def test_a_spare_one_works_once_and_for_nobody_else(self, operator, auditor):
        mine, theirs = enrolled(operator).spare_codes, enrolled(auditor).spare_codes
        assert len(set(mine)) == 10
        with pytest.raises(UnableToVerify):
            authenticators.verify(user=operator, code=theirs[0], at=NOON)
        authenticators.verify(user=operator, code=f" {mine[0].upper()} ", at=NOON)
        with pytest.raises(UnableToVerify):
            authenticators.verify(user=operator, code=mine[0], at=NOON)

    def test_new_spare_ones_end_the_old(self, operator: User):
        before = enrolled(operator)
        at = NOON + HALF_MINUTE
        code = shown(before.authenticator.secret, at)
        after = authenticators.renew_spare_codes(user=operator, code=code, at=at)
        with pytest.raises(UnableToVerify):
            authenticators.verify(user=operator, code=before.spare_codes[0], at=at)
        authenticators.verify(user=operator, code=after[0], at=at)

    def test_neither_secret_nor_spare_code_is_readable_in_the_database(self, operator):
        given = enrolled(operator)
        with connection.cursor() as cursor:
            cursor.execute("SELECT secret FROM users_authenticator")
            assert given.authenticator.secret not in cursor.fetchone()[0]
        kept = "".join(SpareCode.objects.values_list("fingerprint", flat=True))
        assert all(code.replace("-", "") not in kept for code in given.spare_codes)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("spare", [True, False])
def test_one_code_lets_one_of_two_in(operator: User, spare: bool):
    given = enrolled(operator)
    at = NOON + HALF_MINUTE
    code = given.spare_codes[0] if spare else shown(given.authenticator.secret, at)
    enter = partial(authenticators.verify, user=operator, code=code, at=at)
    assert refused(at_once(enter, enter), UnableToVerify) == 1


class TestOnTheWayIn:
    def test_staff_set_it_up_and_are_let_in(self, client: Client, operator: User):
        assert first_step(client, operator)["Location"] == reverse("users:enrol")
        assert not is_in(client)
        page = client.get(reverse("users:enrol")).content.decode()
        assert "data:image/svg+xml" in page
        secret = client.session["new_authenticator"]
        wrong = client.post(reverse("users:enrol"), {"secret": "000000"})
        assert "not the code" in wrong.content.decode()
        assert not is_in(client)
        done = client.post(reverse("users:enrol"), {"secret": shown(secret)})
        assert 'href="/backoffice/"' in done.content.decode()
        assert done.content.decode().count('<li class="code">') == 10
        assert is_in(client)
        assert AuditRecord.objects.filter(act="enrol", actor=operator).exists()

    def test_staff_with_an_app_are_asked_for_its_code(self, client, operator: User):
        secret = enrolled(operator).authenticator.secret
        assert first_step(client, operator)["Location"] == reverse("users:ask")
        assert not is_in(client)
        assert client.get("/backoffice/").status_code == 302
        client.post(reverse("users:ask"), {"secret": "000000"})
        assert not is_in(client)
        done = client.post(reverse("users:ask"), {"secret": shown(secret)})
        assert done["Location"] == "/backoffice/"
        assert is_in(client)

    def test_a_code_by_text_does_not_go_round_it(self, client, operator: User):
        enrolled(operator)
        client.post("/login/", {"phone": operator.phone, "way": "code"})
        code = json.loads(TextMessage.objects.latest("pk").words)["code"]
        done = client.post(reverse("users:code"), {"secret": code})
        assert done["Location"] == reverse("users:ask")
        assert not is_in(client)

    def test_whoever_has_an_app_cannot_set_up_another_instead(self, client, operator):
        enrolled(operator)
        first_step(client, operator)
        assert client.get(reverse("users:enrol"))["Location"] == reverse("users:ask")
        client.post(reverse("users:enrol"), {"secret": "000000"})
        assert Authenticator.objects.count() == 1

    @pytest.mark.parametrize("role", [Role.BUYER, Role.ASSISTANT, Role.FARMER])
    def test_nobody_else_is_asked(self, client: Client, role: str):
        first_step(client, new_user(role=role))
        assert is_in(client)

    def test_where_it_is_not_required_staff_come_in_as_before(
        self, client, settings, operator
    ):
        """The negative control of all the above."""
        settings.SECOND_STEP_REQUIRED = False
        first_step(client, operator)
        assert is_in(client)

    def test_but_who_has_set_it_up_is_asked_there_too(self, client, settings, operator):
        settings.SECOND_STEP_REQUIRED = False
        enrolled(operator)
        assert first_step(client, operator)["Location"] == reverse("users:ask")

    def test_without_the_first_step_there_is_no_second(self, client, operator: User):
        enrolled(operator)
        for name in ("users:ask", "users:enrol"):
            assert client.get(reverse(name))["Location"] == reverse("users:login")
            assert client.post(reverse(name), {"secret": "1"}).status_code == 302

    def test_halfway_is_forgotten_after_a_while(self, client, operator: User):
        secret = enrolled(operator).authenticator.secret
        first_step(client, operator)
        session = client.session
        pk, way, since, sealed = session["login_halfway"]
        session["login_halfway"] = [pk, way, since - 16 * 60, sealed]
        session.save()
        client.post(reverse("users:ask"), {"secret": shown(secret)})
        assert not is_in(client)

    def test_halfway_ends_with_the_password(self, client, operator: User):
        secret = enrolled(operator).authenticator.secret
        first_step(client, operator)
        operator.set_password("another-word-26")
        operator.save()
        client.post(reverse("users:ask"), {"secret": shown(secret)})
        assert not is_in(client)


class TestARoleThatNeedsIt:
    def test_ends_the_sessions_of_who_is_given_it(self, client: Client, operator):
        user = new_user(role=Role.BUYER)
        first_step(client, user)
        assert is_in(client)
        grant_role(user=user, role=Role.AUDITOR, by=operator, at=NOON)
        assert not is_in(client)

    def test_others_end_none(self, client: Client, operator):
        user = new_user(role=Role.BUYER)
        first_step(client, user)
        grant_role(user=user, role=Role.FARMER, by=operator, at=NOON)
        assert is_in(client)


class TestALostPhone:
    def test_another_operator_takes_it_away(self, client: Client, operator, auditor):
        secret = enrolled(auditor).authenticator.secret
        theirs = Client()
        first_step(theirs, auditor)
        theirs.post(reverse("users:ask"), {"secret": shown(secret)})
        assert is_in(theirs)
        client.force_login(operator)
        where = reverse("users_backoffice:reset_authenticator", args=[auditor.pk])
        client.post(where)
        assert not Authenticator.objects.exists()
        assert not is_in(theirs)
        assert first_step(theirs, auditor)["Location"] == reverse("users:enrol")
        assert AuditRecord.objects.filter(act="reset_authenticator", actor=operator)

    def test_nobody_takes_away_their_own(self, operator: User):
        enrolled(operator)
        with pytest.raises(UnableToReset, match="colleague"):
            authenticators.reset_authenticator(user=operator, by=operator, at=NOON)

    def test_an_auditor_takes_away_none(self, operator: User, auditor: User):
        enrolled(operator)
        with pytest.raises(UnableToReset, match="Only a county operator"):
            authenticators.reset_authenticator(user=operator, by=auditor, at=NOON)

    def test_the_only_operator_has_the_server(self, operator: User):
        enrolled(operator)
        call_command("reset_authenticator", operator.phone)
        assert not Authenticator.objects.exists()
        with pytest.raises(CommandError, match="none to take away"):
            call_command("reset_authenticator", operator.phone)
        with pytest.raises(CommandError, match="Nobody"):
            call_command("reset_authenticator", "10099999999")


class TestMyPage:
    def test_shows_new_spare_codes_for_a_code(self, client: Client, operator: User):
        secret = enrolled(operator).authenticator.secret
        client.force_login(operator)
        where = reverse("users:authenticator")
        assert "10 spare codes are left" in client.get(where).content.decode()
        refused = client.post(where, {"secret": "000000"}).content.decode()
        assert "spare-codes" not in refused
        done = client.post(where, {"secret": shown(secret)}).content.decode()
        assert done.count('<li class="code">') == 10

    def test_who_is_not_asked_may_set_it_up(self, client, settings, operator: User):
        settings.SECOND_STEP_REQUIRED = False
        client.force_login(operator)
        assert (
            reverse("users:enrol") in client.get(reverse("users:me")).content.decode()
        )
        client.get(reverse("users:enrol"))
        secret = client.session["new_authenticator"]
        client.post(reverse("users:enrol"), {"secret": shown(secret)})
        assert Authenticator.objects.filter(user=operator).exists()
