"""The stand-in without a server: for the demo's months of history, made in a moment."""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from logistics.carriers.base import Booked, Order, Push, PushRefused, TrackingEvent
from logistics.carriers.standin.depot import STEPS
from logistics.carriers.standin.permission import require_standin
from logistics.models import Parcel
from logistics.regions import postal_name

# When after the hand-over each of STEPS happens; two days in all, as by road.
_HOURS = (2, 6, 27, 45, 49)
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
    # Parcels of one day differ by up to three hours, the same ones each time.
    later = timedelta(minutes=zlib.crc32(parcel.waybill.encode()) % 180)
    events = []
    for kind, hours, (_state, _name, area, sentence) in zip(
        _KINDS, _HOURS, STEPS, strict=True
    ):
        moment = parcel.handed_over_at + timedelta(hours=hours) + later
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
