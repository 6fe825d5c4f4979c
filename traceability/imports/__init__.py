"""Existing records from spreadsheets: read line by line, each finding in words."""

from traceability.imports.columns import KINDS, Kind, workbook
from traceability.imports.findings import Finding
from traceability.imports.reading import MOST_LINES, Line, Reading, read

__all__ = [
    "KINDS",
    "MOST_LINES",
    "Finding",
    "Kind",
    "Line",
    "Reading",
    "read",
    "workbook",
]
