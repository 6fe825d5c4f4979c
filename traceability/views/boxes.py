"""What is told about a package: the facts of its box and the way it came."""

from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.organisations.models import Station
from partners.spelling import place_told
from traceability import queries, words
from traceability.mapping import Map, Spot, draw_map
from traceability.models import Evidence, Label, Lot, Mark
from traceability.places import degrees
from traceability.signals import scan_links


def box_context(label: Label) -> dict[str, Any]:
    """Everything a scan page shows below the verdict.

    What cannot be read now is left out: the verdict alone must never fail for it.
    """
    lot = label.lot
    context: dict[str, Any] = {"label": label, "lot": lot, "batch": label.batch}
    try:
        evidence = list(lot.evidence.all())
        context |= {
            "certificate": label.batch.certificate,
            "place": place_of(lot),
            "station": station_of(lot),
            "map": map_of(lot),
            "tests": _of_kind(evidence, Evidence.Kind.TEST_REPORT),
            "photos": _of_kind(evidence, Evidence.Kind.PHOTO),
            "marks": [e for e in evidence if e.kind in Mark.values],
            "timeline": timeline_of(lot, label.activated_at),
            "links": links_for(lot),
        }
    except DatabaseError:
        context["incomplete"] = True
    return context


def place_of(lot: Lot) -> str:
    """汉寿县 · 永固村: the county and the village, as readers know them."""
    township = lot.village.parent
    county = township.parent if township is not None else None
    return " · ".join(
        place_told(p.name) for p in (county, lot.village) if p is not None
    )


def station_of(lot: Lot) -> str:
    """The village's service station; empty where it has none."""
    try:
        return str(lot.village.station.name)
    except Station.DoesNotExist:
        return ""


def map_of(lot: Lot) -> Map | None:
    """Where in the country it grew; None where the county did not say. Whatever went
    into a lot grew in its village too."""
    try:
        position = lot.village.station.position
    except Station.DoesNotExist:
        return None
    if position is None:
        return None
    here = degrees(*position)
    return draw_map([Spot(*here, place_told(lot.village.name))])


def timeline_of(lot: Lot, packed_at: datetime | None = None) -> list[dict[str, Any]]:
    """The standing events of the lot and of what went into it, oldest first, ending
    with this package's packing."""
    steps = [
        {
            "title": words.event_title(event),
            "at": timezone.localtime(event.happened_at).date(),
            "note": event.note or _grower_of(event.lot),
        }
        for event in queries.history_of(lot)
    ]
    if packed_at is not None:
        steps.append(
            {
                "title": _("Packed and labelled"),
                "at": timezone.localtime(packed_at).date(),
                "note": station_of(lot),
            }
        )
    return steps


def _grower_of(lot: Lot) -> str:
    return lot.farmer.public_name if lot.farmer is not None else ""


def links_for(lot: Lot) -> list[dict[str, str]]:
    """What the shop offers for this lot: buy again. Where it fails, nothing."""
    answers = scan_links.send_robust(sender=Lot, lot=lot)
    return [a for _receiver, a in answers if a and not isinstance(a, Exception)]


def _of_kind(evidence: list[Evidence], kind: str) -> list[Evidence]:
    return [item for item in evidence if item.kind == kind]
