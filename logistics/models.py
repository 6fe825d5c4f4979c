"""How things travel: what freight costs, parcels, and what happened to them."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from logistics.carriers import registry
from partners.privacy import EncryptedField, mask_name


class FreightTemplateQuerySet(models.QuerySet["FreightTemplate"]):
    """Freight templates, read aloud."""

    def in_force(self) -> "FreightTemplateQuerySet":
        """Those that something new can be listed with."""
        return self.filter(retired_at__isnull=True)


class FreightTemplate(models.Model):
    """What sending costs, region by region; never edited once it was published.

    An order keeps the fen it was quoted, so a new price is a new template that
    `replaces` the old one, which is retired: nothing new is listed with it.
    """

    class Basis(models.TextChoices):
        WEIGHT = "weight", _("By weight")
        PIECE = "piece", _("By the piece")

    name = models.CharField(_("Name"), max_length=60)
    basis = models.CharField(_("Charged"), max_length=6, choices=Basis.choices)
    created_at = models.DateTimeField(_("Created at"))
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="successor",
    )
    retired_at = models.DateTimeField(_("Retired at"), null=True, blank=True)

    objects = FreightTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("Freight template")
        verbose_name_plural = _("Freight templates")
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(retired_at__isnull=True),
                name="freight_name_once_in_force",
            ),
            models.CheckConstraint(
                condition=Q(basis__in=["weight", "piece"]), name="freight_basis_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def places(self) -> int:
        """Of how many places it has a price: prefetched rules are counted here."""
        return sum(rule.delivers for rule in self.rules.all())


class FreightRule(models.Model):
    """One region's price; the rule with the longest matching code decides.

    `region_code` is the beginning of a division's code: "" (everywhere), "43"
    (province), "4301" (city) or "430104" (county). `first_units` and
    `additional_units` are grams or pieces, as the template charges.
    """

    template = models.ForeignKey(
        FreightTemplate, on_delete=models.CASCADE, related_name="rules"
    )
    region_code = models.CharField(_("Region's code"), max_length=6, blank=True)
    delivers = models.BooleanField(_("Delivers there"), default=True)
    first_units = models.PositiveIntegerField(_("First weight or pieces"), default=0)
    first_fen = models.PositiveIntegerField(_("Price of the first, fen"), default=0)
    additional_units = models.PositiveIntegerField(
        _("Each additional weight or pieces"), default=0
    )
    additional_fen = models.PositiveIntegerField(
        _("Price of each additional, fen"), default=0
    )
    free_from_fen = models.PositiveIntegerField(
        _("Free from, fen of goods"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("Freight rule")
        verbose_name_plural = _("Freight rules")
        constraints = [
            models.UniqueConstraint(
                fields=["template", "region_code"], name="freight_rule_region_once"
            ),
            models.CheckConstraint(
                condition=Q(region_code__regex=r"^(\d{2}|\d{4}|\d{6})?$"),
                name="freight_rule_region_code",
            ),
            # PositiveIntegerField alone lets zero through: units that divide by zero.
            models.CheckConstraint(
                condition=Q(delivers=False, first_fen=0, additional_fen=0)
                | Q(delivers=True, first_units__gt=0, additional_units__gt=0),
                name="freight_rule_units_positive",
            ),
            models.CheckConstraint(
                condition=Q(first_fen__gte=0, additional_fen__gte=0),
                name="freight_rule_never_negative",
            ),
            models.CheckConstraint(
                condition=Q(free_from_fen__isnull=True)
                | Q(free_from_fen__gt=0, delivers=True),
                name="freight_rule_free_from_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template}: {self.region_code or '*'}"


class ParcelQuerySet(models.QuerySet["Parcel"]):
    """Parcels, read aloud."""

    def under_way(self) -> "ParcelQuerySet":
        """With the carrier, and not yet at their end."""
        return self.filter(status__in=Parcel.UNDER_WAY)

    def quiet_since(self, moment: datetime) -> "ParcelQuerySet":
        """Under way, and neither heard of nor asked about since `moment`."""
        return self.under_way().filter(
            Q(heard_at__isnull=True) | Q(heard_at__lt=moment),
            Q(asked_at__isnull=True) | Q(asked_at__lt=moment),
        )


class Parcel(models.Model):
    """One box on its way to one person.

    `reference` is the sender's own word for it (the shop writes order and sub-order
    there); nothing here reads it. `station_code` is the village's code of the
    station that packs, `division_code` the recipient's county or township.
    """

    class Status(models.TextChoices):
        OPENED = "opened", _("Waiting to be packed")
        PACKED = "packed", _("Packed")
        HANDED_OVER = "handed_over", _("Handed to the carrier")
        IN_TRANSIT = "in_transit", _("On the way")
        OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
        DELIVERED = "delivered", _("Delivered")
        RETURNED = "returned", _("Came back")
        LOST = "lost", _("Lost")
        CANCELLED = "cancelled", _("Cancelled")

    UNDER_WAY = (Status.HANDED_OVER, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY)

    reference = models.CharField(_("Reference"), max_length=64, unique=True)
    station_code = models.CharField(_("Station"), max_length=12)
    recipient_name = EncryptedField(_("Recipient"))
    recipient_phone = EncryptedField(_("Mobile number"))
    recipient_address = EncryptedField(_("Street and house"))
    division_code = models.CharField(_("Where to"), max_length=12)
    weight_g = models.PositiveIntegerField(_("Weight, grams"))
    status = models.CharField(
        _("Status"), max_length=16, choices=Status.choices, default=Status.OPENED
    )
    carrier = models.CharField(_("Carrier"), max_length=32, blank=True)
    waybill = models.CharField(_("Waybill"), max_length=32, blank=True)
    opened_at = models.DateTimeField(_("Opened at"))
    packed_at = models.DateTimeField(_("Packed at"), null=True, blank=True)
    handed_over_at = models.DateTimeField(_("Handed over at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("At its end at"), null=True, blank=True)
    # Pushes get lost: whoever was not heard of for long is asked about.
    heard_at = models.DateTimeField(_("Last news at"), null=True, blank=True)
    asked_at = models.DateTimeField(_("Last asked at"), null=True, blank=True)

    objects = ParcelQuerySet.as_manager()

    class Meta:
        verbose_name = _("Parcel")
        verbose_name_plural = _("Parcels")
        indexes = [
            models.Index(
                fields=["heard_at"],
                condition=Q(
                    status__in=["handed_over", "in_transit", "out_for_delivery"]
                ),
                name="parcel_under_way",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "waybill"],
                condition=~Q(waybill=""),
                name="parcel_waybill_once",
            ),
            models.CheckConstraint(
                condition=Q(weight_g__gt=0), name="parcel_weight_positive"
            ),
            models.CheckConstraint(
                condition=Q(station_code__regex=r"^\d{12}$")
                & Q(division_code__regex=r"^\d{12}$"),
                name="parcel_codes_digits",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "opened",
                        "packed",
                        "handed_over",
                        "in_transit",
                        "out_for_delivery",
                        "delivered",
                        "returned",
                        "lost",
                        "cancelled",
                    ]
                ),
                name="parcel_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["opened", "packed", "cancelled"])
                | (~Q(waybill="") & ~Q(carrier="") & Q(handed_over_at__isnull=False)),
                name="parcel_travels_with_waybill",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} · {self.get_status_display()}"

    @property
    def carrier_name(self) -> str:
        """What people call the carrier; "" before there is one."""
        return registry.name(self.carrier)

    @property
    def public_recipient(self) -> str:
        """李**: what a screen that others see may show."""
        return mask_name(self.recipient_name)


class ParcelEvent(models.Model):
    """Something that happened to a parcel; written once, never changed.

    `key` names what the carrier told us, so that telling it twice changes nothing.
    `text` is the carrier's own sentence; it may name people, so it is encrypted.
    """

    class Kind(models.TextChoices):
        OPENED = "opened", _("Waiting to be packed")
        PACKED = "packed", _("Packed at the station")
        HANDED_OVER = "handed_over", _("Handed to the carrier")
        COLLECTED = "collected", _("Collected by the carrier")
        IN_TRANSIT = "in_transit", _("On the way")
        OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
        PROBLEM = "problem", _("Held up")
        REFUSED = "refused", _("Not accepted")
        RETURNING = "returning", _("On the way back")
        DELIVERED = "delivered", _("Delivered")
        RETURNED = "returned", _("Came back")
        LOST = "lost", _("Lost")
        CANCELLED = "cancelled", _("Cancelled")

    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("What"), max_length=16, choices=Kind.choices)
    happened_at = models.DateTimeField(_("When"))
    recorded_at = models.DateTimeField(_("Recorded at"))
    place = models.CharField(_("Where"), max_length=80, blank=True)
    text = EncryptedField(_("In the carrier's words"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    key = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("Parcel event")
        verbose_name_plural = _("Parcel events")
        ordering = ["happened_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["parcel", "key"], name="parcel_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.parcel_id} · {self.get_kind_display()}"


def _order_id() -> str:
    return uuid.uuid4().hex


class Booking(models.Model):
    """What we asked a carrier for one parcel, written before we ask.

    A crash or a lost answer leaves the row ASKED; asking again with the same
    `order_id` gets the same waybill. Only one booking of a parcel is ever open.
    """

    class Status(models.TextChoices):
        ASKED = "asked", _("Asked")
        BOOKED = "booked", _("Booked")
        REFUSED = "refused", _("Refused")

    # 快递100 answers an order_id from memory for 48 hours; later it would book anew.
    SAFE_TO_ASK_AGAIN = timedelta(hours=47)

    parcel = models.ForeignKey(
        Parcel, on_delete=models.PROTECT, related_name="bookings"
    )
    carrier = models.CharField(_("Carrier"), max_length=32)
    order_id = models.CharField(max_length=32, unique=True, default=_order_id)
    status = models.CharField(
        _("Status"), max_length=8, choices=Status.choices, default=Status.ASKED
    )
    opened_at = models.DateTimeField(_("First asked at"))
    # Whoever holds the lease is asking now; it ends by itself if they crash.
    leased_until = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    waybill = models.CharField(_("Waybill"), max_length=32, blank=True)
    task_id = models.CharField(_("The carrier's own number"), max_length=64, blank=True)
    reason = models.CharField(_("Why refused"), max_length=200, blank=True)
    subscribed_at = models.DateTimeField(_("Pushes asked for at"), null=True)

    class Meta:
        verbose_name = _("Booking")
        verbose_name_plural = _("Bookings")
        constraints = [
            models.UniqueConstraint(
                fields=["parcel"],
                condition=~Q(status="refused"),
                name="booking_open_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["asked", "booked", "refused"]),
                name="booking_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="booked") | ~Q(waybill=""),
                name="booking_booked_has_waybill",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parcel_id} · {self.carrier} · {self.get_status_display()}"
