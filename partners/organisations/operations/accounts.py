"""Accounts of people who are given something to do before they ever logged in."""

from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.organisations.models import Division
from partners.organisations.operations.assistants import (
    UnableToAppoint,
    change_villages,
)
from partners.organisations.operations.audit import record
from partners.organisations.operations.register import UnableToRegister, cleaned_phone
from partners.people import Person


def account_for(*, phone: str, name: str, by: Person | None, at: datetime) -> Person:
    """The account of a mobile number; opened, for logging in by code, where none is.

    A number that belongs to somebody of another name is refused: one wrong digit must
    not give a stranger something to do. `by=None` is the system itself; anybody else
    needs `organisations.open_account`.

    Errors: UnableToRegister.
    """
    if by is not None and not by.has_perm("organisations.open_account"):
        raise UnableToRegister(_("Only a county operator opens accounts."))
    number, called = cleaned_phone(phone=phone), name.strip()
    if not called:
        raise UnableToRegister(_("Enter the name."), field="name")
    people = get_user_model()._default_manager
    if not people.filter(phone=number).exists():
        try:
            with transaction.atomic():
                made: Person = people.create_user(number, name=called, date_joined=at)
                record(act="open_account", subject=f"user:{made.pk}", by=by, at=at)
                return made
        except IntegrityError:
            pass  # somebody else opened it at this moment
    found: Person = people.get(phone=number)
    if not found.name:
        found.name = called
        found.save(update_fields=["name"])
    if found.name != called:
        raise UnableToRegister(
            _("This number belongs to %(who)s. Check the number and the name.")
            % {"who": found},
            field="phone",
        )
    return found


def engage_assistant(
    *, village: Division, phone: str, name: str, by: Person, at: datetime
) -> Person:
    """Give a village an assistant by name and number, who may never have logged in.

    Errors: UnableToRegister, UnableToAppoint; each leaves everything as it was.
    """
    if not by.has_perm("organisations.appoint_assistant"):
        raise UnableToAppoint(_("Only a county operator appoints assistants."))
    with transaction.atomic():
        person = account_for(phone=phone, name=name, by=by, at=at)
        change_villages(user=person, village=village, serves=True, by=by, at=at)
    return person
