"""Who exchanges events with us by EPCIS 2.0, and what they told."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from traceability.models import Lot


class Party(models.Model):
    """An organisation outside that sends us events and reads its own back."""

    name = models.CharField(_("Name"), max_length=60, unique=True)
    # Whose lots its programs may read, whatever they tell themselves; None: nobody's.
    reads_records_of = models.ForeignKey(
        "organisations.Division",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("Reads the records of"),
    )
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    registered_at = models.DateTimeField(_("Registered at"))

    class Meta:
        verbose_name = _("Exchange partner")
        verbose_name_plural = _("Exchange partners")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Access(models.Model):
    """A secret by which a party's program is known. Kept as a keyed fingerprint:
    whoever reads the table cannot send in anybody's name. `hint`: how it begins."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="accesses")
    fingerprint = models.CharField(max_length=64, unique=True)
    hint = models.CharField(_("Begins with"), max_length=12)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    given_at = models.DateTimeField(_("Given at"))
    ended_at = models.DateTimeField(_("Ended at"), null=True)

    class Meta:
        verbose_name = _("Access of a program")
        verbose_name_plural = _("Accesses of programs")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.party} {self.hint}"


class CaptureJob(models.Model):
    """One document that a party sent, and what became of it. `errors`: problem
    documents (RFC 7807), as the party reads them."""

    class Behaviour(models.TextChoices):
        ROLLBACK = "rollback", _("All or nothing")
        PROCEED = "proceed", _("What can be kept")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="jobs")
    behaviour = models.CharField(max_length=8, choices=Behaviour.choices)
    received = models.PositiveIntegerField(_("Events received"))
    stored = models.PositiveIntegerField(_("Events kept"))
    errors = models.JSONField(default=list)
    created_at = models.DateTimeField(_("Received at"))

    class Meta:
        verbose_name = _("Capture job")
        verbose_name_plural = _("Capture jobs")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["party", "-created_at", "-id"], name="job_of_party")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(stored__lte=models.F("received")),
                name="job_keeps_what_came",
            ),
            models.CheckConstraint(
                condition=Q(behaviour__in=["rollback", "proceed"]),
                name="job_behaviour_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class CapturedEvent(models.Model):
    """An event that a party told us. Append-only.

    `document` is the event as it is given out, with eventID and recordTime. The
    columns beside it are what queries ask for, in one form whatever was sent. An error
    declaration repeats the eventID of what it takes back (EPCIS 2.0 §7.4.1.4).
    """

    # No index of their own: others begin with the party, and nobody asks by job.
    party = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    job = models.ForeignKey(
        CaptureJob,
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        db_index=False,
    )
    event_id = models.CharField(max_length=250)
    declares_error = models.BooleanField(default=False)
    event_type = models.CharField(max_length=20)
    action = models.CharField(max_length=7, blank=True)
    event_time = models.DateTimeField()
    record_time = models.DateTimeField()
    biz_step = models.CharField(max_length=250, blank=True)
    disposition = models.CharField(max_length=250, blank=True)
    read_point = models.CharField(max_length=250, blank=True)
    biz_location = models.CharField(max_length=250, blank=True)
    document = models.TextField()

    class Meta:
        verbose_name = _("Captured event")
        verbose_name_plural = _("Captured events")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["event_time", "id"], name="captured_by_time"),
            models.Index(fields=["record_time", "id"], name="captured_by_record"),
            models.Index(
                fields=["party", "event_time", "id"], name="captured_of_party"
            ),
            models.Index(fields=["biz_step", "event_time"], name="captured_by_step"),
            models.Index(fields=["event_id"], name="captured_by_event_id"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["party", "event_id", "declares_error"], name="captured_once"
            )
        ]

    def __str__(self) -> str:
        return self.event_id


class EventKey(models.Model):
    """That an event names a thing: its identifier, canonical, and the part it plays."""

    class Part(models.TextChoices):
        EPC = "epc"
        PARENT = "parent"
        INPUT = "input"
        OUTPUT = "output"
        CLASS = "class"
        INPUT_CLASS = "input_class"
        OUTPUT_CLASS = "output_class"

    event = models.ForeignKey(
        CapturedEvent, on_delete=models.PROTECT, related_name="keys"
    )
    part = models.CharField(max_length=12, choices=Part.choices)
    value = models.CharField(max_length=300)

    class Meta:
        verbose_name = _("Identifier in an event")
        verbose_name_plural = _("Identifiers in events")
        indexes = [models.Index(fields=["value", "part"], name="event_key_by_value")]

    def __str__(self) -> str:
        return self.value


class NamedQuery(models.Model):
    """A query that a party keeps under a name of its own, to ask it again.

    `definition`: EPCIS 2.0's parameters as they were sent.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="queries")
    name = models.CharField(max_length=80)
    definition = models.JSONField()
    created_at = models.DateTimeField(_("Made at"))

    class Meta:
        verbose_name = _("Named query")
        verbose_name_plural = _("Named queries")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["party", "name"], name="query_named_once_by_a_party"
            )
        ]

    def __str__(self) -> str:
        return self.name


class TradeItemQuerySet(models.QuerySet["TradeItem"]):
    """Trade items, by what they stand for."""

    def standing(self) -> "TradeItemQuerySet":
        """Those whose number was not taken back."""
        return self.filter(ended_at__isnull=True)

    def of(self, lot: Lot) -> "TradeItemQuerySet":
        """What a lot's produce is sold under, the first registered first."""
        return self.standing().filter(
            farmer=lot.farmer_id, product_name=lot.product_name
        )


class TradeItem(models.Model):
    """A GTIN that GS1 licensed to a producer, and the product it stands for.

    We never make such a number: staff copy it from the producer's licence. It stands
    for the lots of one farmer that bear one product's name.
    """

    gtin = models.CharField(_("GTIN"), max_length=14, unique=True)
    farmer = models.ForeignKey(
        "organisations.Farmer", on_delete=models.PROTECT, related_name="trade_items"
    )
    product_name = models.CharField(_("Product"), max_length=60)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    registered_at = models.DateTimeField(_("Registered at"))
    ended_at = models.DateTimeField(_("Ended at"), null=True)

    objects = TradeItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("Trade item")
        verbose_name_plural = _("Trade items")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(gtin__regex=r"^[0-9]{14}$"), name="trade_item_gtin_shape"
            )
        ]

    def __str__(self) -> str:
        return f"{self.gtin} {self.product_name}"

    def is_of(self, lot: Lot) -> bool:
        """Whether the lot's produce is sold under this number."""
        return (self.farmer_id, self.product_name) == (lot.farmer_id, lot.product_name)
