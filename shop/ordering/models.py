"""What Oscar's orders lack: who may see one, who sends which part, held stock."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from partners.phones import mask_phone
from partners.privacy import EncryptedField
from traceability.models import StatusEvent


class CheckoutDraft(models.Model):
    """What somebody typed at the checkout, until they order or a day has passed.

    Reached only by the signed number of its basket, so that no address holds
    anything of it; `typed` is the JSON of `shop.ordering.typed.Typed`.
    """

    basket = models.OneToOneField(
        "basket.Basket", on_delete=models.CASCADE, related_name="checkout_draft"
    )
    typed = EncryptedField()
    changed_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("Checkout begun")
        verbose_name_plural = _("Checkouts begun")

    def __str__(self) -> str:
        return f"checkout of basket {self.basket_id}"


class OrderNumber(models.Model):
    """A counter that never hands out a number twice, on every database."""

    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class Purchase(models.Model):
    """The buyer's side of one order: promise, delivery, and the key to its page.

    Oscar's own ShippingAddress asks for a last name and a postcode, knows no
    division and keeps everything in the clear (docs/decisions/0004).
    """

    order = models.OneToOneField(
        "order.Order", on_delete=models.PROTECT, related_name="purchase"
    )
    # The same form sent twice is one order.
    key = models.CharField(max_length=64, unique=True)
    token = models.CharField(max_length=43, unique=True)
    total_fen = models.PositiveIntegerField(_("Total"))
    recipient = EncryptedField(_("Recipient"), blank=True)
    phone = EncryptedField(_("Mobile number"), blank=True)
    phone_index = models.CharField(max_length=64, db_index=True, blank=True)
    # Of the page it was ordered on; what we write about it is in it.
    language = models.CharField(
        max_length=8, blank=True, default="", db_default="", editable=False
    )
    division_code = models.CharField(_("Division"), max_length=12, blank=True)
    detail = EncryptedField(_("Street and door"), blank=True)
    # Fresh produce has no seven-day return only if the buyer agreed for this
    # purchase. Source: 网络购买商品七日无理由退货暂行办法, articles 6 and 7.
    fresh_confirmed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(_("Held until"))
    paid_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("Purchase")
        verbose_name_plural = _("Purchases")
        constraints = [
            models.CheckConstraint(
                condition=Q(total_fen__gt=0), name="purchase_total_positive"
            ),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True) | Q(paid_at__isnull=False),
                name="purchase_paid_before_completed",
            ),
        ]

    def __str__(self) -> str:
        return f"purchase {self.order_id}"

    @property
    def path(self) -> str:
        """The buyer's own page of this order."""
        return reverse(
            "ordering:order",
            kwargs={"number": self.order.number, "token": self.token},
        )

    @property
    def masked_phone(self) -> str:
        """138****5678, as the order's page shows it."""
        return mask_phone(self.phone)

    @property
    def freight_fen(self) -> int:
        """All parts' freight."""
        return int(self.order.shipping_incl_tax * 100)

    @property
    def goods_fen(self) -> int:
        """All goods."""
        return self.total_fen - self.freight_fen


