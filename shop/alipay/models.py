"""What a buyer was asked to pay, what came in, and what went back."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

MAX_AMOUNT_FEN = 10_000_000_000  # 100,000,000.00 yuan, Alipay's limit for a trade

# Kept in the language of who acted; what people wrote themselves stays theirs.
_OUR_REASONS = {
    written: _("Cancelled by the buyer")
    for written in ("Cancelled by the buyer", "买家取消")
}


class Payment(models.Model):
    """One request to pay one order at Alipay; Alipay knows it by `out_trade_no`.

    The order is there first. Money that does not fit the request (another sum, a
    second payment, one after closing) is a Capture of kind SUSPENSE: it never counts
    here and goes back to whoever paid it.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Waiting for payment")
        PAID = "PAID", _("Paid")
        CLOSED = "CLOSED", _("Closed")
        PART_REFUNDED = "PART_REFUNDED", _("Partly refunded")
        REFUNDED = "REFUNDED", _("Refunded")
        EXCEPTION = "EXCEPTION", _("Wrong sum received")

    LIVE = (Status.PENDING, Status.PAID, Status.PART_REFUNDED, Status.REFUNDED)

    out_trade_no = models.CharField(_("Payment number"), max_length=64, unique=True)
    order_number = models.CharField(_("Order number"), max_length=64, db_index=True)
    order_path = models.CharField(_("Order's page"), max_length=255, blank=True)
    subject = models.CharField(_("Subject"), max_length=256)
    amount_fen = models.BigIntegerField(_("Amount"))
    status = models.CharField(
        _("Status"), max_length=13, choices=Status.choices, default=Status.PENDING
    )
    app_id = models.CharField(_("Alipay application"), max_length=32)
    seller_id = models.CharField(_("Alipay seller"), max_length=32)
    captured_fen = models.BigIntegerField(_("Received"), default=0)
    # Promised to go back, whether or not Alipay has confirmed it yet.
    reserved_fen = models.BigIntegerField(_("Promised back"), default=0)
    refunded_fen = models.BigIntegerField(_("Refunded"), default=0)
    opened_at = models.DateTimeField(_("Opened at"))
    expires_at = models.DateTimeField(_("Expires at"))
    paid_at = models.DateTimeField(_("Paid at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("Closed at"), null=True, blank=True)
    close_wanted_at = models.DateTimeField(
        _("Closing asked for at"), null=True, blank=True
    )
    # When Alipay is asked next without anybody prompting; null: no more.
    next_check_at = models.DateTimeField(_("Next check at"), null=True, blank=True)
    checks = models.PositiveIntegerField(_("Checks"), default=0)

    class Meta:
        verbose_name = _("Payment")
        verbose_name_plural = _("Payments")
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="payment_to_check",
                condition=Q(next_check_at__isnull=False),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, amount_fen__lte=MAX_AMOUNT_FEN),
                name="payment_amount_in_range",
            ),
            models.CheckConstraint(
                condition=Q(refunded_fen__gte=0)
                & Q(refunded_fen__lte=F("reserved_fen"))
                & Q(reserved_fen__lte=F("captured_fen")),
                name="payment_never_over_refunded",
            ),
            models.CheckConstraint(
                condition=Q(captured_fen=0) | Q(captured_fen=F("amount_fen")),
                name="payment_captured_whole",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "PENDING",
                        "PAID",
                        "CLOSED",
                        "PART_REFUNDED",
                        "REFUNDED",
                        "EXCEPTION",
                    ]
                ),
                name="payment_status_known",
            ),
            models.UniqueConstraint(
                fields=["order_number"],
                condition=~Q(status__in=["CLOSED", "EXCEPTION"]),
                name="payment_one_live_per_order",
            ),
        ]

    def __str__(self) -> str:
        return self.out_trade_no

    @property
    def going_back_fen(self) -> int:
        """Promised to go back, and not confirmed yet."""
        return self.reserved_fen - self.refunded_fen


