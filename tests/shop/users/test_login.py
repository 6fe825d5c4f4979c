"""The way in: codes and passwords, and everything that must not open the door."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.utils.translation import override

from partners.models import Allowance
from partners.organisations.operations import register_farmer
from shop.users import login as login_module
from shop.users.login import (
    UnableToLogIn,
    finish_login,
    forget_old_logins,
    start_login,
)
from shop.users.models import LoginTicket, RoleGrant, User
from shop.users.signals import login_code_issued
from tests.factories.people import PASSWORD, new_phone, new_user
from tests.races import at_once, refused

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)
HERE = "192.0.2.7"


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


class Phones:
    """Catches the codes that would be texted."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}

    def __call__(self, *, phone: str, code: str, **kwargs: object) -> None:
        self.codes[phone] = code


@pytest.fixture
def phones():
    phones = Phones()
    login_code_issued.connect(phones)
    yield phones
    login_code_issued.disconnect(phones)


def ask(phone: str, at: datetime = NOON, address: str = HERE) -> LoginTicket:
    return start_login(phone=phone, way="code", address=address, at=at)


def answer(
    ticket: LoginTicket, secret: str, at: datetime = NOON, address: str = HERE
) -> User:
    return finish_login(ticket_id=ticket.pk, secret=secret, address=address, at=at)


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


class TestLogInByCode:
    def test_the_first_login_makes_a_buyer(self, phones):
        phone = new_phone()
        user = answer(ask(phone), phones.codes[phone])
        assert user.phone == phone
        assert user.held_roles == {"buyer"}
        assert not user.has_usable_password()
        assert user.date_joined == NOON

    def test_later_logins_find_the_same_account(self, phones, operator):
        user = answer(ask(operator.phone), phones.codes[operator.phone])
        assert user == operator
        assert RoleGrant.objects.filter(user=operator).count() == 1

    def test_codes_have_six_digits_and_are_kept_hashed(self, phones):
        phone = new_phone()
        ticket = ask(phone)
        code = phones.codes[phone]
        assert len(code) == 6 and code.isdigit()
        stored = LoginTicket.objects.values().get(pk=ticket.pk)
        assert code not in repr(stored)

    def test_a_code_works_once(self, phones):
        phone = new_phone()
        ticket = ask(phone)
        answer(ticket, phones.codes[phone])
        with pytest.raises(UnableToLogIn, match="no longer good"):
            answer(ticket, phones.codes[phone])

    def test_a_code_lasts_five_minutes(self, phones):
        phone = new_phone()
        ticket = ask(phone)
        with pytest.raises(UnableToLogIn):
            answer(ticket, phones.codes[phone], at=NOON + timedelta(minutes=5))
        almost = NOON + timedelta(minutes=4, seconds=59)
        assert answer(ticket, phones.codes[phone], at=almost)

    def test_five_wrong_codes_spend_the_right_one(self, phones):
        phone = new_phone()
        ticket = ask(phone)
        right = phones.codes[phone]
        for _try in range(5):
            with pytest.raises(UnableToLogIn):
                answer(ticket, other(right))
        with pytest.raises(UnableToLogIn, match="no longer good"):
            answer(ticket, right)

    def test_without_the_limit_of_tries_the_sixth_would_be_let_in(
        self, phones, monkeypatch
    ):
        monkeypatch.setattr(login_module, "MOST_TRIES", 6)
        phone = new_phone()
        ticket = ask(phone)
        for _try in range(5):
            with pytest.raises(UnableToLogIn):
                answer(ticket, other(phones.codes[phone]))
        assert answer(ticket, phones.codes[phone])

    def test_the_code_of_another_ticket_is_wrong(self, phones):
        mine, yours = new_phone(), new_phone()
        my_ticket = ask(mine)
        ask(yours)
        assert phones.codes[mine] != phones.codes[yours]
        with pytest.raises(UnableToLogIn):
            answer(my_ticket, phones.codes[yours])

    def test_spending_a_strangers_own_ticket_leaves_mine(self, phones):
        phone = new_phone()
        mine = ask(phone)
        right = phones.codes[phone]
        theirs = ask(phone, at=NOON + timedelta(minutes=1))
        for _try in range(5):
            with pytest.raises(UnableToLogIn):
                answer(theirs, other(phones.codes[phone]))
        assert answer(mine, right, at=NOON + timedelta(minutes=2))

    def test_who_was_shut_out_gets_the_same_words_as_a_spent_code(self, phones):
        user = new_user()
        user.is_active = False
        user.save()
        ticket = ask(user.phone)
        with pytest.raises(UnableToLogIn, match="no longer good"):
            answer(ticket, phones.codes[user.phone])

    def test_a_farmer_is_recognised_by_the_number(self, phones, village_yonggu):
        phone = new_phone()
        farmer = register_farmer(
            village=village_yonggu, name="王示例", called="王婶", phone=phone, at=NOON
        )
        user = answer(ask(phone), phones.codes[phone])
        farmer.refresh_from_db()
        assert farmer.user == user
        assert user.has_role("farmer")


