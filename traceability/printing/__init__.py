"""What goes onto paper: sheets of labels and certificates."""

from traceability.printing.certificate import certificate_pdf
from traceability.printing.sheets import PAPERS, label_address, sheet_pdf, write_sheet

__all__ = ["PAPERS", "certificate_pdf", "label_address", "sheet_pdf", "write_sheet"]
