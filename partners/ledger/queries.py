"""Reads of the ledger: balances, statements, the trial balance, the proof."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet, Sum

from .chart import family_named, family_of
from .models import Account, AccountKind, Check, Entry, EntryLine
from .proof import NotPublic, Proof, proof
from .verification import Fault, Head, Verification, verify

__all__ = [
    "Fault",
    "Head",
    "NotPublic",
    "Proof",
    "StatementRow",
    "TrialBalance",
    "TrialRow",
    "Verification",
    "balance_fen",
    "balances",
    "checked_balance",
    "entries_of",
    "last_check",
    "proof",
    "statement",
    "trial_balance",
    "verify",
]


@dataclass(frozen=True)
class StatementRow:
    """One line of an account, with the balance after it, both in fen."""

    entry: Entry
    amount_fen: int
    balance_fen: int


@dataclass(frozen=True)
class TrialRow:
    """The accounts of one family, summed: debit and credit balances in fen."""

    pattern: str
    kind: AccountKind
    accounts: int
    debit_fen: int
    credit_fen: int

    @property
    def label(self) -> str:
        """The family in words; an account opened by hand has its code alone."""
        family = family_named(self.pattern)
        return str(family.label) if family else self.pattern


@dataclass(frozen=True)
class TrialBalance:
    """Every account's balance at one moment; the two sides must be equal."""

    at: datetime
    rows: list[TrialRow] = field(default_factory=list)
    overdrawn: list[str] = field(default_factory=list)

    @property
    def debit_fen(self) -> int:
        return sum(row.debit_fen for row in self.rows)

    @property
    def credit_fen(self) -> int:
        return sum(row.credit_fen for row in self.rows)

    @property
    def balanced(self) -> bool:
        """Whether debits equal credits and no guarded account is overdrawn."""
        return self.debit_fen == self.credit_fen and not self.overdrawn


def balance_fen(code: str) -> int:
    """The account's balance in fen, debit positive; 0 for one never used."""
    total = EntryLine.objects.filter(account__code=code).aggregate(
        total=Sum("amount_fen")
    )["total"]
    return int(total or 0)


def balances(prefix: str) -> dict[str, int]:
    """Balances in fen of all used accounts whose code starts so, by code."""
    rows = (
        EntryLine.objects.filter(account__code__startswith=prefix)
        .values_list("account__code")
        .annotate(total=Sum("amount_fen"))
        .order_by("account__code")
    )
    return {code: int(total) for code, total in rows}


def entries_of(subject: str) -> QuerySet[Entry]:
    """What was posted about a subject, oldest first, with lines and accounts."""
    return (
        Entry.objects.filter(subject=subject)
        .order_by("at", "pk")
        .prefetch_related("lines__account")
    )


def statement(
    code: str, since: datetime | None = None, until: datetime | None = None
) -> Iterator[StatementRow]:
    """An account's lines from `since` up to before `until`, oldest first.

    The first row's balance carries all that was posted before `since`.
    """
    lines = EntryLine.objects.filter(account__code=code)
    balance = 0
    if since is not None:
        before = lines.filter(entry__at__lt=since).aggregate(total=Sum("amount_fen"))
        balance = int(before["total"] or 0)
        lines = lines.filter(entry__at__gte=since)
    if until is not None:
        lines = lines.filter(entry__at__lt=until)
    for line in lines.select_related("entry").order_by("entry__at", "pk"):
        balance += line.amount_fen
        yield StatementRow(line.entry, line.amount_fen, balance)


def last_check(*, in_order: bool = False) -> Check | None:
    """The last full check, or the last that found all in order; None before one."""
    checks = Check.objects.filter(in_order=True) if in_order else Check.objects.all()
    return checks.order_by("at", "pk").last()


def checked_balance(check: Check) -> TrialBalance:
    """The trial balance as it was at a check; all overdrawn are among its faults."""
    return TrialBalance(at=check.at, rows=[TrialRow(**row) for row in check.rows])


def trial_balance(now: datetime) -> TrialBalance:
    """All balances of what had happened by `now`, summed by family of accounts."""
    accounts = Account.objects.annotate(
        total=Sum("lines__amount_fen", filter=Q(lines__entry__at__lte=now))
    ).filter(total__isnull=False)
    rows: dict[tuple[str, str], list[int]] = {}
    overdrawn: list[str] = []
    for account in accounts.iterator():
        balance = int(account.total)
        family = family_of(account.code)
        pattern = family.pattern if family else account.code
        sums = rows.setdefault((pattern, account.kind), [0, 0, 0])
        sums[0] += 1
        sums[1] += max(balance, 0)
        sums[2] += max(-balance, 0)
        if account.never_overdrawn and account.holds_fen(balance) < 0:
            overdrawn.append(account.code)
    return TrialBalance(
        at=now,
        rows=[
            TrialRow(pattern, AccountKind(kind), *sums)
            for (pattern, kind), sums in sorted(rows.items())
        ],
        overdrawn=sorted(overdrawn),
    )
