"""Tell the buyer by text message, from a row that is written with the event itself."""

from datetime import datetime

from logistics.carriers import registry
from partners.measures import yuan
from shop.notices.operations import send_text
from shop.ordering.models import Purchase, SubOrder


def tell_paid(*, purchase: Purchase, at: datetime) -> None:
    """The order is paid; where to follow it. Orders without a phone tell nobody."""
    _tell(
        purchase=purchase,
        template="order_paid",
        key=f"order:{purchase.order.number}:paid",
        params={"total": yuan(purchase.total_fen)},
        at=at,
    )


def tell_cancelled(*, purchase: Purchase, at: datetime) -> None:
    """The order is cancelled."""
    _tell(
        purchase=purchase,
        template="order_cancelled",
        key=f"order:{purchase.order.number}:cancelled",
        params={},
        at=at,
    )


def tell_shipped(*, sub_order: SubOrder, at: datetime) -> None:
    """One box left its village."""
    _tell(
        purchase=sub_order.order.purchase,
        template="parcel_handed_over",
        key=f"order:{sub_order.number}:shipped",
        params={
            "carrier": registry.name(sub_order.parcel.carrier),
            "waybill": sub_order.parcel.waybill,
        },
        at=at,
    )


def tell_delivered(*, sub_order: SubOrder, at: datetime) -> None:
    """One box has arrived."""
    _tell(
        purchase=sub_order.order.purchase,
        template="parcel_delivered",
        key=f"order:{sub_order.number}:delivered",
        params={},
        at=at,
    )


def _tell(
    *, purchase: Purchase, template: str, key: str, params: dict[str, str], at: datetime
) -> None:
    if not purchase.phone:
        return
    send_text(
        phone=purchase.phone,
        template=template,
        params={"number": purchase.order.number, "link": purchase.path, **params},
        at=at,
        key=key,
    )
