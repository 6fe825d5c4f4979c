"""A changed row is never told as genuine: what pages say is what was signed."""

import base64
import json
import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from partners.organisations.models import Division, Farmer
from shop.users.models import User
from tests.factories.shares import photo
from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from tests.guards import guards_lifted
from traceability import operations, queries, tlog
from traceability.canonical import canonical_json, sha256_hex
from traceability.models import (
    Certificate,
    Evidence,
    Label,
    LabelBatch,
    LogLeaf,
    Lot,
    Scan,
    SigningKey,
)
from traceability.queries import judging
from traceability.views import certificates

pytestmark = pytest.mark.django_db


def change(rows: Any, **facts: Any) -> None:
    """Write past the program, as whoever holds the database can."""
    connection.check_constraints()
    with guards_lifted(connection):
        assert rows.update(**facts) == 1
        connection.check_constraints()


@pytest.fixture
def label(farmer_wang: Farmer, zhao: User) -> Label:
    """On a package, of a lot with a test report."""
    lot = new_lot(farmer=farmer_wang, by=zhao)
    operations.attach_evidence(
        lot=lot,
        kind="test_report",
        title="农残检测",
        result="未检出",
        done_on=date(2026, 11, 18),
        file=ContentFile(b"%PDF-1.4\n%%EOF", "report.pdf"),
        by=zhao,
        at=NOW,
    )
    batch = new_batch(certificate=new_certificate(lot=lot, by=zhao), by=zhao)
    return operations.pack_label(code=batch.first_code, at=NOW, by=zhao)


def state(label: Label) -> str:
    return queries.judge(text=label.code, device=None, now=timezone.now()).state


def forge_document(label: Label) -> None:
    """Another text, with all its sums right, that the key never signed."""
    certificate = label.batch.certificate
    told = json.loads(certificate.document) | {"product": "有机冰糖橙"}
    text = canonical_json(told)
    change(of_certificate(label), document=text, sha256=sha256_hex(text))
    change(of_lot(label), product_name="有机冰糖橙")


def forge_with_a_key_of_their_own(label: Label) -> None:
    """A text that a thief's key did sign, under our key's id."""
    thief = Ed25519PrivateKey.generate()
    certificate = label.batch.certificate
    text = certificate.document.replace("300000", "900000")
    change(
        of_certificate(label),
        document=text,
        sha256=sha256_hex(text),
        quantity_g=900_000,
        signature=base64.b64encode(thief.sign(text.encode())).decode(),
    )
    public = base64.b64encode(thief.public_key().public_bytes_raw()).decode()
    change(SigningKey.objects.filter(pk=certificate.key_id), public_key=public)


def of_certificate(label: Label) -> Any:
    return Certificate.objects.filter(pk=label.batch.certificate_id)


def of_lot(label: Label) -> Any:
    return Lot.objects.filter(pk=label.batch.lot_id)


def of_batch(label: Label) -> Any:
    return LabelBatch.objects.filter(pk=label.batch_id)


def of_paper(label: Label) -> Any:
    return Evidence.objects.filter(lot=label.batch.lot_id)


def told_promisor(label: Label) -> None:
    kept = json.loads(label.batch.certificate.disclosure)
    kept["promisor"]["value"] = "李示例"
    change(of_certificate(label), disclosure=json.dumps(kept))


TAMPERING: dict[str, Callable[[Label], None]] = {
    "a text that nobody signed": forge_document,
    "a text signed by another key": forge_with_a_key_of_their_own,
    "signature": lambda it: change(of_certificate(it), signature="A" * 86 + "=="),
    "no signature": lambda it: change(of_certificate(it), signature="你好"),
    "no text": lambda it: change(of_certificate(it), document="x"),
    "a list for a text": lambda it: change(of_certificate(it), document="[]"),
    "sum": lambda it: change(of_certificate(it), sha256="0" * 64),
    "algorithm": lambda it: change(of_certificate(it), algorithm="none"),
    "quantity": lambda it: change(of_certificate(it), quantity_g=300_001),
    "form": lambda it: change(of_certificate(it), form="enterprise"),
    "number": lambda it: change(of_certificate(it), number="HS-2026-000009"),
    "time of issue": lambda it: change(
        of_certificate(it), issued_at=datetime(2026, 11, 20, tzinfo=NOW.tzinfo)
    ),
    "promisor": told_promisor,
    "who stands behind hashes": lambda it: change(of_certificate(it), disclosure="{}"),
    "product": lambda it: change(of_lot(it), product_name="有机冰糖橙"),
    "harvest date": lambda it: change(of_lot(it), harvest_date=date(2026, 11, 19)),
    "lot number": lambda it: change(of_lot(it), number="L2026-000009"),
    "village": lambda it: change(
        of_lot(it), village=Division.objects.get(name="鹿溪村")
    ),
    "result of the test": lambda it: change(of_paper(it), result="合格"),
    "date of the test": lambda it: change(of_paper(it), done_on=date(2026, 11, 19)),
    "title of the paper": lambda it: change(of_paper(it), title="有机认证"),
    "hash of the paper": lambda it: change(of_paper(it), sha256="0" * 64),
    "words on the label": lambda it: change(of_batch(it), product_name="有机冰糖橙"),
    "weight of a pack": lambda it: change(of_batch(it), pack_g=5_000),
    "number of labels": lambda it: change(of_batch(it), count=9_999),
    "root of the labels": lambda it: change(of_batch(it), root="0" * 64),
    "line of the log": lambda it: change(
        LogLeaf.objects.filter(certificate=it.batch.certificate_id), entry="{}"
    ),
    "line of the batch": lambda it: change(
        LogLeaf.objects.filter(batch=it.batch_id), entry="[]"
    ),
}


