"""The revocation list: what it says, who signs it, and that it never goes back."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError
from django.test import Client

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.keys import (
    OfflineMachine,
    key_for,
    listed,
    rotation,
    theft,
)
from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from traceability import merkle, operations, revocations, signing
from traceability.models import Certificate, LabelBatch, LogLeaf, RevocationList
from traceability.operations.revocations import GOOD_FOR, REFRESH
from traceability.revocations import Revocations, RevocationsRejected

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def batch(root: OfflineMachine, certificate: Certificate, zhao: User) -> LabelBatch:
    """Of a county with a root, so that lists are signed by a key that is listed."""
    return new_batch(certificate=certificate, by=zhao)


def published(folder: Path, *, at: datetime) -> Revocations:
    """What whoever trusts the root reads in the folder after publishing."""
    operations.publish_log(at=at)
    text = (folder / revocations.FILE).read_text(encoding="utf-8")
    return revocations.verified(text, keys=listed())


def holds(folder: Path, found: Revocations, status: str, code: str) -> bool:
    """Whether the list's files have a label under a status."""
    file = found.labels.get(status)
    if file is None:
        return False
    data = (folder / file.name).read_bytes()
    assert revocations.label_file(data) == file
    return revocations.holds_label(data, merkle.leaf_hash(code.encode()))


