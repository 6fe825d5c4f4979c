"""Printed sheets: every code on them can be read, by phones and by people."""

import random

import pypdfium2
import pytest
import zxingcpp
from django.test import override_settings
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from partners.organisations.division_files import packed
from shop.users.models import User
from tests.factories.traceability import new_batch
from traceability.codes import code_of, grouped
from traceability.models import Certificate, LabelBatch
from traceability.operations import void_label
from traceability.printing import PAPERS, TooSmall, label_address, pdf, qr, sheet_pdf
from traceability.scratch import scratch_code_of

pytestmark = pytest.mark.once


def decoded(data: bytes, *, dpi: float) -> list[str]:
    """Everything a decoder reads on the pages of a PDF, rendered at `dpi`."""
    found = []
    document = pypdfium2.PdfDocument(data)
    for page in document:
        picture = page.render(scale=dpi / 72).to_pil().convert("L")
        found += [code.text for code in zxingcpp.read_barcodes(picture)]
    return found


def words_of(data: bytes) -> str:
    """The text in a PDF, as a reader would copy it."""
    document = pypdfium2.PdfDocument(data)
    return "".join(page.get_textpage().get_text_bounded() for page in document)


@pytest.mark.django_db
class TestHiddenCodes:
    PAPERS = ("40x30", "50x30", "60x40", "a4-4x9", "l7159", "5160")

    @pytest.fixture
    def scratched(self, certificate: Certificate, zhao: User) -> LabelBatch:
        return new_batch(
            certificate=certificate,
            by=zhao,
            scratch=True,
            product_name="示例特级冰糖橙礼盒 5斤装",
        )

    @pytest.mark.parametrize("paper", PAPERS)
    @pytest.mark.parametrize("dpi", [203.2, 300])
    def test_stand_beside_a_symbol_that_decodes(
        self, scratched: LabelBatch, paper: str, dpi: float
    ) -> None:
        sheet = sheet_pdf(scratched, paper=paper)
        found = decoded(sheet, dpi=dpi)
        assert sorted(found) == sorted(label_address(c) for c in scratched.codes())
        words = words_of(sheet).replace("\r\n", "")
        for fact in ("永固村", "2026-11-18", "承诺达标合格证", "刮开涂层验真伪"):
            assert words.count(fact) == scratched.count, fact
        for number in range(scratched.first_number, scratched.last_number + 1):
            assert grouped(scratch_code_of(number)) in words

    def test_need_a_paper_that_has_room(self, scratched: LabelBatch) -> None:
        with pytest.raises(TooSmall):
            sheet_pdf(scratched, paper="40x20")

    def test_are_not_on_other_labels(self, batch: LabelBatch) -> None:
        words = words_of(sheet_pdf(batch, paper="50x30"))
        assert "刮开" not in words
        assert grouped(scratch_code_of(batch.first_number)) not in words


