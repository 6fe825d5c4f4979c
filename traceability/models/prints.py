"""Labels on their way to paper: who printed which, and the files made for it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class LabelPrintQuerySet(models.QuerySet["LabelPrint"]):
    """Prints as pages and guards ask for them."""

    def overlapping(self, first: int, last: int) -> "LabelPrintQuerySet":
        """Those that hold a number from `first` to `last`."""
        return self.filter(first_number__lte=last, last_number__gte=first)

    def again(self) -> "LabelPrintQuerySet":
        """Those that were not their labels' first."""
        return self.exclude(reason="")


class LabelPrint(models.Model):
    """Somebody had labels of a batch, `first_number` to `last_number`, made ready to
    print, or told to an outside printer as a table. Append-only. A paper whose name
    begins with BOX holds box codes: the same label with all its facts, for a carton.

    The first print of a number needs no reason, each later one does: the database
    refuses it without. `label_count` are those that could be printed when it was asked
    for: what is on packages or out of use is left out. On a partly used sheet
    `first_place`, from 1 on, is the first place that is free; all is moved by
    `right_um` and `down_um` micrometres.
    """

    TABLE = "csv"
    BOX = "box-"

    batch = models.ForeignKey(
        "traceability.LabelBatch", on_delete=models.PROTECT, related_name="prints"
    )
    paper = models.CharField(_("Paper"), max_length=20)
    first_number = models.BigIntegerField(_("First number"))
    last_number = models.BigIntegerField(_("Last number"))
    label_count = models.PositiveIntegerField(_("Number of labels"))
    first_place = models.PositiveSmallIntegerField(_("First free place"), default=1)
    right_um = models.IntegerField(_("Moved right, in micrometres"), default=0)
    down_um = models.IntegerField(_("Moved down, in micrometres"), default=0)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    printed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    printed_at = models.DateTimeField(_("Printed at"))

    objects = LabelPrintQuerySet.as_manager()

    class Meta:
        verbose_name = _("Print of labels")
        verbose_name_plural = _("Prints of labels")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_number__lte=F("last_number")) & Q(label_count__gt=0),
                name="label_print_not_empty",
            ),
            models.CheckConstraint(
                condition=Q(first_place__gte=1), name="label_print_place_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_number}–{self.last_number}"

    @property
    def is_table(self) -> bool:
        """Whether it is a table for an outside printer and no sheet."""
        return self.paper == self.TABLE

    @property
    def is_box(self) -> bool:
        """Whether its labels carry box codes."""
        return self.paper.startswith(self.BOX)

    @property
    def suffix(self) -> str:
        return "csv" if self.is_table else "pdf"

    @property
    def first_place_in_batch(self) -> int:
        """The first label's place in its batch, from 1 on, as people count."""
        return self.first_number - self.batch.first_number + 1

    @property
    def last_place_in_batch(self) -> int:
        return self.last_number - self.batch.first_number + 1


class PrintJobQuerySet(models.QuerySet["PrintJob"]):
    """Jobs by what is to be done about them."""

    def open(self) -> "PrintJobQuerySet":
        """Those with files to write yet."""
        return self.filter(done_at__isnull=True, stopped_at__isnull=True)

    def free(self, now: datetime) -> "PrintJobQuerySet":
        """Open ones that nobody is at, or whose worker did not come back."""
        idle = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        return self.open().filter(idle)

    def outdated(self, now: datetime) -> "PrintJobQuerySet":
        """Those whose files have lain about long enough."""
        return self.filter(
            forgotten_at__isnull=True, print__printed_at__lte=now - PrintJob.KEPT
        ).exclude(done_at__isnull=True, stopped_at__isnull=True)


class PrintJob(models.Model):
    """The files of one print while they are made, kept, and gone.

    `next_number` is where the next part goes on: a worker that is killed loses one
    part. `leased_until` says that somebody is at it; it ends by itself if they die.
    """

    # After that the files go; whoever needs them then prints again, with a reason.
    KEPT = timedelta(days=7)

    print = models.OneToOneField(
        LabelPrint, on_delete=models.PROTECT, primary_key=True, related_name="job"
    )
    next_number = models.BigIntegerField(_("Next number"))
    written = models.PositiveIntegerField(_("Labels written"), default=0)
    leased_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(_("Done at"), null=True)
    stopped_at = models.DateTimeField(_("Stopped at"), null=True)
    forgotten_at = models.DateTimeField(_("Files removed at"), null=True)

    objects = PrintJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("Print job")
        verbose_name_plural = _("Print jobs")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.pk}: {self.written}"

    @property
    def state(self) -> str:
        """waiting, running, done, stopped or forgotten."""
        if self.forgotten_at is not None:
            return "forgotten"
        if self.stopped_at is not None:
            return "stopped"
        if self.done_at is not None:
            return "done"
        return "running" if self.leased_until is not None else "waiting"

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def kept_until(self) -> datetime:
        """When the files go."""
        return self.print.printed_at + self.KEPT


class PrintPart(models.Model):
    """One file of a print: so many labels, whole. Append-only; the files are private,
    go with their job's, and are in no backup."""

    FOLDER = "label-prints"

    job = models.ForeignKey(PrintJob, on_delete=models.PROTECT, related_name="parts")
    ordinal = models.PositiveIntegerField(_("Part"))
    first_number = models.BigIntegerField(_("First number"))
    last_number = models.BigIntegerField(_("Last number"))
    label_count = models.PositiveIntegerField(_("Number of labels"))
    name = models.CharField(_("File"), max_length=120)
    size = models.PositiveIntegerField(_("Size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("Part of a print")
        verbose_name_plural = _("Parts of a print")
        ordering = ["ordinal"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "ordinal"], name="print_part_once_in_job"
            )
        ]

    def __str__(self) -> str:
        return self.name
