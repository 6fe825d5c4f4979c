"""What goes onto paper: sheets of labels and certificates."""

from traceability.printing.certificate import certificate_pdf
from traceability.printing.layout import TooSmall
from traceability.printing.papers import PAPERS, Kind, Paper
from traceability.printing.sheets import (
    label_address,
    offered_papers,
    sheet_pdf,
    write_sheet,
)

__all__ = [
    "PAPERS",
    "Kind",
    "Paper",
    "TooSmall",
    "certificate_pdf",
    "label_address",
    "offered_papers",
    "sheet_pdf",
    "write_sheet",
]
