"""Hold a day of ours against Alipay's bill, and settle what differs by hand.

Nothing is posted by comparing (docs/decisions/0053): a difference stands in the back
office until asking Alipay again makes it go away, or somebody parks it in suspense.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.ledger import operations as ledger
from partners.ledger.operations import Line
from shop.alipay import gateway as gateways
from shop.alipay import transport
from shop.alipay.amounts import BEIJING
from shop.alipay.bill import ZIP_BYTES, BadBill, BillRow, read_bill
from shop.alipay.gateway import BillAddress, Gateway, Unknown
from shop.alipay.models import Capture, Difference, Payment, Reconciliation, Refund
from shop.users.models import User

from .booking import CLEARING, SUSPENSE


class UnableToReconcile(Exception):
    """There is no bill to compare with; the message says why."""


class UnableToSettle(Exception):
    """The difference cannot be settled so; the message says why."""


class _Name(NamedTuple):
    """What a movement is called on both sides; request_no "" for a payment."""

    trade_no: str
    out_trade_no: str
    request_no: str


Movements = dict[_Name, int]


def reconcile(
    *, day: date, at: datetime | None = None, gateway: Gateway | None = None
) -> Reconciliation:
    """Compare our money of a day (in Beijing) with Alipay's bill of that day.

    Payments of ours that differ are asked about again at once. Errors:
    UnableToReconcile where Alipay has no bill (it is ready at 9:00 of the next day),
    does not answer, or sends no bill.
    """
    gateway = gateway or gateways.configured()
    at = at or timezone.now()
    rows = _fetch(day, gateway)
    theirs: Counter[_Name] = Counter()
    for row in rows:
        theirs[_Name(row.trade_no, row.out_trade_no, row.request_no)] += row.amount_fen
    ours = _recorded(theirs, gateway.app_id) | _recorded_on(day, gateway.app_id)
    with transaction.atomic():
        report, _created = Reconciliation.objects.update_or_create(
            app_id=gateway.app_id,
            day=day,
            defaults={
                "rows": len(rows),
                "fee_fen": sum(row.fee_fen for row in rows),
                "ran_at": at,
            },
        )
        _write_differences(report, ours, theirs, at)
        Payment.objects.filter(
            app_id=gateway.app_id,
            out_trade_no__in=[
                name.partition("/")[0]
                for name in (*report.missing_local, *report.amount_mismatch)
            ],
        ).update(next_check_at=at)
    return report


def _fetch(day: date, gateway: Gateway) -> list[BillRow]:
    answer = gateway.bill_address(day=day)
    if not isinstance(answer, BillAddress):
        said = answer.reason if isinstance(answer, Unknown) else " ".join(answer)
        raise UnableToReconcile(
            _("Alipay gave no bill for %(day)s: %(answer)s.")
            % {"day": day, "answer": said}
        )
    try:
        # The address works for thirty seconds, so fetch at once.
        content = transport.get(answer.url, limit=ZIP_BYTES)
        return read_bill(content, app_id=gateway.app_id)
    except (transport.NoAnswer, BadBill) as error:
        raise UnableToReconcile(
            _("Alipay's bill for %(day)s cannot be used: %(reason)s.")
            % {"day": day, "reason": error}
        ) from error


def _recorded(names: Iterable[_Name], app_id: str) -> Movements:
    """What we have recorded, on whatever day, of the movements the bill names."""
    wanted = set(names)
    captures, refunds = _recorded_by(app_id)
    found: Movements = {}
    for batch in _batches([name.trade_no for name in wanted]):
        found |= _movements(
            captures.filter(trade_no__in=batch),
            refunds.filter(capture__trade_no__in=batch),
        )
    return {name: fen for name, fen in found.items() if name in wanted}


def _recorded_on(day: date, app_id: str) -> Movements:
    """What we have recorded for the day, by Alipay's own times."""
    start = datetime.combine(day, time(), BEIJING)
    span = (start, start + timedelta(days=1) - timedelta(microseconds=1))
    captures, refunds = _recorded_by(app_id)
    return _movements(
        captures.filter(paid_at__range=span), refunds.filter(done_at__range=span)
    )


def _recorded_by(app_id: str) -> tuple[QuerySet[Capture], QuerySet[Refund]]:
    return (
        Capture.objects.filter(payment__app_id=app_id).select_related("payment"),
        Refund.objects.filter(
            payment__app_id=app_id, status=Refund.Status.DONE
        ).select_related("payment", "capture"),
    )


def _movements(captures: QuerySet[Capture], refunds: QuerySet[Refund]) -> Movements:
    found = {
        _Name(row.trade_no, row.payment.out_trade_no, ""): row.amount_fen
        for row in captures
    }
    for row in refunds:
        name = _Name(row.capture.trade_no, row.payment.out_trade_no, row.request_no)
        found[name] = row.amount_fen
    return found


def _batches(values: list[str], size: int = 500) -> Iterable[list[str]]:
    return (values[at : at + size] for at in range(0, len(values), size))


def _write_differences(
    report: Reconciliation,
    ours: Movements,
    theirs: Movements,
    at: datetime,
) -> None:
    different = {
        name: (ours.get(name, 0), theirs.get(name, 0))
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name, 0) != theirs.get(name, 0)
    }
    known = {
        _Name(row.trade_no, row.out_trade_no, row.request_no): row
        for row in report.differences.all()
    }
    for name, (ours_fen, theirs_fen) in different.items():
        row = known.pop(name, None) or Difference(
            reconciliation=report, **name._asdict()
        )
        row.kind = _kind(name, ours, theirs)
        row.ours_fen, row.theirs_fen, row.gone_at = ours_fen, theirs_fen, None
        row.save()
    for row in known.values():
        if row.gone_at is None:
            row.gone_at = at
            row.save(update_fields=["gone_at"])


def _kind(name: _Name, ours: Movements, theirs: Movements) -> str:
    if name not in ours:
        return Difference.Kind.MISSING_LOCAL
    if name not in theirs:
        return Difference.Kind.MISSING_REMOTE
    return Difference.Kind.AMOUNT_MISMATCH


def settle_difference(
    *, difference: Difference, park: bool, note: str, by: User, at: datetime
) -> Difference:
    """Close a difference by hand, with a note; `park` moves its sum through suspense.

    Parking makes our clearing account equal to Alipay's word: what Alipay has more is
    owed to somebody (suspense grows), what it has less comes out of suspense. Errors:
    UnableToSettle without a note, where it is settled, or suspense holds too little.
    """
    if not note.strip():
        raise UnableToSettle(_("Write a note: why is this right?"))
    with transaction.atomic():
        row = Difference.objects.select_for_update().get(pk=difference.pk)
        if row.settled_at is not None or row.gone_at is not None:
            raise UnableToSettle(_("This difference is settled already."))
        more_fen = row.theirs_fen - row.ours_fen
        if row.request_no:
            more_fen = -more_fen
        if park:
            try:
                ledger.post(
                    key=f"alipay:difference:{row.pk}:{row.reconciliation.day}",
                    kind="difference",
                    lines=[Line(CLEARING, more_fen), Line(SUSPENSE, -more_fen)],
                    subject=f"bill:{row.reconciliation.day}",
                    memo=row.name,
                    at=at,
                )
            except ledger.UnableToPost as error:
                raise UnableToSettle(
                    _("There is less in suspense than this takes out.")
                ) from error
        row.settled_at, row.settled_by, row.note = at, by, note.strip()[:200]
        row.save()
    return row
