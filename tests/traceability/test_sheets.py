"""Printed sheets: every code on them can be read, by phones and by people."""

import pypdfium2
import pytest
import zxingcpp

from traceability.models import LabelBatch
from traceability.printing import PAPERS, label_address, sheet_pdf


def decoded(data: bytes, *, dpi: float) -> list[str]:
    """Everything a decoder reads on the pages of a PDF, rendered at `dpi`."""
    found = []
    document = pypdfium2.PdfDocument(data)
    for page in document:
        picture = page.render(scale=dpi / 72).to_pil().convert("L")
        found += [code.text for code in zxingcpp.read_barcodes(picture)]
    return found


class TestSheetPdf:
    @pytest.mark.parametrize("paper", sorted(PAPERS))
    @pytest.mark.parametrize("dpi", [150, 203.2, 300])
    def test_every_code_on_it_decodes(
        self, batch: LabelBatch, paper: str, dpi: float
    ) -> None:
        found = decoded(sheet_pdf(batch, paper=paper), dpi=dpi)
        assert sorted(found) == sorted(label_address(c) for c in batch.codes())
