"""From a carrier's events to a parcel's status: the only place that decides it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from logistics.carriers.base import TrackingEvent
from logistics.models import Parcel, ParcelEvent
from logistics.signals import parcel_delivered, parcel_returned
from partners.privacy import blind_index

# Carriers use waybills again after months: what is older than our parcel is not its.
OLDEST = timedelta(hours=12)
# Their clocks and ours differ a little; what is further ahead is not believed.
AHEAD = timedelta(hours=1)

_STATUS_OF = {
    ParcelEvent.Kind.COLLECTED: Parcel.Status.IN_TRANSIT,
    ParcelEvent.Kind.IN_TRANSIT: Parcel.Status.IN_TRANSIT,
    ParcelEvent.Kind.REFUSED: Parcel.Status.IN_TRANSIT,
    ParcelEvent.Kind.RETURNING: Parcel.Status.IN_TRANSIT,
    ParcelEvent.Kind.OUT_FOR_DELIVERY: Parcel.Status.OUT_FOR_DELIVERY,
    ParcelEvent.Kind.DELIVERED: Parcel.Status.DELIVERED,
    ParcelEvent.Kind.RETURNED: Parcel.Status.RETURNED,
}
_CARRIERS_KINDS = {*_STATUS_OF, ParcelEvent.Kind.PROBLEM}
# Two events of one second: the further along is the later one.
_RANK = {kind: rank for rank, kind in enumerate(_STATUS_OF)}
_ENDS = (Parcel.Status.DELIVERED, Parcel.Status.RETURNED)


def apply_events(
    *, parcel: Parcel, events: Sequence[TrackingEvent], at: datetime
) -> None:
    """Add what is new and move the parcel on. The parcel is locked by the caller."""
    new = _unknown(
        parcel, [event for event in events if _believable(parcel, event, at)]
    )
    if not new:
        return
    ParcelEvent.objects.bulk_create(
        ParcelEvent(
            parcel=parcel,
            kind=event.kind,
            happened_at=event.happened_at,
            recorded_at=at,
            place=event.place[:80],
            text=event.text,
            key=key,
        )
        for key, event in sorted(new.items(), key=lambda item: item[1].happened_at)
    )
    parcel.heard_at = at
    parcel.save(update_fields=["heard_at"])
    _move(parcel, at)


def _believable(parcel: Parcel, event: TrackingEvent, at: datetime) -> bool:
    if event.kind not in _CARRIERS_KINDS or parcel.handed_over_at is None:
        return False
    return parcel.handed_over_at - OLDEST <= event.happened_at <= at + AHEAD


def _unknown(
    parcel: Parcel, events: Sequence[TrackingEvent]
) -> dict[str, TrackingEvent]:
    """Events by key, those we have already left out."""
    known = set(parcel.events.values_list("key", flat=True))
    found = {
        blind_index("parcel_event", f"{event.happened_at.isoformat()} {event.text}"): (
            event
        )
        for event in events
    }
    return {key: event for key, event in found.items() if key not in known}


def _move(parcel: Parcel, at: datetime) -> None:
    """To the status of the newest event. What has come to its end stays there.

    A lost parcel that turns up is believed only when it has arrived somewhere.
    """
    if parcel.status in _ENDS:
        return
    told = [event for event in parcel.events.all() if event.kind in _STATUS_OF]
    if not told:
        return
    newest = max(
        told,
        key=lambda event: (
            event.happened_at,
            _RANK[ParcelEvent.Kind(event.kind)],
        ),
    )
    status = _STATUS_OF[ParcelEvent.Kind(newest.kind)]
    if status in _ENDS:
        _end(parcel, status, min(newest.happened_at, at))
    elif parcel.status != Parcel.Status.LOST and parcel.status != status:
        parcel.status = status
        parcel.save(update_fields=["status"])


def _end(parcel: Parcel, status: Parcel.Status, at: datetime) -> None:
    parcel.status = status
    parcel.closed_at = at
    parcel.save(update_fields=["status", "closed_at"])
    delivered = status == Parcel.Status.DELIVERED
    (parcel_delivered if delivered else parcel_returned).send(
        sender=Parcel, parcel=parcel, at=at
    )
