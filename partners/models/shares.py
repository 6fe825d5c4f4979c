"""What became of a share: accrued, paid in, disbursed, confirmed.

Every row here is written once. Only AccrualLine's two running sums move, upwards,
and a constraint keeps disbursed <= funded <= accrued whatever happens.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from partners.files import StoredImage
from partners.models.people import Agreement, Household, Supermarket
from partners.models.statements import Source, Statement


class Accrual(models.Model):
    """The share that an approved statement makes a supermarket owe.

    Rate, cap and profit are kept as they were. A corrected statement accrues what
    is still missing, or this one is reversed first.
    """

    statement = models.OneToOneField(
        Statement, on_delete=models.PROTECT, related_name="accrual"
    )
    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="accruals"
    )
    supermarket = models.ForeignKey(
        Supermarket, on_delete=models.PROTECT, related_name="accruals"
    )
    period = models.DateField(_("Month"))
    source = models.CharField(_("Source"), max_length=8, choices=Source.choices)
    profit_fen = models.BigIntegerField(_("Profit, fen"))
    rate_bp = models.PositiveIntegerField(_("Share of profit, basis points"))
    cap_fen = models.BigIntegerField(_("At most a month, fen"))
    amount_fen = models.BigIntegerField(_("Amount, fen"))
    entry = models.UUIDField(_("Ledger entry"), null=True)
    accrued_at = models.DateTimeField(_("Accrued at"))

    class Meta:
        verbose_name = _("Accrual")
        verbose_name_plural = _("Accruals")
        ordering = ["period", "pk"]
        indexes = [models.Index(fields=["period"], name="accrual_by_period")]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gte=0, amount_fen__lte=F("cap_fen")),
                name="accrual_within_cap",
            ),
            models.CheckConstraint(
                condition=Q(amount_fen=0) | Q(entry__isnull=False),
                name="accrual_has_an_entry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supermarket} {self.period:%Y-%m}"

    @property
    def kept_fen(self) -> int:
        """What earlier versions of the statement had accrued and this one kept, fen."""
        earlier = Accrual.objects.filter(
            supermarket=self.supermarket_id,
            period=self.period,
            source=self.source,
            pk__lt=self.pk,
            reversal__isnull=True,
        )
        return int(earlier.aggregate(total=Sum("amount_fen"))["total"] or 0)

    @property
    def share_fen(self) -> int:
        """The whole share that the profit gave, fen."""
        return self.kept_fen + self.amount_fen


class AccrualLine(models.Model):
    """One household's part of an accrual, and how far it has come."""

    accrual = models.ForeignKey(Accrual, on_delete=models.PROTECT, related_name="lines")
    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, related_name="accrual_lines"
    )
    weight = models.PositiveIntegerField(_("Weight"))
    amount_fen = models.BigIntegerField(_("Amount, fen"))
    funded_fen = models.BigIntegerField(_("Paid in, fen"), default=0)
    disbursed_fen = models.BigIntegerField(_("Disbursed, fen"), default=0)

    class Meta:
        verbose_name = _("Accrual line")
        verbose_name_plural = _("Accrual lines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["accrual", "household"], name="accrual_line_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_fen__gt=0,
                    disbursed_fen__gte=0,
                    disbursed_fen__lte=F("funded_fen"),
                    funded_fen__lte=F("amount_fen"),
                ),
                name="accrual_line_never_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household} {self.amount_fen}"


class AccrualReversal(models.Model):
    """An accrual taken back before any of it was paid in."""

    accrual = models.OneToOneField(
        Accrual, on_delete=models.PROTECT, related_name="reversal"
    )
    statement = models.ForeignKey(
        Statement,
        on_delete=models.PROTECT,
        related_name="reversals_made",
        verbose_name=_("Corrected by"),
    )
    entry = models.UUIDField(_("Ledger entry"))
    reversed_at = models.DateTimeField(_("Reversed at"))

    class Meta:
        verbose_name = _("Accrual reversal")
        verbose_name_plural = _("Accrual reversals")

    def __str__(self) -> str:
        return str(self.accrual)


class PayIn(models.Model):
    """Money that a supermarket paid into the benefit fund's bank account."""

    supermarket = models.ForeignKey(
        Supermarket, on_delete=models.PROTECT, related_name="pay_ins"
    )
    amount_fen = models.BigIntegerField(_("Amount, fen"))
    reference = models.CharField(_("Bank reference"), max_length=60)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    entry = models.UUIDField(_("Ledger entry"), unique=True)
    paid_at = models.DateTimeField(_("Paid in at"))

    class Meta:
        verbose_name = _("Pay-in")
        verbose_name_plural = _("Pay-ins")
        ordering = ["paid_at", "pk"]
        constraints = [
            # Whoever it is booked for, one transfer is one transfer.
            models.UniqueConstraint(fields=["reference"], name="pay_in_reference_once"),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0), name="pay_in_amount_positive"
            ),
            models.CheckConstraint(
                condition=~Q(reference=""), name="pay_in_has_a_reference"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supermarket} {self.reference}"


