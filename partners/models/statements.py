"""A month's statement: filed once, never edited, decided by a second person."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from partners.files import private_storage
from partners.models.people import Supermarket


class Source(models.TextChoices):
    """Where a statement's sales were made."""

    STORE = "store", _("Sales in the store")
    PLATFORM = "platform", _("Orders on this platform")


class StatementQuerySet(models.QuerySet["Statement"]):
    """Reads of statements. A later version of the same month is a correction."""

    def latest_versions(self) -> "StatementQuerySet":
        return self.exclude(Exists(_versions_after(Statement.objects.all())))

    def waiting(self) -> "StatementQuerySet":
        """Filed, not decided, not replaced by a later version."""
        return self.filter(decision__isnull=True).latest_versions()

    def in_force(self) -> "StatementQuerySet":
        """The approved version of each month that counts."""
        approved = Q(decision__verdict=StatementDecision.Verdict.APPROVED)
        return self.filter(approved).exclude(Exists(_approved_after()))

    def with_status(self) -> "StatementQuerySet":
        """Everything that `status` asks for, in the same query."""
        return self.select_related("decision").annotate(
            has_later=Exists(_versions_after(Statement.objects.all())),
            has_later_approved=Exists(_approved_after()),
        )


def _versions_after(
    statements: models.QuerySet["Statement"],
) -> models.QuerySet["Statement"]:
    return statements.filter(
        supermarket=OuterRef("supermarket"),
        period=OuterRef("period"),
        source=OuterRef("source"),
        version__gt=OuterRef("version"),
    )


def _approved_after() -> models.QuerySet["Statement"]:
    approved = Q(decision__verdict=StatementDecision.Verdict.APPROVED)
    return _versions_after(Statement.objects.filter(approved))


class Statement(models.Model):
    """What a supermarket says it sold in a month. Corrected by a later version."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waits for approval")
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned")
        REPLACED = "replaced", _("Corrected since")

    supermarket = models.ForeignKey(
        Supermarket, on_delete=models.PROTECT, related_name="statements"
    )
    period = models.DateField(_("Month"), help_text=_("The first day of the month"))
    source = models.CharField(_("Source"), max_length=8, choices=Source.choices)
    version = models.PositiveSmallIntegerField(_("Version"))
    fingerprint = models.CharField(
        _("Fingerprint"),
        max_length=64,
        help_text=_("SHA-256 of the lines, whatever their order or encoding"),
    )
    line_count = models.PositiveIntegerField(_("Lines"))
    sales_fen = models.BigIntegerField(_("Sales, fen"))
    cost_fen = models.BigIntegerField(_("Cost, fen"))
    share_fen = models.BigIntegerField(
        _("Share, fen"), help_text=_("As the agreement gave it when it was filed")
    )
    file = models.FileField(storage=private_storage, blank=True, max_length=200)
    file_name = models.CharField(_("File"), max_length=80, blank=True)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    filed_at = models.DateTimeField(_("Filed at"))

    objects = StatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("Statement")
        verbose_name_plural = _("Statements")
        ordering = ["-period", "supermarket", "source", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["supermarket", "period", "source", "version"],
                name="statement_version_once",
            ),
            models.CheckConstraint(
                condition=Q(period__day=1), name="statement_period_is_a_month"
            ),
            models.CheckConstraint(
                condition=Q(share_fen__gte=0), name="statement_share_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """202610-3-S1: month, supermarket, source and version."""
        initial = self.source[:1].upper()
        return f"{self.period:%Y%m}-{self.supermarket_id}-{initial}{self.version}"

    @property
    def profit_fen(self) -> int:
        """Sales less cost; may be negative."""
        return self.sales_fen - self.cost_fen

    @property
    def status(self) -> "Statement.Status":
        """Where the statement stands. Only for rows read by `with_status`."""
        decision = getattr(self, "decision", None)
        if decision is None:
            replaced = getattr(self, "has_later")  # noqa: B009  annotated
            return self.Status.REPLACED if replaced else self.Status.WAITING
        if decision.verdict == StatementDecision.Verdict.RETURNED:
            return self.Status.RETURNED
        replaced = getattr(self, "has_later_approved")  # noqa: B009  annotated
        return self.Status.REPLACED if replaced else self.Status.APPROVED


class StatementLine(models.Model):
    """One sale of the statement; `position` is its line in the file."""

    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, related_name="lines"
    )
    position = models.PositiveIntegerField(_("Line"))
    day = models.DateField(_("Date"))
    product = models.CharField(_("Product"), max_length=120)
    quantity = models.DecimalField(
        _("Quantity"), max_digits=12, decimal_places=3, null=True
    )
    sales_fen = models.BigIntegerField(_("Sales, fen"))
    cost_fen = models.BigIntegerField(_("Cost, fen"))
    receipt = models.CharField(_("Receipt number"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("Statement line")
        verbose_name_plural = _("Statement lines")
        ordering = ["position"]
        indexes = [
            models.Index(
                fields=["receipt"],
                condition=~Q(receipt=""),
                name="statement_line_by_receipt",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "position"], name="statement_line_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.product}"


class StatementFinding(models.Model):
    """What was odd, yet allowed, when the statement was read: the approver sees it."""

    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, related_name="findings"
    )
    line = models.PositiveIntegerField(_("Line"), null=True)
    column = models.CharField(_("Column"), max_length=20, blank=True)
    code = models.CharField(_("Code"), max_length=40)
    values = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("Statement finding")
        verbose_name_plural = _("Statement findings")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.line or ''} {self.code}".strip()


class StatementDecision(models.Model):
    """A second person's word on a statement; there is never a second word."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned")

    statement = models.OneToOneField(
        Statement, on_delete=models.PROTECT, related_name="decision"
    )
    verdict = models.CharField(_("Verdict"), max_length=8, choices=Verdict.choices)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("Decided at"))

    class Meta:
        verbose_name = _("Decision on a statement")
        verbose_name_plural = _("Decisions on statements")
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="approved") | ~Q(reason=""),
                name="statement_returned_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["approved", "returned"]),
                name="statement_verdict_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement}: {self.get_verdict_display()}"


class StatementUpload(models.Model):
    """A checked file that may be filed: its manager sees first what it means."""

    supermarket = models.ForeignKey(
        Supermarket, on_delete=models.CASCADE, related_name="uploads"
    )
    period = models.DateField(_("Month"))
    # Kept only where it may be filed: nothing that was refused stays here.
    file = models.FileField(storage=private_storage, blank=True, max_length=200)
    file_name = models.CharField(_("File"), max_length=80)
    report = models.JSONField(help_text=_("Findings and sums, as they were read"))
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField(_("Uploaded at"))

    class Meta:
        verbose_name = _("Checked upload")
        verbose_name_plural = _("Checked uploads")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name
