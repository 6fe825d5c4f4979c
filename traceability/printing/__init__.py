"""What goes onto paper: sheets of labels and certificates."""

from traceability.printing.boxes import BOX_PAPERS, write_boxes
from traceability.printing.certificate import certificate_pdf
from traceability.printing.certificate_label import (
    CERTIFICATE_PAPERS,
    certificate_label_pdf,
)
from traceability.printing.layout import TooSmall
from traceability.printing.papers import PAPERS, Kind, Paper
from traceability.printing.sheets import (
    label_address,
    offered_papers,
    sheet_pdf,
    write_sheet,
)
from traceability.printing.tables import table_head, write_table

ALL_PAPERS = PAPERS | BOX_PAPERS

__all__ = [
    "ALL_PAPERS",
    "BOX_PAPERS",
    "CERTIFICATE_PAPERS",
    "PAPERS",
    "Kind",
    "Paper",
    "TooSmall",
    "certificate_label_pdf",
    "certificate_pdf",
    "label_address",
    "offered_papers",
    "sheet_pdf",
    "table_head",
    "write_boxes",
    "write_sheet",
    "write_table",
]
