"""What a recall reached and what it did not: packages, buyers, money, stations, offers.

Counted by the database, so that a recall of 5,000 orders is a page like any other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.measures import yuan
from shop.alipay.models import Refund
from shop.listings.models import Listing
from shop.notices.models import TextMessage
from shop.ordering.models import PartRefund, SubOrder
from shop.recalls.models import Notice, Recall
from traceability.models import Label, Lot, LotLink

# What became of telling somebody, what needs doing first.
TOLD: dict[str, Promise] = {
    "failed": gettext_lazy("Text given up"),
    "bad_number": gettext_lazy("Number takes no texts"),
    "no_phone": gettext_lazy("No phone number"),
    "waiting": gettext_lazy("Text waits to be sent"),
    "sent": gettext_lazy("Text sent"),
    "reached": gettext_lazy("Reached otherwise"),
}
REACHED = ("sent", "reached")
# What became of the money.
MONEY: dict[str, Promise] = {
    "refused": gettext_lazy("Refund refused by Alipay"),
    "offered": gettext_lazy("Refund offered, not taken"),
    "on_its_way": gettext_lazy("Refund on its way"),
    "back": gettext_lazy("Refunded"),
    "kept": gettext_lazy("Completed without a refund"),
    "cancelled": gettext_lazy("Cancelled"),
    "unpaid": gettext_lazy("Not paid"),
}


@dataclass(frozen=True)
class Counted:
    """How many are so; `key` is how the address asks for them."""

    key: str
    label: str
    count: int


@dataclass(frozen=True)
class Packages:
    """Where the labels of the recalled lots are, each counted once."""

    labels: int
    unused: int
    at_station: int
    packed: int
    on_the_way: int
    handed_over: int

    @property
    def on_packages(self) -> int:
        return self.labels - self.unused


@dataclass(frozen=True)
class Report:
    """One recall, and everything that it reached."""

    recall: Recall
    lots: list[Lot]
    more_lots: int
    links: int
    packages: Packages
    orders: int
    reached: int
    told: list[Counted]
    money: list[Counted]
    stations: list[Notice]
    listings: list[Listing]
    on_sale: int

    @property
    def missed(self) -> int:
        """Orders whose buyer nobody has reached (yet)."""
        return self.orders - self.reached


MOST_LOTS = 100


def report(recall: Recall) -> Report:
    """What the recall reached. A fixed number of queries."""
    keys = recall.lots.values("pk")
    told = _counts(to_buyers(recall), "told", TOLD)
    lots = recall.lots.order_by("pk").select_related("farmer")
    offers = Listing.objects.filter(lot__in=keys).order_by("pk")
    links = LotLink.objects.filter(parent__in=keys, child__in=keys)
    count = recall.lots.count()
    return Report(
        recall=recall,
        lots=list(lots[:MOST_LOTS]),
        more_lots=max(0, count - MOST_LOTS),
        links=links.count(),
        packages=_packages(recall),
        orders=sum(one.count for one in told),
        reached=sum(one.count for one in told if one.key in REACHED),
        told=told,
        money=_counts(to_buyers(recall), "money", MONEY),
        stations=list(
            _with_told(recall.notices.filter(order__isnull=True))
            .select_related("assistant__user", "village", "text", "reached_by")
            .order_by("pk")
        ),
        listings=list(offers.filter(ended_at__gte=recall.recalled_at)),
        on_sale=offers.filter(status=Listing.Status.ON_SALE).count(),
    )


def to_buyers(recall: Recall) -> QuerySet[Any]:
    """The notices to buyers, each with `told`, of TOLD, and `money`, of MONEY."""
    refunds = PartRefund.objects.filter(
        sub_order__order=OuterRef("order"), refund__asked_at__gte=recall.recalled_at
    )
    money = Case(
        When(
            Exists(refunds.filter(refund__status=Refund.Status.REFUSED)),
            then=Value("refused"),
        ),
        When(
            Exists(refunds.filter(refund__status=Refund.Status.WAITING)),
            then=Value("on_its_way"),
        ),
        When(
            Exists(refunds.filter(refund__status=Refund.Status.DONE)),
            then=Value("back"),
        ),
        When(order__status="completed", then=Value("kept")),
        When(order__status="cancelled", then=Value("cancelled")),
        When(order__status="pending", then=Value("unpaid")),
        default=Value("offered"),
        output_field=CharField(),
    )
    notices = recall.notices.filter(order__isnull=False)
    return _with_told(notices).annotate(money=money)


def chosen(recall: Recall, *, told: str = "", money: str = "") -> QuerySet[Any]:
    """The notices to buyers of one of TOLD and one of MONEY, with their orders."""
    found = to_buyers(recall).select_related("order__purchase", "text", "reached_by")
    if told in TOLD:
        found = found.filter(told=told)
    if money in MONEY:
        found = found.filter(money=money)
    return found.prefetch_related("order__sub_orders__village")


def rows(recall: Recall) -> Iterator[list[object]]:
    """A line of a spreadsheet for each buyer and station. Phone numbers are masked,
    as on the page; names and addresses stay out."""
    for notice in chosen(recall).order_by("pk").iterator(chunk_size=500):
        order = notice.order
        parts = list(order.sub_orders.all())
        yield [
            order.number,
            " · ".join(dict.fromkeys(part.village.name for part in parts)),
            " · ".join(str(part.get_status_display()) for part in parts),
            order.purchase.masked_phone,
            str(TOLD[notice.told]),
            _channel(notice),
            _moment(notice.told_at),
            str(MONEY[notice.money]),
            yuan(order.purchase.total_fen),
        ]
    stations = _with_told(recall.notices.filter(order__isnull=True))
    for notice in stations.select_related("village", "text").order_by("pk"):
        yield [
            _("Station"),
            notice.village.name,
            "",
            notice.text.masked_phone if notice.text else "",
            str(TOLD[notice.told]),
            _channel(notice),
            _moment(notice.told_at),
            "",
            "",
        ]


def head() -> list[str]:
    """The names of the columns of `rows`."""
    return [
        _("Order"),
        _("From"),
        _("Status"),
        _("Mobile number"),
        _("Told"),
        _("Way"),
        _("Told at"),
        _("Money"),
        _("Total"),
    ]


def _with_told(notices: QuerySet[Notice]) -> QuerySet[Any]:
    text = TextMessage.Status
    return notices.annotate(
        told=Case(
            When(reached_at__isnull=False, then=Value("reached")),
            When(text__status=text.SENT, then=Value("sent")),
            When(text__status=text.DEAD, then=Value("failed")),
            When(text__status=text.WAITING, then=Value("waiting")),
            When(obstacle=Notice.Obstacle.BAD_NUMBER, then=Value("bad_number")),
            default=Value("no_phone"),
            output_field=CharField(),
        )
    )


def _counts(
    notices: QuerySet[Any], name: str, labels: dict[str, Promise]
) -> list[Counted]:
    counted = dict(
        notices.order_by().values_list(name).annotate(count=Count("pk")).order_by()
    )
    return [
        Counted(key, str(label), counted[key])
        for key, label in labels.items()
        if counted.get(key)
    ]


def _packages(recall: Recall) -> Packages:
    parts = SubOrder.Status
    used = Q(activated_at__isnull=False)

    def where(*states: str) -> Count:
        return Count("pk", filter=Q(packed_in__sub_order__status__in=states))

    counted = Label.objects.filter(batch__lot__in=recall.lots.values("pk")).aggregate(
        labels=Count("pk"),
        unused=Count("pk", filter=~used),
        loose=Count("pk", filter=used & Q(packed_in__isnull=True)),
        # Called off in the box: it lies at the station as well.
        unpacked=where(parts.CANCELLED),
        packed=where(parts.PENDING, parts.PAID),
        on_the_way=where(parts.SHIPPED),
        handed_over=where(parts.DELIVERED, parts.COMPLETED),
    )
    at_station = counted.pop("loose") + counted.pop("unpacked")
    return Packages(at_station=at_station, **counted)


def _channel(notice: Notice) -> str:
    if notice.reached_at is not None:
        return _("Staff")
    return _("Text message") if notice.text else ""


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""
