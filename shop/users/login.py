"""The way in: a phone, then the code sent to it or a password."""

import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.limits import Limit, TooOften, forget_allowances, give_back, spend
from partners.organisations.operations import recognise_farmer
from partners.phones import clean_phone
from partners.privacy import blind_index
from shop.users import operations
from shop.users.models import LoginTicket, Role, User
from shop.users.operations import PASSWORDS_OF_PHONE, UnableToRegisterUser
from shop.users.signals import login_code_issued

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=5)
PASSWORD_LASTS = timedelta(minutes=30)
MOST_TRIES = 5
HOUR = timedelta(hours=1)

CODES_OF_PHONE = (
    Limit("codes-minute", 1, timedelta(minutes=1)),
    Limit("codes-hour", 5, HOUR),
    Limit("codes-day", 10, timedelta(days=1)),
)


class UnableToLogIn(Exception):
    """Not logged in; says what to do, and nothing about who has an account."""


def start_login(*, phone: str, way: str, address: str, at: datetime) -> LoginTicket:
    """Open a ticket for a phone; `way` "code" has a code sent to it.

    Nothing here looks at whether the phone has an account. `address` is the asker's
    network address.

    Errors: UnableToLogIn where the phone is none or somebody asks too often.
    """
    try:
        number = clean_phone(phone)
    except ValidationError as error:
        raise UnableToLogIn(error.messages[0]) from error
    by_code = way == LoginTicket.Way.CODE
    try:
        spend(limit=_of_address("starts"), subject=address, at=at)
        for limit in CODES_OF_PHONE if by_code else ():
            spend(limit=limit, subject=number, at=at)
    except TooOften as error:
        raise UnableToLogIn(str(error)) from error
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    nonce = secrets.token_hex(16)
    with transaction.atomic():
        ticket = LoginTicket.objects.create(
            way=way,
            phone=number,
            nonce=nonce,
            fingerprint=_fingerprint(nonce, code) if by_code else "",
            started_at=at,
            expires_at=at + (CODE_LASTS if by_code else PASSWORD_LASTS),
        )
        if by_code:
            login_code_issued.send(
                LoginTicket, ticket=ticket, phone=number, code=code, at=at
            )
    return ticket


def finish_login(*, ticket_id: int, secret: str, address: str, at: datetime) -> User:
    """The user whom the ticket's code or password lets in; a code works once.

    The first login by code of an unknown phone makes a buyer's account.

    Errors: UnableToLogIn. Every call costs a try, which is spent before it is judged.
    """
    try:
        spend(limit=_of_address("tries"), subject=address, at=at)
    except TooOften as error:
        raise UnableToLogIn(str(error)) from error
    open_tickets = LoginTicket.objects.filter(
        pk=ticket_id, used_at__isnull=True, expires_at__gt=at
    )
    if not open_tickets.filter(tries__lt=MOST_TRIES).update(tries=F("tries") + 1):
        raise UnableToLogIn(_("This is no longer good. Please start again."))
    ticket = LoginTicket.objects.get(pk=ticket_id)
    if ticket.way == LoginTicket.Way.PASSWORD:
        user = _by_password(ticket, secret, at=at)
        open_tickets.update(used_at=at)
        return user
    if not hmac.compare_digest(_fingerprint(ticket.nonce, secret), ticket.fingerprint):
        raise UnableToLogIn(wrong_code(left=MOST_TRIES - ticket.tries))
    with transaction.atomic():
        if not open_tickets.update(used_at=at):
            raise UnableToLogIn(_("This is no longer good. Please start again."))
        return _welcome(ticket.phone, at=at)


def is_open(ticket: LoginTicket, *, at: datetime) -> bool:
    """Whether a code or password may still be tried with it."""
    unused = ticket.used_at is None and ticket.tries < MOST_TRIES
    return unused and at < ticket.expires_at


def forget_old_logins(*, now: datetime) -> int:
    """Remove tickets and allowances that can matter to nobody any more."""
    day = timedelta(days=1)
    tickets, __ = LoginTicket.objects.filter(expires_at__lt=now - day).delete()
    return tickets + forget_allowances(now=now)


def _by_password(ticket: LoginTicket, password: str, *, at: datetime) -> User:
    try:
        spend(limit=PASSWORDS_OF_PHONE, subject=ticket.phone, at=at)
    except TooOften as error:
        raise UnableToLogIn(str(error)) from error
    # Django hashes the password also where there is no such account.
    user = authenticate(phone=ticket.phone, password=password)
    if not isinstance(user, User):
        raise UnableToLogIn(
            _("Number and password do not match. A code by text always works.")
        )
    give_back(limit=PASSWORDS_OF_PHONE, subject=ticket.phone, at=at)
    return user


def _of_address(what: str) -> Limit:
    # Many phones share one address behind a mobile carrier, so addresses may do more.
    return Limit(f"{what}-address", settings.LOGINS_OF_ADDRESS_AN_HOUR, HOUR)


def _welcome(phone: str, *, at: datetime) -> User:
    user = User.objects.filter(phone=phone).first() or _new_buyer(phone, at=at)
    if not user.is_active:
        raise UnableToLogIn(_("This is no longer good. Please start again."))
    recognise_farmer(user=user, phone=phone, at=at)
    return user


def _new_buyer(phone: str, *, at: datetime) -> User:
    try:
        user = operations.register_user(phone=phone, at=at)
    except UnableToRegisterUser:
        # The same person came in by another ticket in this very moment.
        return User.objects.get(phone=phone)
    operations.grant_role(user=user, role=Role.BUYER, at=at)
    return user


def _fingerprint(nonce: str, code: str) -> str:
    return blind_index("login_code", f"{nonce}:{code}")


def wrong_code(*, left: int) -> str:
    """What whoever sent a wrong code is told: how many tries are left."""
    if left <= 0:
        return _("That is not the code. Please ask for a new one.")
    return ngettext(
        "That is not the code. You can try %(left)d more time.",
        "That is not the code. You can try %(left)d more times.",
        left,
    ) % {"left": left}
