"""Every write of the ledger: open an account, post, reverse, seal, check."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from partners.whole_files import write_whole

from . import export, queries, sealing
from .chart import family_of
from .models import (
    MAX_LINE_FEN,
    Account,
    AccountKind,
    Check,
    Entry,
    EntryLine,
    Seal,
    Unsealed,
)

SEALED_AT_ONCE = 500
FAULTS_KEPT = 100
CODE_SHAPE = re.compile(r"[A-Za-z0-9-]+(:[A-Za-z0-9-]+)*")


class Line(NamedTuple):
    """One leg: an account's code and whole fen, debit positive, credit negative."""

    account: str
    amount_fen: int


class UnableToOpen(Exception):
    """The account cannot be opened so; the message says what stands against it."""


class UnableToPost(Exception):
    """The entry cannot be posted; nothing was written."""


class Overdrawn(UnableToPost):
    """The entry would take more from an account than is in it."""


class Conflict(Exception):
    """The key already belongs to an entry that says something else."""


class UnableToReverse(Exception):
    """The entry was reversed before, under another key."""


def open_account(
    *,
    code: str,
    kind: AccountKind,
    name: str = "",
    never_overdrawn: bool | None = None,
) -> Account:
    """The account with this code, opened if it is new. An account never changes.

    `never_overdrawn` is the chart's word where the code is of a known family, else
    False. Errors: UnableToOpen where the account or its family says otherwise.
    """
    family = family_of(code)
    if family is not None:
        if kind != family.kind or never_overdrawn not in (None, family.never_overdrawn):
            raise UnableToOpen(f"{code} belongs to {family.pattern}, {family.kind}")
        never_overdrawn = family.never_overdrawn
    if not CODE_SHAPE.fullmatch(code):
        raise UnableToOpen(f"{code!r} is no account code: parts joined by colons")
    wanted = Account(
        code=code, kind=kind, name=name, never_overdrawn=bool(never_overdrawn)
    )
    with transaction.atomic():
        account = Account.objects.filter(code=code).first()
        if account is None:
            Account.objects.bulk_create([wanted], ignore_conflicts=True)
            account = Account.objects.get(code=code)
    if (account.kind, account.never_overdrawn) != (kind, wanted.never_overdrawn):
        raise UnableToOpen(f"{code} is open as {account.kind}")
    return account


def post(
    *,
    key: str,
    kind: str,
    lines: Sequence[Line],
    subject: str,
    memo: str = "",
    at: datetime,
) -> Entry:
    """Post one movement of money, once for its key, however often it is called.

    `key` names the event ("capture:2026…"), `subject` what it is about
    ("order:1042"), `at` when it happened. A repeated call with the same key, kind,
    lines, subject and memo returns the first entry, whatever its `at`; so a memo
    must not depend on the reader's language.

    Errors: UnableToPost where there are under two lines, one of zero, a sum that is
    not zero or a code the chart does not know; Overdrawn where an account marked
    never_overdrawn would cross zero; Conflict where the key has another body.
    """
    return _post(
        key=key,
        kind=kind,
        lines=lines,
        subject=subject,
        memo=memo,
        at=at,
        reverses=None,
    )


def reverse(*, entry: Entry, key: str, reason: str, at: datetime) -> Entry:
    """Take an entry back by posting its lines with the opposite sign.

    Errors: UnableToReverse where another key has reversed it; UnableToPost,
    Overdrawn and Conflict as `post`.
    """
    lines = [
        Line(code, -amount_fen)
        for code, amount_fen in entry.lines.order_by("position").values_list(
            "account__code", "amount_fen"
        )
    ]
    earlier = Entry.objects.filter(reverses=entry).first()
    if earlier is not None and earlier.key != key:
        raise UnableToReverse(f"{entry.key} was reversed by {earlier.key}")
    return _post(
        key=key,
        kind="reversal",
        lines=lines,
        subject=entry.subject,
        memo=reason,
        at=at,
        reverses=entry.pk,
    )


def _post(
    *,
    key: str,
    kind: str,
    lines: Sequence[Line],
    subject: str,
    memo: str,
    at: datetime,
    reverses: UUID | None,
) -> Entry:
    _require_sound(key=key, kind=kind, lines=lines, at=at)
    entry = Entry(
        id=sealing.entry_id(key),
        key=key,
        kind=kind,
        subject=subject,
        memo=memo,
        at=at,
        line_count=len(lines),
        reverses_id=reverses,
    )
    entry.fingerprint = sealing.fingerprint(entry.body(lines))
    with transaction.atomic():
        earlier = _same_entry(entry)
        if earlier is not None:
            return earlier
        accounts = _open_accounts({line.account for line in lines})
        try:
            with transaction.atomic():
                EntryLine.objects.bulk_create(
                    EntryLine(
                        entry_id=entry.pk,
                        position=position,
                        account_id=accounts[line.account],
                        amount_fen=line.amount_fen,
                    )
                    for position, line in enumerate(lines, start=1)
                )
                entry.save(force_insert=True)
        except IntegrityError as error:
            # Another transaction may have posted the same key meanwhile.
            earlier = _same_entry(entry)
            if earlier is not None:
                return earlier
            raise _explained(error, entry) from error
    return entry