class TestSays:
    def test_nothing_where_nothing_was_withdrawn(
        self, batch: LabelBatch, log_folder: Path
    ) -> None:
        found = published(log_folder, at=NOW)
        assert (found.number, found.lines) == (1, LogLeaf.objects.count())
        assert (found.lots, found.certificates, found.labels) == ({}, {}, {})
        assert found.next_update == NOW + GOOD_FOR

    def test_a_recalled_lot_and_each_label_of_it(
        self, batch: LabelBatch, log_folder: Path, zhao: User, farmer_wang: Farmer
    ) -> None:
        other = new_certificate(lot=new_lot(farmer=farmer_wang, by=zhao), by=zhao)
        good = new_batch(certificate=other, by=zhao)
        operations.recall_lot(lot=batch.lot, reason="有虫", by=zhao, at=NOW)
        found = published(log_folder, at=NOW)
        assert found.lots == {"recalled": (batch.lot.number,)}
        for code in batch.codes():
            assert holds(log_folder, found, "recalled", code)
        assert not any(holds(log_folder, found, "recalled", it) for it in good.codes())

    def test_a_revoked_certificate_a_replaced_one_and_a_voided_label(
        self, batch: LabelBatch, log_folder: Path, zhao: User, farmer_wang: Farmer
    ) -> None:
        other = new_certificate(lot=new_lot(farmer=farmer_wang, by=zhao), by=zhao)
        operations.supersede_certificate(
            certificate=other, reason="换箱", by=zhao, at=NOW
        )
        operations.void_label(label=batch.labels.all()[2], reason="破", by=zhao, at=NOW)
        operations.revoke_certificate(
            certificate=batch.certificate, reason="写错了", by=zhao, at=NOW
        )
        found = published(log_folder, at=NOW)
        assert found.certificates == {
            "revoked": (batch.certificate.number,),
            "superseded": (other.number,),
        }
        codes = batch.codes()
        assert holds(log_folder, found, "voided", codes[2])
        assert not holds(log_folder, found, "voided", codes[3])
        assert holds(log_folder, found, "revoked", codes[3])
        # Nothing that anybody wrote, and no code.
        text = found.document
        assert not any(word in text for word in ("写错了", "换箱", codes[2]))

    def test_labels_of_a_recall_are_worked_out_once(
        self,
        batch: LabelBatch,
        log_folder: Path,
        zhao: User,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        operations.recall_lot(lot=batch.lot, reason="有虫", by=zhao, at=NOW)
        before = published(log_folder, at=NOW)
        operations.void_label(label=batch.labels.all()[0], reason="破", by=zhao, at=NOW)
        asked: list[int] = []
        real = operations.revocations.codes.code_of

        def code_of(number: int) -> str:
            asked.append(number)
            return real(number)

        monkeypatch.setattr(
            "traceability.operations.revocations.codes.code_of", code_of
        )
        found = published(log_folder, at=NOW)
        assert asked == [batch.first_number]
        assert found.labels["recalled"] == before.labels["recalled"]


class TestNumbers:
    def test_are_given_when_something_ends_or_the_list_grows_old(
        self, batch: LabelBatch, log_folder: Path, zhao: User
    ) -> None:
        assert published(log_folder, at=NOW).number == 1
        new_batch(certificate=batch.certificate, by=zhao)
        assert published(log_folder, at=NOW + MINUTE).number == 1
        operations.void_label(label=batch.labels.all()[0], reason="破", by=zhao, at=NOW)
        assert published(log_folder, at=NOW + MINUTE).number == 2
        assert published(log_folder, at=NOW + MINUTE + REFRESH).number == 3
        # A clock that goes back signs nothing.
        assert published(log_folder, at=NOW).number == 3

    def test_never_go_back(
        self, batch: LabelBatch, log_folder: Path, zhao: User
    ) -> None:
        published(log_folder, at=NOW)
        published(log_folder, at=NOW + REFRESH)
        (log_folder / revocations.FILE).unlink()
        assert published(log_folder, at=NOW + REFRESH).number == 3
        with pytest.raises(IntegrityError, match="correct by adding"):
            RevocationList.objects.all().delete()

    def test_a_file_that_was_lost_or_spoilt_is_written_anew(
        self, batch: LabelBatch, log_folder: Path, zhao: User
    ) -> None:
        operations.recall_lot(lot=batch.lot, reason="有虫", by=zhao, at=NOW)
        published(log_folder, at=NOW)
        (log_folder / revocations.FILE).write_text("{", encoding="utf-8")
        for path in (log_folder / "revocations").iterdir():
            path.unlink()
        found = published(log_folder, at=NOW)
        assert holds(log_folder, found, "recalled", batch.first_code)

    def test_label_files_that_no_list_names_go(
        self, batch: LabelBatch, log_folder: Path, zhao: User
    ) -> None:
        for label in batch.labels.all()[:4]:
            operations.void_label(label=label, reason="破", by=zhao, at=NOW)
            found = published(log_folder, at=NOW)
        assert len(list((log_folder / "revocations").iterdir())) == 2
        assert holds(log_folder, found, "voided", label.code)


class TestTrust:
    @pytest.fixture
    def text(self, batch: LabelBatch, log_folder: Path) -> str:
        published(log_folder, at=NOW)
        return (log_folder / revocations.FILE).read_text(encoding="utf-8")

    def test_holds(self, text: str) -> None:
        assert revocations.verified(text, keys=listed()).number == 1

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('\\"number\\":1', '\\"number\\":9'),
            ('\\"lots\\":{}', '\\"lots\\":{\\"recalled\\":[\\"L1\\"]}'),
            ('\\"number\\":1', '\\"number\\": 1'),
            ("Ed25519", "ed25519"),
            ("xiangji-revocation-list", "xiangji-key-list"),
            ("2026-11-19T09", "2026-11-20T09"),
            ("{", "["),
        ],
    )
    def test_a_changed_one_is_refused(self, text: str, old: str, new: str) -> None:
        changed = text.replace(old, new)
        assert changed != text
        with pytest.raises(RevocationsRejected):
            revocations.verified(changed, keys=listed())

    def test_only_a_key_of_the_log_signs(self, text: str) -> None:
        found = revocations.verified(text, keys=listed())
        for purpose in ("box", "certificate"):
            other = replace(found, key_id=key_for(purpose))
            signed = revocations.signed_text(
                other, sign=signing.signer(purpose, other.key_id).sign_text
            )
            with pytest.raises(RevocationsRejected, match="no key of this log"):
                revocations.verified(signed, keys=listed())

    def test_of_a_stolen_key_no_list_holds_and_a_new_one_comes_at_once(
        self, text: str, root: OfflineMachine, log_folder: Path
    ) -> None:
        old = revocations.verified(text, keys=listed())
        root.list_keys(
            theft(old.key_id, since=NOW),
            rotation("log", starts_at=NOW + MINUTE),
            at=NOW + MINUTE,
        )
        with pytest.raises(RevocationsRejected, match="not to be trusted"):
            revocations.verified(text, keys=listed())
        new = published(log_folder, at=NOW + 2 * MINUTE)
        assert (new.number, new.key_id != old.key_id) == (2, True)

    def test_an_older_one_is_refused(self, text: str) -> None:
        one = revocations.verified(text, keys=listed())
        two = replace(one, number=2, lines=one.lines + 1)
        revocations.require_newer(two, one)
        revocations.require_newer(one, one)
        for new in (
            one,
            replace(two, number=3, lines=one.lines),
            replace(two, root="00"),
            replace(two, log="x.example/1", number=9),
        ):
            with pytest.raises(RevocationsRejected):
                revocations.require_newer(new, two)


class TestFiles:
    def test_are_given_to_everybody(
        self, batch: LabelBatch, log_folder: Path, client: Client, zhao: User
    ) -> None:
        operations.recall_lot(lot=batch.lot, reason="有虫", by=zhao, at=NOW)
        found = published(log_folder, at=NOW)
        answer = client.get(f"/log/{revocations.FILE}")
        assert answer["Cache-Control"] == "no-cache"
        assert json.loads(b"".join(answer))["document"] == found.document
        answer = client.get(f"/log/{found.labels['recalled'].name}")
        assert "immutable" in answer["Cache-Control"]
        assert len(b"".join(answer)) == 60
        assert client.get("/log/revocations/../.lock").status_code == 404

    def test_hashes_are_found_and_others_are_not(self) -> None:
        hashes = [merkle.leaf_hash(str(it).encode()) for it in range(300)]
        data = revocations.packed_hashes(hashes[:200])
        assert len(data) == 1_200
        assert all(revocations.holds_label(data, it) for it in hashes[:200])
        assert not any(revocations.holds_label(data, it) for it in hashes[200:])
        assert not revocations.holds_label(b"", hashes[0])
