"""Scans of a label as the county looks at them: in order, with who and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from string import ascii_uppercase

from django.db.models import Q

from traceability.models import CloneAlarm, Label, Scan, ScanPlace
from traceability.places import spoken_place

MOST_SCANS = 200


@dataclass(frozen=True)
class PlacedScan:
    """A scan; `phone` tells phones apart by letters, `place` is None where unknown."""

    ordinal: int
    phone: str
    scanned_at: datetime
    place: ScanPlace | None

    @property
    def near(self) -> str:
        """Where that is, in the reader's words; empty where unknown."""
        if self.place is None:
            return ""
        return spoken_place(self.place.latitude, self.place.longitude)


def scans_of(label: Label) -> list[PlacedScan]:
    """The label's last scans, the earliest first."""
    scans = list(Scan.objects.filter(label=label).order_by("-ordinal")[:MOST_SCANS])
    scans.reverse()
    places = best_places(ScanPlace.objects.filter(label=label))
    letters: dict[str, str] = {}
    for scan in scans:
        letters.setdefault(scan.device, _letters(len(letters)))
    return [
        PlacedScan(
            scan.ordinal,
            letters[scan.device],
            scan.scanned_at,
            places.get((label.pk, scan.ordinal)),
        )
        for scan in scans
    ]


def places_of(alarms: list[CloneAlarm]) -> dict[tuple[int, int], ScanPlace]:
    """By label and ordinal: where the two scans of each alarm happened."""
    about = Q(pk__in=[])
    for alarm in alarms:
        about |= Q(label=alarm.label_id, ordinal__in=[alarm.first, alarm.second])
    return best_places(ScanPlace.objects.filter(about))


def best_places(found: Iterable[ScanPlace]) -> dict[tuple[int, int], ScanPlace]:
    """By label and ordinal: what a phone told rather than what its network suggests."""
    by_trust = sorted(found, key=lambda one: one.source == ScanPlace.Source.TOLD)
    return {(one.label_id, one.ordinal): one for one in by_trust}


def _letters(index: int) -> str:
    """A, B, … Z, AA, AB, …"""
    more, last = divmod(index, len(ascii_uppercase))
    return (_letters(more - 1) if more else "") + ascii_uppercase[last]
