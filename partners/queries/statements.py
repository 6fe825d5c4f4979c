"""What a statement means, before and after it is filed."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Q, QuerySet, Sum

from partners import periods
from partners.models import (
    Accrual,
    AccrualLine,
    Agreement,
    Source,
    Statement,
    StatementDecision,
    StatementLine,
    Supermarket,
)
from partners.models.statements import StatementQuerySet
from partners.queries.agreements import Part, agreement_for, parts_of
from partners.shares import share_fen


@dataclass(frozen=True)
class StatementPreview:
    """What a month's profit would send: to whom, and whether the cap cut it.

    A correction adds only what is missing: `kept_fen` of the share is paid in
    already, and the parts are those of the rest.
    """

    profit_fen: int
    agreement: Agreement | None
    amount_fen: int
    capped: bool
    parts: list[Part]
    kept_fen: int = 0

    @property
    def added_fen(self) -> int:
        """What the households would get beside what they have."""
        return max(self.amount_fen - self.kept_fen, 0)


@dataclass(frozen=True)
class Lessening:
    """By how much a correction gives less than what it corrects, and what of that.

    `stays`: so much was paid in before; it stays with the households. `done`: nothing
    of it was, and the earlier share was taken back. Neither: it will be.
    """

    less_fen: int
    stays: bool = False
    done: bool = False


def lessening(statement: Statement) -> Lessening | None:
    """What readers of a correction downwards are told; None where there is nothing."""
    accrual = getattr(statement, "accrual", None)
    if accrual is not None:
        taken = Accrual.objects.filter(reversal__statement=statement)
        total = int(taken.aggregate(total=Sum("amount_fen"))["total"] or 0)
        less = total - accrual.amount_fen
        return Lessening(less, done=True) if less > 0 else None
    found = lessening_to(
        supermarket=statement.supermarket,
        period=statement.period,
        source=statement.source,
        share_fen=statement.share_fen,
    )
    if found and statement.status != Statement.Status.WAITING and not found.stays:
        return None  # It was returned, or another correction took its place.
    return found


def lessening_to(
    *, supermarket: Supermarket, period: date, source: str, share_fen: int
) -> Lessening | None:
    """The same for a correction to this share that nobody has decided on."""
    kept = kept_fen(supermarket=supermarket, period=period, source=source)
    if share_fen < kept:
        return Lessening(kept - share_fen, stays=True)
    standing = accruals_standing(supermarket=supermarket, period=period)
    sums = standing.filter(source=source).aggregate(total=Sum("amount_fen"))
    less = int(sums["total"] or 0) - share_fen
    return Lessening(less) if less > 0 else None


def accruals_standing(*, supermarket: Supermarket, period: date) -> QuerySet[Accrual]:
    """The month's accruals that were not reversed."""
    return Accrual.objects.filter(
        supermarket=supermarket, period=period, reversal__isnull=True
    )


def kept_fen(*, supermarket: Supermarket, period: date, source: str) -> int:
    """What stays of the month's accruals when its statement is corrected, in fen.

    An accrual of which a fen was paid in stays: that money is in the fund.
    """
    funded = AccrualLine.objects.filter(funded_fen__gt=0).values("accrual")
    standing = accruals_standing(supermarket=supermarket, period=period)
    kept = standing.filter(source=source, pk__in=funded)
    return int(kept.aggregate(total=Sum("amount_fen"))["total"] or 0)


def room_fen(*, agreement: Agreement, period: date, source: str) -> int:
    """What the month's cap leaves for a source beside what the other accrued."""
    other = accruals_standing(supermarket=agreement.supermarket, period=period)
    taken = other.filter(agreement=agreement).exclude(source=source)
    used = taken.aggregate(total=Sum("amount_fen"))["total"] or 0
    return max(agreement.cap_fen - int(used), 0)


