"""Parcels, and a carrier that answers in this process as a test tells it to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from logistics import operations
from logistics.carriers.base import (
    Booked,
    CarrierUnknown,
    Order,
    Push,
    PushRefused,
    TrackingEvent,
)
from logistics.models import Parcel
from logistics.operations import Recipient
from partners.organisations.models import Station
from partners.organisations.operations import open_station
from tests.factories.places import load_places, village

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)  # 12:00 in Beijing
CARRIER = "shilikuaidi"
LOST = "lost"
_references = count(1)
_waybills = count(1)


@dataclass
class TestCarrier:
    """A carrier's interface without a network. Notes what it was asked.

    `outcomes` are its next answers to `book`: an exception is raised before the order
    is taken; LOST takes the order and loses the answer; "" takes it as usual.
    """

    __test__ = False
    networked = False

    outcomes: list[Exception | str] = field(default_factory=list)
    booked: dict[str, str] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    subscribed: list[str] = field(default_factory=list)
    tracking: list[TrackingEvent] = field(default_factory=list)
    queries: int = 0

    def book(self, order: Order) -> Booked:
        self.orders.append(order)
        outcome = self.outcomes.pop(0) if self.outcomes else ""
        if isinstance(outcome, Exception):
            raise outcome
        waybill = self.booked.setdefault(order.order_id, f"XJ{next(_waybills):09d}")
        if outcome == LOST:
            raise CarrierUnknown("the answer never came")
        return Booked(waybill=waybill, task_id=f"T{waybill}")

    def subscribe(self, *, order: Order, waybill: str) -> None:
        self.subscribed.append(waybill)

    def track(
        self, *, carrier: str, waybill: str, phone: str
    ) -> Sequence[TrackingEvent]:
        self.queries += 1
        return self.tracking

    def read_push(self, form: Mapping[str, str]) -> Push:
        raise PushRefused("this carrier pushes nothing")


def new_station(name: str = "永固村") -> Station:
    """The service station of a village of Hanshou, ready to send from."""
    place = village(name)
    found = Station.objects.filter(village=place).first()
    return found or open_station(
        village=place,
        name=f"{name}服务站",
        address="村部一楼",
        phone="07362600000",
    )


def new_parcel(
    *,
    reference: str = "",
    at: datetime = NOON,
    division_code: str = "430104000000",
    name: str = "李示例",
) -> Parcel:
    """An open parcel from 永固村 to 岳麓区."""
    if not Station.objects.exists():
        load_places("430722", "430104")
    return operations.open_parcel(
        reference=reference or f"2026{next(_references):06d}/1",
        station_code=new_station().village_id,
        recipient=Recipient(
            name=name,
            phone="10000000001",
            division_code=division_code,
            address="尖山路39号2栋301",
        ),
        weight_g=2_600,
        at=at,
    )


def packed_parcel(*, at: datetime = NOON, **fields: str) -> Parcel:
    """Packed, and ready to be handed over."""
    return operations.pack_parcel(parcel=new_parcel(at=at, **fields), at=at, by=None)


def travelling_parcel(
    *, carrier: TestCarrier | None = None, at: datetime = NOON
) -> Parcel:
    """With the carrier, and nothing heard yet."""
    return operations.hand_over(
        parcel=packed_parcel(at=at),
        carrier=CARRIER,
        at=at,
        by=None,
        gateway=carrier or TestCarrier(),
    )


def told(kind: str, hours: float, text: str = "") -> TrackingEvent:
    """What a carrier tells `hours` after noon."""
    return TrackingEvent(
        kind=kind,
        happened_at=NOON + timedelta(hours=hours),
        text=text or f"[示例快递] {kind}",
        place="长沙市",
    )
