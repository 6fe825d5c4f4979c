"""The second step of logging in: a code from an app that only its owner's phone has.

Codes follow RFC 6238 (SHA-1, six digits, half a minute, as every app knows them).
"""

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_otp.oath import TOTP

from partners.limits import Limit, TooOften, give_back, spend
from partners.organisations.operations import record
from partners.phones import mask_phone
from partners.privacy import blind_index
from shop.users.models import STAFF, Authenticator, SpareCode, User
from shop.users.operations import end_sessions

SECRET_BYTES = 20  # RFC 4226, section 4, R6
STEP_SECONDS = 30
# A phone's clock may be one step off either way.
TOLERANCE = 1
SPARE_CODES = 10
_SPARE_SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that reads as another
_SPARE_LENGTH = 10

TRIES_OF_USER = Limit("second-step", 10, timedelta(hours=1))


class UnableToVerify(Exception):
    """The code does not let anybody in; says what to do."""


class UnableToReset(Exception):
    """The authenticator cannot be taken away; says why."""


@dataclass(frozen=True)
class Enrolled:
    """A new authenticator, and the spare codes that are shown this once."""

    authenticator: Authenticator
    spare_codes: list[str]


def is_staff(user: User) -> bool:
    """Whether somebody can see or change other people's business by a role."""
    return user.is_superuser or user.is_staff or bool(STAFF & user.held_roles)


def step_for(user: User) -> str:
    """What comes after the first step: "ask", "enrol", or "" for nothing."""
    if Authenticator.objects.filter(user=user).exists():
        return "ask"
    return "enrol" if settings.SECOND_STEP_REQUIRED and is_staff(user) else ""


def new_secret() -> str:
    """A secret for an app, in base 32, as people may have to type it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def address_for(*, user: User, secret: str) -> str:
    """What an app reads from the picture (the Key URI Format)."""
    label = quote(f"{settings.OSCAR_SHOP_NAME}:{mask_phone(user.phone)}")
    asked = urlencode({"secret": secret, "issuer": settings.OSCAR_SHOP_NAME})
    return f"otpauth://totp/{label}?{asked}"


def enrol(*, user: User, secret: str, code: str, at: datetime) -> Enrolled:
    """Bind the user to an app that shows `code` for `secret`.

    Errors: UnableToVerify, also where they have one already.
    """
    _spend(user, at)
    step = _matching_step(secret, code, at)
    if step is None:
        raise UnableToVerify(_wrong())
    try:
        with transaction.atomic():
            authenticator = Authenticator.objects.create(
                user=user, secret=secret, enrolled_at=at, last_step=step
            )
            codes = _new_spare_codes(authenticator)
            record(act="enrol", subject=f"user:{user.pk}", by=user, at=at)
    except IntegrityError as error:
        raise UnableToVerify(_("You have an authenticator already.")) from error
    give_back(limit=TRIES_OF_USER, subject=str(user.pk), at=at)
    return Enrolled(authenticator, codes)


def verify(*, user: User, code: str, at: datetime) -> None:
    """Let the user pass by their app's code, or by a spare one; each works once.

    Every call costs a try, which is given back where the code was right.

    Errors: UnableToVerify.
    """
    _spend(user, at)
    authenticator = Authenticator.objects.filter(user=user).first()
    if authenticator is None or not (
        _by_app(authenticator, code, at) or _by_spare_code(authenticator, code, at)
    ):
        raise UnableToVerify(_wrong())
    give_back(limit=TRIES_OF_USER, subject=str(user.pk), at=at)


def renew_spare_codes(*, user: User, code: str, at: datetime) -> list[str]:
    """Ten new spare codes for the app's code; the old ones no longer work.

    Errors: UnableToVerify.
    """
    verify(user=user, code=code, at=at)
    authenticator = Authenticator.objects.get(user=user)
    with transaction.atomic():
        authenticator.spare_codes.all().delete()
        codes = _new_spare_codes(authenticator)
        record(act="renew_spare_codes", subject=f"user:{user.pk}", by=user, at=at)
    return codes


def reset_authenticator(*, user: User, by: User | None, at: datetime) -> None:
    """Take away the authenticator of somebody whose phone is lost, and end all their
    sessions; they set up a new one when they log in next.

    `by=None` is whoever has a shell on the server.

    Errors: UnableToReset.
    """
    if by is not None and not by.has_perm("users.reset_authenticator"):
        raise UnableToReset(_("Only a county operator may do this."))
    if by == user:
        raise UnableToReset(_("Ask a colleague: nobody takes away their own."))
    with transaction.atomic():
        taken, __ = Authenticator.objects.filter(user=user).delete()
        if not taken:
            raise UnableToReset(_("There is none to take away."))
        end_sessions(user=user)
        record(act="reset_authenticator", subject=f"user:{user.pk}", by=by, at=at)


def _spend(user: User, at: datetime) -> None:
    try:
        spend(limit=TRIES_OF_USER, subject=str(user.pk), at=at)
    except TooOften as error:
        raise UnableToVerify(str(error)) from error


def _matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The half minute whose code this is, near `at`; None for a wrong code."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    totp = TOTP(base64.b32decode(secret), step=STEP_SECONDS)
    totp.time = at.timestamp()
    if not totp.verify(int(digits), tolerance=TOLERANCE):
        return None
    matched: int = totp.t()  # with the drift that `verify` found
    return matched


def _by_app(authenticator: Authenticator, code: str, at: datetime) -> bool:
    step = _matching_step(authenticator.secret, code, at)
    if step is None:
        return False
    # Whoever looked over a shoulder comes too late: no step counts twice.
    passed = Authenticator.objects.filter(pk=authenticator.pk, last_step__lt=step)
    return bool(passed.update(last_step=step))


def _by_spare_code(authenticator: Authenticator, code: str, at: datetime) -> bool:
    plain = re.sub(r"[^0-9a-z]", "", code.lower())
    unused = authenticator.spare_codes.filter(
        fingerprint=_fingerprint(authenticator, plain), used_at__isnull=True
    )
    return bool(unused.update(used_at=at))


def _new_spare_codes(authenticator: Authenticator) -> list[str]:
    codes = [
        "".join(secrets.choice(_SPARE_SIGNS) for _ in range(_SPARE_LENGTH))
        for _ in range(SPARE_CODES)
    ]
    SpareCode.objects.bulk_create(
        SpareCode(
            authenticator=authenticator, fingerprint=_fingerprint(authenticator, code)
        )
        for code in codes
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _fingerprint(authenticator: Authenticator, code: str) -> str:
    return blind_index("spare_code", f"{authenticator.pk}:{code}")


def _wrong() -> str:
    return _(
        "That is not the code, or it was used before. Wait for the next one; your"
        " phone's clock must be right."
    )