def _require_sound(*, key: str, kind: str, lines: Sequence[Line], at: datetime) -> None:
    """Refuse, with a sentence, what the database would refuse with a code."""
    if not key or not kind:
        raise UnableToPost("an entry needs a key and a kind")
    if timezone.is_naive(at):
        raise UnableToPost(f"{key}: {at} has no time zone")
    if len(lines) < 2:
        raise UnableToPost(f"{key}: an entry needs at least two lines")
    for line in lines:
        if not 0 < abs(line.amount_fen) <= MAX_LINE_FEN:
            raise UnableToPost(
                f"{key}: {line.account} cannot move {line.amount_fen} fen"
            )
    total_fen = sum(line.amount_fen for line in lines)
    if total_fen != 0:
        raise UnableToPost(f"{key}: the lines sum to {total_fen} fen, not to zero")


def _same_entry(entry: Entry) -> Entry | None:
    """The entry that already has this key, if any. Errors: Conflict."""
    earlier = Entry.objects.filter(pk=entry.pk).first()
    if earlier is not None and earlier.fingerprint != entry.fingerprint:
        raise Conflict(f"{entry.key} was posted at {earlier.at} with another body")
    return earlier


def _open_accounts(codes: set[str]) -> dict[str, int]:
    """Primary keys by code; accounts of a known family are opened as needed."""
    found = _account_ids(codes)
    missing = sorted(codes - found.keys())
    if not missing:
        return found
    # Sorted, so that two transactions that open the same accounts cannot deadlock.
    Account.objects.bulk_create(
        (_from_chart(code) for code in missing), ignore_conflicts=True
    )
    return _account_ids(codes)


def _account_ids(codes: Iterable[str]) -> dict[str, int]:
    return dict(Account.objects.filter(code__in=codes).values_list("code", "pk"))


def _from_chart(code: str) -> Account:
    family = family_of(code)
    if family is None:
        raise UnableToPost(f"no account {code!r}, and the chart has no such family")
    return Account(code=code, kind=family.kind, never_overdrawn=family.never_overdrawn)


def _explained(error: IntegrityError, entry: Entry) -> Exception:
    """The guards' refusal in our own words."""
    text = str(error)
    if "ledger: overdrawn" in text:
        return Overdrawn(f"{entry.key}: an account would be overdrawn")
    if "reverses_id" in text or "already posted" in text:
        return UnableToReverse(f"{entry.key}: the entry was reversed meanwhile")
    return UnableToPost(f"{entry.key}: {text.splitlines()[0]}")


@transaction.atomic
def seal_entries(*, at: datetime, limit: int = SEALED_AT_ONCE) -> int:
    """Put the oldest entries that wait into the hash chain; returns how many.

    Two sealers at once are safe: the second waits for the first one's rows and then
    finds them gone.
    """
    waiting = list(Unsealed.objects.select_for_update().order_by("pk")[:limit])
    if not waiting:
        return 0
    entries = Entry.objects.in_bulk([row.entry_id for row in waiting])
    last = Seal.objects.order_by("-sequence").first()
    sequence, previous = (last.sequence, last.seal) if last else (0, sealing.GENESIS)
    seals = []
    for row in waiting:
        entry = entries[row.entry_id]
        sequence += 1
        digest = sealing.digest(entry.whole())
        seal = sealing.link(previous=previous, sequence=sequence, digest=digest)
        seals.append(
            Seal(
                sequence=sequence,
                entry=entry,
                digest=digest,
                previous=previous,
                seal=seal,
                sealed_at=at,
            )
        )
        previous = seal
    Seal.objects.bulk_create(seals)
    Unsealed.objects.filter(pk__in=[row.pk for row in waiting]).delete()
    return len(seals)


def check_ledger(*, at: datetime) -> Check:
    """Recompute the whole ledger and keep what was found.

    The chain must still pass through the seal of the last check that found all in
    order: an end that was cut off since then is noticed, and stays noticed.
    """
    before = queries.last_check(in_order=True)
    expected = queries.Head(before.sequence, before.seal) if before else None
    trial = queries.trial_balance(at)
    found = queries.verify(expected=expected)
    check = Check(
        at=at,
        in_order=trial.balanced and found.ok,
        entries=found.entries,
        unsealed=found.unsealed,
        sequence=found.head.sequence,
        seal=found.head.seal,
        faults=[str(fault) for fault in found.faults[:FAULTS_KEPT]],
        rows=[asdict(row) for row in trial.rows],
    )
    check.save(force_insert=True)
    return check


def export_to(*, path: Path) -> None:
    """Write the ledger in beancount's syntax to `path`, whole or not at all."""
    write_whole(path, (f"{line}\n".encode() for line in export.beancount()))
