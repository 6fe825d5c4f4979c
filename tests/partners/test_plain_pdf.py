"""PDFs that act, however they hide it; and papers that are let through."""

import io
import zlib

import pytest
from django.core.files.base import ContentFile
from fpdf import FPDF
from PIL import Image

from partners import files
from partners.plain_pdf import is_plain
from tests.bounds import TooMuchWork, little_work

pytestmark = pytest.mark.once

ACT = (
    b"1 0 obj\n<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>\nendobj\n"
)
PACKED = zlib.compress(ACT)


def pdf(inside: bytes) -> bytes:
    return b"%PDF-1.7\n" + inside + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def object_stream(
    packed: bytes = PACKED, words: bytes = b"/Type/ObjStm/Filter/FlateDecode"
) -> bytes:
    return b"2 0 obj<<" + words + b">>stream\n" + packed + b"\nendstream endobj\n"


HIDDEN = {
    "in plain sight": ACT,
    "one letter as its number": ACT.replace(b"/JavaScript", b"/J#61vaScript"),
    "all letters as numbers": ACT.replace(
        b"/JavaScript", b"/" + b"".join(b"#%02x" % letter for letter in b"JavaScript")
    ),
    "between comments that look like a stream": b"%stream\n" + ACT + b"%endstream\n",
    "in an object stream": object_stream(),
    "in one whose name is spelled by numbers": object_stream(
        words=b"/Type/Obj#53tm/Filter/FlateDecode"
    ),
    "in one with a long dictionary": object_stream(
        words=b"/Type/ObjStm/X(" + b"a" * 4000 + b")/Filter/FlateDecode"
    ),
    "in one packed twice": object_stream(
        PACKED.hex().encode() + b">",
        words=b"/Type/ObjStm/Filter[/ASCIIHexDecode/FlateDecode]",
    ),
    "in one with a predictor": object_stream(
        words=b"/Type/ObjStm/Filter/FlateDecode/DecodeParms<</Predictor 12>>"
    ),
    "in one that is not packed": object_stream(ACT, words=b"/Type/ObjStm"),
    "in one inside an encrypted file": object_stream(zlib.compress(b"1 0"))
    + b"trailer<</Encrypt 9 0 R>>",
    "in one that is cut short": object_stream(PACKED[:-6]),
    "behind a stream that pretends to hold it": b"%stream\n" + object_stream(),
    "behind one that is counted twice": object_stream(zlib.compress(b"1 0"))
    + b"stream\n"
    + zlib.compress(b"1 0")
    + object_stream(words=b"/Type/ObjStm/X(" + b"a" * 4000 + b")/Filter/FlateDecode"),
    "in one with the name spelled by numbers inside": object_stream(
        zlib.compress(ACT.replace(b"/JavaScript", b"/#4aavaScript"))
    ),
    "as a file that it carries": b"<</Type/Filespec/EF<</F 3 0 R>>>>/EmbeddedFiles",
    "as a form that sends": b"<</S/SubmitForm/F(http://x.example)>>",
    "as a program to start": b"<</S/Launch/F(cmd.exe)>>",
}


class TestIsPlain:
    @pytest.mark.parametrize("inside", HIDDEN.values(), ids=HIDDEN.keys())
    def test_finds_what_acts(self, inside):
        assert not is_plain(pdf(inside))
        with pytest.raises(files.UnableToStore):
            files.check_document(ContentFile(pdf(inside)))

    @pytest.mark.parametrize(
        "inside",
        [
            b"",
            object_stream(zlib.compress(b"1 0 <</Type/Page>>" * 500)),
            object_stream(b"1 0 <</Type/Page>>", words=b"/Type/ObjStm"),
            b"3 0 obj<</Subtype/Image>>stream\n\xff/JS \xd8#4a\nendstream",
            b"<</Type/Font/BaseFont/#CB#CE#CC#E5>>",
            b"trailer<</Encrypt 9 0 R>>",
        ],
    )
    def test_lets_papers_through(self, inside):
        assert is_plain(pdf(inside))

    def test_lets_through_what_other_programs_make(self):
        written = FPDF()
        written.add_page()
        written.set_font("Helvetica")
        written.text(20, 20, "No residues found. /JS and stream are words as others.")
        assert is_plain(bytes(written.output()))
        scanned = io.BytesIO()
        Image.effect_noise((600, 800), 90).convert("RGB").save(scanned, "PDF")
        assert is_plain(scanned.getvalue())

    @pytest.mark.parametrize(
        "piece",
        [
            b"stream\n",
            b"obj",
            b"#61",
            b"/ObjStm",
            b"/Type/ObjStm/Filter/FlateDecode>>stream\n",
            object_stream(zlib.compress(b"x" * 1000)),
            object_stream(zlib.compress(bytes(2_000_000))),
        ],
    )
    def test_is_soon_through_with_any_ten_megabytes(self, piece):
        hostile = pdf(piece * (10_000_000 // len(piece)))
        with little_work():
            is_plain(hostile)

    def test_work_without_end_would_be_noticed(self):
        # The negative control: what stood here before needed hours for this.
        import re

        with pytest.raises(TooMuchWork), little_work(1):
            re.sub(
                rb"stream\r?\n(.*?)endstream", b"", b"stream\n" * 100_000, flags=re.S
            )
