"""The whole ledger as a beancount file, for auditors who trust other tools.

Source: https://beancount.github.io/docs/beancount_language_syntax.html. Beancount is
never imported: its licence is not ours, and its own program is the better judge.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Min, Sum
from django.utils import timezone

from partners.measures import decimal_yuan

from .models import Account, AccountKind, Entry

BATCH = 500
ROOTS = {
    AccountKind.ASSET: "Assets",
    AccountKind.LIABILITY: "Liabilities",
    AccountKind.INCOME: "Income",
    AccountKind.EXPENSE: "Expenses",
}


class UnableToExport(Exception):
    """Two accounts would get the same name in the file."""


def beancount() -> Iterator[str]:
    """The lines of the file, without line ends; the same ledger gives the same lines.

    Opens every used account on the day of its first line, then has each entry with
    its key, subject and seal, and ends with every account's balance, which beancount
    checks against its own. Amounts in yuan, days as in the county.
    """
    accounts = list(
        Account.objects.filter(lines__isnull=False)
        .annotate(first_at=Min("lines__entry__at"), total=Sum("lines__amount_fen"))
        .order_by("code")
    )
    names = _names(accounts)
    yield 'option "title" "Xiangji 乡集"'
    yield 'option "operating_currency" "CNY"'
    yield ""
    for account in accounts:
        yield f"{_day(account.first_at)} open {names[account.code]} CNY"
        yield f"  code: {_quoted(account.code)}"
    last: date | None = None
    for entry in _entries():
        yield ""
        yield from _transaction(entry, names)
        last = _day(entry.at)
    if last is None:
        return
    yield ""
    for account in accounts:
        amount = decimal_yuan(int(account.total))
        yield f"{last + timedelta(days=1)} balance {names[account.code]} {amount} CNY"


def _transaction(entry: Entry, names: dict[str, str]) -> Iterator[str]:
    yield f"{_day(entry.at)} * {_quoted(entry.kind)} {_quoted(entry.memo)}"
    yield f"  id: {_quoted(str(entry.pk))}"
    yield f"  key: {_quoted(entry.key)}"
    yield f"  subject: {_quoted(entry.subject)}"
    if entry.reverses_id:
        yield f"  reverses: {_quoted(str(entry.reverses_id))}"
    seal = getattr(entry, "seal", None)
    if seal is not None:
        yield f"  seal: {_quoted(str(seal))}"
    for line in entry.lines.all():
        amount = decimal_yuan(line.amount_fen)
        yield f"  {names[line.account.code]}  {amount} CNY"


def _entries() -> Iterator[Entry]:
    entries = Entry.objects.order_by("at", "pk").select_related("seal")
    return entries.prefetch_related("lines__account").iterator(chunk_size=BATCH)


def _names(accounts: Sequence[Account]) -> dict[str, str]:
    """`order:1042:escrow` becomes `Liabilities:Order:1042:Escrow`."""
    names = {
        account.code: ":".join(
            [ROOTS[AccountKind(account.kind)]]
            + [part[:1].upper() + part[1:] for part in account.code.split(":")]
        )
        for account in accounts
    }
    if len(set(names.values())) < len(names):
        raise UnableToExport("two account codes differ only in a capital letter")
    return names


def _day(moment: datetime) -> date:
    return timezone.localdate(moment)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + " ".join(escaped.splitlines()) + '"'
