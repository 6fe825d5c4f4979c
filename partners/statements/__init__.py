"""Read a month's statement as supermarkets really send it, line by line.

No database here: bytes in, lines and findings out.
"""

from partners.statements.findings import Finding
from partners.statements.lines import Line, Reading, fingerprint
from partners.statements.reading import read

__all__ = ["Finding", "Line", "Reading", "fingerprint", "read"]