class Capture(models.Model):
    """Money that Alipay said, verifiably, it has received. One for each trade."""

    class Kind(models.TextChoices):
        ORDER = "ORDER", _("For the order")
        SUSPENSE = "SUSPENSE", _("In suspense")

    class Reason(models.TextChoices):
        """Why money is in suspense."""

        NONE = "", "-"
        WRONG_AMOUNT = "WRONG_AMOUNT", _("Wrong sum")
        SECOND = "SECOND", _("Second payment")
        LATE = "LATE", _("Paid after closing")

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="captures"
    )
    trade_no = models.CharField(_("Alipay's trade number"), max_length=64, unique=True)
    kind = models.CharField(_("Kind"), max_length=8, choices=Kind.choices)
    reason = models.CharField(
        _("Reason"), max_length=12, choices=Reason.choices, blank=True
    )
    amount_fen = models.BigIntegerField(_("Amount"))
    paid_at = models.DateTimeField(_("Paid at"), help_text=_("As Alipay says."))
    captured_at = models.DateTimeField(_("Recorded at"))

    class Meta:
        verbose_name = _("Money received")
        verbose_name_plural = _("Money received")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0), name="capture_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(kind="ORDER", reason="")
                | Q(kind="SUSPENSE", reason__in=["WRONG_AMOUNT", "SECOND", "LATE"]),
                name="capture_reason_fits_kind",
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(kind="ORDER"),
                name="capture_once_for_the_order",
            ),
        ]

    def __str__(self) -> str:
        return self.trade_no


