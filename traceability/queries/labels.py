"""Which labels may go onto paper, and which did."""

from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from partners.people import Person
from traceability.models import Label, LabelBatch, LabelPrint, StatusEvent
from traceability.queries.lots import recalled_ids
from traceability.queries.signed import signed_by_a_thief


def printable_numbers(
    batch: LabelBatch, *, first: int, last: int
) -> "QuerySet[Label, int]":
    """Numbers from `first` to `last`, in order, that stick to nothing yet and may.

    A second copy of one that is on a package would be a clone, and one that was taken
    out of use must not come back.
    """
    # Read once, whatever the database knows of labels: of new ones PostgreSQL expects a
    # single row, and would look through all that ever happened again for each of them.
    voided = StatusEvent.objects.filter(
        label__gte=first, label__lte=last, status=StatusEvent.Status.VOIDED
    ).values("label")
    free = batch.labels.filter(
        number__gte=first, number__lte=last, activated_at__isnull=True
    )
    return (
        free.exclude(number__in=voided)
        .order_by("number")
        .values_list("number", flat=True)
    )


def next_printable_numbers(
    batch: LabelBatch, *, first: int, last: int, most: int
) -> list[int]:
    """The first `most` of `printable_numbers`.

    Asked for in short ranges: to sort out the first of a long one, PostgreSQL reads all
    of it.
    """
    found: list[int] = []
    while len(found) < most and first <= last:
        end = min(first + most - 1, last)
        found += printable_numbers(batch, first=first, last=end)
        first = end + 1
    return found[:most]


def unprintable_because(batch: LabelBatch, *, day: date) -> str:
    """Why no label of a batch may be printed any more, in words; "" where they may."""
    if recalled_ids([batch.lot_id]):
        return _("This lot is recalled: print no labels for it.")
    if batch.certificate.status_events.exists():
        return _("This certificate is withdrawn: print no labels under it.")
    if signed_by_a_thief(batch.certificate, batch):
        return _(
            "The key behind this certificate is not trusted any more. Issue a new one."
        )
    if batch.expires_on is not None and batch.expires_on < day:
        return _("The use-by date of these labels has passed.")
    return ""


def next_to_print(batch: LabelBatch) -> int:
    """The first number behind all that was printed; one past the last if all was."""
    printed = batch.prints.order_by("-last_number").first()
    return batch.first_number if printed is None else printed.last_number + 1


def last_print_by(user: Person) -> LabelPrint | None:
    """A person's newest print on paper: their printer will be the same tomorrow."""
    printed = LabelPrint.objects.filter(printed_by=user)
    return printed.exclude(paper=LabelPrint.TABLE).order_by("-pk").first()
