"""What is offered for sale, in whose name, and that person's yes or no."""

from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partners import measures
from partners.files import StoredImage
from partners.models import Supermarket
from partners.organisations.models import Assistant, Cooperative, Division, Farmer
from shop.listings.crops import piece_g
from shop.listings.words import pack_words, unit_words


class Seller(models.Model):
    """Who is paid for what an Oscar partner sells: exactly one of ours."""

    partner = models.OneToOneField(
        "partner.Partner", on_delete=models.PROTECT, related_name="seller"
    )
    farmer = models.OneToOneField(
        Farmer, on_delete=models.PROTECT, null=True, blank=True, related_name="seller"
    )
    cooperative = models.OneToOneField(
        Cooperative,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="seller",
    )
    supermarket = models.OneToOneField(
        Supermarket,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="seller",
    )

    class Meta:
        verbose_name = _("Seller")
        verbose_name_plural = _("Sellers")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    farmer__isnull=False,
                    cooperative__isnull=True,
                    supermarket__isnull=True,
                )
                | Q(
                    farmer__isnull=True,
                    cooperative__isnull=False,
                    supermarket__isnull=True,
                )
                | Q(
                    farmer__isnull=True,
                    cooperative__isnull=True,
                    supermarket__isnull=False,
                ),
                name="seller_is_exactly_one",
            )
        ]

    def __str__(self) -> str:
        return str(self.farmer or self.cooperative or self.supermarket)


class ListingQuerySet(models.QuerySet["Listing"]):
    """Listings, asked for as people speak of them."""

    def on_sale(self) -> "ListingQuerySet":
        return self.filter(status=Listing.Status.ON_SALE)

    def waiting(self) -> "ListingQuerySet":
        """Sent to the farmer and not answered."""
        return self.filter(status=Listing.Status.SENT)

    def served_by(self, assistant: Assistant) -> "ListingQuerySet":
        """Of the assistant's villages, and the drafts whose farmer is not read yet."""
        return self.filter(
            Q(village__in=assistant.villages.all())
            | Q(village__isnull=True, assistant=assistant)
        )


