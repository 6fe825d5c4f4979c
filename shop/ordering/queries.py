"""Reads that span orders, parcels and shares."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from django.apps import apps
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from logistics.queries import timeline
from partners.models import Supermarket
from partners.organisations.models import Assistant
from partners.organisations.queries import full_name
from partners.organisations.today import TodayItem
from partners.privacy import blind_index
from partners.queries import SharePreview, share_preview
from shop.alipay.models import Payment
from shop.ordering.models import (
    CheckoutDraft,
    LineTerms,
    PackedLabel,
    PartRefund,
    Purchase,
    SubOrder,
)
from shop.ordering.refunded import left_to_refund
from shop.ordering.typed import Typed
from shop.users.me import MeSection
from shop.users.models import User
from traceability.models import Lot, StatusEvent

# Nobody has handed these to a carrier yet.
UNSENT = (SubOrder.Status.PENDING, SubOrder.Status.PAID)


@dataclass(frozen=True)
class SentPart:
    """One part of an order with its goods and its box's way."""

    sub_order: SubOrder
    lines: list[LineTerms]
    steps: list


def purchase_by_token(number: str, token: str) -> Purchase:
    """The order behind a buyer's link. Errors: Http404 for any other token."""
    return get_object_or_404(
        Purchase.objects.select_related("order"), order__number=number, token=token
    )


def typed_for(basket: Any) -> Typed | None:
    """What was typed at this basket's checkout, or None."""
    draft = CheckoutDraft.objects.filter(basket=basket).first()
    return Typed.from_json(draft.typed) if draft is not None else None


def arrived_by(moment: datetime) -> QuerySet:
    """Paid orders whose last box arrived by then, oldest first, with `arrived_at`.

    Without those of which money is on its way back, and those that hold something
    recalled of which nothing was given back: they wait for staff.
    """
    on_its_way = SubOrder.objects.filter(order=OuterRef("pk")).exclude(
        status__in=[SubOrder.Status.DELIVERED, SubOrder.Status.CANCELLED]
    )
    recalled = PackedLabel.objects.recalled().filter(
        ~Exists(PartRefund.objects.filter(sub_order=OuterRef("sub_order"))),
        sub_order__order=OuterRef("pk"),
        sub_order__status=SubOrder.Status.DELIVERED,
    )
    orders = apps.get_model("order", "Order").objects.filter(status="paid")
    return (
        orders.filter(sub_orders__status=SubOrder.Status.DELIVERED)
        .filter(~Exists(on_its_way), ~Exists(recalled))
        .filter(~Exists(money_going_back(OuterRef("number"))))
        .annotate(arrived_at=Max("sub_orders__delivered_at"))
        .filter(arrived_at__lte=moment)
        .order_by("arrived_at", "pk")
    )


def money_going_back(order_number: Any) -> QuerySet[Payment]:
    """The order's payment, while Alipay has not confirmed all that goes back of it.

    Until then nobody knows what is left to share out.
    """
    return Payment.objects.filter(
        order_number=order_number, reserved_fen__gt=F("refunded_fen")
    )


def order_placed_from(*, basket_id: int | None, key: str) -> Any:
    """The order that this basket became by the form with this key, or None."""
    if basket_id is None:
        return None
    purchases = Purchase.objects.filter(key=key, order__basket_id=basket_id)
    purchase = purchases.select_related("order__purchase").first()
    return purchase and purchase.order


def place_of(purchase: Purchase) -> str:
    """Province to township in words; the door stays off the page."""
    return full_name(purchase.division_code) if purchase.division_code else ""


def is_owner(purchase: Purchase, user: Any) -> bool:
    """Whether this is a buyer who has proven, by logging in, that the order is theirs.

    Only they see the whole address; a link can be passed on.
    """
    return (
        user.is_authenticated and orders_of(user).filter(pk=purchase.order_id).exists()
    )


def parts_of(order) -> list[SentPart]:
    """What each seller sends, with where its box is."""
    found = []
    parts = order.sub_orders.select_related("village__station", "parcel", "partner")
    for part in parts.order_by("pk"):
        lines = list(part.line_terms.select_related("line", "listing").order_by("pk"))
        steps = timeline(part.parcel) if part.parcel else []
        found.append(SentPart(sub_order=part, lines=lines, steps=steps))
    return found


