"""The stand-in without a server: for the demo's months of history, made in a moment."""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from logistics.carriers.base import Booked, Order, Push, PushRefused, TrackingEvent
from logistics.carriers.standin.depot import STEPS
from logistics.carriers.standin.permission import require_standin
from logistics.models import Parcel
from logistics.regions import postal_name

# When after the hand-over the first of STEPS happen, by road; the last two happen on
# the day after that, while people are awake.
_HOURS = (2, 6, 27)
_OUT_AT = 8  # o'clock, where the parcel goes
_MOST_MINUTES_OUT = 9 * 60
_KINDS = ("collected", "in_transit", "in_transit", "out_for_delivery", "delivered")


class OfflineCarrier:
    """Books at once and answers from this process; pushes nothing."""

    networked = False

    def __init__(self) -> None:
        require_standin()

    def book(self, order: Order) -> Booked:
        digest = hashlib.sha256(order.order_id.encode()).hexdigest()
        number = int(digest[:12], 16)
        return Booked(waybill=f"SH{number:015d}", task_id=digest[:32])

    def subscribe(self, *, order: Order, waybill: str) -> None:
        """There is nobody to push."""

    def track(
        self, *, carrier: str, waybill: str, phone: str
    ) -> Sequence[TrackingEvent]:
        return []

    def read_push(self, form: Mapping[str, str]) -> Push:
        raise PushRefused("nobody pushes from here")


def usual_way(parcel: Parcel, *, until: datetime) -> list[TrackingEvent]:
    """What a carrier tells of a parcel from its hand-over up to `until`."""
    assert parcel.handed_over_at is not None
    places = {
        "start": postal_name(parcel.station_code[:6].ljust(12, "0")),
        "end": postal_name(parcel.division_code[:6].ljust(12, "0")),
    }
    events = []
    for kind, moment, (_state, _name, area, sentence) in zip(
        _KINDS, _moments(parcel), STEPS, strict=True
    ):
        if moment <= until:
            events.append(
                TrackingEvent(
                    kind=kind,
                    happened_at=moment.replace(microsecond=0),
                    text=sentence.format(**places),
                    place=area.format(**places),
                )
            )
    return events


def _moments(parcel: Parcel) -> list[datetime]:
    """When each step happens; nobody's bell rings at night."""
    assert parcel.handed_over_at is not None
    # Parcels of one day differ, the same ones each time.
    differs = zlib.crc32(parcel.waybill.encode())
    later = timedelta(minutes=differs % 180)
    moved = [parcel.handed_over_at + timedelta(hours=h) + later for h in _HOURS]
    next_day = timezone.localtime(moved[-1]) + timedelta(days=1)
    out = next_day.replace(hour=_OUT_AT, minute=differs % 60, second=0)
    minutes = 60 + differs % (_MOST_MINUTES_OUT - 60)
    return [*moved, out, out + timedelta(minutes=minutes)]