class TestLimits:
    def test_a_phone_gets_one_code_a_minute(self, phones):
        phone = new_phone()
        ask(phone)
        with pytest.raises(UnableToLogIn, match="wait 1 minute"):
            ask(phone, at=NOON + timedelta(seconds=59))
        ask(phone, at=NOON + timedelta(seconds=60))

    def test_a_phone_gets_five_codes_an_hour_from_wherever_they_are_asked(self, phones):
        phone = new_phone()
        for minute in range(5):
            ask(phone, at=NOON + timedelta(minutes=minute), address=f"192.0.2.{minute}")
        with pytest.raises(UnableToLogIn, match="wait 55 minutes"):
            ask(phone, at=NOON + timedelta(minutes=5), address="192.0.2.99")
        ask(phone, at=NOON + timedelta(hours=1))

    def test_an_address_cannot_have_texts_sent_without_end(self, phones, settings):
        settings.LOGINS_OF_ADDRESS_AN_HOUR = 3
        for _phone in range(3):
            ask(new_phone())
        with pytest.raises(UnableToLogIn, match="too often"):
            ask(new_phone())
        ask(new_phone(), address="192.0.2.8")

    def test_an_address_cannot_guess_without_end(self, phones, settings):
        settings.LOGINS_OF_ADDRESS_AN_HOUR = 3
        phone = new_phone()
        ticket = ask(phone)
        for _try in range(3):
            with pytest.raises(UnableToLogIn, match="not the code"):
                answer(ticket, other(phones.codes[phone]))
        with pytest.raises(UnableToLogIn, match="too often"):
            answer(ticket, phones.codes[phone])

    def test_neither_numbers_nor_addresses_are_kept_readable(self, phones):
        phone = new_phone()
        ask(phone)
        kept = repr(list(Allowance.objects.values()))
        assert phone not in kept and HERE not in kept

    def test_what_is_over_is_forgotten(self, phones):
        ask(new_phone())
        assert forget_old_logins(now=NOON) == 0
        forget_old_logins(now=NOON + timedelta(days=2))
        assert not LoginTicket.objects.exists()
        assert not Allowance.objects.exists()


class TestLogInByPassword:
    def start(self, phone: str) -> LoginTicket:
        return start_login(phone=phone, way="password", address=HERE, at=NOON)

    def test_lets_in_with_the_password(self, operator):
        assert answer(self.start(operator.phone), PASSWORD) == operator

    def test_sends_no_text(self, phones, operator):
        self.start(operator.phone)
        assert not phones.codes

    def test_unknown_numbers_and_wrong_passwords_get_the_same_words(self, operator):
        with pytest.raises(UnableToLogIn) as known:
            answer(self.start(operator.phone), "wrong")
        with pytest.raises(UnableToLogIn) as unknown:
            answer(self.start(new_phone()), "wrong")
        assert str(known.value) == str(unknown.value)

    def test_an_account_without_a_password_cannot_be_opened_by_one(self, phones):
        phone = new_phone()
        answer(ask(phone), phones.codes[phone])
        for guess in ("", "!", User.objects.get(phone=phone).password):
            with pytest.raises(UnableToLogIn):
                answer(self.start(phone), guess)

    def test_ten_wrong_passwords_an_hour_close_the_door_even_for_the_right_one(
        self, operator
    ):
        for number in range(10):
            ticket = self.start(operator.phone)
            with pytest.raises(UnableToLogIn, match="do not match"):
                answer(ticket, f"wrong {number}")
        with pytest.raises(UnableToLogIn, match="too often"):
            answer(self.start(operator.phone), PASSWORD)

    def test_right_passwords_do_not_count(self, operator):
        for _login in range(12):
            answer(self.start(operator.phone), PASSWORD)

    def test_a_code_ticket_does_not_take_a_password(self, phones, operator):
        with pytest.raises(UnableToLogIn):
            answer(ask(operator.phone), PASSWORD)

    def test_a_password_ticket_does_not_take_an_empty_code(self, operator):
        with pytest.raises(UnableToLogIn):
            answer(self.start(operator.phone), "")


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_one_code_used_by_many_at_once_lets_in_once(self, phones):
        phone = new_phone()
        ticket = ask(phone)
        code = phones.codes[phone]
        outcomes = at_once(*[lambda: answer(ticket, code)] * 8)
        assert refused(outcomes, UnableToLogIn) == 7
        assert User.objects.filter(phone=phone).count() == 1

    def test_many_guesses_at_once_are_five(self, phones):
        phone = new_phone()
        ticket = ask(phone)
        code = phones.codes[phone]
        outcomes = at_once(*[lambda: answer(ticket, other(code))] * 15)
        assert refused(outcomes, UnableToLogIn) == 15
        ticket.refresh_from_db()
        assert ticket.tries == 5

    def test_an_unknown_phone_coming_in_twice_at_once_gets_one_account(self, phones):
        phone = new_phone()
        first = ask(phone)
        code = phones.codes[phone]
        second = ask(phone, at=NOON + timedelta(minutes=1))
        jobs = [(first, code), (second, phones.codes[phone])]
        later = NOON + timedelta(minutes=2)
        outcomes = at_once(*(partial(answer, *job, at=later) for job in jobs))
        assert refused(outcomes) == 0
        assert User.objects.filter(phone=phone).count() == 1
