"""What needs doing today, and the lists behind it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.models import Statement
from partners.queries import ready_households
from partners.supervision.models import Finding
from shop.alipay import queries as payments
from shop.alipay.models import Payment
from shop.listings.models import Listing
from shop.listings.queries import with_stock
from shop.notices.queries import dead_texts
from shop.ordering.models import SubOrder
from shop.ordering.queries import recalled_parts
from shop.users.models import User


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
            _("Boxes of recalled lots, paid and not sent"),
            recalled_parts().count(),
            f"{orders}?part=recalled",
        ),
        Todo(
            _("Payments to look at"),
            payments.to_look_at(now=now),
            reverse("alipay_backoffice:payments"),
        ),
        Todo(
            _("Findings to decide about"),
            Finding.objects.waiting().count(),
            reverse("partners_backoffice:findings"),
        ),
        Todo(
            _("Texts that could not be sent"),
            dead_texts().count(),
            reverse("notices:texts"),
        ),
        Todo(
            _("Households whose money is there"),
            ready_households().count(),
            f"{reverse('partners_backoffice:households')}?part=ready",
        ),
        Todo(
            _("Listings that wait for their farmer"),
            Listing.objects.waiting().count(),
            reverse("backoffice:listings"),
        ),
    ]


LISTED = ("sent", "on_sale", "denied", "ended")


def listings(*, status: str) -> QuerySet[Listing]:
    """Listings of one of the LISTED states."""
    return with_stock(Listing.objects.filter(status=status)).select_related(
        "farmer", "village__parent", "assistant__user", "product"
    )


@dataclass(frozen=True)
class Screen:
    """A page of the back office: where, and words for it."""

    url: str
    label: str
    icon: str


def screens(user: User) -> list[tuple[str, list[Screen]]]:
    """Every page of the back office that this person may open, in groups."""
    groups = (
        (_("The sale"), _SALE),
        (_("Supermarkets and households"), _SHARES),
        (_("Villages and people"), _PLACES),
    )
    return [
        (
            title,
            [
                Screen(reverse(to), str(label), icon)
                for to, label, icon, permission in pages
                if not permission or user.has_perm(permission)
            ],
        )
        for title, pages in groups
    ]


# Address, words, drawing, and the permission that the page itself asks for.
_SALE = (
    ("backoffice:orders", gettext_lazy("Orders"), "package", ""),
    ("backoffice:listings", gettext_lazy("Listings"), "sprout", ""),
    (
        "alipay_backoffice:payments",
        gettext_lazy("Payments"),
        "wallet",
        "alipay.view_payment",
    ),
    (
        "notices:texts",
        gettext_lazy("Text messages"),
        "message-square",
        "notices.view_textmessage",
    ),
    (
        "traceability:lots",
        gettext_lazy("Lots and certificates"),
        "badge-check",
        "traceability.see_lots_page",
    ),
    (
        "traceability:reports",
        gettext_lazy("Reports of fakes"),
        "shield-x",
        "traceability.view_reports",
    ),
)
_SHARES = (
    ("partners_backoffice:statements", gettext_lazy("Statements"), "file-text", ""),
    ("partners_backoffice:shares", gettext_lazy("Households' fund"), "banknote", ""),
    ("partners_backoffice:supermarkets", gettext_lazy("Supermarkets"), "store", ""),
    ("partners_backoffice:households", gettext_lazy("Households"), "hand-heart", ""),
    ("partners_backoffice:findings", gettext_lazy("Findings"), "shield-alert", ""),
    ("partners_backoffice:facts", gettext_lazy("Other offices' lists"), "list", ""),
)
_PLACES = (
    ("partners_backoffice:villages", gettext_lazy("Villages"), "map-pin", ""),
    (
        "users_backoffice:people",
        gettext_lazy("People and roles"),
        "users",
        "users.view_user",
    ),
)


def orders(*, status: str, part: str, now: datetime) -> QuerySet:
    """Orders by where they stand.

    `status` is one of Oscar's order states, "exception" or "all"; `part` narrows to
    orders with a late, stuck or recalled box.
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
    if part == "recalled":
        found = found.filter(pk__in=recalled_parts().values("order"))
    if part == "stuck":
        found = found.filter(
            Q(sub_orders__status="shipped")
            & Q(sub_orders__shipped_at__lt=now - timedelta(days=7))
        ).distinct()
    return found.select_related("purchase").prefetch_related(
        "sub_orders__village", "lines"
    )