def has_arrived(parts: Iterable[SubOrder]) -> bool:
    """Whether all that is sent of an order has been delivered."""
    return _all_that_is_sent(parts, SubOrder.Status.DELIVERED)


def _all_that_is_sent(parts: Iterable[SubOrder], status: str) -> bool:
    sent = [part for part in parts if part.status != SubOrder.Status.CANCELLED]
    return bool(sent) and all(part.status == status for part in sent)


def unpacked_parts(order: Any) -> QuerySet[SubOrder]:
    """Paid parts of an order that nobody has begun to pack: they can be cancelled."""
    return order.sub_orders.filter(
        status=SubOrder.Status.PAID, parcel__isnull=True, packed_labels__isnull=True
    ).order_by("pk")


@dataclass(frozen=True)
class Cancellable:
    """What a buyer may cancel of a paid order: all that is left of it, or parts."""

    whole: bool
    parts: frozenset[int]


def cancellable(order: Any, parts: list[SentPart]) -> Cancellable:
    """What of an order, with these parts, its buyer may cancel now."""
    open_parts = frozenset(unpacked_parts(order).values_list("pk", flat=True))
    left = {
        part.sub_order.pk
        for part in parts
        if part.sub_order.status != SubOrder.Status.CANCELLED
    }
    return Cancellable(whole=bool(left) and left == open_parts, parts=open_parts)


@dataclass(frozen=True)
class CancelOffer:
    """What a buyer is asked about before it is cancelled, and what then goes back."""

    parts: list[SubOrder]
    back_fen: int
    paid: bool
    whole: bool


def offer_to_cancel(order: Any, number: str) -> CancelOffer | None:
    """What can be cancelled: an unpaid order whole, of a paid one the part with this
    number, or all that nobody has begun to pack. None where nothing can.
    """
    if order.status == "pending":
        return CancelOffer(parts=[], back_fen=0, paid=False, whole=True)
    parts = unpacked_parts(order).select_related("village")
    chosen = list(parts.filter(number=number) if number else parts)
    if order.status != "paid" or not chosen:
        return None
    left = left_to_refund(order).parts
    return CancelOffer(
        parts=chosen,
        back_fen=sum(left[part.pk] for part in chosen),
        paid=True,
        whole=len(chosen) == order.sub_orders.count(),
    )


def share_of(order, *, on: date) -> list[tuple[Supermarket, SharePreview]]:
    """What an order brings to households, a preview for each supermarket in it."""
    if order.status == "cancelled":
        return []  # what is not sold brings nobody anything
    margins: defaultdict[Supermarket, int] = defaultdict(int)
    terms = LineTerms.objects.filter(
        sub_order__order=order, supermarket__isnull=False
    ).exclude(sub_order__status=SubOrder.Status.CANCELLED)
    for line in terms.select_related("supermarket"):
        margins[line.supermarket] += line.goods_fen * line.margin_bp // 10_000
    previews = [
        (supermarket, share_preview(supermarket=supermarket, margin_fen=margin, on=on))
        for supermarket, margin in margins.items()
    ]
    return [pair for pair in previews if pair[1].amount_fen > 0]


def to_pack(village_codes: list[str]) -> QuerySet[SubOrder]:
    """Paid parts of orders that wait at these villages' stations, oldest first.

    Without those that nobody may pack, which `recalled_parts` has.
    """
    return (
        SubOrder.objects.filter(
            village_id__in=village_codes, status=SubOrder.Status.PAID
        )
        .exclude(pk__in=recalled_parts().values("pk"))
        .select_related("order__purchase", "village")
        .prefetch_related("line_terms__line", "packed_labels")
        .order_by("paid_at", "pk")
    )


def lines_of_box(sub_order: SubOrder) -> QuerySet[Any]:
    """What belongs into a box, each line with `is_recalled`: put all of it aside."""
    packed = PackedLabel.objects.recalled().filter(terms=OuterRef("pk"))
    to_come = StatusEvent.objects.filter(
        status=StatusEvent.Status.RECALLED, lot=OuterRef("listing__lot")
    )
    return (
        sub_order.line_terms.select_related("line", "listing__lot")
        .prefetch_related("packed_labels__label")
        .annotate(is_recalled=Exists(packed) | Exists(to_come))
        .order_by("pk")
    )


