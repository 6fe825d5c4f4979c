"""Labels as a table, for a printing shop that sets them by its own program."""

from collections.abc import Iterable, Iterator

from django.utils import translation
from django.utils.translation import gettext as _

from partners.exports import csv_bytes
from traceability import codes, scratch
from traceability.models import LabelBatch
from traceability.printing.sheets import label_address


def table_head(batch: LabelBatch) -> bytes:
    """What each table begins with: the mark of UTF-8, and the names of its columns."""
    return csv_bytes(_columns(batch), [])


def write_table(batch: LabelBatch, numbers: Iterable[int]) -> bytes:
    """A whole CSV of labels, one a row; spreadsheets show it and compute nothing."""
    return csv_bytes(_columns(batch), _rows(batch, numbers))


def _columns(batch: LabelBatch) -> list[str]:
    with translation.override("zh-hans"):
        hidden = [_("Hidden code under the silver field")] if batch.scratch else []
        return [
            _("Code on the label"),
            _("Address in the QR code"),
            _("Product"),
            _("Village"),
            _("Harvest date"),
            _("Certificate number"),
            *hidden,
        ]


def _rows(batch: LabelBatch, numbers: Iterable[int]) -> Iterator[list[str]]:
    village = batch.lot.village
    township = village.parent.name if village.parent is not None else ""
    same = [
        batch.product_name,
        f"{township}{village.name}",
        batch.lot.harvest_date.isoformat(),
        batch.certificate.number,
    ]
    for number in numbers:
        code = codes.code_of(number)
        hidden = [scratch.scratch_code_of(number)] if batch.scratch else []
        yield [code, label_address(code), *same, *hidden]
