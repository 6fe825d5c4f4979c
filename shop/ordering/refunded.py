"""What has gone back of an order, part by part and line by line, and what may still.

Counted are refunds that are made and those on their way; what Alipay refused is not.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from partners.measures import apportion, yuan
from shop.alipay.models import Payment, Refund
from shop.ordering.models import LineTerms, PackedLabel, PartRefund, SubOrder
from traceability.models import StatusEvent


class NothingLeft(Exception):
    """Less is left to give back than is asked for; the message says how much."""


@dataclass(frozen=True)
class Sum:
    """A sum that goes back, and of what; `calls_off`: the part is not sent any more."""

    amount_fen: int
    sub_order: SubOrder | None = None
    terms: LineTerms | None = None
    calls_off: bool = False


@dataclass(frozen=True)
class Left:
    """What can still go back, in fen: of the order, of each part, of each line."""

    order_fen: int
    parts: dict[int, int]
    lines: dict[int, int]


@dataclass(frozen=True)
class WentBack:
    """What went back, in fen: `parts` without what was one line's alone."""

    parts: dict[int, int]
    lines: dict[int, int]


def paid_payment(order: Any) -> Payment | None:
    """The payment that brought the order's money in, or None before there is one."""
    paid = Payment.objects.filter(order_number=order.number, captured_fen__gt=0)
    return paid.first()


def went_back(order: Any) -> WentBack:
    """What went back of each part and line of this order."""
    parts: defaultdict[int, int] = defaultdict(int)
    lines: defaultdict[int, int] = defaultdict(int)
    rows = PartRefund.objects.filter(sub_order__order=order).exclude(
        refund__status=Refund.Status.REFUSED
    )
    for sub_order, terms, fen in rows.values_list(
        "sub_order", "terms", "refund__amount_fen"
    ):
        if terms is None:
            parts[sub_order] += fen
        else:
            lines[terms] += fen
    return WentBack(parts=dict(parts), lines=dict(lines))


def left_to_refund(order: Any) -> Left:
    """How much can still be given back of an order and of everything in it."""
    payment = paid_payment(order)
    left_fen = payment.captured_fen - payment.reserved_fen if payment else 0
    back = went_back(order)
    parts, lines = {}, {}
    for part in order.sub_orders.prefetch_related("line_terms"):
        gone = back.parts.get(part.pk, 0)
        for terms in part.line_terms.all():
            gone += back.lines.get(terms.pk, 0)
        parts[part.pk] = max(0, min(part.total_fen - gone, left_fen))
        for terms in part.line_terms.all():
            own = terms.goods_fen - back.lines.get(terms.pk, 0)
            lines[terms.pk] = max(0, min(own, parts[part.pk]))
    return Left(order_fen=left_fen, parts=parts, lines=lines)


def recalled_sums(order: Any) -> list[Sum]:
    """What goes back of a paid order for what is recalled in it.

    Of a box that nobody may send, all of it. Of one that is on its way or has arrived,
    what is recalled, and the freight where that is all there was.
    """
    if order.status != "paid":
        return []
    packed = set(
        PackedLabel.objects.recalled()
        .filter(sub_order__order=order)
        .values_list("terms", flat=True)
    )
    to_come = set(
        LineTerms.objects.filter(
            sub_order__order=order,
            sub_order__status=SubOrder.Status.PAID,
            listing__lot__status_events__status=StatusEvent.Status.RECALLED,
        ).values_list("pk", flat=True)
    )
    left, sums = left_to_refund(order), []
    parts = order.sub_orders.exclude(status=SubOrder.Status.CANCELLED)
    for part in parts.prefetch_related("line_terms").order_by("pk"):
        lines = list(part.line_terms.all())
        hit = [terms for terms in lines if terms.pk in packed | to_come]
        unsent = part.status == SubOrder.Status.PAID
        left_fen = left.parts[part.pk]
        if not hit:
            continue
        if unsent or len(hit) == len(lines):
            if left_fen:
                sums.append(Sum(left_fen, sub_order=part, calls_off=unsent))
            continue
        for terms in hit:
            fen = min(left.lines[terms.pk], left_fen)
            left_fen -= fen
            if fen:
                sums.append(Sum(fen, sub_order=part, terms=terms))
    return sums


def held_by_recall(order: Any) -> bool:
    """Whether something that arrived was recalled, and its money is not given back."""
    return any(
        back.sub_order is not None
        and back.sub_order.status == SubOrder.Status.DELIVERED
        for back in recalled_sums(order)
    )


def plan(
    order: Any,
    *,
    sub_order: SubOrder | None = None,
    terms: LineTerms | None = None,
    amount_fen: int | None = None,
) -> list[Sum]:
    """The sums that go back: of the whole order, of one part, or of one line of it.

    Without an amount, all that is left of it. An unsent part of which nothing is left
    is called off. Errors: NothingLeft.
    """
    left = left_to_refund(order)
    if terms is not None:
        whole_fen = left.lines.get(terms.pk, 0)
    elif sub_order is not None:
        whole_fen = left.parts.get(sub_order.pk, 0)
    else:
        whole_fen = left.order_fen
    if whole_fen <= 0:
        raise NothingLeft(_("All of this has gone back already."))
    asked_fen = whole_fen if amount_fen is None else amount_fen
    if not 0 < asked_fen <= whole_fen:
        raise NothingLeft(
            _("At most %(left)s of this can still go back.") % {"left": yuan(whole_fen)}
        )
    if terms is not None:
        return [_sum(asked_fen, terms.sub_order, left, terms)]
    if sub_order is not None:
        return [_sum(asked_fen, sub_order, left)]
    parts = [p for p in order.sub_orders.order_by("pk") if left.parts[p.pk]]
    if not parts:
        return [Sum(asked_fen)]
    shares = apportion(asked_fen, [left.parts[part.pk] for part in parts])
    return [
        _sum(fen, part, left) for fen, part in zip(shares, parts, strict=True) if fen
    ]


def _sum(fen: int, part: SubOrder, left: Left, terms: LineTerms | None = None) -> Sum:
    unsent = part.status == SubOrder.Status.PAID
    return Sum(
        amount_fen=fen,
        sub_order=part,
        terms=terms,
        calls_off=unsent and fen == left.parts[part.pk],
    )
