"""Writes about places and the people who take part."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum.cn import uscc as social_credit_code
from stdnum.exceptions import ValidationError as InvalidNumber

from partners.organisations.division_files import Row, packed, places
from partners.organisations.models import (
    Assistant,
    AuditRecord,
    Cooperative,
    Division,
    Farmer,
    Station,
)
from partners.organisations.signals import (
    assistant_appointed,
    assistant_dismissed,
    farmer_recognised,
)
from partners.people import Person
from partners.phones import clean_phone
from partners.privacy import blind_index

BATCH = 2_000


class Loaded(NamedTuple):
    """How many divisions a load added, changed and found as they were."""

    added: int
    changed: int
    unchanged: int


def load_divisions(
    *,
    rows: Iterable[Row] | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> Loaded:
    """Bring the table of divisions up to `rows`; loading twice changes nothing.

    Without rows: all of China down to townships, and Hanshou's villages. Places that
    are not among the rows stay. `progress` hears how many rows were just done.

    Errors: UnreadableSource, naming the code, where a code is none or hangs nowhere.
    """
    if rows is None:
        rows = [*packed("divisions"), *packed("villages-430722")]
    with transaction.atomic():
        known = {
            code: rest
            for code, *rest in Division.objects.values_list(
                "code", "name", "level", "parent_id"
            )
        }
        new, changed, unchanged = [], [], 0
        for place in places(rows, known=known.keys()):
            row = Division(
                code=place.code,
                name=place.name,
                level=place.level,
                parent_id=place.parent,
            )
            if place.code not in known:
                new.append(row)
            elif known[place.code] != [place.name, place.level, place.parent]:
                changed.append(row)
            else:
                unchanged += 1
        progress(unchanged)
        for start in range(0, len(new), BATCH):
            Division.objects.bulk_create(batch := new[start : start + BATCH])
            progress(len(batch))
        Division.objects.bulk_update(changed, ["name", "level", "parent"])
        progress(len(changed))
    return Loaded(len(new), len(changed), unchanged)


class UnableToRegister(Exception):
    """Somebody or something cannot be registered; says what to change."""


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
    _require_village(village)
    if not name.strip() or not called.strip():
        raise UnableToRegister(_("Enter the farmer's name and what neighbours say."))
    try:
        number = clean_phone(phone)
    except ValidationError as error:
        raise UnableToRegister(error.messages[0]) from error
    index = blind_index("phone", number)
    if Farmer.objects.filter(phone_index=index).exists():
        raise UnableToRegister(_("A farmer with this mobile number is registered."))
    try:
        with transaction.atomic():
            farmer = Farmer.objects.create(
                village=village,
                name=name.strip(),
                called=called.strip(),
                phone=number,
                phone_index=index,
                user=user,
                growing_since=growing_since,
                story=story.strip(),
                joined_at=at,
            )
            record(
                act="register_farmer",
                subject=f"farmer:{farmer.pk}",
                detail=village.code,
                by=by,
                at=at,
            )
            if user is not None:
                farmer_recognised.send(Farmer, farmer=farmer, user=user, at=at)
    except IntegrityError as error:
        raise UnableToRegister(
            _("%(village)s has a %(called)s already; add a word to tell them apart.")
            % {"village": village.name, "called": called}
        ) from error
    return farmer


def recognise_farmer(*, user: Person, phone: str, at: datetime) -> Farmer | None:
    """Join an account to the farmer whose number it has proven to own; once.

    None where no farmer without an account has this number.
    """
    farmers = Farmer.objects.filter(phone_index=blind_index("phone", phone), user=None)
    with transaction.atomic():
        if Farmer.objects.filter(user=user).exists() or not farmers.exists():
            return None
        farmer = farmers.get()
        farmer.user = user
        farmer.save(update_fields=["user"])
        record(act="recognise_farmer", subject=f"farmer:{farmer.pk}", by=user, at=at)
        farmer_recognised.send(Farmer, farmer=farmer, user=user, at=at)
    return farmer


def open_station(
    *, village: Division, name: str, address: str = "", phone: str = ""
) -> Station:
    """Open the village's service station; a village has one.

    Errors: UnableToRegister.
    """
    _require_village(village)
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
    _require_village(village)
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


class UnableToAppoint(Exception):
    """Somebody cannot become a village's assistant; says why."""


def appoint_assistant(
    *,
    user: Person,
    villages: Iterable[Division],
    at: datetime | None = None,
    by: Person | None = None,
) -> Assistant:
    """Make `user` the assistant of exactly these villages, and keep who said so.

    Appointing again changes the villages. `by=None` is the system itself; anybody
    else needs `organisations.appoint_assistant`.

    Errors: UnableToAppoint.
    """
    wanted = {village.pk: village for village in villages}
    if not wanted:
        raise UnableToAppoint(_("Name at least one village."))
    for village in wanted.values():
        if village.level != Division.Level.VILLAGE:
            raise UnableToAppoint(
                _("%(place)s is not a village.") % {"place": village.name}
            )
    _require_appointer(by)
    moment = at or timezone.now()
    with transaction.atomic():
        assistant, __ = Assistant.objects.get_or_create(user=user)
        _set_villages(assistant, wanted, by=by, at=moment)
        assistant_appointed.send(Assistant, assistant=assistant, by=by, at=moment)
    return assistant


def dismiss_assistant(
    *, assistant: Assistant, at: datetime, by: Person | None = None
) -> Assistant:
    """Take all villages from an assistant, and with them the role.

    Errors: UnableToAppoint.
    """
    _require_appointer(by)
    with transaction.atomic():
        _set_villages(assistant, {}, by=by, at=at)
        assistant_dismissed.send(Assistant, assistant=assistant, by=by, at=at)
    return assistant


def change_villages(
    *, user: Person, village: Division, serves: bool, by: Person | None, at: datetime
) -> None:
    """Add one village to an assistant's, or take one away; the last one dismisses.

    Errors: UnableToAppoint.
    """
    with transaction.atomic():
        assistant = Assistant.objects.select_for_update().filter(user=user).first()
        villages = set(assistant.villages.all()) if assistant else set()
        villages = villages | {village} if serves else villages - {village}
        if villages:
            appoint_assistant(user=user, villages=villages, by=by, at=at)
        elif assistant:
            dismiss_assistant(assistant=assistant, by=by, at=at)


def _require_appointer(by: Person | None) -> None:
    if by is not None and not by.has_perm("organisations.appoint_assistant"):
        raise UnableToAppoint(_("Only a county operator appoints assistants."))


def _set_villages(
    assistant: Assistant,
    wanted: dict[str, Division],
    *,
    by: Person | None,
    at: datetime,
) -> None:
    before = set(assistant.villages.values_list("pk", flat=True))
    assistant.villages.set(wanted.values())
    for act, codes in (
        ("appoint", wanted.keys() - before),
        ("dismiss", before - wanted.keys()),
    ):
        for code in sorted(codes):
            record(
                act=act, subject=f"assistant:{assistant.pk}", detail=code, by=by, at=at
            )


def record(
    *,
    act: str,
    subject: str,
    detail: str = "",
    by: Person | None,
    at: datetime,
) -> AuditRecord:
    """Keep for good who did what: `act` is the operation's name, `subject` a row."""
    return AuditRecord.objects.create(
        actor=by, act=act, subject=subject, detail=detail, at=at
    )


def _require_village(place: Division) -> None:
    if place.level != Division.Level.VILLAGE:
        raise UnableToRegister(_("%(place)s is not a village.") % {"place": place.name})