class TestScan:
    def test_nothing_changed_is_genuine(self, client: Client, label: Label) -> None:
        assert state(label) == "genuine"
        assert client.get(f"/T/{label.code}").status_code == 200

    @pytest.mark.parametrize("what", TAMPERING)
    def test_a_changed_row_is_not_told(
        self, client: Client, label: Label, what: str
    ) -> None:
        number = label.batch.certificate.number
        TAMPERING[what](label)
        page = client.get(f"/T/{label.code}")
        words = page.content.decode()
        assert page.status_code == 409
        assert "Record changed" in words
        assert "Genuine" not in words
        for fact in ("王**", "永固村", "有机冰糖橙", "未检出", number):
            assert fact not in words

    def test_without_the_comparison_it_would_be_told(
        self, client: Client, label: Label, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The negative control: it is the comparison that keeps it from the page.
        TAMPERING["product"](label)
        assert state(label) == "altered"
        monkeypatch.setattr(judging, "label_as_signed", lambda label: True)
        assert state(label) == "genuine"

    def test_a_label_moved_into_another_batch_is_not_told(
        self, label: Label, farmer_wang: Farmer, zhao: User
    ) -> None:
        other = new_certificate(lot=new_lot(farmer=farmer_wang, by=zhao), by=zhao)
        dear = new_batch(certificate=other, by=zhao)
        change(Label.objects.filter(pk=label.pk), batch=dear)
        assert state(label) == "altered"

    def test_what_is_too_old_does_not_grow_young(
        self, label: Label, zhao: User
    ) -> None:
        batch = new_batch(
            certificate=label.batch.certificate,
            by=zhao,
            count=1,
            expires_on=date(2026, 11, 20),
        )
        old = operations.pack_label(code=batch.first_code, at=NOW, by=zhao)
        later = datetime(2026, 11, 21, tzinfo=NOW.tzinfo)

        def told() -> str:
            return queries.judge(text=old.code, device=None, now=later).state

        assert told() == "expired"
        for day in (None, date(2027, 11, 20)):
            change(of_batch(old), expires_on=day)
            assert told() == "altered"
        # Batches of before have no date in their line, and hold.
        change(of_batch(label), expires_on=date(2027, 1, 1))
        assert state(label) == "genuine"

    def test_a_batch_moved_to_another_certificate_or_lot_is_not_told(
        self, label: Label, farmer_wang: Farmer, zhao: User
    ) -> None:
        other = new_certificate(lot=new_lot(farmer=farmer_wang, by=zhao), by=zhao)
        change(of_batch(label), lot=other.lot)
        assert state(label) == "altered"
        change(of_batch(label), certificate=other)
        assert state(label) == "altered"

    def test_is_not_counted_and_not_packed(
        self, client: Client, label: Label, zhao: User
    ) -> None:
        TAMPERING["product"](label)
        answer = client.post(
            f"/T/{label.code}/seen/",
            {"device": "a" * 20},
            headers={"accept": "application/json"},
        )
        assert answer.json()["state"] == "altered"
        assert not Scan.objects.exists()
        unused = label.batch.codes()[1]
        with pytest.raises(operations.UnableToPack, match="not what was signed"):
            operations.pack_label(code=unused, at=NOW, by=zhao)

    def test_papers_that_came_later_are_no_change(
        self, label: Label, zhao: User
    ) -> None:
        operations.attach_evidence(
            lot=label.lot, kind="photo", title="田里", file=photo(), by=zhao, at=NOW
        )
        assert state(label) == "genuine"

    def test_a_certificate_of_version_1_still_holds(self, label: Label) -> None:
        # It named papers by kind and hash alone.
        assert queries.certificate_as_signed(label.batch.certificate)
        change(of_paper(label), identifier="")
        told = json.loads(label.batch.certificate.document)
        told["evidence"] = [
            {key: paper[key] for key in ("kind", "sha256")}
            for paper in told["evidence"]
        ]
        from traceability.queries.signed import _evidence_fits

        assert _evidence_fits(label.batch.certificate, told)
        told["evidence"][0]["sha256"] = "1" * 64
        with pytest.raises(KeyError):
            _evidence_fits(label.batch.certificate, told)

    def test_could_not_check_where_the_secret_is_another(
        self, label: Label, settings: Any
    ) -> None:
        settings.FIELD_SECRET = "another" * 8
        assert state(label) == "unchecked"


class TestCertificatePage:
    @pytest.mark.parametrize(
        "what", sorted(set(TAMPERING) - {"number"}, key=list(TAMPERING).index)
    )
    def test_tells_no_changed_fact(
        self, client: Client, label: Label, what: str
    ) -> None:
        certificate = label.batch.certificate
        TAMPERING[what](label)
        address = f"/certificates/{certificate.number}/"
        page = client.get(address)
        of_the_batch = {
            "words on the label",
            "weight of a pack",
            "number of labels",
            "root of the labels",
            "line of the batch",
        }
        if what in of_the_batch:
            assert page.status_code == 200
            return
        assert page.status_code == 409
        words = page.content.decode()
        assert "Do not rely on this certificate" in words
        assert "王**" not in words
        # Nor is it put on paper.
        paper = client.get(f"{address}certificate.pdf")
        assert (paper.status_code, paper["Location"]) == (302, address)

    def test_the_copy_for_the_goods_is_not_printed_either(
        self, label: Label, zhao: User
    ) -> None:
        lot, certificate = label.lot, label.batch.certificate
        browser = Client()
        browser.force_login(zhao, backend="django.contrib.auth.backends.ModelBackend")
        address = (
            f"/assistant/lots/{lot.number}/certificates/{certificate.number}/paper.pdf"
        )
        assert browser.get(address)["Content-Type"] == "application/pdf"
        TAMPERING["product"](label)
        assert browser.get(address).status_code == 302


class TestProof:
    """What is handed out as a proof was checked first."""

    @pytest.fixture
    def published(self, certificate: Certificate, log_folder: Path) -> Certificate:
        operations.publish_log(at=NOW)
        assert queries.proof_of(certificate.leaf) is not None
        return certificate

    def swap(self, path: Path) -> None:
        path.write_bytes(os.urandom(len(path.read_bytes())))

    def test_a_changed_tile_gives_no_proof(
        self, client: Client, published: Certificate, log_folder: Path
    ) -> None:
        (tile,) = (log_folder / "tile" / "0").iterdir()
        self.swap(next(tile.iterdir()) if tile.is_dir() else tile)
        with pytest.raises(tlog.LogDamaged, match="not proven"):
            queries.proof_of(published.leaf)
        address = f"/certificates/{published.number}/"
        assert client.get(f"{address}proof.tlog-proof").status_code == 404
        page = client.get(address)
        assert page.status_code == 200
        assert "does not hold this certificate" in page.content.decode()

    def test_a_changed_line_gives_no_proof(self, published: Certificate) -> None:
        leaf = published.leaf
        leaf.entry = leaf.entry.replace(published.number, "HS-2026-000009")
        with pytest.raises(tlog.LogDamaged, match="not proven"):
            queries.proof_of(leaf)

    def test_a_root_that_the_key_did_not_sign_gives_no_proof(
        self, published: Certificate, log_folder: Path
    ) -> None:
        path = log_folder / "checkpoint"
        kept = path.read_text(encoding="utf-8")
        thief = Ed25519PrivateKey.generate()
        honest = tlog.read_checkpoint(kept)
        theirs = tlog.signed_checkpoint(
            origin=honest.origin,
            size=honest.size,
            root=honest.root,
            public_key=thief.public_key().public_bytes_raw(),
            sign=thief.sign,
        )
        text, _blank, signature = kept.partition("\n\n")
        origin, size, root = text.split("\n")
        for note in (
            theirs.note,
            f"{text}\n\n",
            f"{text}\n\nx\n",
            f"{text}\n\n{signature[:-9]}AAAAAAA=\n",
            f"{origin}\n{size}0\n{root}\n\n{signature}",
        ):
            path.write_text(note, encoding="utf-8")
            with pytest.raises(tlog.LogDamaged):
                queries.proof_of(published.leaf)
        path.write_text(kept, encoding="utf-8")
        assert queries.proof_of(published.leaf) is not None

    def test_a_missing_tile_is_told_as_that(
        self, client: Client, published: Certificate, log_folder: Path
    ) -> None:
        for path in (log_folder / "tile").rglob("*"):
            if path.is_file():
                path.unlink()
        _proof, damaged = certificates._proof(published)
        assert damaged
