"""Writes about people who log in."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from partners.limits import Limit, TooOften, give_back, spend
from partners.organisations.operations import record
from shop.users.models import STAFF, Role, RoleGrant, User

PASSWORDS_OF_PHONE = Limit("passwords-phone", 10, timedelta(hours=1))


class UnableToRegisterUser(Exception):
    """No account can be made for this phone; says why."""


def register_user(
    *, phone: str, at: datetime, name: str = "", password: str | None = None
) -> User:
    """Make an account for a phone that has none; without a password: code login only.

    Errors: UnableToRegisterUser where it is no phone or has an account.
    """
    try:
        with transaction.atomic():
            return User.objects.create_user(phone, password, name=name, date_joined=at)
    except ValidationError as error:
        raise UnableToRegisterUser(error.messages[0]) from error
    except IntegrityError as error:
        raise UnableToRegisterUser(_("This mobile number has an account.")) from error


def rename_user(*, user: User, name: str) -> User:
    """Change what the user is called, at most 60 characters."""
    user.name = name.strip()[:60]
    user.save(update_fields=["name"])
    return user


def choose_language(*, user: User, language: str) -> None:
    """Keep the language that somebody reads in, for the texts they get.

    One that we do not speak changes nothing.
    """
    if language in dict(settings.LANGUAGES) and language != user.language:
        User.objects.filter(pk=user.pk).update(language=language)
        user.language = language


class UnableToSetPassword(Exception):
    """The password is too weak or the old one wrong; `field` says which."""

    def __init__(self, words: str, *, field: str = "password") -> None:
        super().__init__(words)
        self.field = field


def change_password(
    *, user: User, password: str, old: str | None, at: datetime
) -> User:
    """Give the user a password, which ends all their other sessions.

    `old` is their present one, or None where the caller has just made sure otherwise
    that it is they.

    Errors: UnableToSetPassword, in the reader's words.
    """
    if old is not None:
        try:
            spend(limit=PASSWORDS_OF_PHONE, subject=user.phone, at=at)
        except TooOften as error:
            raise UnableToSetPassword(str(error), field="old") from error
        if not user.check_password(old):
            raise UnableToSetPassword(_("That is not the password."), field="old")
        give_back(limit=PASSWORDS_OF_PHONE, subject=user.phone, at=at)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UnableToSetPassword(" ".join(error.messages)) from error
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        record(act="set_password", subject=f"user:{user.pk}", by=user, at=at)
    return user


def end_sessions(*, user: User) -> None:
    """Whoever is logged in as this user is no longer."""
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
    user.refresh_from_db(fields=["sessions_ended"])


class UnableToGrant(Exception):
    """A role cannot be given or taken; says why."""


def grant_role(
    *, user: User, role: str, at: datetime, by: User | None = None
) -> RoleGrant:
    """Give `user` a role of `Role.values`; giving it twice changes nothing.

    `by=None` is the system itself; anybody else needs `users.grant_role`.

    Errors: UnableToGrant.
    """
    _require_granter(role=role, by=by)
    with transaction.atomic():
        grant, created = RoleGrant.objects.get_or_create(
            user=user, role=role, defaults={"granted_by": by, "granted_at": at}
        )
        if created:
            record(
                act="grant_role", subject=f"user:{user.pk}", detail=role, by=by, at=at
            )
            if role in STAFF:
                # They come back through the second step.
                end_sessions(user=user)
    user.forget_roles()
    return grant


def revoke_role(*, user: User, role: str, at: datetime, by: User | None = None) -> None:
    """Take a role from `user`; taking what is not held changes nothing.

    Errors: UnableToGrant.
    """
    _require_granter(role=role, by=by)
    if by == user:
        raise UnableToGrant(_("Nobody takes a role from themselves: ask a colleague."))
    with transaction.atomic():
        taken, __ = RoleGrant.objects.filter(user=user, role=role).delete()
        if taken:
            record(
                act="revoke_role", subject=f"user:{user.pk}", detail=role, by=by, at=at
            )
    user.forget_roles()


def follow_dismissal(*, user: User, at: datetime, by: User | None = None) -> None:
    """Take the manager's role from somebody who manages no supermarket any more."""
    if not user.supermarkets.exists():
        # Who dismissed themselves stands in the record of the dismissal.
        said_by = None if by == user else by
        revoke_role(user=user, role=Role.SUPERMARKET_MANAGER, by=said_by, at=at)


def _require_granter(*, role: str, by: User | None) -> None:
    if role not in Role.values:
        raise UnableToGrant(_("There is no role %(role)s.") % {"role": role})
    if by is not None and not by.has_perm("users.grant_role"):
        raise UnableToGrant(_("Only a county operator gives and takes roles."))
