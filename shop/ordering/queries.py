"""Reads that span orders, parcels and shares."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.apps import apps
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from logistics.queries import timeline
from partners.models import Supermarket
from partners.organisations.queries import full_name
from partners.queries import SharePreview, share_preview
from shop.ordering.models import LineTerms, Purchase, SubOrder


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


def place_of(purchase: Purchase) -> str:
    """Province to township in words; the door stays off the page."""
    return full_name(purchase.division_code) if purchase.division_code else ""


def parts_of(order) -> list[SentPart]:
    """What each seller sends, with where its box is."""
    found = []
    parts = order.sub_orders.select_related("village", "parcel", "partner")
    for part in parts.order_by("pk"):
        lines = list(part.line_terms.select_related("line", "listing").order_by("pk"))
        steps = timeline(part.parcel) if part.parcel else []
        found.append(SentPart(sub_order=part, lines=lines, steps=steps))
    return found


def share_of(order, *, on: date) -> list[tuple[Supermarket, SharePreview]]:
    """What an order brings to households, a preview for each supermarket in it."""
    margins: defaultdict[Supermarket, int] = defaultdict(int)
    terms = LineTerms.objects.filter(sub_order__order=order, supermarket__isnull=False)
    for line in terms.select_related("supermarket"):
        margins[line.supermarket] += line.goods_fen * line.margin_bp // 10_000
    previews = [
        (supermarket, share_preview(supermarket=supermarket, margin_fen=margin, on=on))
        for supermarket, margin in margins.items()
    ]
    return [pair for pair in previews if pair[1].amount_fen > 0]


def to_pack(village_codes: list[str]) -> QuerySet[SubOrder]:
    """Paid parts of orders that wait at these villages' stations, oldest first."""
    return (
        SubOrder.objects.filter(
            village_id__in=village_codes, status=SubOrder.Status.PAID
        )
        .select_related("order__purchase", "village")
        .prefetch_related("line_terms__line", "packed_labels")
        .order_by("paid_at", "pk")
    )


def orders_of(user) -> QuerySet:
    """A buyer's orders, newest first."""
    Order = apps.get_model("order", "Order")
    return (
        Order.objects.filter(user=user, purchase__isnull=False)
        .select_related("purchase")
        .prefetch_related("sub_orders")
        .order_by("-date_placed", "-pk")
    )