class Funding(models.Model):
    """The part of a pay-in that stands behind one household's accrual line."""

    pay_in = models.ForeignKey(PayIn, on_delete=models.PROTECT, related_name="fundings")
    line = models.ForeignKey(
        AccrualLine, on_delete=models.PROTECT, related_name="fundings"
    )
    amount_fen = models.BigIntegerField(_("Amount, fen"))

    class Meta:
        verbose_name = _("Funding")
        verbose_name_plural = _("Fundings")
        constraints = [
            models.UniqueConstraint(fields=["pay_in", "line"], name="funding_once"),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0), name="funding_amount_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pay_in} {self.amount_fen}"


class Disbursement(models.Model):
    """Cash or goods handed to a household, with the paper that proves it."""

    class Kind(models.TextChoices):
        CASH = "cash", _("In cash")
        GOODS = "goods", _("In goods")

    number = models.CharField(_("Number"), max_length=10, unique=True, editable=False)
    key = models.CharField(max_length=64, unique=True, editable=False)
    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, related_name="disbursements"
    )
    amount_fen = models.BigIntegerField(_("Amount, fen"))
    kind = models.CharField(_("Kind"), max_length=5, choices=Kind.choices)
    goods = models.CharField(
        _("Which goods"),
        max_length=120,
        blank=True,
        help_text=_("Rice 20 jin, oil 5 litres"),
    )
    receipt = models.CharField(_("Receipt"), max_length=200)
    receipt_sha256 = models.CharField(max_length=64)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    entry = models.UUIDField(_("Ledger entry"), unique=True)
    disbursed_at = models.DateTimeField(_("Disbursed at"))

    class Meta:
        verbose_name = _("Disbursement")
        verbose_name_plural = _("Disbursements")
        ordering = ["disbursed_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0), name="disbursement_amount_positive"
            ),
            models.CheckConstraint(
                condition=~Q(receipt=""), name="disbursement_has_a_receipt"
            ),
            models.CheckConstraint(
                condition=~Q(kind="goods") | ~Q(goods=""),
                name="disbursement_names_its_goods",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class DisbursementPhoto(models.Model):
    """A photo of a disbursement. Public only where staff said no person is on it."""

    class Stage(models.TextChoices):
        BEFORE = "before", _("Before")
        DURING = "during", _("Handing over")
        AFTER = "after", _("After")

    disbursement = models.ForeignKey(
        Disbursement, on_delete=models.PROTECT, related_name="photos"
    )
    stage = models.CharField(_("Stage"), max_length=6, choices=Stage.choices)
    image = models.JSONField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    published_at = models.DateTimeField(_("Made public at"), null=True)

    class Meta:
        verbose_name = _("Disbursement photo")
        verbose_name_plural = _("Disbursement photos")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.disbursement} {self.get_stage_display()}"

    @property
    def stored(self) -> StoredImage:
        return StoredImage.from_json(self.image)


class Draw(models.Model):
    """The part of a disbursement that came out of one accrual line."""

    disbursement = models.ForeignKey(
        Disbursement, on_delete=models.PROTECT, related_name="draws"
    )
    line = models.ForeignKey(
        AccrualLine, on_delete=models.PROTECT, related_name="draws"
    )
    amount_fen = models.BigIntegerField(_("Amount, fen"))

    class Meta:
        verbose_name = _("Draw")
        verbose_name_plural = _("Draws")
        constraints = [
            models.UniqueConstraint(fields=["disbursement", "line"], name="draw_once"),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0), name="draw_amount_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.disbursement} {self.amount_fen}"


class Confirmation(models.Model):
    """What the household said: it came, or it did not."""

    class Answer(models.TextChoices):
        RECEIVED = "received", _("Received")
        NOT_RECEIVED = "not_received", _("Not received")

    disbursement = models.ForeignKey(
        Disbursement, on_delete=models.PROTECT, related_name="confirmations"
    )
    answer = models.CharField(_("Answer"), max_length=12, choices=Answer.choices)
    # Empty where the contact answered by the signed link, without logging in.
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(_("Answered at"))

    class Meta:
        verbose_name = _("Confirmation")
        verbose_name_plural = _("Confirmations")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["disbursement", "answer"], name="confirmation_answer_once"
            ),
            models.CheckConstraint(
                condition=Q(answer__in=["received", "not_received"]),
                name="confirmation_answer_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.disbursement}: {self.get_answer_display()}"
