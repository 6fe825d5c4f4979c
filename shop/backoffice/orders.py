"""Orders as staff see them: the list with its filters, and everything about one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.ledger.chart import family_of
from partners.ledger.models import Entry
from partners.ledger.queries import balance_fen, entries_of
from partners.organisations.models import AuditRecord
from shop.alipay.models import Capture, Payment, Refund
from shop.ordering.models import Purchase, SubOrder
from shop.ordering.queries import SentPart, parts_of, place_of, recalled_parts
from shop.ordering.refunded import Left, held_by_recall, left_to_refund

LATE_AFTER = timedelta(hours=48)
STUCK_AFTER = timedelta(days=7)

STATES: dict[str, Promise] = {
    "all": gettext_lazy("All"),
    "pending": gettext_lazy("Waiting for payment"),
    "paid": gettext_lazy("Paid"),
    "completed": gettext_lazy("Completed"),
    "cancelled": gettext_lazy("Cancelled"),
    "exception": gettext_lazy("Wrong sum"),
}
TROUBLES: dict[str, Promise] = {
    "late": gettext_lazy("Not sent for two days"),
    "stuck": gettext_lazy("On the road for a week"),
    "recalled": gettext_lazy("Recalled and not sent"),
}


def troubled(trouble: str, *, now: datetime) -> QuerySet[SubOrder]:
    """Parts of orders that somebody must look after, by one of TROUBLES."""
    parts = SubOrder.objects.all()
    if trouble == "late":
        return parts.filter(status=SubOrder.Status.PAID, paid_at__lt=now - LATE_AFTER)
    if trouble == "stuck":
        return parts.filter(
            status=SubOrder.Status.SHIPPED, shipped_at__lt=now - STUCK_AFTER
        )
    return recalled_parts()


def orders(*, status: str, part: str, number: str = "", now: datetime) -> QuerySet[Any]:
    """Orders by where they stand: one of STATES, with a part in one of TROUBLES,
    and with a number that begins so."""
    found = apps.get_model("order", "Order").objects.filter(purchase__isnull=False)
    if status == "exception":
        numbers = Payment.objects.filter(status=Payment.Status.EXCEPTION)
        found = found.filter(number__in=numbers.values("order_number"))
    elif status in STATES and status != "all":
        found = found.filter(status=status)
    if part in TROUBLES:
        found = found.filter(pk__in=troubled(part, now=now).values("order"))
    if number:
        found = found.filter(number__startswith=number)
    return found.select_related("purchase").prefetch_related(
        "sub_orders__village", "lines"
    )


@dataclass(frozen=True)
class Row:
    """An order in the list: its parts, each with what is wrong with it, in words."""

    order: Any
    parts: list[tuple[SubOrder, str]]

    @property
    def villages(self) -> list[str]:
        """Where its parts come from, each village once."""
        return list(dict.fromkeys(part.village.name for part, _trouble in self.parts))

    @property
    def troubled(self) -> bool:
        return any(trouble for _part, trouble in self.parts)


def rows_of(shown: list[Any], *, now: datetime) -> list[Row]:
    """The orders of a page, late, stuck and recalled parts named."""
    named: dict[int, str] = {}
    for trouble, words in TROUBLES.items():
        found = troubled(trouble, now=now).filter(order__in=[o.pk for o in shown])
        named |= dict.fromkeys(found.values_list("pk", flat=True), str(words))
    return [
        Row(
            order=order,
            parts=[(part, named.get(part.pk, "")) for part in order.sub_orders.all()],
        )
        for order in shown
    ]


@dataclass(frozen=True)
class Happened:
    """One thing that happened to an order, as a timeline takes it."""

    at: datetime
    title: str
    note: str = ""


@dataclass(frozen=True)
class PartRow:
    """A part of an order, and what can still go back of it."""

    part: SentPart
    left_fen: int


@dataclass(frozen=True)
class LedgerLine:
    """One line of one entry, its account in words."""

    at: datetime
    code: str
    label: str
    amount_fen: int

    @property
    def credit_fen(self) -> int:
        return -self.amount_fen


@dataclass(frozen=True)
class OneOrder:
    """Everything that staff see of one order."""

    order: Any
    purchase: Purchase
    place: str
    parts: list[SentPart]
    payments: list[Payment]
    captures: list[Capture]
    refunds: list[Refund]
    left: Left
    entries: list[Entry]
    escrow_fen: int
    held: bool
    events: list[Happened]

    @property
    def rows(self) -> list[PartRow]:
        """The parts, each with what can still go back of it."""
        return [
            PartRow(each, self.left.parts[each.sub_order.pk]) for each in self.parts
        ]

    @property
    def ledger_lines(self) -> list[LedgerLine]:
        """What the ledger says about the order, line by line, oldest first."""
        return [
            LedgerLine(
                at=entry.at,
                code=line.account.code,
                label=_account_label(line.account.code),
                amount_fen=line.amount_fen,
            )
            for entry in self.entries
            for line in entry.lines.all()
        ]


def one_order(number: str) -> OneOrder:
    """The order with this number. Errors: Http404."""
    purchase = (
        Purchase.objects.select_related("order").filter(order__number=number).first()
    )
    if purchase is None:
        raise Http404
    parts = parts_of(purchase.order)
    about = {"payment__order_number": number}
    captures = list(Capture.objects.filter(**about).order_by("captured_at", "pk"))
    refunds = list(
        Refund.objects.filter(**about)
        .select_related("of_part__sub_order__village", "of_part__terms__line")
        .order_by("pk")
    )
    return OneOrder(
        order=purchase.order,
        purchase=purchase,
        place=place_of(purchase),
        parts=parts,
        payments=list(Payment.objects.filter(order_number=number).order_by("pk")),
        captures=captures,
        refunds=refunds,
        left=left_to_refund(purchase.order),
        entries=list(entries_of(f"order:{number}")),
        escrow_fen=-balance_fen(f"order:{number}:escrow"),
        held=held_by_recall(purchase.order),
        events=_events(purchase, parts, captures, refunds),
    )


def _events(
    purchase: Purchase,
    parts: list[SentPart],
    captures: list[Capture],
    refunds: list[Refund],
) -> list[Happened]:
    """What happened to the order, oldest first, from the rows that say so."""
    found = [(purchase.order.date_placed, _("Placed"), "")]
    found += [(purchase.completed_at, _("Completed"), "")]
    for capture in captures:
        found.append((capture.captured_at, _("Money came in"), capture.trade_no))
    for each in parts:
        part = each.sub_order
        found.append((part.shipped_at, _("Handed to the carrier"), part.number))
        found.append((part.delivered_at, _("Delivered"), part.number))
    for refund in refunds:
        found.append((refund.asked_at, _("A refund was asked for"), refund.request_no))
        found.append((refund.done_at, _("Alipay paid it back"), refund.request_no))
    records = AuditRecord.objects.filter(subject=f"order:{purchase.order.number}")
    for record in records.select_related("actor"):
        who = record.actor.name if record.actor else ""
        words = _TOLD.get(record.act, record.act)
        found.append((record.at, str(words), f"{who} {record.detail}".strip()))
    return sorted(
        (Happened(at, title, note) for at, title, note in found if at is not None),
        # Alipay tells whole seconds; what it answers never stands before the question.
        key=lambda event: event.at.replace(microsecond=0),
    )


def _account_label(code: str) -> str:
    family = family_of(code)
    return str(family.label) if family else code


_TOLD = {
    "refund_order": gettext_lazy("Staff gave money back"),
    "release_recalled": gettext_lazy("Staff let it complete despite a recall"),
}
