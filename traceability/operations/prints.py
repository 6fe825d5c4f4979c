"""Printing labels: written down first, then made part by part, then forgotten.

What is written down says who has copies. The files are made from it by whoever comes
by: at once for few labels, by a worker for many, by beat after a worker died.
"""

import hashlib
import io
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.files import private_storage
from partners.people import Person
from traceability import queries
from traceability.models import (
    BoxIssue,
    LabelBatch,
    LabelPrint,
    PrintJob,
    PrintPart,
)
from traceability.printing import (
    ALL_PAPERS,
    BOX_PAPERS,
    offered_papers,
    write_boxes,
    write_sheet,
    write_table,
)
from traceability.signals import labels_printed

log = logging.getLogger(__name__)

# So few are made while somebody waits.
FEW = 500
LABELS_A_FILE = 2_000
BOXES_A_FILE = 200
ROWS_A_FILE = 20_000
# Longer than one part takes on a busy machine; then somebody else may go on.
LEASE = timedelta(minutes=2)
MOST_SHIFT_UM = 5_000
Micrometres = tuple[int, int]
Clock = Callable[[], datetime]


class UnableToPrint(Exception):
    """The labels cannot be printed; the message says what to change, `field` where."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def print_labels(
    *,
    batch: LabelBatch,
    paper: str,
    first: int,
    last: int,
    first_place: int = 1,
    shift_um: Micrometres = (0, 0),
    reason: str = "",
    by: Person,
    at: datetime,
) -> LabelPrint:
    """Have the labels numbered `first` to `last` made ready to print, or, on the
    "paper" LabelPrint.TABLE, told as a table.

    `first_place` is the first free one of a partly used sheet, from 1 on; `shift_um`
    moves all right and down. Sends `labels_printed`, inside the transaction; few labels
    are made before this returns. Errors: UnableToPrint, also where a label was printed
    before, on whatever paper, and no reason is given, or box codes are not signed yet;
    signing.MissingKey.
    """
    _require_paper(batch, paper, first_place, shift_um)
    if not (batch.holds(first) and batch.holds(last) and first <= last):
        raise UnableToPrint(
            _("This batch has labels 1 to %(count)s.") % {"count": batch.count},
            field="last" if batch.holds(first) else "first",
        )
    if said := queries.unprintable_because(batch, day=timezone.localdate(at)):
        raise UnableToPrint(said)
    with transaction.atomic():
        # Of two who print the same labels, the second is asked why.
        LabelBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if not reason.strip() and batch.prints.overlapping(first, last).exists():
            raise UnableToPrint(
                _("Some of these labels were printed before. Say why again."),
                field="reason",
            )
        count = queries.printable_numbers(batch, first=first, last=last).count()
        if not count:
            raise UnableToPrint(
                _("All of these labels are on packages or out of use."), field="first"
            )
        printed = LabelPrint.objects.create(
            batch=batch,
            paper=paper,
            first_number=first,
            last_number=last,
            label_count=count,
            first_place=first_place,
            right_um=shift_um[0],
            down_um=shift_um[1],
            reason=reason.strip(),
            printed_by=by,
            printed_at=at,
        )
        PrintJob.objects.create(print_id=printed.pk, next_number=first)
        if count > FEW:
            labels_printed.send(sender=LabelPrint, printed=printed)
    if count <= FEW:
        try:
            write_print(print_id=printed.pk)
        except OSError:
            # What is written down stands; beat comes back for the files.
            log.exception("files of a print could not be kept")
    return printed


def write_print(*, print_id: int, clock: Clock = timezone.now) -> bool:
    """Write the files that a print lacks yet; whether this call finished it.

    Harmless twice and side by side: only who holds the lease adds a part, and each part
    goes on where the last one ended. Errors: OSError where the storage is full or away.
    """
    until = clock() + LEASE
    if (
        not PrintJob.objects.free(clock())
        .filter(pk=print_id)
        .update(leased_until=until)
    ):
        return False
    held: datetime | None = until
    while held is not None:
        held = _write_part(print_id, held, clock)
    return PrintJob.objects.filter(pk=print_id, done_at__isnull=False).exists()


def waiting_prints(*, now: datetime) -> list[int]:
    """Prints that nobody is at and whose files are not all there."""
    return list(PrintJob.objects.free(now).order_by("pk").values_list("pk", flat=True))


def forget_prints(*, now: datetime) -> int:
    """Remove files that have lain about long enough; of how many prints.

    They hold codes, which the database does not.
    """
    storage, forgotten = private_storage(), 0
    for job in PrintJob.objects.outdated(now).order_by("pk"):
        _empty(storage, f"{PrintPart.FOLDER}/{job.pk}")
        PrintJob.objects.filter(pk=job.pk).update(forgotten_at=now)
        forgotten += 1
    return forgotten


def _require_paper(
    batch: LabelBatch, paper: str, first_place: int, shift_um: Micrometres
) -> None:
    if paper == LabelPrint.TABLE:
        return
    if paper in BOX_PAPERS and queries.box_issue_that_holds(batch) is None:
        raise UnableToPrint(_("Sign the box codes first."), field="paper")
    offered = {it.name: it for it in offered_papers(scratch=bool(batch.scratch))}
    known = offered | BOX_PAPERS
    if paper not in known:
        raise UnableToPrint(_("Choose one of these papers."), field="paper")
    if not 1 <= first_place <= known[paper].per_page:
        raise UnableToPrint(
            _("This paper has places 1 to %(count)s.")
            % {"count": known[paper].per_page},
            field="first_place",
        )
    for micrometres, field in zip(shift_um, ("right", "down"), strict=True):
        if abs(micrometres) > MOST_SHIFT_UM:
            raise UnableToPrint(
                _("Move it by 5 mm at most. Beyond that the paper lies wrong."),
                field=field,
            )


def _write_part(print_id: int, held: datetime, clock: Clock) -> datetime | None:
    """Write the next part; until when the lease is held now, None where it is over."""
    job = PrintJob.objects.select_related(
        "print__batch__certificate", "print__batch__lot__village__parent"
    ).get(pk=print_id)
    printed, batch = job.print, job.print.batch
    mine = PrintJob.objects.filter(pk=print_id, leased_until=held)
    issue = queries.box_issue_that_holds(batch) if printed.is_box else None
    if (
        queries.unprintable_because(batch, day=timezone.localdate(clock()))
        # The key of its box codes was stolen or has ended since.
        or (printed.is_box and issue is None)
    ):
        mine.update(stopped_at=clock(), leased_until=None)
        return None
    ordinal = job.parts.count() + 1
    numbers = queries.next_printable_numbers(
        batch,
        first=job.next_number,
        last=printed.last_number,
        most=_labels_in_part(printed, ordinal),
    )
    if not numbers:
        mine.update(done_at=clock(), leased_until=None)
        return None
    skip = printed.first_place - 1 if ordinal == 1 else 0
    data = _made(printed, issue, numbers, skip=skip)
    digest = hashlib.sha256(data).hexdigest()
    name = f"{PrintPart.FOLDER}/{print_id}/{ordinal:04d}-{digest[:16]}.{printed.suffix}"
    storage = private_storage()
    if not storage.exists(name):
        name = storage.save(name, ContentFile(data))
    until = clock() + LEASE
    with transaction.atomic():
        still_mine = mine.update(
            next_number=numbers[-1] + 1,
            written=F("written") + len(numbers),
            leased_until=until,
        )
        if not still_mine:
            return None
        PrintPart.objects.create(
            job=job,
            ordinal=ordinal,
            first_number=numbers[0],
            last_number=numbers[-1],
            label_count=len(numbers),
            name=name,
            size=len(data),
            sha256=digest,
        )
    return until


def _labels_in_part(printed: LabelPrint, ordinal: int) -> int:
    """Whole pages, so that no sheet is left half empty between two parts."""
    if printed.is_table:
        return ROWS_A_FILE
    per_page = ALL_PAPERS[printed.paper].per_page
    most = BOXES_A_FILE if printed.is_box else LABELS_A_FILE
    labels = max(1, most // per_page) * per_page
    return labels - (printed.first_place - 1) if ordinal == 1 else labels


def _made(
    printed: LabelPrint, issue: BoxIssue | None, numbers: list[int], *, skip: int
) -> bytes:
    if printed.is_table:
        return write_table(printed.batch, numbers)
    out = io.BytesIO()
    paper = ALL_PAPERS[printed.paper]
    shift = (printed.right_um / 1000, printed.down_um / 1000)
    if issue is not None:
        write_boxes(issue, numbers, paper=paper, out=out, skip=skip, shift=shift)
    else:
        batch = printed.batch
        write_sheet(batch, numbers, paper=paper, out=out, skip=skip, shift=shift)
    return out.getvalue()


def _empty(storage: Storage, folder: str) -> None:
    """Remove the files of a folder, also those that a killed worker never named."""
    try:
        _folders, names = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        storage.delete(f"{folder}/{name}")
    storage.delete(folder)