class SubOrder(models.Model):
    """The part of an order that one seller's village sends 子订单."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting for payment")
        PAID = "paid", _("To be packed")
        SHIPPED = "shipped", _("On the road")
        DELIVERED = "delivered", _("Delivered")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")

    order = models.ForeignKey(
        "order.Order", on_delete=models.PROTECT, related_name="sub_orders"
    )
    number = models.CharField(_("Number"), max_length=32, unique=True)
    partner = models.ForeignKey("partner.Partner", on_delete=models.PROTECT)
    village = models.ForeignKey("organisations.Division", on_delete=models.PROTECT)
    goods_fen = models.PositiveIntegerField(_("Goods"))
    freight_fen = models.PositiveIntegerField(_("Freight"))
    status = models.CharField(
        _("Status"), max_length=10, choices=Status.choices, default=Status.PENDING
    )
    parcel = models.OneToOneField(
        "logistics.Parcel",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sub_order",
    )
    paid_at = models.DateTimeField(null=True, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("Part of an order")
        verbose_name_plural = _("Parts of orders")
        constraints = [
            models.UniqueConstraint(
                fields=["order", "partner", "village"], name="sub_order_once_a_seller"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "paid", "completed", "cancelled"])
                | Q(parcel__isnull=False),
                name="sub_order_travels_in_a_parcel",
            ),
        ]
        indexes = [
            models.Index(
                fields=["village", "paid_at"],
                condition=Q(status="paid"),
                name="sub_order_to_pack",
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total_fen(self) -> int:
        """Goods and freight together."""
        return self.goods_fen + self.freight_fen


class LineTerms(models.Model):
    """What was agreed for one order line: price, weight, and who gets which share."""

    line = models.OneToOneField(
        "order.Line", on_delete=models.PROTECT, related_name="terms"
    )
    sub_order = models.ForeignKey(
        SubOrder, on_delete=models.PROTECT, related_name="line_terms"
    )
    listing = models.ForeignKey("listings.Listing", on_delete=models.PROTECT)
    price_fen = models.PositiveIntegerField(_("Price of one pack"))
    quantity = models.PositiveIntegerField(_("Packs"))
    pack_g = models.PositiveIntegerField(_("Weight of one pack"))
    supermarket = models.ForeignKey(
        "partners.Supermarket", on_delete=models.PROTECT, null=True, blank=True
    )
    margin_bp = models.PositiveSmallIntegerField(_("Supermarket's margin"))
    platform_bp = models.PositiveSmallIntegerField(_("Platform's fee"))

    class Meta:
        verbose_name = _("Terms of an order line")
        verbose_name_plural = _("Terms of order lines")
        constraints = [
            models.CheckConstraint(
                condition=Q(margin_bp__lte=10_000 - F("platform_bp")),
                name="terms_shares_within_price",
            ),
            models.CheckConstraint(
                condition=Q(supermarket__isnull=False) | Q(margin_bp=0),
                name="terms_margin_needs_supermarket",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="terms_quantity_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"terms {self.line_id}"

    @property
    def goods_fen(self) -> int:
        """What the buyer pays for this line."""
        return self.price_fen * self.quantity


class PartRefund(models.Model):
    """Which part of an order a refund gives back, or which line of it alone."""

    refund = models.OneToOneField(
        "alipay.Refund", on_delete=models.PROTECT, related_name="of_part"
    )
    sub_order = models.ForeignKey(
        SubOrder, on_delete=models.PROTECT, related_name="refunds"
    )
    terms = models.ForeignKey(
        LineTerms,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="refunds",
    )

    class Meta:
        verbose_name = _("Refund of a part")
        verbose_name_plural = _("Refunds of parts")

    def __str__(self) -> str:
        return f"{self.refund_id} of {self.sub_order_id}"


class Reservation(models.Model):
    """Packs held for one order while its buyer pays."""

    class State(models.TextChoices):
        HELD = "held", _("Held")
        SOLD = "sold", _("Sold")
        RELEASED = "released", _("Released")

    order = models.ForeignKey(
        "order.Order", on_delete=models.PROTECT, related_name="reservations"
    )
    stockrecord = models.ForeignKey("partner.StockRecord", on_delete=models.PROTECT)
    quantity = models.PositiveIntegerField(_("Packs"))
    state = models.CharField(
        _("State"), max_length=8, choices=State.choices, default=State.HELD
    )
    expires_at = models.DateTimeField(_("Held until"))

    class Meta:
        verbose_name = _("Reservation")
        verbose_name_plural = _("Reservations")
        constraints = [
            models.UniqueConstraint(
                fields=["order", "stockrecord"], name="reservation_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="reservation_quantity_positive"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(state="held"),
                name="reservation_to_release",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.stockrecord_id} for {self.order_id}"


class PackedLabelQuerySet(models.QuerySet["PackedLabel"]):
    """Packages in boxes, asked for as people speak of them."""

    def recalled(self) -> "PackedLabelQuerySet":
        """Of a lot that was recalled."""
        return self.filter(
            label__batch__lot__status_events__status=StatusEvent.Status.RECALLED
        )


class PackedLabel(models.Model):
    """Which labelled package went into which part of an order."""

    sub_order = models.ForeignKey(
        SubOrder, on_delete=models.PROTECT, related_name="packed_labels"
    )
    terms = models.ForeignKey(
        LineTerms, on_delete=models.PROTECT, related_name="packed_labels"
    )
    label = models.OneToOneField(
        "traceability.Label", on_delete=models.PROTECT, related_name="packed_in"
    )
    packed_by = models.ForeignKey(
        "users.User", on_delete=models.PROTECT, related_name="+"
    )
    packed_at = models.DateTimeField()

    objects = PackedLabelQuerySet.as_manager()

    class Meta:
        verbose_name = _("Packed label")
        verbose_name_plural = _("Packed labels")

    def __str__(self) -> str:
        return f"label {self.label_id} in {self.sub_order_id}"
