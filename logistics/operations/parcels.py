"""Open, pack, cancel and give up parcels: every change that is ours alone."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from logistics.models import Booking, Parcel, ParcelEvent
from logistics.regions import delivers_to
from logistics.signals import parcel_lost
from partners.organisations.models import Station
from partners.phones import clean_phone


class UnableToOpenParcel(Exception):
    """The parcel cannot go out like this; the message says what to correct."""


class UnableToMoveParcel(Exception):
    """The parcel is not where this step begins."""


@dataclass(frozen=True)
class Recipient:
    """Who gets the parcel. `address` is street and house, below the division."""

    name: str
    phone: str
    division_code: str
    address: str


def open_parcel(
    *,
    reference: str,
    station_code: str,
    recipient: Recipient,
    weight_g: int,
    at: datetime,
) -> Parcel:
    """Open a parcel to be packed at a village's station.

    `reference` is the caller's name for the parcel: the same again returns the same
    parcel. `recipient.division_code` is a county's or township's, twelve digits.

    Errors: UnableToOpenParcel where the station, the division or the phone number does
    not exist, something is missing, or the reference is another parcel's.
    """
    phone = _checked(recipient, station_code, weight_g)
    with transaction.atomic():
        parcel, created = Parcel.objects.get_or_create(
            reference=reference,
            defaults={
                "station_code": station_code,
                "recipient_name": recipient.name.strip(),
                "recipient_phone": phone,
                "recipient_address": recipient.address.strip(),
                "division_code": recipient.division_code,
                "weight_g": weight_g,
                "opened_at": at,
            },
        )
        if created:
            note(parcel=parcel, kind=ParcelEvent.Kind.OPENED, at=at)
    if _addressed(parcel) != (
        recipient.name.strip(),
        phone,
        recipient.division_code,
        recipient.address.strip(),
    ):
        raise UnableToOpenParcel(
            _("Parcel %(reference)s already goes to somebody else.")
            % {"reference": reference}
        )
    return parcel


def _checked(recipient: Recipient, station_code: str, weight_g: int) -> str:
    if weight_g <= 0:
        raise UnableToOpenParcel(_("A parcel weighs more than nothing."))
    if not recipient.name.strip() or not recipient.address.strip():
        raise UnableToOpenParcel(_("The recipient's name or address is missing."))
    try:
        phone = clean_phone(recipient.phone)
    except ValidationError as error:
        raise UnableToOpenParcel(" ".join(error.messages)) from error
    if not Station.objects.filter(village_id=station_code).exists():
        raise UnableToOpenParcel(
            _("There is no service station at %(code)s.") % {"code": station_code}
        )
    if not delivers_to(recipient.division_code):
        raise UnableToOpenParcel(
            _("There is no county or township %(code)s.")
            % {"code": recipient.division_code}
        )
    return phone


def _addressed(parcel: Parcel) -> tuple[str, str, str, str]:
    return (
        parcel.recipient_name,
        parcel.recipient_phone,
        parcel.division_code,
        parcel.recipient_address,
    )


def pack_parcel(
    *,
    parcel: Parcel,
    at: datetime,
    by: AbstractBaseUser | None,
    weight_g: int | None = None,
) -> Parcel:
    """The box is closed, weighed where `weight_g` is given; again changes nothing.

    Errors: UnableToMoveParcel where the parcel is neither open nor packed.
    """
    with transaction.atomic():
        parcel = locked(parcel)
        if parcel.status == Parcel.Status.PACKED:
            return parcel
        _require(parcel, Parcel.Status.OPENED)
        if weight_g is not None:
            if weight_g <= 0:
                raise UnableToMoveParcel(_("A parcel weighs more than nothing."))
            parcel.weight_g = weight_g
        parcel.status = Parcel.Status.PACKED
        parcel.packed_at = at
        parcel.save(update_fields=["status", "packed_at", "weight_g"])
        note(parcel=parcel, kind=ParcelEvent.Kind.PACKED, at=at, by=by)
    return parcel


def cancel_parcel(
    *, parcel: Parcel, at: datetime, by: AbstractBaseUser | None = None
) -> Parcel:
    """The parcel is not sent after all; again changes nothing.

    Errors: UnableToMoveParcel once a carrier has it or was asked to take it.
    """
    with transaction.atomic():
        parcel = locked(parcel)
        if parcel.status == Parcel.Status.CANCELLED:
            return parcel
        _require(parcel, Parcel.Status.OPENED, Parcel.Status.PACKED)
        if parcel.bookings.exclude(status=Booking.Status.REFUSED).exists():
            raise UnableToMoveParcel(_("The carrier was already asked to take it."))
        parcel.status = Parcel.Status.CANCELLED
        parcel.closed_at = at
        parcel.save(update_fields=["status", "closed_at"])
        note(parcel=parcel, kind=ParcelEvent.Kind.CANCELLED, at=at, by=by)
    return parcel


def report_lost(
    *, parcel: Parcel, at: datetime, by: AbstractBaseUser | None, reason: str = ""
) -> Parcel:
    """The carrier cannot find the parcel any more; again changes nothing.

    A parcel found later is moved on by its tracking. Sends `parcel_lost`.

    Errors: UnableToMoveParcel where the parcel is not under way.
    """
    with transaction.atomic():
        parcel = locked(parcel)
        if parcel.status == Parcel.Status.LOST:
            return parcel
        _require(parcel, *Parcel.UNDER_WAY)
        parcel.status = Parcel.Status.LOST
        parcel.closed_at = at
        parcel.save(update_fields=["status", "closed_at"])
        note(parcel=parcel, kind=ParcelEvent.Kind.LOST, at=at, by=by, text=reason)
        parcel_lost.send(sender=Parcel, parcel=parcel, at=at)
    return parcel


def locked(parcel: Parcel) -> Parcel:
    """The parcel as it is now, held until the transaction ends."""
    return Parcel.objects.select_for_update().get(pk=parcel.pk)


def note(
    *,
    parcel: Parcel,
    kind: ParcelEvent.Kind,
    at: datetime,
    by: AbstractBaseUser | None = None,
    text: str = "",
) -> None:
    """Write down a step of our own; each kind happens to a parcel once."""
    ParcelEvent.objects.create(
        parcel=parcel,
        kind=kind,
        happened_at=at,
        recorded_at=at,
        text=text,
        by_id=by.pk if by is not None else None,
        key=kind.value,
    )


def _require(parcel: Parcel, *allowed: str) -> None:
    if parcel.status not in allowed:
        raise UnableToMoveParcel(
            _("Parcel %(reference)s is already further: %(status)s.")
            % {"reference": parcel.reference, "status": parcel.get_status_display()}
        )
