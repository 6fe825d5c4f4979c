"""What the database knows exactly, in Prometheus's words. Read whenever it asks.

Nothing here says who: states, sums of rows and ages of queues.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Max
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from logistics.models import Booking, Parcel
from partners.ledger.models import Check, Seal, Unsealed
from shop.alipay.models import Capture, Difference, Notice, Payment, Refund
from shop.jobs.models import BrokenJob
from shop.notices.models import TextMessage
from shop.settlement.models import Settlement
from shop.watching import queues
from traceability.models import LogAlarm, LogCheckpoint, LogLeaf


class DatabaseCollector(Collector):
    """Everything that is counted from rows."""

    def collect(self) -> Iterator[Metric]:
        readable = GaugeMetricFamily(
            "xiangji_database_readable", "1 where the figures below could be read."
        )
        try:
            found = [*_sale(), *_ledger(), *_log(), *_archive(), *_queues()]
        except DatabaseError:
            # What the processes counted is still worth having.
            readable.add_metric([], 0)
            found = []
        else:
            readable.add_metric([], 1)
        yield readable
        yield from found


def _sale() -> Iterator[Metric]:
    orders = apps.get_model("order", "Order").objects
    states = settings.OSCAR_ORDER_STATUS_PIPELINE
    yield _by("orders", "Orders, by state.", "state", orders, "status", states)
    yield _by(
        "payments",
        "Payments, by what came of them.",
        "outcome",
        Payment.objects,
        "status",
        Payment.Status.values,
    )
    yield _by(
        "suspense",
        "Money that fitted no order and was sent back, by why.",
        "reason",
        Capture.objects.filter(kind=Capture.Kind.SUSPENSE),
        "reason",
        [reason for reason in Capture.Reason.values if reason],
    )
    yield _by(
        "refunds",
        "Refunds, by what came of them.",
        "outcome",
        Refund.objects,
        "status",
        Refund.Status.values,
    )
    yield _by(
        "alipay_notices",
        "Verified notices, by what came of them.",
        "result",
        Notice.objects,
        "result",
        Notice.Result.values,
    )
    yield _by(
        "parcels",
        "Parcels, by state.",
        "state",
        Parcel.objects,
        "status",
        Parcel.Status.values,
    )
    open_ones = Difference.objects.filter(gone_at=None, settled_at=None)
    yield _one(
        "reconciliation_differences",
        "Lines where Alipay's bill and our books still disagree.",
        open_ones.count(),
    )
    yield _total("settlements", "Orders shared out.", Settlement.objects.count())


def _ledger() -> Iterator[Metric]:
    sealed = Seal.objects.aggregate(last=Max("sequence"))["last"] or 0
    unsealed = Unsealed.objects.count()
    yield _total("ledger_entries", "Entries in the ledger.", sealed + unsealed)
    yield _one("ledger_unsealed", "Entries that wait for their seal.", unsealed)
    check = Check.objects.order_by("at", "pk").last()
    if check is not None:
        yield _one(
            "ledger_in_order",
            "1 where the last check found none wrong.",
            check.in_order,
        )
        yield _one(
            "ledger_check_age_seconds",
            "How long ago that was.",
            (timezone.now() - check.at).total_seconds(),
        )


def _log() -> Iterator[Metric]:
    last = LogLeaf.objects.aggregate(last=Max("index"))["last"]
    lines = 0 if last is None else last + 1
    published = LogCheckpoint.objects.aggregate(size=Max("size"))["size"] or 0
    yield _total("log_lines", "Lines of the transparency log.", lines)
    yield _one("log_published", "Lines that a checkpoint covers.", published)
    alarms = LogAlarm.objects.waiting().count()
    yield _one("log_alarms", "Open alarms: the log did not only grow.", alarms)


def _archive() -> Iterator[Metric]:
    failing = False
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A segment that was kept at last follows the failures before it.
            cursor.execute(
                "SELECT last_failed_time IS NOT NULL AND last_failed_time"
                " > coalesce(last_archived_time, '-infinity') FROM pg_stat_archiver"
            )
            ((failing,),) = cursor.fetchall()
    yield _one(
        "database_archive_failing",
        "1 where PostgreSQL could not archive its log when it last tried.",
        failing,
    )


def _queues() -> Iterator[Metric]:
    now = timezone.now()
    rows = GaugeMetricFamily(
        "xiangji_queue_rows", "Rows whose turn has come.", labels=["queue"]
    )
    ages = GaugeMetricFamily(
        "xiangji_queue_age_seconds",
        "How long the oldest of them has been due.",
        labels=["queue"],
    )
    for name, (count, age) in queues.waiting(now=now).items():
        rows.add_metric([name], count)
        ages.add_metric([name], age.total_seconds())
    yield from (rows, ages)
    given_up = TextMessage.objects.dead().count()
    yield _one("texts_given_up", "Texts that could not be sent.", given_up)
    yield _one("jobs_broken", "Jobs whose last run broke.", BrokenJob.objects.count())
    stuck = Booking.objects.filter(
        status=Booking.Status.ASKED, opened_at__lt=now - Booking.SAFE_TO_ASK_AGAIN
    )
    yield _one(
        "bookings_for_people",
        "Bookings without an answer that are no longer safe to repeat.",
        stuck.count(),
    )


def _by(
    name: str,
    text: str,
    label: str,
    rows: Any,
    field: str,
    known: Iterable[str],
) -> Metric:
    """Rows by the value of a field; nought for values that no row has."""
    counted = rows.order_by().values_list(field).annotate(rows=Count("pk"))
    family = GaugeMetricFamily(f"xiangji_{name}", text, labels=[label])
    for value, count in sorted((dict.fromkeys(known, 0) | dict(counted)).items()):
        family.add_metric([value.lower()], count)
    return family


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"xiangji_{name}", text, value=value)


def _total(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"xiangji_{name}", text, value=value)
