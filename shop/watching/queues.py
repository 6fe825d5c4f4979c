"""How long the oldest row of every work list has been waiting for its turn.

Work in progress is a row, and beat comes by for what its row says is due. A queue
whose oldest row grows older than beat's pause is one that nobody works on.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.apps import apps
from django.db.models import Count, Max, Min, QuerySet
from django.db.models.functions import Coalesce

from logistics.models import Booking
from partners.ledger.models import Seal, Unsealed
from shop.alipay.models import Payment, Refund
from shop.discovery.models import Outdated
from shop.notices.models import TextMessage
from shop.ordering.operations.progress import COMPLETES_AFTER
from shop.ordering.queries import arrived_by
from shop.recalls.models import Recall
from shop.recalls.queries import orders_to_tell
from traceability.models import LogCheckpoint, LogLeaf, PrintJob

Due = tuple[int, datetime | None]


def texts(now: datetime) -> Due:
    """Text messages whose next try has come."""
    return _due(TextMessage.objects.due(now), "next_try_at")


def payments(now: datetime) -> Due:
    """Payments that Alipay is to be asked about."""
    return _due(Payment.objects.filter(next_check_at__lte=now), "next_check_at")


def refunds(now: datetime) -> Due:
    """Refunds whose next attempt has come."""
    return _due(Refund.objects.filter(next_attempt_at__lte=now), "next_attempt_at")


def bookings(now: datetime) -> Due:
    """Parcels whose carrier has not answered, while it is safe to ask again."""
    waiting = Booking.objects.filter(
        status=Booking.Status.ASKED,
        leased_until__lte=now,
        opened_at__gte=now - Booking.SAFE_TO_ASK_AGAIN,
    )
    return _due(waiting, "leased_until")


def search(now: datetime) -> Due:
    """Products whose document in the index is behind."""
    return _due(Outdated.objects.all(), "since")


def log(now: datetime) -> Due:
    """Lines of the transparency log that no checkpoint covers."""
    published = LogCheckpoint.objects.aggregate(size=Max("size"))["size"] or 0
    return _due(LogLeaf.objects.filter(index__gte=published), "appended_at")


def seals(now: datetime) -> Due:
    """Entries of the ledger that wait for their seal.

    An entry may tell of an earlier time than it was posted; it has waited since the
    last seal at most, or that too would have sealed it.
    """
    count, oldest = _due(Unsealed.objects.all(), "entry__at")
    if oldest is None:
        return count, None
    last = Seal.objects.order_by("-sequence").values_list("sealed_at", flat=True)
    return count, max(oldest, last.first() or oldest)


def unpaid(now: datetime) -> Due:
    """Orders whose time to pay is over and whose stock is still held."""
    late = apps.get_model("order", "Order").objects.filter(
        status="pending", purchase__expires_at__lte=now
    )
    return _due(late, "purchase__expires_at")


def settlement(now: datetime) -> Due:
    """Orders that arrived long enough ago to be completed, and so settled."""
    count, oldest = _due(arrived_by(now - COMPLETES_AFTER), "arrived_at")
    return count, oldest + COMPLETES_AFTER if oldest else None


def recalls(now: datetime) -> Due:
    """Orders with something recalled in them whose buyers nobody wrote to yet."""
    unsettled = Recall.objects.unsettled().filter(recalled_at__lte=now)
    missed = [(len(orders_to_tell(each)), each.recalled_at) for each in unsettled]
    since = [recalled_at for count, recalled_at in missed if count]
    return sum(count for count, _since in missed), min(since, default=None)


def prints(now: datetime) -> Due:
    """Label prints that nobody is at and whose files are not all there."""
    free = PrintJob.objects.free(now)
    idle = free.annotate(since=Coalesce("leased_until", "print__printed_at"))
    return _due(idle.filter(since__lte=now), "since")


QUEUES: dict[str, Callable[[datetime], Due]] = {
    "texts": texts,
    "payments": payments,
    "refunds": refunds,
    "bookings": bookings,
    "search": search,
    "log": log,
    "seals": seals,
    "unpaid": unpaid,
    "settlement": settlement,
    "recalls": recalls,
    "prints": prints,
}


def waiting(*, now: datetime) -> dict[str, tuple[int, timedelta]]:
    """Of every queue: how many rows are due, and how long the oldest has been."""
    found = {}
    for name, due in QUEUES.items():
        count, oldest = due(now)
        age = max(now - oldest, timedelta()) if oldest else timedelta()
        found[name] = count, age
    return found


def _due(rows: QuerySet, field: str) -> Due:
    seen = rows.order_by().aggregate(oldest=Min(field), count=Count("pk"))
    return seen["count"], seen["oldest"]
