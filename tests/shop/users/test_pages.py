"""The pages of logging in and out, and "mine", as a browser asks for them."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from partners.addresses import network_address
from shop.notices.models import OutboxItem
from shop.users.forms import CodeForm
from shop.users.me import MeSection
from shop.users.models import LoginTicket, User
from shop.users.operations import grant_role
from shop.users.signals import me_sections
from tests.factories.people import PASSWORD, new_phone

pytestmark = pytest.mark.django_db


def ask(client, phone, way="code", **more):
    return client.post("/login/", {"phone": phone, "way": way, **more})


@pytest.fixture
def log_in_by_code(client):
    def go(phone, **more):
        with TestCase.captureOnCommitCallbacks(execute=True):
            ask(client, phone, **more)
        code = next(i.code for i in OutboxItem.objects.all() if i.phone == phone)
        return client.post("/login/code/", {"secret": code})

    return go


class TestLogIn:
    def test_a_phone_then_its_code(self, client, log_in_by_code):
        phone = new_phone()
        answer = log_in_by_code(phone, next="/villages/")
        assert (answer.status_code, answer.url) == (302, "/villages/")
        assert client.session["_auth_user_id"] == str(User.objects.get(phone=phone).pk)

    def test_a_phone_then_its_password(self, client, operator):
        assert ask(client, operator.phone, "password").url == "/login/password/"
        answer = client.post("/login/password/", {"secret": PASSWORD})
        assert answer.url == "/me/"
        assert client.get("/me/").status_code == 200

    def test_the_number_is_in_no_address(self, client, operator):
        for way in ("code", "password"):
            assert operator.phone not in ask(client, operator.phone, way).url

    def test_a_code_may_be_typed_with_spaces_and_full_width(self, client):
        form = CodeForm({"secret": " 31 41\uff15\uff19 "})
        assert form.is_valid()
        assert form.cleaned_data["secret"] == "314159"
        assert not CodeForm({"secret": "31415"}).is_valid()

    def test_known_and_unknown_phones_get_the_same_page(self, client, operator):
        known = self.seen(client, operator.phone)
        client.logout()
        assert self.seen(client, new_phone()) == known

    def seen(self, client, phone):
        first = ask(client, phone)
        second = client.get(first.url)
        wrong = client.post(first.url, {"secret": "000000"})
        pages = (first, second, wrong)
        for page in pages:
            # Of each request its own, and of nobody.
            page.headers.pop("Expires")
            page.headers.pop("X-Request-ID")
        return [
            (page.status_code, sorted(page.headers.items()), self.plain(page, phone))
            for page in pages
        ]

    def plain(self, page, phone):
        text = page.content.decode().replace(phone[-4:], "")
        return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", text)

    @pytest.mark.parametrize(
        "elsewhere",
        ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil"],
    )
    def test_goes_on_to_our_own_pages_only(self, log_in_by_code, elsewhere):
        assert log_in_by_code(new_phone(), next=elsewhere).url == "/me/"

    def test_who_is_in_already_goes_on(self, client, buyer):
        client.force_login(buyer)
        assert client.get("/login/?next=/basket/").url == "/basket/"
        assert client.get("/login/?next=//evil.example").url == "/me/"

    def test_a_session_planted_before_is_worth_nothing_after(
        self, client, log_in_by_code
    ):
        client.get("/login/")
        ask(client, new_phone())
        planted = client.session.session_key
        assert planted
        log_in_by_code(new_phone())
        assert client.session.session_key != planted
        assert not Session.objects.filter(session_key=planted).exists()

    def test_the_way_in_needs_a_token(self, operator):
        strict = Client(enforce_csrf_checks=True)
        assert ask(strict, operator.phone).status_code == 403
        strict.force_login(operator)
        assert strict.post("/logout/").status_code == 403

    def test_the_second_step_alone_leads_back_to_the_first(self, client):
        assert client.get("/login/code/").url == "/login/"
        assert client.get("/login/password/").url == "/login/"
        assert client.post("/login/again/").url == "/login/"

    def test_another_persons_ticket_is_out_of_reach(self, client, operator):
        ask(Client(), operator.phone)
        ticket = LoginTicket.objects.get()
        assert client.post(
            "/login/code/", {"secret": "000000", "ticket": ticket.pk}
        ).url == ("/login/")
        ticket.refresh_from_db()
        assert ticket.tries == 0

    def test_looking_at_the_page_writes_nothing(
        self, client, django_assert_num_queries
    ):
        with django_assert_num_queries(0):
            client.get("/login/")
        assert "sessionid" not in client.cookies

    def test_the_fields_tell_phones_what_to_offer(self, client):
        page = client.get("/login/").content.decode()
        assert 'inputmode="numeric"' in page and 'autocomplete="tel-national"' in page
        ask(client, new_phone())
        page = client.get("/login/code/").content.decode()
        assert 'autocomplete="one-time-code"' in page and 'inputmode="numeric"' in page


class TestWrongCodes:
    WRONG = "271828"

    @pytest.fixture(autouse=True)
    def _asked(self, client):
        ask(client, new_phone())
        LoginTicket.objects.update(fingerprint="of another code")

    def send(self, client) -> str:
        return client.post("/login/code/", {"secret": self.WRONG}).content.decode()

    def test_are_not_left_in_the_field_to_cost_a_try_again(self, client):
        page = self.send(client)
        assert "还可以试4次" in page
        assert 'name="secret"' in page
        assert self.WRONG not in page

    def test_of_which_there_were_too_many_leave_one_way_on(self, client):
        for _ in range(5):
            page = self.send(client)
        for shown in (page, client.get("/login/code/").content.decode()):
            assert "已经失效" in shown
            assert reverse("users:again") in shown
            assert 'name="secret"' not in shown


class TestAgain:
    def test_a_second_code_within_the_minute_is_refused_kindly(self, client):
        ask(client, new_phone())
        answer = client.post("/login/again/", follow=True)
        assert answer.redirect_chain[-1][0] == "/login/code/"
        assert LoginTicket.objects.count() == 1

    def test_a_password_can_become_a_code(self, client, operator):
        ask(client, operator.phone, "password")
        assert client.post("/login/again/").url == "/login/code/"


class TestLogOut:
    def test_leaving_is_a_post(self, client, buyer):
        client.force_login(buyer)
        assert client.get("/logout/").status_code == 405
        assert client.post("/logout/").url == "/"
        assert "_auth_user_id" not in client.session


class TestMe:
    def test_strangers_log_in_first(self, client):
        assert client.get("/me/").url == "/login/?next=/me/"

    def test_shows_my_roles_and_hides_my_number(self, client, operator):
        client.force_login(operator)
        page = client.get("/me/").content.decode()
        assert operator.phone not in page
        assert f"100****{operator.phone[-4:]}" in page
        assert reverse("users_backoffice:people") in page

    def test_shows_no_door_that_is_not_mine(self, client, buyer):
        client.force_login(buyer)
        page = client.get("/me/").content.decode()
        assert reverse("users_backoffice:people") not in page
        grant_role(user=buyer, role="operator", at=timezone.now())
        client.force_login(buyer)
        assert reverse("users_backoffice:people") in client.get("/me/").content.decode()

    @pytest.mark.parametrize(
        ("role", "address"),
        [
            ("assistant", "/assistant/"),
            ("supermarket_manager", "/supermarket/"),
            ("household_contact", "/household/"),
            ("farmer", "/farmer/"),
            ("operator", "/backoffice/"),
            ("auditor", "/board/"),
        ],
    )
    def test_every_role_has_its_door(self, client, stranger, role, address):
        grant_role(user=stranger, role=role, at=timezone.now())
        client.force_login(stranger)
        doors = client.get("/me/").context["doors"]
        assert address in [door["url"] for door in doors]

    def test_other_apps_add_their_parts_in_order(self, client, buyer):
        asked = []

        def add(*, user, **kwargs):
            asked.append(user)
            return MeSection("parts/empty.html", {"title": "orders"}, order=10)

        def add_nothing(**kwargs):
            return None

        me_sections.connect(add)
        me_sections.connect(add_nothing)
        client.force_login(buyer)
        try:
            page = client.get("/me/")
        finally:
            me_sections.disconnect(add)
            me_sections.disconnect(add_nothing)
        assert asked == [buyer]
        assert [s.order for s in page.context["sections"]] == sorted(
            s.order for s in page.context["sections"]
        )
        assert "parts/empty.html" in [s.template for s in page.context["sections"]]

    def test_my_name_can_be_changed(self, client, buyer):
        client.force_login(buyer)
        client.post("/me/name/", {"name": " 陈大姐 "})
        buyer.refresh_from_db()
        assert buyer.name == "陈大姐"


class TestMyPassword:
    NEW = "orange grove 77"

    def test_the_old_one_is_asked(self, client, buyer):
        client.force_login(buyer)
        client.post("/me/password/", {"old": "wrong", "password": self.NEW})
        buyer.refresh_from_db()
        assert buyer.check_password(PASSWORD)
        client.post("/me/password/", {"password": self.NEW})
        buyer.refresh_from_db()
        assert buyer.check_password(PASSWORD)
        client.post("/me/password/", {"old": PASSWORD, "password": self.NEW})
        buyer.refresh_from_db()
        assert buyer.check_password(self.NEW)
        assert client.get("/me/").status_code == 200

    def test_who_came_in_by_a_code_just_now_needs_none(self, client, log_in_by_code):
        phone = new_phone()
        log_in_by_code(phone)
        client.post("/me/password/", {"password": self.NEW})
        assert User.objects.get(phone=phone).check_password(self.NEW)

    def test_but_not_for_long(self, client, log_in_by_code):
        phone = new_phone()
        log_in_by_code(phone)
        session = client.session
        session["proven_by_code"] -= timedelta(minutes=16).total_seconds()
        session.save()
        client.post("/me/password/", {"password": self.NEW})
        assert not User.objects.get(phone=phone).has_usable_password()

    def test_weak_ones_are_refused(self, client, log_in_by_code):
        phone = new_phone()
        log_in_by_code(phone)
        answer = client.post("/me/password/", {"password": "12345678"})
        assert answer.status_code == 200
        assert not User.objects.get(phone=phone).has_usable_password()

    def test_other_sessions_end(self, client, buyer):
        elsewhere = Client()
        elsewhere.force_login(buyer)
        client.force_login(buyer)
        client.post("/me/password/", {"old": PASSWORD, "password": self.NEW})
        assert elsewhere.get("/me/").status_code == 302
        assert client.get("/me/").status_code == 200


class TestNetworkAddress:
    def test_headers_of_the_asker_are_not_believed(self, rf, settings):
        request = rf.get("/", HTTP_X_FORWARDED_FOR="1.2.3.4", REMOTE_ADDR="192.0.2.1")
        assert network_address(request) == "192.0.2.1"
        settings.PROXIES = 1
        forged = rf.get("/", HTTP_X_FORWARDED_FOR="1.2.3.4, 198.51.100.5")
        assert network_address(forged) == "198.51.100.5"

    def test_an_ipv6_subscriber_is_one_address(self, rf):
        one = rf.get("/", REMOTE_ADDR="2001:db8:1:2::1")
        two = rf.get("/", REMOTE_ADDR="2001:db8:1:2:ffff::9")
        assert network_address(one) == network_address(two) == "2001:db8:1:2::/64"

    def test_ipv4_on_a_socket_for_both_is_not_one_network_for_all(self, rf):
        one = rf.get("/", REMOTE_ADDR="::ffff:192.0.2.1")
        two = rf.get("/", REMOTE_ADDR="::ffff:192.0.2.2")
        assert network_address(one) == "192.0.2.1"
        assert network_address(two) == "192.0.2.2"

    def test_nonsense_is_one_address_too(self, rf):
        assert network_address(rf.get("/", REMOTE_ADDR="")) == "unknown"
