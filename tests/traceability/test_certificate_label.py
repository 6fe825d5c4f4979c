"""The certificate on a label: all fields of the form, legible, and its code."""

import pypdfium2
import pytest
import zxingcpp
from django.test import Client

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.traceability import NOW, new_certificate, new_lot
from tests.traceability.test_lot_pages import logged_in
from tests.traceability.test_sheets import words_of
from traceability import operations
from traceability.models import Certificate
from traceability.printing import (
    CERTIFICATE_PAPERS,
    PAPERS,
    Paper,
    TooSmall,
    certificate_label_pdf,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

BOTH = pytest.mark.parametrize("paper", CERTIFICATE_PAPERS, ids=lambda p: p.name)


@BOTH
def test_says_all_that_the_regulation_asks_for(
    certificate: Certificate, paper: Paper
) -> None:
    words = words_of(certificate_label_pdf(certificate, paper=paper))
    for fact in (
        "承诺达标合格证",
        "产品名称",
        "冰糖橙",
        "永固村",
        "王示例",
        "10000000009",
        "2026-11-18",
        "质量安全控制",
        certificate.number,
    ):
        assert fact in words.replace("\r\n", ""), fact


@BOTH
def test_a_grower_promises_nothing_of_a_buyer(
    certificate: Certificate, paper: Paper
) -> None:
    words = words_of(certificate_label_pdf(certificate, paper=paper))
    assert "对承诺的真实性负责" in words
    for promise in ("已收取并保存", "储存运输"):
        assert promise not in words


@BOTH
@pytest.mark.parametrize("dpi", [150, 203.2, 300])
def test_its_code_leads_to_the_page(
    certificate: Certificate, paper: Paper, dpi: float, settings
) -> None:
    (page,) = pypdfium2.PdfDocument(certificate_label_pdf(certificate, paper=paper))
    width, height = page.get_size()
    assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (
        paper.width,
        paper.height,
    )
    picture = page.render(scale=dpi / 72).to_pil().convert("L")
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == f"{settings.BASE_URL}/certificates/{certificate.number}/"


def test_a_smaller_label_would_not_be_legible(certificate: Certificate) -> None:
    with pytest.raises(TooSmall):
        certificate_label_pdf(certificate, paper=PAPERS["40x30"])


@pytest.fixture
def wordy(farmer_wang: Farmer, zhao: User) -> Certificate:
    lot = new_lot(farmer=farmer_wang, by=zhao, product_name="汉寿县树上熟" * 10)
    promisor, contact = "示例合作社" * 12, "10000000009 " * 5
    return new_certificate(lot=lot, by=zhao, promisor=promisor, contact=contact)


class TestPage:
    def address(self, certificate: Certificate, paper: str) -> str:
        lot = f"/assistant/lots/{certificate.lot.number}/"
        return f"{lot}certificates/{certificate.number}/label-{paper}.pdf"

    @pytest.fixture
    def assistant(self, zhao: User) -> Client:
        return logged_in(zhao)

    def test_is_linked_from_the_lot(
        self, assistant: Client, certificate: Certificate
    ) -> None:
        lot = assistant.get(f"/assistant/lots/{certificate.lot.number}/")
        for paper in CERTIFICATE_PAPERS:
            address = self.address(certificate, paper.name)
            assert address in lot.content.decode()
            answer = assistant.get(address)
            assert answer["Content-Type"] == "application/pdf"
            assert answer["Cache-Control"] == "private, no-store"

    def test_there_is_no_other_size(
        self, assistant: Client, certificate: Certificate
    ) -> None:
        assert assistant.get(self.address(certificate, "40x30")).status_code == 404

    def test_a_withdrawn_one_is_not_printed(
        self, assistant: Client, certificate: Certificate, zhao: User
    ) -> None:
        operations.revoke_certificate(
            certificate=certificate, reason="写错了", by=zhao, at=NOW
        )
        answer = assistant.get(self.address(certificate, "70x50"))
        assert answer["Location"] == f"/certificates/{certificate.number}/"

    def test_a_recalled_one_is_not_printed(
        self, assistant: Client, certificate: Certificate, zhao: User
    ) -> None:
        number = certificate.number
        operations.recall_lot(lot=certificate.lot, reason="检出超标", by=zhao, at=NOW)
        label = self.address(certificate, "70x50")
        paper = label.replace("label-70x50.pdf", "paper.pdf")
        lot = assistant.get(f"/assistant/lots/{certificate.lot.number}/")
        for address in (label, paper):
            answer = assistant.get(address)
            assert answer["Location"] == f"/certificates/{number}/"
            assert address not in lot.content.decode()

    def test_names_too_long_for_a_label_come_on_a_page(
        self, assistant: Client, wordy: Certificate
    ) -> None:
        answer = assistant.get(self.address(wordy, "70x50"))
        assert answer["Location"].endswith("/paper.pdf")