def parts_with(lots: Iterable[Lot] | QuerySet) -> QuerySet[SubOrder]:
    """Parts of orders with goods of these lots: packed, or sold and to be packed.

    `lots` are lots, or a query of their keys. Found from the lots, not by asking of
    every part there is.
    """
    packed = PackedLabel.objects.filter(label__batch__lot__in=lots)
    to_come = LineTerms.objects.filter(listing__lot__in=lots)
    return (
        SubOrder.objects.filter(
            Q(pk__in=packed.values("sub_order"))
            | Q(status__in=UNSENT, pk__in=to_come.values("sub_order"))
        )
        .exclude(status=SubOrder.Status.CANCELLED)
        .order_by("pk")
    )


def recalled_parts() -> QuerySet[SubOrder]:
    """Paid parts that nobody may pack, because a lot in them is recalled."""
    recalled = StatusEvent.objects.filter(status=StatusEvent.Status.RECALLED)
    return parts_with(recalled.filter(lot__isnull=False).values("lot")).filter(
        status=SubOrder.Status.PAID
    )


def recalls_of(parts: QuerySet[SubOrder]) -> list[StatusEvent]:
    """The recalls that the goods of these parts of orders are of, newest first."""
    packed = PackedLabel.objects.filter(sub_order__in=parts)
    to_come = LineTerms.objects.filter(
        sub_order__in=parts,
        sub_order__status__in=UNSENT,
    )
    return list(
        StatusEvent.objects.filter(
            Q(lot__in=packed.values("label__batch__lot"))
            | Q(lot__in=to_come.values("listing__lot")),
            status=StatusEvent.Status.RECALLED,
        )
        .select_related("lot__village__station")
        .order_by("-pk")
    )


def packing_today(assistant: Assistant) -> list[TodayItem]:
    """What waits at the packing tables of an assistant's villages."""
    villages = list(assistant.villages.values_list("pk", flat=True))
    return [
        TodayItem(
            label=_("Boxes to pack"),
            count=to_pack(villages).count(),
            url=reverse("ordering:packing"),
            icon="package",
        )
    ]


def orders_of(user: User) -> QuerySet:
    """A buyer's orders, newest first: those made logged in, and a guest's with the
    same number, which the buyer has proven to own by logging in with it.
    """
    Order = apps.get_model("order", "Order")
    mine = Q(user=user) | Q(
        user__isnull=True, purchase__phone_index=blind_index("phone", user.phone)
    )
    return (
        Order.objects.filter(mine, purchase__isnull=False)
        .select_related("purchase")
        .prefetch_related("sub_orders__village", "lines")
        .order_by("-date_placed", "-pk")
    )


def orders_section(user: User, *, limit: int = 10) -> MeSection:
    """The newest of somebody's orders, for the page about oneself."""
    found = list(orders_of(user)[: limit + 1])
    return MeSection(
        template="shop/ordering/parts/my_orders.html",
        context={
            "orders": [MyOrder.of(order) for order in found[:limit]],
            "more": len(found) > limit,
        },
        order=10,
    )


@dataclass(frozen=True)
class MyOrder:
    """One order as a line of a list: where it is in a word, what is in it."""

    url: str
    number: str
    state: str
    placed_at: datetime
    total_fen: int
    titles: list[str]
    villages: list[str]

    @classmethod
    def of(cls, order: Any) -> Self:
        """The line for one of Oscar's orders, its parts and lines prefetched."""
        parts = list(order.sub_orders.all())
        state = order.status
        if state == "paid" and has_arrived(parts):
            state = "arrived"
        elif state == "paid" and _all_that_is_sent(parts, SubOrder.Status.PAID):
            state = "to_pack"
        return cls(
            url=order.purchase.path,
            number=order.number,
            state=state,
            placed_at=order.date_placed,
            total_fen=order.purchase.total_fen,
            titles=[line.title for line in order.lines.all()],
            villages=list(dict.fromkeys(part.village.name for part in parts)),
        )