@pytest.mark.django_db
class TestSheetPdf:
    def test_a_voided_label_is_not_printed_again(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        torn = batch.labels.get(pk=batch.first_number + 3)
        void_label(label=torn, reason="撕坏了", by=zhao, at=batch.minted_at)
        found = decoded(sheet_pdf(batch, paper="a4-4x9"), dpi=300)
        assert label_address(torn.code) not in found
        assert len(found) == batch.count - 1

    @pytest.mark.parametrize("paper", sorted(PAPERS))
    def test_says_what_is_in_the_package(self, batch: LabelBatch, paper: str) -> None:
        words = words_of(sheet_pdf(batch, paper=paper)).replace("\r\n", "")
        for fact in (
            "冰糖橙",
            "永固村",
            "2026-11-18",
            "承诺达标合格证",
            "HS-2026-000001",
        ):
            assert words.count(fact) == batch.count, fact
        for code in batch.codes():
            assert grouped(code) in words

    def test_long_and_strange_words_do_not_hide_the_code(
        self, batch: LabelBatch
    ) -> None:
        for name in ("汉寿县树上熟" * 10, "Very long English words" * 3, "𠮷<>&()\\"):
            batch.product_name = name
            found = decoded(sheet_pdf(batch, paper="40x30"), dpi=203.2)
            assert len(found) == batch.count

    def test_there_is_no_other_paper(self, batch: LabelBatch) -> None:
        with pytest.raises(KeyError):
            sheet_pdf(batch, paper="a0")


class TestLabelAddress:
    @pytest.mark.parametrize(
        "base", ["http://127.0.0.1:8000", "https://xiangji.hanshou.gov.cn"]
    )
    def test_is_dense_enough_for_a_small_label(self, base: str) -> None:
        with override_settings(BASE_URL=base):
            address = label_address(code_of(1))
        assert address == f"{base.upper()}/T/{code_of(1)}"
        # Version 3 in alphanumeric mode; in lower case it would take more.
        assert qr.matrix(address).side == 29
        assert qr.matrix(address.lower()).side > 29


def rows_of(symbol: qr.Matrix) -> list[str]:
    """Ones and zeros, a string a row."""
    width = len(symbol.bits) // symbol.side
    return [
        f"{int.from_bytes(symbol.bits[at : at + width]):0{8 * width}b}"[: symbol.side]
        for at in range(0, len(symbol.bits), width)
    ]


class TestMatrices:
    """Thousands at once are the same as one by one, by the library's own hand."""

    @pytest.mark.parametrize("length", [1, 2, 9, 20, 21, 38, 44, 61, 62, 90, 160])
    def test_are_what_qrcode_draws(self, length: int) -> None:
        chance = random.Random(length)
        signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
        texts = [
            "A" + "".join(chance.choice(signs) for _ in range(length - 1))
            for _ in range(12)
        ]
        made = list(qr.matrices(texts))
        for text, symbol in zip(texts, made, strict=True):
            one = QRCode(error_correction=ERROR_CORRECT_M, border=0)
            one.add_data(QRData(text, mode=MODE_ALPHA_NUM))
            one.make(fit=True)
            assert rows_of(symbol) == [
                "".join("1" if dark else "0" for dark in row)
                for row in one.get_matrix()
            ]

    def test_use_every_mask(self) -> None:
        # The negative control of the choice: one fixed mask would draw others.
        texts = [label_address(code_of(n)) for n in range(200)]
        made = list(qr.matrices(texts))
        # Mask bits stand in row 8, columns 2 to 4, of the format information.
        masks = {rows_of(symbol)[8][2:5] for symbol in made}
        assert len(masks) == 8

    @pytest.mark.parametrize(
        "texts", [["abc"], ["AB", "ABC"], ["A" * 400], ["汉"], ["A_B"]]
    )
    def test_refuse_what_does_not_fit_a_batch(self, texts: list[str]) -> None:
        with pytest.raises(ValueError, match=r".+"):
            list(qr.matrices(texts))

    def test_of_nothing_are_none(self) -> None:
        assert list(qr.matrices([])) == []


class TestFonts:
    def test_know_every_place_in_china(self) -> None:
        font = pdf.Font(pdf.SANS)
        unknown = font.show("\u3013")
        rows = [*packed("divisions"), *packed("villages-430722")]
        signs = {sign for row in rows for sign in row.name}
        assert len(signs) > 2_000
        # Some names of the source hold signs that Noto Sans SC has none for.
        missing = {sign for sign in signs if font.show(sign) == unknown}
        assert len(missing) < 5, missing
        hanshou = {s for row in packed("villages-430722") for s in row.name}
        assert not missing & hanshou

    def test_come_with_their_licence_and_are_small(self) -> None:
        folder = pdf.SANS.parent
        assert sum(path.stat().st_size for path in folder.glob("*.ttf")) < 3_000_000
        for licence in folder.glob("LICENSE-*"):
            assert "SIL Open Font License" in licence.read_text(encoding="utf-8")
        assert len(list(folder.glob("LICENSE-*"))) == len(list(folder.glob("*.ttf")))

    def test_break_lines_where_chinese_may(self) -> None:
        font = pdf.Font(pdf.SANS)
        assert font.wrapped("一二三四，五六", 1, 4) == ["一二三", "四，五六"]
        assert font.wrapped("plum and pear", 1, 5) == ["plum and", "pear"]
        assert font.wrapped("", 1, 5) == []
