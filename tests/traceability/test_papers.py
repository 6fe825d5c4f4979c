"""Every paper that is offered: each label at its place, read by machines and people."""

import io
from itertools import islice

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from shop.users.models import User
from tests.factories.traceability import new_batch
from traceability.models import Certificate, LabelBatch
from traceability.printing import (
    PAPERS,
    Kind,
    Paper,
    TooSmall,
    label_address,
    offered_papers,
    pdf,
    write_sheet,
)
from traceability.printing.layout import SMALLEST_MODULE, Layout, Words
from traceability.printing.papers import SMALLEST_TYPE, UNPRINTABLE

pytestmark = pytest.mark.once

NAMES = sorted(PAPERS)
SHEETS = [name for name in NAMES if PAPERS[name].kind is not Kind.ROLL]
BORDERLESS = ("a4-4x10", "a4-3x8", "a4-3x7", "a4-2x4")
# Version 3, as every address of up to 61 signs needs.
SIDE = 29
# As long as a village's, a certificate's and a product's name get.
LONGEST = Words(
    title="湖南汉寿县树上熟冰糖橙精选大果礼盒装10斤装送礼佳品",
    facts=(
        "毛家滩回族维吾尔族乡牛路滩村",
        "采收 2026-11-18",
        "承诺达标合格证",
        "HANSHO-2026-0000001",
    ),
    hint="扫码看看是谁种的",
)


@pytest.fixture
def many(certificate: Certificate, zhao: User) -> LabelBatch:
    """As many labels as any page holds, and one more."""
    most = max(paper.per_page for paper in PAPERS.values())
    return new_batch(certificate=certificate, by=zhao, count=most + 1)


def pictures(
    batch: LabelBatch, paper: Paper, count: int, *, dpi: float, **places: object
) -> list[Image.Image]:
    """The sheet's pages, rendered as a printer of so many dots to an inch would."""
    out = io.BytesIO()
    numbers = islice(range(batch.first_number, batch.last_number + 1), count)
    write_sheet(batch, numbers, paper=paper, out=out, **places)  # type: ignore[arg-type]
    pages = pypdfium2.PdfDocument(out.getvalue())
    return [page.render(scale=dpi / 72).to_pil().convert("L") for page in pages]


def label_on(page: Image.Image, paper: Paper, position: int, dpi: float) -> Image.Image:
    """What lies within one label's own edges."""
    x, y = paper.place(position)
    dots = dpi / 25.4
    top = paper.page[1] - y - paper.height
    box = (x, top, x + paper.width, top + paper.height)
    return page.crop(tuple(round(edge * dots) for edge in box))  # type: ignore[arg-type]


