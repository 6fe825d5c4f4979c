"""Facts from other offices, and what the cross-checks found."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OutsideFact(models.Model):
    """A line of another office's list: who died, who draws what, who is kin to whom.

    Only the blind index of the ID number is kept: enough to find the same person
    among our households, nothing to read about everybody else.
    """

    class Kind(models.TextChoices):
        DEATH = "death", _("Death")
        BENEFIT = "benefit", _("Benefit from another programme")
        CADRE_RELATIVE = "cadre_relative", _("Relative of a cadre")

    kind = models.CharField(_("Kind"), max_length=16, choices=Kind.choices)
    id_number_index = models.CharField(max_length=64, db_index=True)
    on_date = models.DateField(_("Date"))
    source = models.CharField(_("Source"), max_length=80)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("Recorded at"))

    class Meta:
        verbose_name = _("Fact from another office")
        verbose_name_plural = _("Facts from other offices")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "id_number_index", "on_date", "source"],
                name="outside_fact_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["death", "benefit", "cadre_relative"]),
                name="outside_fact_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on_date}"


class FactWithdrawal(models.Model):
    """Another office's list was wrong: the fact stays on record, and counts no more."""

    fact = models.OneToOneField(
        OutsideFact, on_delete=models.PROTECT, related_name="withdrawal"
    )
    reason = models.CharField(_("Reason"), max_length=200)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("Withdrawn at"))

    class Meta:
        verbose_name = _("Withdrawal of a fact")
        verbose_name_plural = _("Withdrawals of facts")
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""), name="fact_withdrawn_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fact}: {self.reason}"


class FindingQuerySet(models.QuerySet["Finding"]):
    """Reads of findings."""

    def waiting(self) -> "FindingQuerySet":
        return self.filter(decision__isnull=True)


class Finding(models.Model):
    """Something that a cross-check, or a household, says is not right."""

    class Severity(models.TextChoices):
        HARD = "hard", _("Blocks")
        SOFT = "soft", _("To be looked at")

    key = models.CharField(max_length=120, unique=True, editable=False)
    rule = models.CharField(_("Rule"), max_length=40)
    severity = models.CharField(_("Severity"), max_length=4, choices=Severity.choices)
    household = models.ForeignKey(
        "partners.Household", on_delete=models.PROTECT, related_name="findings"
    )
    # Empty where a hard rule kept the disbursement from being made.
    disbursement = models.ForeignKey(
        "partners.Disbursement",
        on_delete=models.PROTECT,
        null=True,
        related_name="findings",
    )
    values = models.JSONField(default=dict)
    found_at = models.DateTimeField(_("Found at"))

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("Finding")
        verbose_name_plural = _("Findings")
        ordering = ["-found_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.rule} {self.household_id}"


class FindingDecision(models.Model):
    """Who decided what about a finding, and why; there is never a second decision."""

    class Verdict(models.TextChoices):
        UPHELD = "upheld", _("Is so")
        DISMISSED = "dismissed", _("Is explained")

    finding = models.OneToOneField(
        Finding, on_delete=models.PROTECT, related_name="decision"
    )
    verdict = models.CharField(_("Verdict"), max_length=9, choices=Verdict.choices)
    reason = models.CharField(_("Reason"), max_length=200)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("Decided at"))

    class Meta:
        verbose_name = _("Decision on a finding")
        verbose_name_plural = _("Decisions on findings")
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""), name="finding_decided_with_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["upheld", "dismissed"]),
                name="finding_verdict_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding}: {self.get_verdict_display()}"
