"""Who gives and who receives: registering, appointing, keeping what is known."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners import identity
from partners.models import (
    Household,
    HouseholdMember,
    Supermarket,
)
from partners.operations.confirmations import end_links
from partners.organisations.models import Division
from partners.organisations.operations import UnableToRegister, account_for, record
from partners.people import Person
from partners.phones import clean_phone
from partners.privacy import blind_index
from partners.signals import contact_named, manager_appointed, manager_dismissed


def register_supermarket(
    *,
    name: str,
    uscc: str,
    division: Division,
    at: datetime,
    managers: Iterable[Person] = (),
    by: Person | None = None,
) -> Supermarket:
    """Take in a partner supermarket; `division` is where its shop stands.

    `by=None` is the system itself; anybody else needs `partners.register`.

    Errors: UnableToRegister where the code is wrong or already known.
    """
    _require_registrar(by)
    number = _clean(identity.clean_uscc, uscc, field="uscc")
    if not name.strip():
        raise UnableToRegister(_("Enter the name."), field="name")
    try:
        with transaction.atomic():
            supermarket = Supermarket.objects.create(
                name=name.strip(), uscc=number, division=division, joined_at=at
            )
            record(
                act="register_supermarket",
                subject=f"supermarket:{supermarket.pk}",
                detail=division.pk,
                by=by,
                at=at,
            )
            for manager in managers:
                appoint_manager(supermarket=supermarket, user=manager, by=by, at=at)
    except IntegrityError as error:
        raise UnableToRegister(
            _("A supermarket with this name or credit code is already here."),
            field="uscc",
        ) from error
    return supermarket


def engage_supermarket(
    *,
    name: str,
    uscc: str,
    division: Division,
    manager_name: str,
    manager_phone: str,
    by: Person,
    at: datetime,
) -> Supermarket:
    """Take in a supermarket together with its manager, who may never have logged in.

    Errors: UnableToRegister; then neither is there.
    """
    _require_registrar(by)
    with transaction.atomic():
        supermarket = register_supermarket(
            name=name, uscc=uscc, division=division, by=by, at=at
        )
        try:
            engage_manager(
                supermarket=supermarket,
                name=manager_name,
                phone=manager_phone,
                by=by,
                at=at,
            )
        except UnableToRegister as error:
            field = f"manager_{error.field}" if error.field else ""
            raise UnableToRegister(str(error), field=field) from error
    return supermarket


def engage_manager(
    *, supermarket: Supermarket, name: str, phone: str, by: Person, at: datetime
) -> Person:
    """Appoint a manager by name and number, who may never have logged in.

    Errors: UnableToRegister; then no account was opened.
    """
    _require_registrar(by)
    with transaction.atomic():
        person = account_for(phone=phone, name=name, by=by, at=at)
        appoint_manager(supermarket=supermarket, user=person, by=by, at=at)
    return person


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


def dismiss_manager(
    *, supermarket: Supermarket, user: Person, at: datetime, by: Person | None = None
) -> None:
    """Let `user` file no more statements of this supermarket; twice changes nothing.

    Errors: UnableToRegister where `by` may not.
    """
    _require_registrar(by)
    if not supermarket.managers.filter(pk=user.pk).exists():
        return
    with transaction.atomic():
        supermarket.managers.remove(user)
        record(
            act="dismiss_manager",
            subject=f"supermarket:{supermarket.pk}",
            detail=f"user:{user.pk}",
            by=by,
            at=at,
        )
        manager_dismissed.send(
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
            % {"place": village},
            field="village",
        )
    if not name.strip():
        raise UnableToRegister(_("Enter the name."), field="name")
    number = _clean(identity.clean_id_number, id_number, field="id_number")
    card = ""
    if bank_card:
        card = _clean(identity.clean_bank_card, bank_card, field="bank_card")
    phone = _clean(clean_phone, contact_phone, field="contact_phone")
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
            _on_record("register_household", household, by=by, at=at)
            if contact is not None:
                contact_named.send(
                    Household, household=household, user=contact, by=by, at=at
                )
    except IntegrityError as error:
        raise UnableToRegister(
            _("A household with this householder's ID number is already here."),
            field="id_number",
        ) from error
    return household


def change_bank_card(
    *, household: Household, bank_card: str, card_holder: str, by: Person, at: datetime
) -> Household:
    """Enter the household's card anew; who changed it and when is kept for good.

    Errors: UnableToRegister where the number is wrong or `by` may not.
    """
    _require_registrar(by)
    card = _clean(identity.clean_bank_card, bank_card, field="bank_card")
    if not card_holder.strip():
        raise UnableToRegister(_("Enter the name."), field="card_holder")
    with transaction.atomic():
        household.bank_card = card
        household.bank_card_index = blind_index("bank_card", card)
        household.card_holder = card_holder.strip()
        household.save(update_fields=["bank_card", "bank_card_index", "card_holder"])
        _on_record("change_bank_card", household, by=by, at=at)
    return household


def change_contact(
    *,
    household: Household,
    contact_name: str,
    contact_phone: str,
    by: Person,
    at: datetime,
) -> Household:
    """Who answers for the household now. Links sent to the old number stop working.

    Errors: UnableToRegister where the number is wrong or `by` may not.
    """
    _require_registrar(by)
    phone = _clean(clean_phone, contact_phone, field="contact_phone")
    if not contact_name.strip():
        raise UnableToRegister(_("Enter the name."), field="contact_name")
    with transaction.atomic():
        household.contact_name = contact_name.strip()
        household.contact_phone = phone
        household.contact_phone_index = blind_index("phone", phone)
        household.contact = None
        household.save(
            update_fields=[
                "contact_name",
                "contact_phone",
                "contact_phone_index",
                "contact",
            ]
        )
        end_links(household=household, by=by, at=at)
        _on_record("change_contact", household, by=by, at=at)
    return household


def add_member(
    *,
    household: Household,
    name: str,
    id_number: str,
    relation: str,
    at: datetime,
    by: Person | None = None,
) -> HouseholdMember:
    """Note who else lives in the household. The same person twice: the first row.

    `by=None` is the system itself; anybody else needs `partners.register`.

    Errors: UnableToRegister where the ID number is wrong or `by` may not.
    """
    _require_registrar(by)
    number = _clean(identity.clean_id_number, id_number, field="id_number")
    with transaction.atomic():
        member, created = HouseholdMember.objects.get_or_create(
            household=household,
            id_number_index=blind_index("id_number", number),
            defaults={
                "name": name.strip(),
                "id_number": number,
                "relation": relation.strip(),
                "joined_at": at,
            },
        )
        if created:
            _on_record("add_member", household, by=by, at=at)
    return member


def _require_registrar(by: Person | None) -> None:
    if by is not None and not by.has_perm("partners.register"):
        raise UnableToRegister(
            _("Only a county operator registers supermarkets and households.")
        )


def _clean(cleaner: Callable[[str], str], text: str, *, field: str) -> str:
    try:
        return cleaner(text)
    except ValidationError as error:
        raise UnableToRegister(error.messages[0], field=field) from error


def _on_record(
    act: str, household: Household, *, by: Person | None, at: datetime
) -> None:
    record(act=act, subject=f"household:{household.pk}", by=by, at=at)
