"""Tell the buyer by text message, from a row that is written with the event itself."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from logistics.carriers import registry
from partners.measures import yuan
from shop.alipay.models import Capture, Payment, Refund
from shop.listings.templatetags.produce import with_english
from shop.notices.operations import send_text
from shop.notices.queries import language_for
from shop.ordering.models import LineTerms, Purchase, SubOrder


def tell_paid(*, purchase: Purchase, at: datetime) -> None:
    """The order is paid; where to follow it. Orders without a phone tell nobody."""
    _tell(
        purchase=purchase,
        template="order_paid",
        key=f"order:{purchase.order.number}:paid",
        params=lambda: {"total": yuan(purchase.total_fen)},
        at=at,
    )


def tell_cancelled(*, purchase: Purchase, at: datetime) -> None:
    """The order is cancelled."""
    _tell(
        purchase=purchase,
        template="order_cancelled",
        key=f"order:{purchase.order.number}:cancelled",
        params=dict,
        at=at,
    )


def tell_suspended(*, payment: Payment, capture: Capture, at: datetime) -> None:
    """Money came that is not the order's, and goes back to who paid it."""
    purchase = Purchase.objects.filter(order__number=payment.order_number).first()
    if purchase is None:
        return
    _tell(
        purchase=purchase,
        template="payment_goes_back",
        key=f"order:{payment.order_number}:back:{capture.pk}",
        params=lambda: {"amount": yuan(capture.amount_fen)},
        at=at,
    )


def tell_refunded(*, refund: Refund, at: datetime) -> None:
    """Money of the order is on its way back."""
    number = refund.payment.order_number
    _tell(
        purchase=Purchase.objects.select_related("order").get(order__number=number),
        template="order_refunded",
        key=f"order:{number}:refund:{refund.request_no}",
        params=lambda: {"amount": yuan(refund.amount_fen)},
        at=at,
    )


def tell_shipped(*, sub_order: SubOrder, at: datetime) -> None:
    """One box left its village."""
    _tell(
        purchase=sub_order.order.purchase,
        template="parcel_handed_over",
        key=f"order:{sub_order.number}:shipped",
        params=lambda: {
            "goods": _goods_in(sub_order),
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
        params=lambda: {"goods": _goods_in(sub_order)},
        at=at,
    )


def _goods_in(sub_order: SubOrder) -> str:
    """What is in one box, and which of several it is, in the text's language."""
    titles = [with_english(terms.line.title) for terms in _lines(sub_order)]
    goods = titles[0] if titles else _("Your parcel")
    if len(titles) > 1:
        goods = _("%(first)s and %(more)d more") % {
            "first": goods,
            "more": len(titles) - 1,
        }
    sent = sub_order.order.sub_orders.exclude(status=SubOrder.Status.CANCELLED)
    boxes = list(sent.order_by("pk").values_list("pk"))
    if len(boxes) < 2:
        return goods
    return _("%(goods)s (box %(index)d of %(count)d)") % {
        "goods": goods,
        "index": boxes.index((sub_order.pk,)) + 1,
        "count": len(boxes),
    }


def _lines(sub_order: SubOrder) -> QuerySet[LineTerms]:
    return sub_order.line_terms.select_related("line").order_by("pk")


def _tell(
    *,
    purchase: Purchase,
    template: str,
    key: str,
    params: Callable[[], dict[str, str]],
    at: datetime,
) -> None:
    """`params` is asked for the words in the language that the buyer reads."""
    if not purchase.phone:
        return
    language = language_for(phone=purchase.phone, key=key, otherwise=purchase.language)
    with override(language):
        words = {"number": purchase.order.number, "link": purchase.path, **params()}
    send_text(
        phone=purchase.phone,
        template=template,
        params=words,
        at=at,
        key=key,
        language=language,
    )
