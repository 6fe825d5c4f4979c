"""Assistants: appointed to villages and dismissed, with who said so."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.organisations.models import Assistant, Division
from partners.organisations.operations.audit import record
from partners.organisations.signals import assistant_appointed, assistant_dismissed
from partners.people import Person


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
