"""Certificates: complete, immutable, signed, never for more than there is."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import translation

from partners.organisations.models import Farmer
from partners.organisations.operations import open_station
from shop.users.models import User
from tests.factories.people import new_uscc
from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from tests.guards import guards_lifted
from traceability import operations, queries, regulation, signing
from traceability.canonical import canonical_json, commitment, sha256_hex
from traceability.models import (
    Certificate,
    Counter,
    KeyPurpose,
    LogLeaf,
    Lot,
    SigningKey,
)
from traceability.operations import UnableToCertify, UnableToWithdraw
from traceability.printing import certificate_pdf

pytestmark = pytest.mark.django_db


def fits(certificate: Certificate, *, text: str = "", signature: str = "") -> bool:
    """Whether a text and a signature belong together under the certificate's key."""
    try:
        signing.verify_text(
            text=text or certificate.document,
            signature=signature or certificate.signature,
            algorithm=certificate.algorithm,
            public_key=certificate.key.public_key,
        )
    except signing.SignatureRejected:
        return False
    return True


class TestIssueCertificate:
    def test_says_what_the_regulation_wants(self, certificate: Certificate) -> None:
        body = json.loads(certificate.document)
        assert body["title"] == "承诺达标合格证"
        # A grower without a code has collected nothing: both lines stay empty.
        empty = {field.key for field in regulation.FIELDS if not body[field.key]}
        assert empty == {"uscc", "collected"}
        assert body["promises"]
        assert body["basis"] == ["quality_control"]
        assert body["origin"]["name"].startswith("湖南省")
        assert body["origin"]["name"].endswith("永固村")
        assert body["issued_at"] == "2026-11-19T09:00:00+08:00"

    def test_is_canonical_hashed_and_signed(self, certificate: Certificate) -> None:
        body = json.loads(certificate.document)
        assert canonical_json(body) == certificate.document
        assert sha256_hex(certificate.document) == certificate.sha256
        assert fits(certificate)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"quantity_g":300000', '"quantity_g":900000'),
            ("冰糖橙", "脐橙"),
            ("}", "} "),
        ],
    )
    def test_a_changed_text_does_not_fit(
        self, certificate: Certificate, old: str, new: str
    ) -> None:
        assert old in certificate.document
        assert not fits(certificate, text=certificate.document.replace(old, new))

    @pytest.mark.parametrize("signature", ["", "AAAA", "nonsense!", "A" * 88])
    def test_another_signature_does_not_fit(
        self, certificate: Certificate, signature: str
    ) -> None:
        assert not fits(certificate, signature=signature or "=")

    def test_shows_nothing_personal_but_salted_hashes(
        self, certificate: Certificate
    ) -> None:
        body = json.loads(certificate.document)
        assert "王" not in certificate.document
        assert "10000000009" not in certificate.document
        kept = json.loads(certificate.disclosure)
        for field in ("promisor", "contact"):
            assert body[field]["sha256"] == commitment(**kept[field])
            # The salt makes equal names look different, so no list of names helps.
            assert body[field]["sha256"] != commitment(
                value=kept[field]["value"], salt="00" * 16
            )

    def test_the_database_sees_neither_name_nor_private_key(
        self, certificate: Certificate
    ) -> None:
        secret = signing.key_file(KeyPurpose.CERTIFICATE).read_text("ascii")
        with connection.cursor() as cursor:
            for table in ("certificate", "signingkey", "logleaf"):
                cursor.execute(f"SELECT * FROM traceability_{table}")
                rows = str(cursor.fetchall())
                assert "王示例" not in rows
                assert "10000000009" not in rows
                assert secret.splitlines()[1] not in rows

    def test_numbers_follow_each_other_by_year(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao)
        next_year = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # 00:30 in Beijing
        numbers = [
            new_certificate(lot=lot, by=zhao, quantity_g=1_000, at=at).number
            for at in (NOW, NOW, next_year)
        ]
        assert numbers == ["HS-2026-000001", "HS-2026-000002", "HS-2027-000001"]

    def test_a_refused_one_leaves_no_gap(self, lot: Lot, zhao: User) -> None:
        with pytest.raises(UnableToCertify):
            new_certificate(lot=lot, by=zhao, basis=["self_test"])
        lot.refresh_from_db()
        assert lot.certified_g == 0
        assert new_certificate(lot=lot, by=zhao).number == "HS-2026-000001"

    def test_cannot_exceed_what_the_lot_holds(self, lot: Lot, zhao: User) -> None:
        new_certificate(lot=lot, by=zhao, quantity_g=200_000)
        with pytest.raises(UnableToCertify, match="220"):
            new_certificate(lot=lot, by=zhao, quantity_g=110_001)
        new_certificate(lot=lot, by=zhao, quantity_g=110_000)

    @pytest.mark.parametrize(
        "changes",
        [
            {"quantity_g": 0},
            {"quantity_g": -1},
            {"quantity_g": 2**62},
            {"basis": []},
            {"basis": ["because"]},
            {"basis": ["commissioned_test"]},
            {"promisor": " "},
            {"contact": ""},
            {"form": "king"},
        ],
    )
    def test_refuses_what_cannot_be(
        self, lot: Lot, zhao: User, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(UnableToCertify):
            new_certificate(lot=lot, by=zhao, **changes)
        assert not Certificate.objects.exists()

    def test_refuses_what_is_still_on_the_tree(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        day = NOW.date() + timedelta(days=1)
        lot = new_lot(farmer=farmer_wang, by=zhao, harvest_date=day)
        with translation.override("en"), pytest.raises(UnableToCertify, match="then"):
            new_certificate(lot=lot, by=zhao)
        new_certificate(lot=lot, by=zhao, at=NOW + timedelta(days=1))

    def test_refuses_a_recalled_lot_and_what_was_made_of_one(
        self, lot: Lot, zhao: User
    ) -> None:
        (part,) = operations.split_lot(lot=lot, weights_g=[9_000], by=zhao, at=NOW)
        operations.recall_lot(lot=lot, reason="检出超标", by=zhao, at=NOW)
        for recalled in (lot, part):
            with pytest.raises(UnableToCertify):
                new_certificate(lot=recalled, by=zhao, quantity_g=1_000)

    def test_is_logged_with_its_hash(self, certificate: Certificate) -> None:
        entry = json.loads(certificate.leaf.entry)
        assert entry["type"] == "certificate"
        assert entry["number"] == certificate.number
        assert entry["sha256"] == certificate.sha256
        assert "王" not in certificate.leaf.entry

    def test_needs_a_key(
        self, lot: Lot, zhao: User, settings: Any, tmp_path: Path
    ) -> None:
        settings.DEMO = False
        settings.SIGNING_KEY_FILES = {"certificate": str(tmp_path / "none.pem")}
        with pytest.raises(signing.MissingKey, match=r"none\.pem"):
            new_certificate(lot=lot, by=zhao)
        (tmp_path / "none.pem").write_text("no key", encoding="ascii")
        with pytest.raises(signing.MissingKey):
            new_certificate(lot=lot, by=zhao)


class TestImmutable:
    def test_nobody_edits_or_deletes_one(self, certificate: Certificate) -> None:
        mine = Certificate.objects.filter(pk=certificate.pk)
        for change in (
            lambda: mine.update(quantity_g=1),
            lambda: mine.update(signature="x"),
            lambda: mine._raw_delete(mine.db),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()
        assert Certificate.objects.get(pk=certificate.pk).quantity_g == 300_000

    def test_without_the_guard_it_could_be_edited(
        self, certificate: Certificate
    ) -> None:
        # The negative control: it is the trigger that refuses, and nothing else.
        connection.check_constraints()
        with guards_lifted(connection):
            mine = Certificate.objects.filter(pk=certificate.pk)
            assert mine.update(quantity_g=1) == 1
            connection.check_constraints()


class TestWithdraw:
    def test_revoked_stays_booked(self, certificate: Certificate, zhao: User) -> None:
        operations.revoke_certificate(
            certificate=certificate, reason="写错了", by=zhao, at=NOW
        )
        lot = Lot.objects.get(pk=certificate.lot_id)
        assert lot.certified_g == 300_000
        assert queries.certificate_of_lot(lot) is None

    def test_superseded_frees_what_it_covered(
        self, certificate: Certificate, zhao: User
    ) -> None:
        operations.supersede_certificate(
            certificate=certificate, reason="重新包装", by=zhao, at=NOW
        )
        lot = Lot.objects.get(pk=certificate.lot_id)
        assert lot.certified_g == 0
        new = new_certificate(lot=lot, by=zhao)
        assert queries.certificate_of_lot(lot) == new

    def test_what_is_on_packages_is_never_certified_twice(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        """310 kg of a famous village never become 610 kg of labelled packages."""
        lot = new_lot(farmer=farmer_wang, by=zhao)
        certificate = new_certificate(lot=lot, by=zhao)
        batch = new_batch(certificate=certificate, by=zhao)
        for code in batch.codes()[:8]:
            operations.pack_label(code=code, at=NOW, by=zhao)
        operations.supersede_certificate(
            certificate=certificate, reason="重新包装", by=zhao, at=NOW
        )
        lot.refresh_from_db()
        assert lot.certified_g == 8 * batch.pack_g
        with pytest.raises(UnableToCertify, match="580"):
            new_certificate(lot=lot, by=zhao, quantity_g=290_001)
        new_certificate(lot=lot, by=zhao, quantity_g=290_000)

    def test_happens_once_with_a_reason(
        self, certificate: Certificate, zhao: User
    ) -> None:
        for withdraw in (
            operations.revoke_certificate,
            operations.supersede_certificate,
        ):
            with pytest.raises(UnableToWithdraw):
                withdraw(certificate=certificate, reason=" ", by=zhao, at=NOW)
        operations.revoke_certificate(
            certificate=certificate, reason="写错了", by=zhao, at=NOW
        )
        with pytest.raises(UnableToWithdraw):
            operations.supersede_certificate(
                certificate=certificate, reason="再来", by=zhao, at=NOW
            )
        assert Lot.objects.get(pk=certificate.lot_id).certified_g == 300_000


class TestKeys:
    def test_the_file_is_for_its_owner_only_and_made_once(
        self, settings: Any, tmp_path: Path
    ) -> None:
        path = tmp_path / "keys" / "certificate.pem"
        settings.SIGNING_KEY_FILES = {"certificate": str(path)}
        signing.create_key_file(KeyPurpose.CERTIFICATE)
        first = path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
        signing.create_key_file(KeyPurpose.CERTIFICATE)
        assert path.read_bytes() == first
        assert list(path.parent.iterdir()) == [path]

    def test_a_new_key_signs_and_the_old_one_still_verifies(
        self, certificate: Certificate, zhao: User, settings: Any, tmp_path: Path
    ) -> None:
        settings.SIGNING_KEY_FILES = settings.SIGNING_KEY_FILES | {
            "certificate": str(tmp_path / "next.pem")
        }
        lot = Lot.objects.get(pk=certificate.lot_id)
        later = new_certificate(lot=lot, by=zhao, quantity_g=1_000)
        assert later.key_id != certificate.key_id
        assert fits(later)
        assert fits(certificate)
        assert LogLeaf.objects.filter(kind="key").count() == 2

    def test_the_command_makes_and_registers_them(
        self, capsys: Any, settings: Any, tmp_path: Path
    ) -> None:
        settings.SIGNING_KEY_FILES = {
            purpose: str(tmp_path / f"{purpose}.pem") for purpose in KeyPurpose.values
        }
        call_command("create_keys")
        call_command("create_keys")
        assert SigningKey.objects.count() == len(KeyPurpose.values)
        assert "BEGIN" not in capsys.readouterr().out


class TestCounters:
    def test_need_a_transaction(self) -> None:
        first = operations.counters.take_numbers(name="test", count=5)
        assert first == 1
        assert operations.counters.take_numbers(name="test") == 6
        assert Counter.objects.get(pk="test").value == 6


class TestCertificatePage:
    def test_shows_everything_and_no_name(
        self, client: Client, certificate: Certificate
    ) -> None:
        open_station(
            village=certificate.lot.village, name="永固村服务站", phone="0736-1234567"
        )
        page = client.get(f"/certificates/{certificate.number}/").content.decode()
        for fact in (
            "承诺达标合格证",
            certificate.number,
            "王**",
            "0736-1234567",
            "600",
            "The signature fits",
            certificate.sha256,
        ):
            assert fact in page
        assert "王示例" not in page
        assert "10000000009" not in page

    def test_sets_no_cookie_and_knows_lower_case(
        self, client: Client, certificate: Certificate
    ) -> None:
        response = client.get(f"/certificates/{certificate.number.lower()}/")
        assert response.status_code == 200
        assert not response.cookies

    def test_says_when_it_was_withdrawn(
        self, client: Client, certificate: Certificate, zhao: User
    ) -> None:
        operations.revoke_certificate(
            certificate=certificate, reason="重量写错了", by=zhao, at=NOW
        )
        page = client.get(f"/certificates/{certificate.number}/").content.decode()
        assert "Revoked" in page
        assert "重量写错了" in page

    def test_gives_the_signed_text_byte_for_byte(
        self, client: Client, certificate: Certificate
    ) -> None:
        response = client.get(f"/certificates/{certificate.number}/document.json")
        assert response.content.decode() == certificate.document

    def test_gives_the_proof_once_it_is_published(
        self, client: Client, certificate: Certificate
    ) -> None:
        address = f"/certificates/{certificate.number}/proof.tlog-proof"
        assert client.get(address).status_code == 404
        operations.publish_log(at=NOW)
        proof = client.get(address).content.decode()
        assert proof.startswith("c2sp.org/tlog-proof@v1\nindex 1\n")
        page = client.get(f"/certificates/{certificate.number}/").content.decode()
        assert "line 2 of the public log" in page

    def test_unknown_numbers_are_not_found(self, client: Client) -> None:
        for number in ("HS-2026-999999", "x", "'; DROP TABLE"):
            assert client.get(f"/certificates/{number}/").status_code == 404


def words_of(data: bytes) -> str:
    """The text in a PDF, as a reader would copy it."""
    document = pypdfium2.PdfDocument(data)
    return "".join(page.get_textpage().get_text_bounded() for page in document)


class TestCertificatePdf:
    def test_says_everything_in_both_languages(self, certificate: Certificate) -> None:
        words = words_of(certificate_pdf(certificate, disclose=True))
        for fact in (
            "承诺达标合格证",
            certificate.number,
            "冰糖橙",
            "永固村",
            "王示例",
            "10000000009",
            "Place of origin",
            "Quality and safety control",
        ):
            assert fact in words

    def test_the_public_copy_shortens_names(self, certificate: Certificate) -> None:
        words = words_of(certificate_pdf(certificate, disclose=False))
        assert "王**" in words
        assert "王示例" not in words
        assert "10000000009" not in words

    def test_its_code_leads_to_the_page(
        self, client: Client, certificate: Certificate, settings: Any
    ) -> None:
        response = client.get(f"/certificates/{certificate.number}/certificate.pdf")
        assert response["Content-Type"] == "application/pdf"
        document = pypdfium2.PdfDocument(response.content)
        assert len(document) == 1
        picture = document[0].render(scale=203 / 72).to_pil().convert("L")
        (code,) = zxingcpp.read_barcodes(picture)
        path = f"/certificates/{certificate.number}/"
        assert code.text == f"{settings.BASE_URL}{path}"

    def test_the_fullest_form_still_fits_on_its_page(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao, product_name="汉寿县树上熟" * 10)
        operations.record_event(lot=lot, kind="test", happened_at=NOW, by=zhao, at=NOW)
        certificate = new_certificate(
            lot=lot,
            by=zhao,
            basis=["quality_control", "self_test"],
            promisor="示例合作社" * 10,
            contact="10000000009 " * 4,
            form="cooperative",
            uscc=new_uscc(),
        )
        document = pypdfium2.PdfDocument(certificate_pdf(certificate, disclose=False))
        picture = document[0].render(scale=203 / 72).to_pil().convert("L")
        assert len(zxingcpp.read_barcodes(picture)) == 1


@pytest.mark.once
class TestWithdrawnOnPaper:
    """Whoever keeps the file or prints it reads that it does not hold any more."""

    def words(self, certificate: Certificate) -> str:
        document = pypdfium2.PdfDocument(certificate_pdf(certificate, disclose=False))
        return str(document[0].get_textpage().get_text_range())

    def test_says_so(self, certificate: Certificate, zhao: User) -> None:
        assert "Revoked" not in self.words(certificate)
        operations.revoke_certificate(
            certificate=certificate, reason="写错了", by=zhao, at=NOW
        )
        assert "已撤销 Revoked" in self.words(certificate)

    def test_a_recall_says_more(self, certificate: Certificate, zhao: User) -> None:
        operations.revoke_certificate(
            certificate=certificate, reason="写错了", by=zhao, at=NOW
        )
        operations.recall_lot(lot=certificate.lot, reason="检出超标", by=zhao, at=NOW)
        assert "已召回 Recalled" in self.words(certificate)

    def test_a_recalled_page_keeps_its_heading(
        self, client: Client, certificate: Certificate, zhao: User
    ) -> None:
        operations.recall_lot(lot=certificate.lot, reason="检出超标", by=zhao, at=NOW)
        page = client.get(f"/certificates/{certificate.number}/").content.decode()
        assert f'<h1 lang="zh-Hans">{regulation.TITLE}</h1>' in page


@pytest.mark.once
def test_a_number_of_none_is_told_to_be_none(client: Client) -> None:
    client.cookies["django_language"] = "en"
    answer = client.get("/certificates/HS-2026-999999/")
    assert answer.status_code == 404
    page = answer.content.decode()
    assert "No such certificate" in page
    assert "HS-2026-999999" in page
    assert "the paper is not ours" in page
