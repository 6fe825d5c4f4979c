"""Double entry, to the fen. Nothing here is ever changed: corrections are added.

Migration 0002 puts guards into the database that hold whatever the caller does: an
entry balances or is refused, no line joins it later, no row is updated or deleted,
and an account marked `never_overdrawn` keeps to its side of zero.
"""

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from . import sealing

MAX_LINE_FEN = 10**15  # ten trillion yuan: more is a mistake, not money


class AccountKind(models.TextChoices):
    """What a balance means. Debit is positive: assets and expenses grow by it."""

    ASSET = "asset", _("Asset")
    LIABILITY = "liability", _("Liability")
    INCOME = "income", _("Income")
    EXPENSE = "expense", _("Expense")


class Account(models.Model):
    """A place where money is or is owed. Its balance is the sum of its lines."""

    code = models.CharField(_("Code"), max_length=80, unique=True)
    kind = models.CharField(_("Kind"), max_length=9, choices=AccountKind.choices)
    name = models.CharField(_("Name"), max_length=80, blank=True)
    never_overdrawn = models.BooleanField(_("Never overdrawn"), default=False)

    class Meta:
        verbose_name = _("Account")
        verbose_name_plural = _("Accounts")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=AccountKind.values),
                name="account_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Za-z0-9-]+(:[A-Za-z0-9-]+)*$"),
                name="account_code_shape",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def holds_fen(self, balance_fen: int) -> int:
        """A balance seen from the account's own side: positive is as it should be."""
        debit = self.kind in (AccountKind.ASSET, AccountKind.EXPENSE)
        return balance_fen if debit else -balance_fen


class Entry(models.Model):
    """One movement of money: lines that sum to zero, and why.

    The id is the UUIDv5 of `key`, so that the same event can only ever make the same
    entry; `fingerprint` tells whether a repeated key still means the same movement.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    key = models.CharField(_("Idempotency key"), max_length=200, unique=True)
    kind = models.CharField(_("Kind"), max_length=40)
    subject = models.CharField(_("Subject"), max_length=100, db_index=True)
    memo = models.CharField(_("Memo"), max_length=200, blank=True)
    at = models.DateTimeField(_("At"), db_index=True)
    line_count = models.PositiveSmallIntegerField(_("Number of lines"))
    fingerprint = models.CharField(_("Fingerprint of the body"), max_length=64)
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="reversed_by",
        verbose_name=_("Reverses"),
    )

    class Meta:
        verbose_name = _("Entry")
        verbose_name_plural = _("Entries")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(line_count__gte=2), name="entry_has_two_lines"
            ),
            models.CheckConstraint(
                condition=~models.Q(key="") & ~models.Q(kind=""), name="entry_is_named"
            ),
        ]

    def __str__(self) -> str:
        return self.key

    def body(self, lines: Iterable[tuple[str, int]]) -> bytes:
        """What the entry says with these (account code, fen), as sealing.py has it."""
        return sealing.body(
            kind=self.kind,
            subject=self.subject,
            memo=self.memo,
            reverses=self.reverses_id,
            lines=lines,
        )

    def whole(self) -> bytes:
        """The bytes that the entry's digest, and so its seal, is made of."""
        return sealing.whole(key=self.key, at=self.at, fingerprint=self.fingerprint)


class EntryLine(models.Model):
    """One leg of an entry. Debit is positive, credit negative; never zero.

    Lines are written before their entry, whose foreign key is deferred: when the
    entry arrives the database can judge it whole.
    """

    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    position = models.PositiveSmallIntegerField(_("Position"))
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    amount_fen = models.BigIntegerField(_("Amount"))

    class Meta:
        verbose_name = _("Line")
        verbose_name_plural = _("Lines")
        ordering = ["position"]
        # A balance is read from this index alone.
        indexes = [
            models.Index(fields=["account", "amount_fen"], name="line_by_account")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "position"], name="line_position_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(amount_fen=0)
                & models.Q(amount_fen__range=(-MAX_LINE_FEN, MAX_LINE_FEN)),
                name="line_amount_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.position}: {self.amount_fen}"


class Seal(models.Model):
    """An entry's place in the hash chain: `seal` covers it and all before it.

    seal = SHA-256(previous ‖ sequence as eight bytes, big-endian ‖ digest), with
    `digest` the entry's own (see sealing.py). All hashes are 64 hexadecimal digits.
    """

    sequence = models.PositiveBigIntegerField(_("Sequence"), primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="seal")
    digest = models.CharField(_("Digest"), max_length=64)
    previous = models.CharField(_("Previous seal"), max_length=64)
    seal = models.CharField(_("Seal"), max_length=64)
    sealed_at = models.DateTimeField(_("Sealed at"))

    class Meta:
        verbose_name = _("Seal")
        verbose_name_plural = _("Seals")

    def __str__(self) -> str:
        return f"{self.sequence}:{self.seal}"


class Unsealed(models.Model):
    """An entry that waits for its seal. The database adds it with the entry."""

    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, related_name="waiting"
    )

    class Meta:
        verbose_name = _("Entry waiting for its seal")
        verbose_name_plural = _("Entries waiting for their seal")

    def __str__(self) -> str:
        return str(self.entry_id)


class Check(models.Model):
    """What a full recomputation of the ledger found, and the trial balance then.

    Looking at every entry takes minutes in a large ledger, so pages show the last
    check. Each asks too that the chain still has the seal that an earlier one found.
    """

    at = models.DateTimeField(_("At"), db_index=True)
    in_order = models.BooleanField(_("In order"))
    entries = models.PositiveBigIntegerField(_("Entries"))
    unsealed = models.PositiveBigIntegerField(_("Not yet sealed"))
    sequence = models.PositiveBigIntegerField(_("Sequence"))
    seal = models.CharField(_("Last seal"), max_length=64)
    faults = models.JSONField(_("Faults"), default=list)
    rows = models.JSONField(_("Trial balance"), default=list)

    class Meta:
        verbose_name = _("Check of the ledger")
        verbose_name_plural = _("Checks of the ledger")

    def __str__(self) -> str:
        return f"{self.at}: {self.sequence}:{self.seal}"
