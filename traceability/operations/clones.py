"""Seeing that one label is on two packages, and saying what it was.

Everything here happens while the label's row is held by whoever counts a scan of it, so
that each alarm is raised once.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.people import Person
from traceability import queries
from traceability.models import (
    CloneAlarm,
    CloneConclusion,
    Label,
    Scan,
    ScanPlace,
    Suspicion,
)
from traceability.places import Place, degrees, km_between

# A household looks a few times; a copied code is looked at by strangers.
SCANS_IN_A_DAY = 6
SCANS_EVER = 20
DAY = timedelta(hours=24)
# From door to door nothing that carries a box is faster, and a town is that wide.
KM_AN_HOUR = 400
SLACK_KM = 150
# After that a box may have got anywhere on earth.
LOOK_BACK = timedelta(hours=50)
MOST_PLACES = 100
# The phones around the table where a package was opened are no strangers.
STRANGERS = 2

_GRAVEST_LAST = (
    "",
    Suspicion.RATE,
    Suspicion.SOLD,
    Suspicion.DISTANCE,
    Suspicion.CLONE,
)
_NOTE = 500


class UnableToPlace(Exception):
    """Nothing was noted; the message says why."""


class UnableToConcludeClone(Exception):
    """The alarm stays open; the message says why."""


def may_show_a_clone(*, seen: queries.Look, place: Place | None) -> bool:
    """Whether the next scan of this label is worth a look: few are."""
    return (
        place is not None
        or seen.scratched_at is not None
        or seen.scan_count + 1 >= SCANS_IN_A_DAY
    )


def look_for_clones(
    *, seen: queries.Look, place: Place | None = None, at: datetime
) -> str:
    """Raise what the scan that was just counted shows; the label's suspicion then.

    `seen` has that scan in it. Call it inside the transaction that counted.
    """
    if seen.suspicion == Suspicion.CLONE:
        return seen.suspicion
    number, ordinal, suspicion = seen.number, seen.scan_count, seen.suspicion
    if place is not None:
        _note_place(number, ordinal, ScanPlace.Source.NETWORK, place, at)
        suspicion = _compare_places(number, ordinal, suspicion, at)
    if suspicion != Suspicion.RATE and _too_many(number, ordinal, at):
        suspicion = _raise(number, Suspicion.RATE, None, ordinal, suspicion, at)
    if _strangers_after(seen, at):
        suspicion = _raise(number, Suspicion.SOLD, None, ordinal, suspicion, at)
    return suspicion


def tell_place(
    *, code: str, device: str, latitude: int, longitude: int, at: datetime
) -> ScanPlace:
    """Note roughly where a device is that checked the package within 24 hours.

    Tenths of a degree; told again it changes nothing. Errors: UnableToPlace.
    """
    verdict = queries.judge(text=code, device=device, now=at)
    if verdict.seen is None or verdict.ordinal is None:
        raise UnableToPlace(_("This check was not counted yet. Reload the page first."))
    number, ordinal = verdict.seen.number, verdict.ordinal
    with transaction.atomic():
        label = Label.objects.select_for_update().get(pk=number)
        place = Place(latitude, longitude)
        told = _note_place(number, ordinal, ScanPlace.Source.TOLD, place, at)
        if label.suspicion != Suspicion.CLONE:
            _compare_places(number, ordinal, label.suspicion or "", at)
    return told


def conclude_clone_alarm(
    *, alarm: CloneAlarm, finding: str, note: str, by: Person, at: datetime
) -> CloneConclusion:
    """Say what an alarm about a label was; the label's verdict follows at once.

    Errors: UnableToConcludeClone where `by` may not, nothing is said, or somebody did.
    """
    if not by.has_perm("traceability.conclude_report"):
        raise UnableToConcludeClone(_("Only a county operator concludes alarms."))
    if finding not in CloneConclusion.Finding.values or not note.strip():
        raise UnableToConcludeClone(_("Say what it was and what was done."))
    try:
        with transaction.atomic():
            label = Label.objects.select_for_update().get(pk=alarm.label_id)
            conclusion = CloneConclusion.objects.create(
                alarm=alarm,
                finding=finding,
                note=note.strip()[:_NOTE],
                concluded_by=by,
                concluded_at=at,
            )
            _suspect(label.pk, _standing(label.pk))
    except IntegrityError as error:
        raise UnableToConcludeClone(
            _("Somebody concluded this alarm already.")
        ) from error
    return conclusion


def _standing(number: int) -> str:
    """The gravest of what is open or was found to be true."""
    found = [""]
    alarms = CloneAlarm.objects.filter(label=number)
    for kind, finding in alarms.values_list("kind", "conclusion__finding"):
        if finding == CloneConclusion.Finding.CLONE:
            found.append(Suspicion.CLONE)
        elif finding is None:
            found.append(kind)
    return max(found, key=_GRAVEST_LAST.index)


def _raise(
    number: int, kind: str, first: int | None, second: int, known: str, at: datetime
) -> str:
    _alarm, is_new = CloneAlarm.objects.get_or_create(
        label_id=number,
        kind=kind,
        defaults={"first": first, "second": second, "raised_at": at},
    )
    if not is_new:
        return known
    gravest = max(known, str(kind), key=_GRAVEST_LAST.index)
    _suspect(number, gravest)
    return gravest


def _suspect(number: int, suspicion: str) -> None:
    Label.objects.filter(pk=number).update(suspicion=suspicion or None)


def _too_many(number: int, ordinal: int, at: datetime) -> bool:
    if ordinal < SCANS_IN_A_DAY:
        return False
    if ordinal >= SCANS_EVER:
        return True
    lately = Scan.objects.filter(label=number, scanned_at__gt=at - DAY)
    return lately.count() >= SCANS_IN_A_DAY


def _strangers_after(seen: queries.Look, at: datetime) -> bool:
    """Whether phones look at an opened package that never did until a day later."""
    if seen.scratched_at is None or at <= seen.scratched_at + DAY:
        return False
    scans = Scan.objects.filter(label=seen.number)
    known = scans.filter(scanned_at__lte=seen.scratched_at + DAY)
    strangers = (
        scans.exclude(device=seen.scratched_by)
        .exclude(device__in=known.values("device"))
        .values("device")
        .distinct()
    )
    return strangers.count() >= STRANGERS


def _note_place(
    number: int, ordinal: int, source: str, place: Place, at: datetime
) -> ScanPlace:
    noted, _is_new = ScanPlace.objects.get_or_create(
        label_id=number,
        ordinal=ordinal,
        source=source,
        defaults={
            "latitude": place.latitude,
            "longitude": place.longitude,
            "within_km": place.within_km,
            "noted_at": at,
        },
    )
    return noted


def _compare_places(number: int, ordinal: int, known: str, at: datetime) -> str:
    """Raise where this scan is too far from another for the time between them."""
    lately = ScanPlace.objects.filter(label=number, noted_at__gt=at - LOOK_BACK)
    places = queries.best_places(lately.order_by("-pk")[:MOST_PLACES])
    here = places.get((number, ordinal))
    if here is None:
        return known
    for other in places.values():
        if other.ordinal != ordinal and _too_far(here, other):
            first, second = sorted((ordinal, other.ordinal))
            return _raise(number, Suspicion.DISTANCE, first, second, known, at)
    return known


def _too_far(one: ScanPlace, other: ScanPlace) -> bool:
    """Whether no box gets from one to the other in that time."""
    km = km_between(
        degrees(one.latitude, one.longitude), degrees(other.latitude, other.longitude)
    )
    hours = abs((one.noted_at - other.noted_at).total_seconds()) / 3600
    sure_km = km - one.within_km - other.within_km
    return sure_km > SLACK_KM + KM_AN_HOUR * hours
