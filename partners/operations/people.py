"""Who gives and who receives: registering, signing, pairing."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners import identity
from partners.models import (
    Agreement,
    Household,
    HouseholdMember,
    Pairing,
    Supermarket,
)
from partners.organisations.models import Division
from partners.organisations.operations import record
from partners.people import Person
from partners.phones import clean_phone
from partners.privacy import blind_index
from partners.signals import contact_named, manager_appointed


class UnableToRegister(Exception):
    """The supermarket or household cannot be taken in; the message says why."""


class UnableToSign(Exception):
    """The agreement cannot be signed as it stands; the message says why."""


class UnableToPair(Exception):
    """The household cannot be paired so; the message says why."""


def register_supermarket(
    *,
    name: str,
    uscc: str,
    division: Division,
    at: datetime,
    managers: Iterable[Person] = (),
) -> Supermarket:
    """Take in a partner supermarket; `division` is where its shop stands.

    Errors: UnableToRegister where the code is wrong or already known.
    """
    try:
        with transaction.atomic():
            supermarket = Supermarket.objects.create(
                name=name.strip(),
                uscc=_clean(identity.clean_uscc, uscc),
                division=division,
                joined_at=at,
            )
    except IntegrityError as error:
        raise UnableToRegister(
            _("A supermarket with this name or credit code is already here.")
        ) from error
    for manager in managers:
        appoint_manager(supermarket=supermarket, user=manager, at=at)
    return supermarket


def appoint_manager(
    *, supermarket: Supermarket, user: Person, at: datetime, by: Person | None = None
) -> None:
    """Let `user` file this supermarket's statements; twice changes nothing.

    `by=None` is the system itself. Errors: UnableToRegister where `by` may not.
    """
    _require_registrar(by)
    if supermarket.managers.filter(pk=user.pk).exists():
        return
    with transaction.atomic():
        supermarket.managers.add(user)
        record(
            act="appoint_manager",
            subject=f"supermarket:{supermarket.pk}",
            detail=f"user:{user.pk}",
            by=by,
            at=at,
        )
        manager_appointed.send(
            Supermarket, supermarket=supermarket, user=user, by=by, at=at
        )


def register_household(
    *,
    village: Division,
    name: str,
    id_number: str,
    contact_phone: str,
    at: datetime,
    contact_name: str = "",
    bank_card: str = "",
    card_holder: str = "",
    contact: Person | None = None,
    by: Person | None = None,
) -> Household:
    """Take in a household. Its contact (the householder, if unnamed) confirms receipts.

    `by=None` is the system itself; anybody else needs `partners.register`.

    Errors: UnableToRegister where a number is wrong, the place is no village, or
    the householder is already registered.
    """
    _require_registrar(by)
    if village.level != Division.Level.VILLAGE:
        raise UnableToRegister(
            _("%(place)s is not a village. Choose the household's village.")
            % {"place": village}
        )
    number = _clean(identity.clean_id_number, id_number)
    card = _clean(identity.clean_bank_card, bank_card) if bank_card else ""
    phone = _clean(clean_phone, contact_phone)
    try:
        with transaction.atomic():
            household = Household.objects.create(
                number=identity.household_number(number),
                village=village,
                name=name.strip(),
                id_number=number,
                id_number_index=blind_index("id_number", number),
                bank_card=card,
                bank_card_index=blind_index("bank_card", card) if card else "",
                card_holder=(card_holder or name).strip() if card else "",
                contact_name=(contact_name or name).strip(),
                contact_phone=phone,
                contact_phone_index=blind_index("phone", phone),
                contact=contact,
                joined_at=at,
            )
            if contact is not None:
                contact_named.send(
                    Household, household=household, user=contact, by=by, at=at
                )
    except IntegrityError as error:
        raise UnableToRegister(
            _("A household with this householder's ID number is already here.")
        ) from error
    return household


def change_bank_card(
    *, household: Household, bank_card: str, card_holder: str, by: Person, at: datetime
) -> Household:
    """Enter the household's card anew; who changed it and when is kept for good.

    Errors: UnableToRegister where the number is wrong or `by` may not.
    """
    _require_registrar(by)
    card = _clean(identity.clean_bank_card, bank_card)
    with transaction.atomic():
        household.bank_card = card
        household.bank_card_index = blind_index("bank_card", card)
        household.card_holder = card_holder.strip()
        household.save(update_fields=["bank_card", "bank_card_index", "card_holder"])
        record(
            act="change_bank_card",
            subject=f"household:{household.pk}",
            by=by,
            at=at,
        )
    return household


def add_member(
    *, household: Household, name: str, id_number: str, relation: str, at: datetime
) -> HouseholdMember:
    """Note who else lives in the household. The same person twice: the first row.

    Errors: UnableToRegister where the ID number is wrong.
    """
    number = _clean(identity.clean_id_number, id_number)
    member, _created = HouseholdMember.objects.get_or_create(
        household=household,
        id_number_index=blind_index("id_number", number),
        defaults={
            "name": name.strip(),
            "id_number": number,
            "relation": relation,
            "joined_at": at,
        },
    )
    return member


def sign_agreement(
    *,
    supermarket: Supermarket,
    starts_on: date,
    ends_on: date,
    rate_bp: int,
    cap_fen: int,
    at: datetime,
    basis: str = Agreement.Basis.ALL,
    by: Person | None = None,
) -> Agreement:
    """Bind a supermarket to give `rate_bp` (1/10,000) of its monthly profit.

    `cap_fen` is the most a month, over store and platform together.

    Errors: UnableToSign where rate, cap or dates make no sense, or another
    agreement already counts the same sales on some of the days.
    """
    if by is not None and not by.has_perm("partners.register"):
        raise UnableToSign(_("Only a county operator signs agreements."))
    if not 1 <= rate_bp <= 10_000:
        raise UnableToSign(_("The share must be between 0.01% and 100% of profit."))
    if cap_fen <= 0:
        raise UnableToSign(_("The most a month must be more than ¥0."))
    if ends_on < starts_on:
        raise UnableToSign(_("The agreement ends before it starts."))
    with transaction.atomic():
        Supermarket.objects.select_for_update().get(pk=supermarket.pk)
        overlapping = Agreement.objects.filter(
            supermarket=supermarket, starts_on__lte=ends_on, ends_on__gte=starts_on
        )
        if basis != Agreement.Basis.ALL:
            overlapping = overlapping.filter(basis__in=[basis, Agreement.Basis.ALL])
        if overlapping.exists():
            raise UnableToSign(
                _("Another agreement already counts these sales on some of the days.")
            )
        return Agreement.objects.create(
            supermarket=supermarket,
            starts_on=starts_on,
            ends_on=ends_on,
            rate_bp=rate_bp,
            cap_fen=cap_fen,
            basis=basis,
            signed_by=by,
            signed_at=at,
        )


def pair(
    *,
    agreement: Agreement,
    household: Household,
    weight: int,
    at: datetime,
    from_on: date | None = None,
) -> Pairing:
    """Give a household a part in an agreement, from `from_on` or from its start.

    Parts count from the month `from_on` lies in; months already approved stay.

    Errors: UnableToPair where the weight is not positive or they are paired already.
    """
    if weight <= 0:
        raise UnableToPair(_("The weight must be a whole number above zero."))
    try:
        with transaction.atomic():
            return Pairing.objects.create(
                agreement=agreement,
                household=household,
                weight=weight,
                from_on=from_on or agreement.starts_on,
                paired_at=at,
            )
    except IntegrityError as error:
        raise UnableToPair(
            _("This household already has a part in the agreement.")
        ) from error


def end_pairing(*, pairing: Pairing, on: date) -> Pairing:
    """Stop the household's part: the month of `on` is the last that counts.

    Errors: UnableToPair where it has ended already.
    """
    ended = Pairing.objects.filter(pk=pairing.pk, ended_on__isnull=True)
    if not ended.update(ended_on=on):
        raise UnableToPair(_("This pairing has already ended."))
    pairing.refresh_from_db()
    return pairing


def _require_registrar(by: Person | None) -> None:
    if by is not None and not by.has_perm("partners.register"):
        raise UnableToRegister(
            _("Only a county operator registers supermarkets and households.")
        )


def _clean(cleaner: Callable[[str], str], text: str) -> str:
    try:
        return cleaner(text)
    except ValidationError as error:
        raise UnableToRegister(error.messages[0]) from error
