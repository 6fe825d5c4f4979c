"""Papers of the demo county: a test report and a receipt that say they are invented."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from django.core.files.base import ContentFile
from fpdf import FPDF
from PIL import Image, ImageDraw

import traceability

FONT = Path(traceability.__file__).parent / "fonts" / "NotoSansSC-subset.ttf"


@lru_cache(maxsize=1)
def _report_bytes() -> bytes:
    paper = FPDF(format=(148, 210))
    paper.add_page()
    paper.add_font("Song", fname=FONT)
    for size, line in (
        (20, "农药残留快速检测报告(示例)"),
        (12, "汉寿县农产品质量安全检测站(示例)"),
        (12, "检测方法:GB/T 5009.199 酶抑制率法"),
        (12, "抑制率 6.2 %(小于 50 % 为合格)"),
        (16, "结论：未检出，合格"),
        (10, "这是演示用的报告，人员和结果都是虚构的。"),
    ):
        paper.set_font("Song", size=size)
        paper.multi_cell(0, 14, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(paper.output())


def test_report() -> ContentFile:
    """A rapid residue test's report, as PDF."""
    return ContentFile(_report_bytes(), name="report-demo.pdf")


def receipt(*, number: str, amount_fen: int) -> ContentFile:
    """A household's receipt, as a photographed paper."""
    picture = Image.new("RGB", (900, 600), "#fffdf8")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((30, 30, 870, 570), outline="#8a5a00", width=4)
    draw.text((70, 80), f"DEMO RECEIPT {number}", "#20281f")
    draw.text((70, 140), f"CNY {amount_fen / 100:.2f}", "#20281f")
    return jpeg(picture, name=f"receipt-{number}.jpg")


def jpeg(picture: Image.Image, *, name: str) -> ContentFile:
    """A picture as a phone would upload it."""
    stored = BytesIO()
    picture.save(stored, "JPEG", quality=80)
    return ContentFile(stored.getvalue(), name=name)
