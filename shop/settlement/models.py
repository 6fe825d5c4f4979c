"""What a completed order owes to whom, line by line, as it was when it completed."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Settlement(models.Model):
    """One completed order, split: the ledger entry and the sum it split."""

    order = models.OneToOneField(
        "order.Order", on_delete=models.PROTECT, related_name="settlement"
    )
    entry = models.OneToOneField(
        "ledger.Entry", on_delete=models.PROTECT, related_name="+"
    )
    total_fen = models.PositiveIntegerField(_("Total"))
    settled_at = models.DateTimeField(_("Settled at"))

    class Meta:
        verbose_name = _("Settlement")
        verbose_name_plural = _("Settlements")

    def __str__(self) -> str:
        return f"settlement of {self.order_id}"


class SettledLine(models.Model):
    """How the price of one order line was shared out, in fen."""

    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, related_name="lines"
    )
    terms = models.OneToOneField(
        "ordering.LineTerms", on_delete=models.PROTECT, related_name="settled"
    )
    seller_account = models.CharField(max_length=60, db_index=True)
    goods_fen = models.PositiveIntegerField(_("Goods"))
    seller_fen = models.PositiveIntegerField(_("Grower"))
    margin_fen = models.PositiveIntegerField(_("Supermarket"))
    platform_fen = models.PositiveIntegerField(_("Platform"))

    class Meta:
        verbose_name = _("Settled line")
        verbose_name_plural = _("Settled lines")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    goods_fen=F("seller_fen") + F("margin_fen") + F("platform_fen")
                ),
                name="settled_parts_are_the_whole",
            )
        ]

    def __str__(self) -> str:
        return f"{self.seller_fen} of {self.goods_fen}"


class SettledFreight(models.Model):
    """What was settled for the freight of one part of an order, in fen."""

    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, related_name="freights"
    )
    sub_order = models.OneToOneField(
        "ordering.SubOrder", on_delete=models.PROTECT, related_name="settled_freight"
    )
    freight_fen = models.PositiveIntegerField(_("Freight"))

    class Meta:
        verbose_name = _("Settled freight")
        verbose_name_plural = _("Settled freights")

    def __str__(self) -> str:
        return f"{self.freight_fen} of {self.sub_order_id}"


class TakenBack(models.Model):
    """A refund after completion: what was shared out came back to the order first."""

    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, related_name="taken_back"
    )
    # Whose goods the refund was for; null: everybody's.
    sub_order = models.ForeignKey(
        "ordering.SubOrder",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    request_no = models.CharField(max_length=64)
    amount_fen = models.PositiveIntegerField(_("Amount"))
    entry = models.OneToOneField(
        "ledger.Entry", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("Taken back")
        verbose_name_plural = _("Taken back")
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "request_no"], name="taken_back_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount_fen} for {self.request_no}"
