"""What needs doing today, and the lists behind it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.models import Statement
from partners.queries import ready_households
from partners.supervision.models import Finding
from shop.alipay import queries as payments
from shop.backoffice import orders
from shop.jobs.models import BrokenJob
from shop.listings.models import Listing
from shop.listings.queries import with_stock
from shop.notices.queries import dead_texts
from shop.ordering.models import SubOrder
from shop.ordering.queries import parts_with
from shop.users.models import User
from traceability.effects import Effect
from traceability.models import CloneAlarm, FakeReport, LogAlarm, Lot


@dataclass(frozen=True)
class Todo:
    """One line of the operator's day: what, how many, and where."""

    title: str
    count: int
    url: str


def today(*, now: datetime) -> list[Todo]:
    """What waits for the county's staff, each with its count."""
    listed = reverse("backoffice:orders")
    return [
        Todo(
            _("Statements to approve"),
            Statement.objects.waiting().count(),
            reverse("partners_backoffice:statements"),
        ),
        Todo(
            _("Boxes paid for two days and not sent"),
            orders.troubled("late", now=now).count(),
            f"{listed}?part=late",
        ),
        Todo(
            _("Boxes on the road for a week"),
            orders.troubled("stuck", now=now).count(),
            f"{listed}?part=stuck",
        ),
        Todo(
            _("Boxes of recalled lots, paid and not sent"),
            orders.troubled("recalled", now=now).count(),
            f"{listed}?part=recalled",
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
            _("Reports of fakes to look into"),
            FakeReport.objects.waiting().count(),
            reverse("traceability:reports"),
        ),
        Todo(
            _("Codes that seem to be copied"),
            CloneAlarm.objects.waiting().count(),
            reverse("traceability:clone_alarms"),
        ),
        Todo(
            _("Alarms about the public log"),
            LogAlarm.objects.waiting().count(),
            reverse("traceability:log_alarms"),
        ),
        Todo(
            _("Texts that could not be sent"),
            dead_texts().count(),
            reverse("notices:texts"),
        ),
        Todo(_("Jobs that broke"), BrokenJob.objects.count(), reverse("jobs:jobs")),
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
        (_("Traceability"), _TRACE),
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
    ("logistics:freight", gettext_lazy("Freight"), "truck", "logistics.view_freight"),
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
        "recalls:recalls",
        gettext_lazy("Recalls"),
        "octagon-alert",
        "recalls.view_recall",
    ),
    (
        "traceability:reports",
        gettext_lazy("Reports of fakes"),
        "shield-x",
        "traceability.view_reports",
    ),
    (
        "traceability:clone_alarms",
        gettext_lazy("Copied codes"),
        "map-pin",
        "traceability.view_reports",
    ),
    (
        "traceability:prints",
        gettext_lazy("Printed labels"),
        "printer",
        "traceability.view_prints",
    ),
    (
        "epcis:partners",
        gettext_lazy("Exchange with other systems"),
        "link",
        "epcis.view_everything",
    ),
    (
        "traceability:log_alarms",
        gettext_lazy("Alarms about the public log"),
        "octagon-alert",
        "traceability.view_reports",
    ),
)
_TRACE = (
    (
        "traceability:records",
        gettext_lazy("Records"),
        "clipboard-check",
        "traceability.view_records",
    ),
    (
        "traceability:register",
        gettext_lazy("Register of certificates"),
        "file-text",
        "traceability.view_records",
    ),
    (
        "traceability:yield_limits",
        gettext_lazy("Yield limits"),
        "scale",
        "traceability.view_quotas",
    ),
    (
        "traceability:licences",
        gettext_lazy("Licences for marks"),
        "badge-check",
        "traceability.view_quotas",
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
    (
        "jobs:jobs",
        gettext_lazy("Jobs that broke"),
        "refresh-cw",
        "jobs.view_brokenjob",
    ),
)


def unsent_recalled(lots: list[Lot]) -> list[Effect]:
    """What was paid and not sent of recalled lots, and where it is listed."""
    count = parts_with(lots).filter(status=SubOrder.Status.PAID).count()
    if not count:
        words = _("No paid box of it waits to be sent.")
        return [Effect(words, 0, icon="package")]
    words = ngettext(
        "%(count)d box is paid and not sent: nobody can pack it, refund it.",
        "%(count)d boxes are paid and not sent: nobody can pack them, refund them.",
        count,
    )
    where = f"{reverse('backoffice:orders')}?part=recalled"
    return [Effect(words % {"count": count}, count, url=where, icon="package")]
