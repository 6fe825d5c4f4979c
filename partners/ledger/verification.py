"""Recompute the whole ledger and its hash chain, trusting no trigger."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Sum

from partners.guards import missing_guards

from . import sealing
from .chart import family_of
from .guards import STANDING
from .models import Account, Entry, EntryLine, Seal, Unsealed

BATCH = 1000


@dataclass(frozen=True)
class Head:
    """The last seal of the chain; it stands for every entry sealed so far."""

    sequence: int = 0
    seal: str = sealing.GENESIS

    def __str__(self) -> str:
        return f"{self.sequence}:{self.seal}"


@dataclass(frozen=True)
class Fault:
    """Something that is not as it must be. `entry` is None where none is at fault."""

    entry: UUID | None
    what: str

    def __str__(self) -> str:
        return f"{self.entry}: {self.what}" if self.entry else self.what


@dataclass
class Verification:
    """What a full recomputation found."""

    entries: int = 0
    sealed: int = 0
    unsealed: int = 0
    head: Head = field(default_factory=Head)
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults


def verify(expected: Head | None = None) -> Verification:
    """Recompute every entry and every seal; `faults` names what does not hold.

    `expected` is a head written down earlier: the chain must still pass through it,
    so that a backup proves to be the same ledger and a cut-off end is noticed.
    """
    found = Verification(
        entries=Entry.objects.count(), unsealed=Unsealed.objects.count()
    )
    with connection.cursor() as cursor:
        for name in missing_guards(cursor, connection.vendor, STANDING):
            found.faults.append(Fault(None, f"the guard {name} is not in the database"))
    _verify_accounts(found)
    _verify_entries(found)
    _verify_chain(found, expected)
    for entry_id in _neither_sealed_nor_waiting():
        found.faults.append(Fault(entry_id, "is neither sealed nor waiting for it"))
    for entry_id in _lines_without_entry():
        found.faults.append(Fault(entry_id, "has lines but is gone"))
    return found


def _verify_accounts(found: Verification) -> None:
    accounts = Account.objects.annotate(total=Sum("lines__amount_fen"))
    for account in accounts.iterator():
        family = family_of(account.code)
        if family and (family.kind, family.never_overdrawn) != (
            account.kind,
            account.never_overdrawn,
        ):
            found.faults.append(
                Fault(None, f"{account} is not what the chart says of it")
            )
        if account.never_overdrawn and account.holds_fen(account.total or 0) < 0:
            found.faults.append(Fault(None, f"{account} is overdrawn"))


def _verify_entries(found: Verification) -> None:
    for entry, lines in _entries_with_lines():
        for what in _entry_faults(entry, lines):
            found.faults.append(Fault(entry.pk, what))


def _entry_faults(entry: Entry, lines: list[tuple[str, int]]) -> Iterator[str]:
    if entry.pk != sealing.entry_id(entry.key):
        yield f"its id does not come from its key {entry.key!r}"
    if len(lines) < 2 or len(lines) != entry.line_count:
        yield f"has {len(lines)} lines, not {entry.line_count}"
    total_fen = sum(amount_fen for _code, amount_fen in lines)
    if total_fen != 0:
        yield f"its lines sum to {total_fen} fen"
    if entry.fingerprint != sealing.fingerprint(entry.body(lines)):
        yield "its fingerprint does not fit what it says"


def _entries_with_lines() -> Iterator[tuple[Entry, list[tuple[str, int]]]]:
    """Every entry with its (account code, fen), a batch of ids at a time."""
    last: UUID | None = None
    while True:
        entries = Entry.objects.order_by("pk")
        batch = list((entries.filter(pk__gt=last) if last else entries)[:BATCH])
        if not batch:
            return
        last = batch[-1].pk
        lines: dict[UUID, list[tuple[str, int]]] = defaultdict(list)
        rows = EntryLine.objects.filter(
            entry_id__gte=batch[0].pk, entry_id__lte=last
        ).values_list("entry_id", "account__code", "amount_fen")
        for entry_id, code, amount_fen in rows:
            lines[entry_id].append((code, amount_fen))
        for entry in batch:
            yield entry, lines[entry.pk]


def _verify_chain(found: Verification, expected: Head | None) -> None:
    head = Head()
    met = expected is None or expected == head
    for seal, entry in _seals_with_entries():
        found.sealed += 1
        for what in _seal_faults(seal, entry, head):
            found.faults.append(Fault(seal.entry_id, what))
        head = Head(seal.sequence, seal.seal)
        met = met or head == expected
    found.head = head
    if not met:
        found.faults.append(Fault(None, f"the chain does not pass through {expected}"))


def _seal_faults(seal: Seal, entry: Entry | None, head: Head) -> Iterator[str]:
    if seal.sequence != head.sequence + 1:
        yield f"its seal {seal.sequence} comes after seal {head.sequence}"
    if seal.previous != head.seal:
        yield "its seal does not build on the one before"
    if seal.seal != sealing.link(
        previous=seal.previous, sequence=seal.sequence, digest=seal.digest
    ):
        yield f"its seal {seal.sequence} is not what its parts make"
    if entry is None:
        yield "was sealed and is gone"
    elif seal.digest != sealing.digest(entry.whole()):
        yield "was changed after it was sealed"


def _seals_with_entries() -> Iterator[tuple[Seal, Entry | None]]:
    """The chain in order, each seal with its entry where that still exists."""
    last = 0
    while batch := list(
        Seal.objects.filter(sequence__gt=last).order_by("sequence")[:BATCH]
    ):
        last = batch[-1].sequence
        entries = Entry.objects.in_bulk([seal.entry_id for seal in batch])
        for seal in batch:
            yield seal, entries.get(seal.entry_id)


def _neither_sealed_nor_waiting() -> Iterator[UUID]:
    rows = Entry.objects.filter(seal__isnull=True, waiting__isnull=True)
    return rows.values_list("pk", flat=True).iterator()


def _lines_without_entry() -> Iterator[UUID]:
    rows = EntryLine.objects.filter(
        ~Exists(Entry.objects.filter(pk=OuterRef("entry_id")))
    )
    return rows.order_by().values_list("entry_id", flat=True).distinct().iterator()
