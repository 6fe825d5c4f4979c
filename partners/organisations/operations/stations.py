"""Service stations and cooperatives."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from stdnum.cn import uscc as social_credit_code
from stdnum.exceptions import ValidationError as InvalidNumber

from partners.organisations.models import Cooperative, Division, Station
from partners.organisations.operations.register import (
    UnableToRegister,
    require_village,
)


def open_station(
    *, village: Division, name: str, address: str = "", phone: str = ""
) -> Station:
    """Open the village's service station; a village has one.

    Errors: UnableToRegister.
    """
    require_village(village)
    try:
        with transaction.atomic():
            return Station.objects.create(
                village=village, name=name, address=address, phone=phone
            )
    except IntegrityError as error:
        raise UnableToRegister(
            _("%(village)s has a service station.") % {"village": village.name}
        ) from error


def register_cooperative(*, village: Division, name: str, uscc: str) -> Cooperative:
    """Register a farmers' cooperative by its unified social credit code.

    The code's check character is verified (GB 32100-2015).

    Errors: UnableToRegister.
    """
    require_village(village)
    try:
        number = social_credit_code.validate(uscc)
    except InvalidNumber as error:
        raise UnableToRegister(
            _("%(uscc)s is no unified social credit code.") % {"uscc": uscc}
        ) from error
    try:
        with transaction.atomic():
            return Cooperative.objects.create(village=village, name=name, uscc=number)
    except IntegrityError as error:
        raise UnableToRegister(
            _("A cooperative with this social credit code is registered.")
        ) from error
