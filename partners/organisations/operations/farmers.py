"""Farmers: put on a village's list, described, recognised by their number."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.organisations.models import Division, Farmer
from partners.organisations.operations.audit import record
from partners.organisations.operations.register import (
    UnableToRegister,
    cleaned_phone,
    require_village,
)
from partners.organisations.signals import farmer_phone_moved, farmer_recognised
from partners.people import Person
from partners.privacy import blind_index


def register_farmer(
    *,
    village: Division,
    name: str,
    called: str,
    phone: str,
    at: datetime,
    user: Person | None = None,
    growing_since: int | None = None,
    story: str = "",
    by: Person | None = None,
) -> Farmer:
    """Put a farmer on the village's list. `called` is what neighbours say, 王婶.

    Errors: UnableToRegister where the place is no village, the number is none, or
    the village knows somebody of that calling or number.
    """
    require_village(village)
    if not name.strip() or not called.strip():
        raise UnableToRegister(
            _("Enter the farmer's name and what neighbours say."),
            field="called" if name.strip() else "name",
        )
    number = _free_number(phone, by=by)
    try:
        with transaction.atomic():
            farmer = Farmer.objects.create(
                village=village,
                name=name.strip(),
                called=called.strip(),
                phone=number,
                phone_index=blind_index("phone", number),
                user=user,
                growing_since=growing_since,
                story=story.strip(),
                joined_at=at,
            )
            _on_record("register_farmer", farmer, by=by, at=at)
            if user is not None:
                farmer_recognised.send(Farmer, farmer=farmer, user=user, at=at)
    except IntegrityError as error:
        raise _called_twice(village, called) from error
    return farmer


def describe_farmer(
    *,
    farmer: Farmer,
    called: str,
    growing_since: int | None,
    story: str,
    at: datetime,
    by: Person | None = None,
) -> Farmer:
    """Change what pages say about a farmer. The number is `move_phone`'s alone.

    Errors: UnableToRegister where the village has somebody else of that calling.
    """
    if not called.strip():
        raise UnableToRegister(
            _("Enter the farmer's name and what neighbours say."), field="called"
        )
    farmer.called, farmer.story = called.strip(), story.strip()
    farmer.growing_since = growing_since
    try:
        with transaction.atomic():
            farmer.save(update_fields=["called", "story", "growing_since"])
            _on_record("describe_farmer", farmer, by=by, at=at)
    except IntegrityError as error:
        raise _called_twice(farmer.village, called) from error
    return farmer


def move_phone(
    *, farmer: Farmer, phone: str, at: datetime, by: Person | None = None
) -> Farmer:
    """Give a farmer another number, to which every question goes from now on.

    Who holds the number says yes in the farmer's name, so that an assistant must not
    be the one to change it; and the account that the old number proved is let go, with
    every link that was sent there.

    Errors: UnableToRegister where the number is none or another farmer's.
    """
    number = _free_number(phone, by=by)
    with transaction.atomic():
        farmer.phone, farmer.phone_index = number, blind_index("phone", number)
        farmer.user = None
        farmer.save(update_fields=["phone", "phone_index", "user"])
        _on_record("move_phone", farmer, by=by, at=at)
        farmer_phone_moved.send(Farmer, farmer=farmer, at=at)
    return farmer


def recognise_farmer(*, user: Person, phone: str, at: datetime) -> Farmer | None:
    """Join an account to the farmer whose number it has proven to own; once.

    None where no farmer without an account has this number.
    """
    with transaction.atomic():
        if Farmer.objects.filter(user=user).exists():
            return None
        found = Farmer.objects.filter(phone_index=blind_index("phone", phone))
        if not found.filter(user=None).update(user=user):
            return None
        farmer = found.get()
        _on_record("recognise_farmer", farmer, by=user, at=at)
        farmer_recognised.send(Farmer, farmer=farmer, user=user, at=at)
    return farmer


def _free_number(phone: str, *, by: Person | None) -> str:
    number = cleaned_phone(phone=phone)
    if by is not None and by.phone == number:
        raise UnableToRegister(
            _(
                "This is your own number. "
                "Questions for the farmer must reach the farmer."
            ),
            field="phone",
        )
    if Farmer.objects.filter(phone_index=blind_index("phone", number)).exists():
        raise UnableToRegister(
            _("A farmer with this mobile number is registered."), field="phone"
        )
    return number


def _called_twice(village: Division, called: str) -> UnableToRegister:
    return UnableToRegister(
        _("%(village)s has a %(called)s already; add a word to tell them apart.")
        % {"village": village.name, "called": called},
        field="called",
    )


def _on_record(act: str, farmer: Farmer, *, by: Person | None, at: datetime) -> None:
    record(
        act=act, subject=f"farmer:{farmer.pk}", detail=farmer.village_id, by=by, at=at
    )
