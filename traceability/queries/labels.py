"""Which labels may go onto paper."""

from django.db.models import Exists, OuterRef, QuerySet

from traceability.models import Label, LabelBatch, StatusEvent


def printable_numbers(
    batch: LabelBatch, *, first: int, last: int
) -> "QuerySet[Label, int]":
    """Numbers from `first` to `last`, in order, that stick to nothing yet and may.

    A second copy of one that is on a package would be a clone, and one that was taken
    out of use must not come back.
    """
    voided = StatusEvent.objects.filter(
        label=OuterRef("pk"), status=StatusEvent.Status.VOIDED
    )
    free = batch.labels.filter(
        number__gte=first, number__lte=last, activated_at__isnull=True
    )
    return (
        free.exclude(Exists(voided)).order_by("number").values_list("number", flat=True)
    )
