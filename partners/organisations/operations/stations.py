"""Service stations and cooperatives."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum.cn import uscc as social_credit_code
from stdnum.exceptions import ValidationError as InvalidNumber

from partners.organisations.models import Cooperative, Division, Station
from partners.organisations.operations.audit import record
from partners.organisations.operations.register import (
    UnableToRegister,
    require_village,
)
from partners.organisations.positions import Position
from partners.people import Person


def open_station(
    *,
    village: Division,
    name: str,
    address: str = "",
    phone: str = "",
    position: Position | None = None,
    by: Person | None = None,
    at: datetime | None = None,
) -> Station:
    """Open the village's service station; a village has one. Its number is public, and
    so is its position.

    `by=None` is the system itself; anybody else needs `organisations.open_station`.

    Errors: UnableToRegister.
    """
    require_village(village)
    _require(by, "organisations.open_station")
    try:
        with transaction.atomic():
            station = Station.objects.create(
                village=village,
                name=name.strip(),
                address=address.strip(),
                phone=phone.strip(),
                latitude=position.latitude if position else None,
                longitude=position.longitude if position else None,
            )
            _on_record("open_station", village, by=by, at=at)
    except IntegrityError as error:
        raise UnableToRegister(
            _("%(village)s has a service station.") % {"village": village.name}
        ) from error
    return station


def describe_station(
    *,
    station: Station,
    name: str,
    address: str,
    phone: str,
    position: Position | None,
    by: Person,
    at: datetime,
) -> Station:
    """Change what pages say about a station. Errors: UnableToRegister."""
    _require(by, "organisations.open_station")
    station.name, station.address = name.strip(), address.strip()
    station.phone = phone.strip()
    station.latitude = position.latitude if position else None
    station.longitude = position.longitude if position else None
    with transaction.atomic():
        station.save()
        _on_record("describe_station", station.village, by=by, at=at)
    return station


def register_cooperative(
    *,
    village: Division,
    name: str,
    uscc: str,
    by: Person | None = None,
    at: datetime | None = None,
) -> Cooperative:
    """Register a farmers' cooperative by its unified social credit code.

    The code's check character is verified (GB 32100-2015). `by=None` is the system
    itself; anybody else needs `organisations.register_cooperative`.

    Errors: UnableToRegister.
    """
    require_village(village)
    _require(by, "organisations.register_cooperative")
    try:
        number = social_credit_code.validate(uscc)
    except InvalidNumber as error:
        raise UnableToRegister(
            _("%(uscc)s is no unified social credit code.") % {"uscc": uscc},
            field="uscc",
        ) from error
    try:
        with transaction.atomic():
            cooperative = Cooperative.objects.create(
                village=village, name=name.strip(), uscc=number
            )
            _on_record("register_cooperative", village, by=by, at=at)
    except IntegrityError as error:
        raise UnableToRegister(
            _("A cooperative with this social credit code is registered."),
            field="uscc",
        ) from error
    return cooperative


def _require(by: Person | None, permission: str) -> None:
    if by is not None and not by.has_perm(permission):
        raise UnableToRegister(
            _("Only a county operator registers stations and cooperatives.")
        )


def _on_record(
    act: str, village: Division, *, by: Person | None, at: datetime | None
) -> None:
    record(
        act=act,
        subject=f"village:{village.pk}",
        detail=village.pk,
        by=by,
        at=at or timezone.now(),
    )