class Refund(models.Model):
    """Money on its way back to who paid it; `request_no` names it at Alipay."""

    class Status(models.TextChoices):
        WAITING = "WAITING", _("On its way")
        DONE = "DONE", _("Paid back")
        REFUSED = "REFUSED", _("Refused by Alipay")

    class Purpose(models.TextChoices):
        ORDER = "ORDER", _("Refund")
        RETURN = "RETURN", _("Money that fitted no order")
        CANCEL = "CANCEL", _("Cancelled before it was sent")

    # Whose money it is was decided before Alipay is asked: a refusal ends nothing.
    OWED = (Purpose.RETURN, Purpose.CANCEL)

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="refunds"
    )
    capture = models.ForeignKey(
        Capture, on_delete=models.PROTECT, related_name="refunds"
    )
    request_no = models.CharField(_("Refund number"), max_length=64)
    purpose = models.CharField(_("Purpose"), max_length=6, choices=Purpose.choices)
    amount_fen = models.BigIntegerField(_("Amount"))
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    status = models.CharField(
        _("Status"), max_length=7, choices=Status.choices, default=Status.WAITING
    )
    asked_at = models.DateTimeField(_("Asked at"))
    done_at = models.DateTimeField(_("Paid back at"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("Attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("Next attempt at"), null=True, blank=True)
    last_answer = models.CharField(_("Last answer"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("Refund")
        verbose_name_plural = _("Refunds")
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="refund_to_attempt",
                condition=Q(next_attempt_at__isnull=False),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "request_no"], name="refund_number_once"
            ),
            models.UniqueConstraint(
                fields=["capture"],
                condition=Q(purpose="RETURN"),
                name="refund_returned_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0), name="refund_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(status="DONE", done_at__isnull=False)
                | Q(status__in=["WAITING", "REFUSED"], done_at__isnull=True),
                name="refund_status_fits_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}/{self.request_no}"

    @property
    def why(self) -> str:
        """Why, in the reader's language where the reason is our own."""
        reason = _OUR_REASONS.get(self.reason, self.reason)
        return str(reason or self.get_purpose_display())


class Notice(models.Model):
    """A verified message from Alipay, without what it says about the buyer.

    Unverified ones leave no row: anybody on the internet can send them.
    """

    class Result(models.TextChoices):
        """What came of a notice."""

        CAPTURED = "CAPTURED", _("Booked for the order")
        SUSPENDED = "SUSPENDED", _("Booked in suspense")
        CLOSED = "CLOSED", _("Closed")
        REFUNDED = "REFUNDED", _("Refund booked")
        ALREADY = "ALREADY", _("Known already")
        NOTHING_TO_DO = "NOTHING_TO_DO", _("Nothing to do")
        # Verified news that a question to Alipay must settle.
        ASKED = "ASKED", _("Alipay was asked")
        FOREIGN_REFUND = "FOREIGN_REFUND", _("A refund that we did not make")
        BAD_SIGNATURE = "BAD_SIGNATURE", _("Signature does not fit")
        UNKNOWN_PAYMENT = "UNKNOWN_PAYMENT", _("No such payment")
        NOT_OURS = "NOT_OURS", _("Another seller or application")
        UNREADABLE = "UNREADABLE", _("Unreadable")
        CONTRADICTED = "CONTRADICTED", _("Contradicts our books")

    digest = models.CharField(_("Fingerprint"), max_length=64, unique=True)
    payment = models.ForeignKey(
        Payment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
    )
    out_trade_no = models.CharField(_("Payment number"), max_length=64, db_index=True)
    trade_no = models.CharField(_("Alipay's trade number"), max_length=64)
    trade_status = models.CharField(_("Trade's status"), max_length=32)
    fields = models.JSONField(_("Fields"))
    result = models.CharField(
        _("What came of it"), max_length=24, choices=Result.choices
    )
    received_at = models.DateTimeField(_("Received at"))

    class Meta:
        verbose_name = _("Notice from Alipay")
        verbose_name_plural = _("Notices from Alipay")
        indexes = [models.Index(fields=["result", "-id"], name="notice_by_result")]

    def __str__(self) -> str:
        return f"{self.out_trade_no} {self.trade_status}"


class Reconciliation(models.Model):
    """One day of ours held against Alipay's bill of that day."""

    app_id = models.CharField(_("Alipay application"), max_length=32)
    day = models.DateField(_("Day"))
    rows = models.PositiveIntegerField(_("Rows in the bill"))
    fee_fen = models.BigIntegerField(_("Alipay's fees"))
    ran_at = models.DateTimeField(_("Compared at"))

    class Meta:
        verbose_name = _("Reconciliation")
        verbose_name_plural = _("Reconciliations")
        constraints = [
            models.UniqueConstraint(
                fields=["app_id", "day"], name="reconciliation_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.app_id} {self.day}"

    def _named(self, kind: str) -> list[str]:
        rows = self.differences.filter(kind=kind, gone_at__isnull=True)
        return sorted(difference.name for difference in rows)

    @property
    def missing_local(self) -> list[str]:
        """In Alipay's bill but not with us: payment number, or number/refund."""
        return self._named(Difference.Kind.MISSING_LOCAL)

    @property
    def amount_mismatch(self) -> list[str]:
        """On both sides with different sums."""
        return self._named(Difference.Kind.AMOUNT_MISMATCH)

    @property
    def missing_remote(self) -> list[str]:
        """With us but not in Alipay's bill."""
        return self._named(Difference.Kind.MISSING_REMOTE)


class Difference(models.Model):
    """A line where Alipay's bill and our rows disagree, until somebody settles it."""

    class Kind(models.TextChoices):
        MISSING_LOCAL = "MISSING_LOCAL", _("Only in Alipay's bill")
        AMOUNT_MISMATCH = "AMOUNT_MISMATCH", _("Different sums")
        MISSING_REMOTE = "MISSING_REMOTE", _("Only with us")

    reconciliation = models.ForeignKey(
        Reconciliation, on_delete=models.CASCADE, related_name="differences"
    )
    kind = models.CharField(_("Kind"), max_length=15, choices=Kind.choices)
    out_trade_no = models.CharField(_("Payment number"), max_length=64)
    trade_no = models.CharField(_("Alipay's trade number"), max_length=64, blank=True)
    request_no = models.CharField(_("Refund number"), max_length=64, blank=True)
    ours_fen = models.BigIntegerField(_("Ours"))
    theirs_fen = models.BigIntegerField(_("Alipay's"))
    # A later comparison of the same day no longer found it.
    gone_at = models.DateTimeField(_("Gone at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("Settled at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        "users.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("Difference")
        verbose_name_plural = _("Differences")
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "out_trade_no", "trade_no", "request_no"],
                name="difference_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def name(self) -> str:
        """Payment number, or payment number/refund number."""
        if self.request_no:
            return f"{self.out_trade_no}/{self.request_no}"
        return self.out_trade_no
