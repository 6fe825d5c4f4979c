"""Every write of logistics, each a verb, each with its errors beside it."""

from logistics.freight_terms import RegionPrice, UnableToCreateTemplate
from logistics.operations.carriage import (
    HandOverPending,
    UnableToHandOver,
    UnknownWaybill,
    hand_over,
    record_tracking,
    resume_booking,
    subscribe,
    sync_parcel,
)
from logistics.operations.freight import (
    UnableToChangeTemplate,
    change_template,
    create_template,
    retire_template,
)
from logistics.operations.parcels import (
    Recipient,
    UnableToMoveParcel,
    UnableToOpenParcel,
    cancel_parcel,
    open_parcel,
    pack_parcel,
    report_lost,
)

__all__ = [
    "HandOverPending",
    "Recipient",
    "RegionPrice",
    "UnableToChangeTemplate",
    "UnableToCreateTemplate",
    "UnableToHandOver",
    "UnableToMoveParcel",
    "UnableToOpenParcel",
    "UnknownWaybill",
    "cancel_parcel",
    "change_template",
    "create_template",
    "hand_over",
    "open_parcel",
    "pack_parcel",
    "record_tracking",
    "report_lost",
    "resume_booking",
    "retire_template",
    "subscribe",
    "sync_parcel",
]