def read(picture: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def ink_outside(page: Image.Image, edge: float, dpi: float) -> bool:
    """Whether anything is printed nearer to the page's edge than so many mm."""
    dark = np.asarray(page) < 200
    dots = int(edge * dpi / 25.4)
    dark[dots:-dots, dots:-dots] = False
    return bool(dark.any())


@pytest.mark.django_db
class TestEachLabel:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("dpi", [150, 203.2, 300])
    def test_is_read_from_within_its_own_edges(
        self, many: LabelBatch, name: str, dpi: float
    ) -> None:
        paper = PAPERS[name]
        count = max(paper.per_page, 3)
        pages = pictures(many, paper, count, dpi=dpi)
        assert len(pages) == count // paper.per_page
        wanted = [label_address(code) for code in many.codes()[:count]]
        found = []
        for page in pages:
            for position in range(paper.per_page):
                found += read(label_on(page, paper, position, dpi))
        assert found == wanted

    @pytest.mark.parametrize("name", NAMES)
    def test_stands_on_the_paper_that_is_sold(
        self, many: LabelBatch, name: str
    ) -> None:
        paper = PAPERS[name]
        (page,) = pictures(many, paper, 1, dpi=25.4)
        size = zip(page.size, paper.page, strict=True)
        assert all(abs(dots - millimetres) <= 1 for dots, millimetres in size)
        corners = {paper.place(0), paper.place(paper.per_page - 1)}
        for x, y in corners:
            assert -0.05 <= x <= paper.page[0] - paper.width + 0.05
            assert -0.05 <= y <= paper.page[1] - paper.height + 0.05

    @pytest.mark.parametrize("name", SHEETS)
    def test_needs_no_ink_where_office_printers_have_none(
        self, many: LabelBatch, name: str
    ) -> None:
        paper = PAPERS[name]
        (page,) = pictures(many, paper, paper.per_page, dpi=300)
        assert not ink_outside(page, UNPRINTABLE - 0.1, 300)

    @pytest.mark.parametrize("name", BORDERLESS)
    def test_of_a_sheet_without_border_would_need_it(
        self, many: LabelBatch, name: str
    ) -> None:
        # The negative control: without their wider inset there would be such ink.
        paper = PAPERS[name]
        careless = Paper(
            "x", paper.kind, paper.width, paper.height, paper.columns, paper.rows
        )
        (page,) = pictures(many, careless, paper.per_page, dpi=300)
        assert ink_outside(page, UNPRINTABLE - 0.1, 300)

    @pytest.mark.parametrize("name", NAMES)
    def test_keeps_clear_of_round_corners(self, many: LabelBatch, name: str) -> None:
        paper, dpi = PAPERS[name], 300
        (page,) = pictures(many, paper, 1, dpi=dpi)
        label = np.asarray(label_on(page, paper, 0, dpi)) < 200
        radius = int(paper.corner * dpi / 25.4)
        down, across = np.ogrid[:radius, :radius]
        cut = (radius - down) ** 2 + (radius - across) ** 2 > radius**2
        for corner in (label, label[:, ::-1], label[::-1], label[::-1, ::-1]):
            assert not (corner[:radius, :radius] & cut).any()


@pytest.mark.django_db
class TestPlaces:
    def test_a_partly_used_sheet_begins_at_its_first_free_label(
        self, many: LabelBatch
    ) -> None:
        paper, dpi = PAPERS["l7160"], 203.2
        first, second = pictures(many, paper, 10, dpi=dpi, skip=15)
        found = [read(label_on(first, paper, n, dpi)) for n in range(paper.per_page)]
        codes = [label_address(code) for code in many.codes()[:10]]
        assert found == [[]] * 15 + [[code] for code in codes[:6]]
        assert read(label_on(second, paper, 0, dpi)) == [codes[6]]

    def test_everything_is_shifted_for_a_printer_that_prints_askew(
        self, many: LabelBatch
    ) -> None:
        paper, dpi = PAPERS["a4-4x9"], 254  # ten dots a millimetre
        (plain,) = pictures(many, paper, 36, dpi=dpi)
        (moved,) = pictures(many, paper, 36, dpi=dpi, shift=(1.5, -2.0))
        back = np.roll(np.asarray(moved), (20, -15), axis=(0, 1))
        assert (np.abs(back.astype(int) - np.asarray(plain)) > 128).mean() < 0.001
        assert (np.asarray(moved) != np.asarray(plain)).mean() > 0.01


class TestReadability:
    @pytest.mark.parametrize("name", NAMES)
    def test_no_paper_makes_the_longest_words_too_small_to_read(
        self, name: str
    ) -> None:
        layout = Layout(PAPERS[name], side=SIDE)
        assert layout.module >= SMALLEST_MODULE
        assert layout.code_size >= SMALLEST_TYPE
        lines = layout.lines(LONGEST, pdf.Font(pdf.SANS))
        assert min(line.size for line in lines) > SMALLEST_TYPE - 0.02
        assert sum(line.drop for line in lines) <= layout.words_height
        words = "".join(line.text for line in lines)
        assert all(
            fact.replace(" ", "") in words.replace(" ", "") for fact in LONGEST.facts
        )

    @pytest.mark.parametrize(
        ("width", "height"),
        [(44.5, 12.7), (46, 11.1), (35.6, 16.9), (25, 15), (20, 30)],
    )
    def test_sizes_that_cannot_hold_the_symbol_are_refused(
        self, width: float, height: float
    ) -> None:
        # Avery 5167, L7656 and L4731, and rolls for jewellery and shelves.
        with pytest.raises(TooSmall):
            Layout(Paper("small", Kind.ROLL, width, height), side=SIDE)

    def test_thirty_by_twenty_holds_the_symbol_but_not_the_words(self) -> None:
        layout = Layout(Paper("30x20", Kind.ROLL, 30, 20), side=SIDE)
        lines = layout.lines(LONGEST, pdf.Font(pdf.SANS))
        assert min(line.size for line in lines) < SMALLEST_TYPE - 0.4

    def test_a_long_address_takes_small_papers_off_the_list(self, settings) -> None:
        assert {paper.name for paper in offered_papers()} == set(PAPERS)
        # Version 4 has 33 modules where version 3 has 29.
        settings.BASE_URL = f"https://{'x' * 40}.example.gov.cn"
        offered = {paper.name for paper in offered_papers()}
        assert "40x20" not in offered
        assert "50x30" in offered

    def test_a_title_that_is_cut_says_so(self) -> None:
        endless = LONGEST._replace(title="汉寿县树上熟" * 10)
        layout = Layout(PAPERS["l7651"], side=SIDE)
        lines = layout.lines(endless, pdf.Font(pdf.SANS))
        assert lines[0].text.endswith("…") or lines[1].text.endswith("…")
