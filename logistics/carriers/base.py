"""What every carrier's interface must be able to do, whoever's protocol it speaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class CarrierRefused(Exception):
    """The carrier said no, for certain; its reason stands in the message."""


class CarrierUnknown(Exception):
    """We cannot tell whether the carrier did it: ask again with the same order id."""


class PushRefused(Exception):
    """A push that the carrier did not sign, or that says nothing we can read."""


@dataclass(frozen=True)
class Contact:
    """One end of a parcel's way. `address` is complete, from the province down."""

    name: str
    phone: str
    address: str
    region: str  # province, city and county, written 湖南省-常德市-汉寿县


@dataclass(frozen=True)
class Order:
    """What we ask a carrier to take. The same `order_id` is the same parcel."""

    order_id: str
    carrier: str
    sender: Contact
    recipient: Contact
    cargo: str
    weight_g: int


@dataclass(frozen=True)
class Booked:
    """The carrier took the order: its waybill and its own number for the order."""

    waybill: str
    task_id: str


@dataclass(frozen=True)
class TrackingEvent:
    """One line of a carrier's tracking. `kind` is one of `ParcelEvent.Kind.values`."""

    kind: str
    happened_at: datetime
    text: str
    place: str = ""


@dataclass(frozen=True)
class Push:
    """What a carrier told us of its own accord, after its signature was checked."""

    carrier: str
    waybill: str
    events: Sequence[TrackingEvent]


class Gateway(Protocol):
    """A carrier's interface. No method may be called inside a transaction.

    `networked` is False only for a gateway that answers from this process.
    Each method raises CarrierRefused or CarrierUnknown as it is.
    """

    networked: bool

    def book(self, order: Order) -> Booked:
        """Have the parcel taken; repeating an order id returns the same waybill."""

    def subscribe(self, *, order: Order, waybill: str) -> None:
        """Have the carrier push what happens; repeating it changes nothing."""

    def track(
        self, *, carrier: str, waybill: str, phone: str
    ) -> Sequence[TrackingEvent]:
        """Everything the carrier knows, oldest first; nothing yet is an empty list."""

    def read_push(self, form: Mapping[str, str]) -> Push:
        """Check a push's signature and read it. Errors: PushRefused."""