def preview_statement(
    *, supermarket: Supermarket, period: date, source: str, profit_fen: int
) -> StatementPreview:
    """What this profit of the month would accrue, and to whom.

    The agreement is the one in force on the month's first day.
    """
    agreement = agreement_for(supermarket=supermarket, source=source, on=period)
    if agreement is None:
        return StatementPreview(profit_fen, None, 0, False, [])
    room = room_fen(agreement=agreement, period=period, source=source)
    amount = share_fen(profit_fen=profit_fen, rate_bp=agreement.rate_bp, room_fen=room)
    uncapped = share_fen(
        profit_fen=profit_fen, rate_bp=agreement.rate_bp, room_fen=max(profit_fen, 0)
    )
    kept = kept_fen(supermarket=supermarket, period=period, source=source)
    parts = parts_of(
        agreement=agreement, period=period, amount_fen=max(amount - kept, 0)
    )
    return StatementPreview(
        profit_fen, agreement, amount, amount < uncapped, parts, kept
    )


def receipts_filed_before(
    *, supermarket: Supermarket, period: date, receipts: set[str]
) -> dict[str, date]:
    """Which of these receipts another month's standing store statement counted."""
    if not receipts:
        return {}
    in_force = Statement.objects.in_force().filter(
        supermarket=supermarket, source=Source.STORE
    )
    lines = StatementLine.objects.filter(
        statement__in=in_force.exclude(period=period)
    ).exclude(receipt="")
    known = lines.values_list("receipt", "statement__period")
    return {receipt: month for receipt, month in known if receipt in receipts}


def profit_before(*, supermarket: Supermarket, period: date) -> int | None:
    """The store's profit in fen the month before, if its statement stands."""
    statement = (
        Statement.objects.in_force()
        .filter(
            supermarket=supermarket,
            source=Source.STORE,
            period=periods.preceding(period),
        )
        .first()
    )
    return statement.profit_fen if statement else None


def latest_statement(
    *, supermarket: Supermarket, period: date, source: str
) -> Statement | None:
    """The last version of a month's statement that was filed."""
    versions = Statement.objects.with_status().filter(
        supermarket=supermarket, period=period, source=source
    )
    return versions.order_by("-version").first()


def statements_of(*, supermarket: Supermarket) -> StatementQuerySet:
    """All statements of a supermarket, the latest month first."""
    own = Statement.objects.filter(supermarket=supermarket).with_status()
    return own.select_related(
        "decision__decided_by", "accrual__reversal", "filed_by", "supermarket"
    ).order_by("-period", "source", "-version")


def loss_before(*, supermarket: Supermarket, period: date) -> Statement | None:
    """The last platform statement before this month, where refunds took more margin
    back than orders brought: what is below zero is carried on."""
    filed = statements_of(supermarket=supermarket).filter(
        source=Source.PLATFORM, period__lt=period
    )
    returned = StatementDecision.Verdict.RETURNED
    last = filed.exclude(decision__verdict=returned).first()
    return last if last is not None and last.profit_fen < 0 else None


def returned_statements(*, supermarket: Supermarket) -> QuerySet[Statement]:
    """What came back and was not corrected yet, the latest month first."""
    returned = Q(decision__verdict=StatementDecision.Verdict.RETURNED)
    latest = statements_of(supermarket=supermarket).latest_versions()
    return latest.filter(returned, source=Source.STORE)


def last_accrued(*, supermarket: Supermarket) -> date | None:
    """The last month of which the supermarket owes or gave anything."""
    standing = Accrual.objects.filter(
        supermarket=supermarket, reversal__isnull=True, amount_fen__gt=0
    )
    last: date | None = standing.aggregate(last=Max("period"))["last"]
    return last


def latest_version(*, supermarket: Supermarket, period: date, source: str) -> int:
    """How many versions the month's statement has; 0 before the first."""
    versions = Statement.objects.filter(
        supermarket=supermarket, period=period, source=source
    )
    return int(versions.aggregate(last=Max("version"))["last"] or 0)
