"""What happened to a lot, and the evidence for it."""

import hashlib
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partners import files
from partners.people import Person
from traceability import marks, queries
from traceability.models import Event, Evidence, Lot, Plot

# Clocks differ; what lies further ahead has not happened.
_CLOCK_SLACK = timedelta(minutes=10)
# Older produce is not sold; a year like 0206 is a slip of the finger.
LONGEST_AGO = timedelta(days=5 * 366)
# What is imported as history may be older, and is certified no more.
HISTORY_AGO = timedelta(days=50 * 366)
_MAX_INTERVAL_DAYS = 180


class UnableToRecordEvent(Exception):
    """The event cannot be recorded; the message says what to change."""


class UnableToAttach(Exception):
    """The file cannot be evidence; the message says what to change."""


def record_event(
    *,
    lot: Lot,
    kind: str,
    happened_at: datetime,
    note: str = "",
    weight_g: int | None = None,
    substance: str = "",
    interval_days: int | None = None,
    is_history: bool = False,
    by: Person,
    at: datetime,
) -> Event:
    """Record what happened to a lot; `kind` is one of Event.Kind. Only `is_history`,
    taken over from older books, may be from longer ago than LONGEST_AGO.

    A spray names its substance and its safety interval (安全间隔期, days). A harvest
    inside the interval of any spray on the plot is refused. A spray that becomes known
    after the harvest is recorded: it is the certificate that is refused then.

    No event tells of more than the lot holds. What is sent off may be taken in and sent
    off again, but nothing is picked twice: all harvests of a lot together hold to it.

    Errors: UnableToRecordEvent.
    """
    if kind not in Event.Kind.values:
        raise UnableToRecordEvent(_("Choose what happened."))
    if happened_at > at + _CLOCK_SLACK:
        raise UnableToRecordEvent(_("This time has not come yet."))
    if happened_at < at - (HISTORY_AGO if is_history else LONGEST_AGO):
        raise UnableToRecordEvent(_("This is years ago. Look at the date again."))
    if weight_g is not None and weight_g <= 0:
        raise UnableToRecordEvent(_("Give a weight of more than zero."))
    if kind == Event.Kind.SPRAY:
        _require_spray_facts(substance, interval_days)
    else:
        substance, interval_days = "", None
    with transaction.atomic():
        if lot.plot_id:
            # A spray and a harvest of one plot are judged one after the other.
            Plot.objects.select_for_update().get(pk=lot.plot_id)
        if kind == Event.Kind.HARVEST:
            _require_safe_harvest(lot, happened_at)
        if weight_g is not None:
            _require_held(lot, kind, weight_g)
        return Event.objects.create(
            lot=lot,
            kind=kind,
            happened_at=happened_at,
            note=note.strip(),
            weight_g=weight_g,
            substance=substance.strip(),
            interval_days=interval_days,
            recorded_by=by,
            recorded_at=at,
        )


def strike_event(*, event: Event, reason: str, by: Person, at: datetime) -> Event:
    """Strike out an event that was wrong; it stays on record beside the reason.

    Errors: UnableToRecordEvent where it is struck out already or no reason is given.
    """
    if not reason.strip():
        raise UnableToRecordEvent(_("Say why the entry was wrong."))
    if event.strikes_id is not None:
        raise UnableToRecordEvent(_("This entry only strikes out another one."))
    try:
        with transaction.atomic():
            return Event.objects.create(
                lot_id=event.lot_id,
                kind=event.kind,
                happened_at=event.happened_at,
                note=reason.strip(),
                substance=event.substance,
                interval_days=event.interval_days,
                strikes=event,
                recorded_by=by,
                recorded_at=at,
            )
    except IntegrityError as error:
        raise UnableToRecordEvent(_("This entry is already struck out.")) from error


def attach_evidence(
    *,
    lot: Lot,
    kind: str,
    title: str,
    file: Any,
    result: str = "",
    identifier: str = "",
    done_on: date | None = None,
    by: Person,
    at: datetime,
) -> Evidence:
    """Keep a paper or a picture about a lot; `kind` is one of Evidence.Kind.

    The file is told by its content; pictures are written anew without the data that
    cameras add. The hash is of what we keep, so that whoever downloads it can compare.
    A mark needs its number, and comes before the lot's certificate.

    Errors: UnableToAttach.
    """
    if kind not in Evidence.Kind.values:
        raise UnableToAttach(_("Choose what the file is."))
    if not title.strip():
        raise UnableToAttach(_("Give the file a title."))
    identifier = _checked_identifier(kind, identifier)
    _require_not_certified(lot, kind)
    folder = f"evidence/{timezone.localtime(at):%Y-%m}"
    picture = None
    try:
        if kind == Evidence.Kind.PHOTO:
            image = files.store_image(file, folder=folder)
            name, media_type, picture = image.large.name, "image/webp", image.as_json()
        else:
            document = files.store_document(file, folder=folder, private=False)
            name, media_type = document.name, document.content_type
        with files.storing(), files.public_storage().open(name) as kept:
            data = kept.read()
    except files.UnableToStore as error:
        raise UnableToAttach(str(error)) from error
    evidence, created = Evidence.objects.get_or_create(
        lot=lot,
        sha256=hashlib.sha256(data).hexdigest(),
        defaults={
            "kind": kind,
            "title": title.strip(),
            "result": result.strip(),
            "identifier": identifier,
            "done_on": done_on,
            "file": name,
            "picture": picture,
            "media_type": media_type,
            "size_bytes": len(data),
            "attached_by": by,
            "attached_at": at,
        },
    )
    if not created:
        raise UnableToAttach(_("This file is attached already."))
    return evidence


def _require_spray_facts(substance: str, interval_days: int | None) -> None:
    if not substance.strip():
        raise UnableToRecordEvent(_("Say what was sprayed."))
    if interval_days is None or not 0 <= interval_days <= _MAX_INTERVAL_DAYS:
        raise UnableToRecordEvent(
            _("Give the safety interval from the package, in days.")
        )


def _require_safe_harvest(lot: Lot, happened_at: datetime) -> None:
    day = timezone.localtime(happened_at).date()
    safe_from = queries.safe_harvest_date_of(lot=lot, day=day)
    if safe_from is not None and day < safe_from:
        raise UnableToRecordEvent(
            _("The plot was sprayed. It may be harvested from %(date)s on.")
            % {"date": date_format(safe_from)}
        )


def _require_held(lot: Lot, kind: str, weight_g: int) -> None:
    """Harvests of one lot are judged one after the other, with or without a plot. What
    was written down by mistake was never held."""
    held = Lot.objects.select_for_update().get(pk=lot.pk).weight_g
    held -= lot.corrections.aggregate(sum=Sum("weight_g"))["sum"] or 0
    if kind == Event.Kind.HARVEST:
        picked = lot.events.filter(kind=kind, strikes=None, struck_by=None)
        held -= picked.aggregate(sum=Sum("weight_g"))["sum"] or 0
    if weight_g > held:
        raise UnableToRecordEvent(_("The lot holds less than this weight."))


def _checked_identifier(kind: str, identifier: str) -> str:
    number = marks.plain(identifier)
    check = marks.CHECKS.get(kind)
    if check is not None and not check.can_be(number):
        raise UnableToAttach(str(check.refusal))
    return number


def _require_not_certified(lot: Lot, kind: str) -> None:
    """A mark counts against its licence when the lot is certified: one that came
    later would not."""
    if kind in marks.CHECKS and (lot.certified_g or lot.certificates.exists()):
        raise UnableToAttach(
            _(
                "This lot is certified already. Attach what a mark needs before the "
                "certificate."
            )
        )