class Listing(models.Model):
    """An offer in a farmer's name, from the sentence it began as to its end.

    Money is whole fen, weight whole grams. A pack is weighed (`pack_g`), counted
    (`pieces` of `piece_unit`) or both. Nothing is on sale unless its farmer agreed
    to exactly these terms and to no more than this price: `listing_sold_by_consent`.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SENT = "sent", _("Waiting for the farmer")
        ON_SALE = "on_sale", _("On sale")
        DENIED = "denied", _("Denied by the farmer")
        ENDED = "ended", _("Ended")

    product = models.OneToOneField(
        "catalogue.Product",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="listing",
    )
    seller = models.ForeignKey(
        Seller,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="listings",
    )
    farmer = models.ForeignKey(
        Farmer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="listings",
        verbose_name=_("Farmer"),
    )
    assistant = models.ForeignKey(
        Assistant, on_delete=models.PROTECT, related_name="listings"
    )
    village = models.ForeignKey(
        Division,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="listings",
    )
    category = models.ForeignKey(
        "catalogue.Category",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Category"),
    )

    supermarket = models.ForeignKey(
        Supermarket,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="listings",
        verbose_name=_("Partner supermarket"),
        help_text=_("Takes a margin, of which households get the agreed share."),
    )
    freight_template = models.ForeignKey(
        "logistics.FreightTemplate",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Freight"),
    )
    lot = models.ForeignKey(
        "traceability.Lot",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="listings",
        verbose_name=_("Lot"),
    )

    said = models.CharField(_("What was said"), max_length=200, blank=True)
    spans = models.JSONField(default=list, blank=True, editable=False)
    unread = models.JSONField(_("What to ask"), default=list, blank=True)

    crop = models.CharField(_("Crop"), max_length=20, blank=True)
    title = models.CharField(_("Title"), max_length=40, blank=True)
    description = models.TextField(_("Description"), max_length=2000, blank=True)
    picture = models.CharField(_("Illustration"), max_length=40, blank=True)
    photos = models.JSONField(_("Photos"), default=list, blank=True)
    fresh = models.BooleanField(
        _("Fresh"), default=True, help_text=_("No seven-day return.")
    )

    pack_g = models.PositiveIntegerField(_("Pack, grams"), null=True, blank=True)
    pieces = models.PositiveIntegerField(_("Pack, pieces"), null=True, blank=True)
    piece_unit = models.CharField(_("Counted in"), max_length=4, blank=True)
    container = models.CharField(_("Packed in"), max_length=4, blank=True)
    price_fen = models.PositiveIntegerField(_("Price"), null=True, blank=True)
    harvest_on = models.DateField(_("Picked on"), null=True, blank=True)
    capacity_packs = models.PositiveIntegerField(
        _("How many packs"), null=True, blank=True
    )
    margin_bp = models.PositiveIntegerField(_("Supermarket's margin"), default=0)

    status = models.CharField(
        _("Status"), max_length=8, choices=Status.choices, default=Status.DRAFT
    )
    terms = models.CharField(max_length=64, blank=True, editable=False)
    agreed_terms = models.CharField(max_length=64, blank=True, editable=False)
    agreed_price_fen = models.PositiveIntegerField(
        null=True, blank=True, editable=False
    )
    agreed_at = models.DateTimeField(null=True, blank=True, editable=False)

    drafted_at = models.DateTimeField(_("Drafted at"))
    changed_at = models.DateTimeField(_("Changed at"))
    published_at = models.DateTimeField(_("On sale since"), null=True, blank=True)
    ended_at = models.DateTimeField(_("Ended at"), null=True, blank=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("Listing")
        verbose_name_plural = _("Listings")
        indexes = [
            models.Index(
                fields=["village", "status", "-changed_at"], name="listing_by_village"
            ),
            models.Index(fields=["farmer", "status"], name="listing_by_farmer"),
            models.Index(
                fields=["assistant"],
                condition=Q(status="draft"),
                name="listing_drafts",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "sent", "on_sale", "denied", "ended"]),
                name="listing_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "denied"])
                | Q(
                    farmer__isnull=False,
                    village__isnull=False,
                    seller__isnull=False,
                    category__isnull=False,
                    price_fen__gt=0,
                    capacity_packs__gt=0,
                    terms__gt="",
                )
                & ~Q(title="")
                & (Q(pack_g__gt=0) | Q(pieces__gt=0)),
                name="listing_complete_once_sent",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["on_sale", "ended"])
                | Q(
                    product__isnull=False,
                    agreed_at__isnull=False,
                    agreed_price_fen__isnull=False,
                    agreed_terms=F("terms"),
                    price_fen__gte=F("agreed_price_fen"),
                ),
                name="listing_sold_by_consent",
            ),
            models.CheckConstraint(
                condition=Q(margin_bp=0)
                | Q(supermarket__isnull=False, margin_bp__lte=5_000),
                name="listing_margin_is_a_supermarkets",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.said

    @property
    def pack(self) -> str:
        """5斤装, 30枚装, 500克/瓶: how much one buys, in the reader's language."""
        return pack_words(
            pack_g=self.pack_g,
            pieces=self.pieces,
            piece_unit=self.piece_unit,
            container=self.container,
        )

    @property
    def stored_photos(self) -> list[StoredImage]:
        """The farmer's own pictures, the first one first."""
        return [StoredImage.from_json(photo) for photo in self.photos]

    @property
    def unit_price_fen(self) -> int | None:
        """Fen of one 斤, or of one piece where the pack is only counted."""
        if not self.price_fen:
            return None
        if self.pack_g:
            return measures.fen_per_jin(self.price_fen, self.pack_g)
        if self.pieces:
            return (self.price_fen * 2 + self.pieces) // (self.pieces * 2)
        return None

    @property
    def parcel_g(self) -> int:
        """What one pack adds to a parcel's weight; for pieces, by what is usual."""
        return self.pack_g or (self.pieces or 0) * piece_g(self.crop, self.piece_unit)

    @property
    def picked_on(self) -> date | None:
        """The day its harvest was promised for; with a lot, the day it truly was."""
        return (
            self.lot.harvest_date if self.harvest_on and self.lot else self.harvest_on
        )

    @property
    def unit(self) -> str:
        """What `unit_price_fen` is the price of: 斤, or 枚 只 株 …"""
        return "斤" if self.pack_g else self.piece_unit

    @property
    def unit_word(self) -> str:
        """`unit` as this reader knows it."""
        return unit_words(self.unit)


class ConsentQuerySet(models.QuerySet["Consent"]):
    """What farmers were asked."""

    def open_at(self, now: datetime) -> "ConsentQuerySet":
        """Not answered, not withdrawn, not expired."""
        return self.filter(answer="", expires_at__gt=now)


class Consent(models.Model):
    """What was put before a farmer under which link and code, and the answer.

    The link's token and the code are kept as keyed fingerprints only. `terms` and
    `price_fen` are what the farmer was shown; a yes is a yes to these alone.
    """

    class Subject(models.TextChoices):
        LISTING = "listing", _("Put on sale")
        PRICE = "price", _("A lower price")

    class Answer(models.TextChoices):
        YES = "yes", _("It is mine")
        NO = "no", _("It is not mine")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Way(models.TextChoices):
        LINK = "link", _("By the link")
        CODE = "code", _("By the code")

    listing = models.ForeignKey(
        Listing, on_delete=models.CASCADE, related_name="consents"
    )
    subject = models.CharField(
        max_length=8, choices=Subject.choices, default=Subject.LISTING
    )
    token_hash = models.CharField(max_length=64, unique=True)
    code_hash = models.CharField(max_length=64)
    terms = models.CharField(max_length=64)
    price_fen = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    answer = models.CharField(max_length=9, choices=Answer.choices, blank=True)
    way = models.CharField(max_length=4, choices=Way.choices, blank=True)
    reason = models.CharField(_("Reason"), max_length=120, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("Consent")
        verbose_name_plural = _("Consents")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["listing"], condition=Q(answer=""), name="consent_one_open"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True)
                | Q(answer__in=["yes", "no", "withdrawn"], answered_at__isnull=False),
                name="consent_answered_when",
            ),
            models.CheckConstraint(
                condition=Q(wrong_codes__lte=5), name="consent_few_wrong_codes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.listing}: {self.get_answer_display()}"
