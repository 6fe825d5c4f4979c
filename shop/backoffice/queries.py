"""What needs doing today, and the lists behind it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from partners.models import Statement
from shop.alipay.models import Payment
from shop.listings.models import Listing
from shop.ordering.models import SubOrder

PAGE = 50


@dataclass(frozen=True)
class Todo:
    """One line of the operator's day: what, how many, and where."""

    title: str
    count: int
    url: str


def today(*, now: datetime) -> list[Todo]:
    """What waits for the county's staff, each with its count."""
    orders = reverse("backoffice:orders")
    late = SubOrder.objects.filter(
        status=SubOrder.Status.PAID, paid_at__lt=now - timedelta(hours=48)
    )
    stuck = SubOrder.objects.filter(
        status=SubOrder.Status.SHIPPED, shipped_at__lt=now - timedelta(days=7)
    )
    return [
        Todo(
            _("Statements to approve"),
            Statement.objects.waiting().count(),
            reverse("partners_backoffice:statements"),
        ),
        Todo(
            _("Boxes paid for two days and not sent"),
            late.count(),
            f"{orders}?part=late",
        ),
        Todo(_("Boxes on the road for a week"), stuck.count(), f"{orders}?part=stuck"),
        Todo(
            _("Payments with a wrong sum"),
            Payment.objects.filter(status=Payment.Status.EXCEPTION).count(),
            f"{orders}?status=exception",
        ),
        Todo(
            _("Listings that wait for their farmer"),
            Listing.objects.waiting().count(),
            f"{orders}?status=all",
        ),
    ]


def orders(*, status: str, part: str, before: int | None, now: datetime) -> QuerySet:
    """Orders, newest first, in keyset pages of PAGE.

    `status` is one of Oscar's order states, "exception" or "all"; `part` narrows to
    orders with a late or stuck box; `before` is the last page's lowest key.
    """
    Order = apps.get_model("order", "Order")
    found = Order.objects.filter(purchase__isnull=False)
    if status in {"pending", "paid", "completed", "cancelled"}:
        found = found.filter(status=status)
    if status == "exception":
        numbers = Payment.objects.filter(status=Payment.Status.EXCEPTION)
        found = found.filter(number__in=numbers.values("order_number"))
    if part == "late":
        found = found.filter(
            Q(sub_orders__status="paid")
            & Q(sub_orders__paid_at__lt=now - timedelta(hours=48))
        ).distinct()
    if part == "stuck":
        found = found.filter(
            Q(sub_orders__status="shipped")
            & Q(sub_orders__shipped_at__lt=now - timedelta(days=7))
        ).distinct()
    if before is not None:
        found = found.filter(pk__lt=before)
    return (
        found.select_related("purchase")
        .prefetch_related("sub_orders__village", "lines")
        .order_by("-pk")[: PAGE + 1]
    )
