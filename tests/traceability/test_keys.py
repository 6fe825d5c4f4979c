"""Key lists: what the offline root signs decides who signs and what is believed."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone, translation

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.keys import (
    PROGRAM,
    OfflineMachine,
    emergency,
    key_for,
    listed,
    offline_root,
    rotation,
    theft,
)
from tests.factories.traceability import (
    NOW,
    new_batch,
    new_certificate,
    new_lot,
)
from tests.guards import guards_lifted
from traceability import keylists, operations, queries, revocations, signing
from traceability.canonical import canonical_json
from traceability.keylists import Expire, KeyListRejected, Trust
from traceability.models import (
    Certificate,
    Label,
    LogLeaf,
    Lot,
    PublishedKeyList,
    SigningKey,
    StatusEvent,
)
from traceability.queries import judging

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def lot(root: OfflineMachine, farmer_wang: Farmer, zhao: User) -> Lot:
    return new_lot(farmer=farmer_wang, by=zhao)


@pytest.fixture
def label(root: OfflineMachine, lot: Lot, zhao: User) -> Label:
    return packed(certified(lot, zhao), zhao)


def certified(lot: Lot, by: User, *, at: datetime = NOW) -> Certificate:
    return new_certificate(lot=lot, by=by, quantity_g=50_000, at=at)


def packed(certificate: Certificate, by: User, *, at: datetime = NOW) -> Label:
    batch = new_batch(certificate=certificate, by=by, count=2, at=at)
    return operations.pack_label(code=batch.first_code, at=at, by=by)


def state(label: Label) -> str:
    return queries.judge(text=label.code, device=None, now=timezone.now()).state


def change(rows: Any, **facts: Any) -> None:
    """Write past the program, as whoever holds the database can."""
    connection.check_constraints()
    with guards_lifted(connection):
        assert rows.update(**facts) == 1
        connection.check_constraints()


def resigned(machine: OfflineMachine, **facts: Any) -> str:
    """The newest list with other facts, signed by a root that does not look."""
    told = json.loads(listed().document) | {
        "number": listed().number + 1,
        "previous": listed().sha256,
    }
    machine.forget()
    document = canonical_json(told | facts)
    private = offline_root.serialization.load_pem_private_key(
        (machine.folder / "root.pem").read_bytes(), password=None
    )
    public = private.public_key().public_bytes_raw()
    signature = base64.b64encode(private.sign(document.encode())).decode()
    signatures = ((signing.key_id_of(public), "Ed25519", signature),)
    return keylists.Signed(document=document, signatures=signatures).text


class TestFirstList:
    def test_names_every_key_and_stands_in_the_log(self, root: OfflineMachine) -> None:
        found = listed()
        assert [key.purpose for key in found.keys] == ["box", "certificate", "log"]
        assert {key.key_id for key in found.keys} == set(
            SigningKey.objects.values_list("pk", flat=True)
        )
        leaf = json.loads(LogLeaf.objects.get(kind="key_list").entry)
        assert (leaf["number"], leaf["sha256"]) == (1, found.sha256)

    def test_is_published_for_everybody(
        self, client: Client, label: Label, log_folder: Path
    ) -> None:
        operations.publish_log(at=NOW)
        one = client.get("/log/key-lists/000001.json")
        newest = client.get("/log/key-list.json")
        text = b"".join(one.streaming_content).decode()
        assert b"".join(newest.streaming_content).decode() == text
        assert keylists.read_signed(text).document == listed().document

    def test_without_one_nothing_is_signed(
        self, settings: Any, tmp_path: Path, farmer_wang: Farmer, zhao: User
    ) -> None:
        machine = OfflineMachine.new(tmp_path / "offline")
        settings.ROOT_KEY_FILE = str(machine.public_file)
        lot = new_lot(farmer=farmer_wang, by=zhao)
        with pytest.raises(signing.MissingKey, match="draft_key_list"):
            certified(lot, zhao)
        assert not Certificate.objects.exists()
        # The negative control: with a list it is.
        operations.record_first_keys(at=NOW)
        machine.list_keys(valid_from=NOW)
        assert certified(lot, zhao).pk

    def test_without_the_root_s_public_key_nothing_is_said(
        self, label: Label, settings: Any, tmp_path: Path, lot: Lot, zhao: User
    ) -> None:
        assert state(label) == "genuine"
        for content in (None, "", "x+00000000+AAAA", "你好"):
            path = tmp_path / "other.pub"
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_text(content, encoding="utf-8")
            settings.ROOT_KEY_FILE = str(path)
            queries.kept.clear()
            # That is our fault, not the package's.
            assert state(label) == "unchecked"
            with pytest.raises(signing.MissingKey, match=r"other\.pub"):
                certified(lot, zhao)

    def test_the_private_root_is_nowhere_with_us(
        self, root: OfflineMachine, label: Label, log_folder: Path, settings: Any
    ) -> None:
        operations.publish_log(at=NOW)
        pem = (root.folder / "root.pem").read_text("ascii")
        secret = pem.splitlines()[1]
        here = [Path(settings.SIGNING_KEY_FILES["log"]).parent, log_folder]
        files = [p for folder in here for p in folder.rglob("*") if p.is_file()]
        assert len(files) > 5
        for path in files:
            assert secret.encode() not in path.read_bytes()
        for row in PublishedKeyList.objects.values():
            assert secret not in str(row)
        # The negative control: this is what would be found.
        assert secret in (root.folder / "root.pem").read_text("ascii")

    def test_is_append_only(self, root: OfflineMachine) -> None:
        table = "traceability_publishedkeylist"
        with connection.cursor() as cursor:
            for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET text = ''"):
                with pytest.raises(IntegrityError), transaction.atomic():
                    cursor.execute(statement)


class TestRotation:
    """A rehearsal: from a moment on a new key signs, and what was signed stays good."""

    def test_from_the_moment_on(
        self, root: OfflineMachine, label: Label, lot: Lot, zhao: User
    ) -> None:
        old = key_for("certificate")
        root.list_keys(rotation("certificate", starts_at=NOW + DAY))
        before = certified(lot, zhao, at=NOW + DAY - HOUR)
        after = certified(lot, zhao, at=NOW + DAY)
        new = key_for("certificate", at=NOW + DAY)
        assert (before.key_id, after.key_id) == (old, new)
        assert old != new
        # Years later both hold, and the next list calls the old one retired.
        root.list_keys(at=NOW + 900 * DAY)
        retired = listed().key(old)
        assert retired is not None
        assert retired.state == "retired"
        assert state(label) == "genuine"
        for certificate in (label.batch.certificate, before, after):
            assert queries.certificate_holds(certificate)

    def test_the_old_key_signs_nothing_afterwards(
        self, root: OfflineMachine, lot: Lot, zhao: User
    ) -> None:
        root.list_keys(rotation("certificate", starts_at=NOW + DAY))
        old = key_for("certificate")
        late = certified(lot, zhao, at=NOW + 2 * DAY)
        key = SigningKey.objects.get(pk=old)
        # The log's line of it is later than the key, whatever the text says.
        trust = queries.trust_in(key=key, purpose="certificate", leaf=late.leaf)
        assert trust == Trust.UNKNOWN

    def test_a_log_key_too(
        self, root: OfflineMachine, label: Label, lot: Lot, zhao: User
    ) -> None:
        first = operations.publish_log(at=NOW)
        root.list_keys(rotation("log", starts_at=NOW + DAY))
        certified(lot, zhao, at=NOW + DAY)
        second = operations.publish_log(at=NOW + DAY)
        assert first.note.split()[-1][:6] != second.note.split()[-1][:6]
        proof = queries.proof_of(label.batch.certificate.leaf)
        assert proof is not None
        assert proof.checkpoint.size == second.size

    def test_the_key_of_a_draft_that_came_to_nothing_is_used_again(
        self, root: OfflineMachine
    ) -> None:
        first = rotation("certificate", starts_at=NOW + DAY)
        again = rotation("certificate", starts_at=NOW + 2 * DAY)
        assert first.successor.key_id == again.successor.key_id
        assert len(signing.key_files("certificate")) == 2

    def test_a_list_that_came_too_late_is_refused(self, root: OfflineMachine) -> None:
        change_over = rotation("certificate", starts_at=NOW + HOUR)
        document = operations.draft_key_list(changes=[change_over], at=NOW)
        signed = root.sign(document)
        # What the old key signed in between would fall.
        with pytest.raises(operations.UnableToListKeys, match="too late"):
            operations.take_key_list(text=signed, at=NOW + 2 * HOUR)
        assert operations.take_key_list(text=signed, at=NOW).number == 2

    def test_the_private_file_must_be_there(
        self, root: OfflineMachine, lot: Lot, zhao: User
    ) -> None:
        root.list_keys(rotation("certificate", starts_at=NOW + HOUR))
        signing.key_files("certificate")[1].unlink()
        with pytest.raises(signing.MissingKey, match="Bring it back"):
            certified(lot, zhao, at=NOW + HOUR)


class TestExpiry:
    """A rehearsal: a key ends, and nothing takes over."""

    def test_signs_nothing_more_and_what_it_signed_holds(
        self, root: OfflineMachine, label: Label, lot: Lot, zhao: User
    ) -> None:
        root.list_keys(Expire(key_id=key_for("certificate"), until=NOW + DAY))
        assert certified(lot, zhao, at=NOW + DAY - HOUR).pk
        with pytest.raises(signing.MissingKey, match="No key of the signed list"):
            certified(lot, zhao, at=NOW + DAY)
        assert state(label) == "genuine"

    def test_does_not_come_back(self, root: OfflineMachine) -> None:
        key_id = key_for("certificate")
        root.list_keys(Expire(key_id=key_id, until=NOW + DAY))
        longer = Expire(key_id=key_id, until=NOW + 9 * DAY)
        with pytest.raises(KeyListRejected, match="ends at another time"):
            operations.draft_key_list(changes=[longer], at=NOW + 2 * DAY)
        # Before its end it may be given more time.
        assert operations.draft_key_list(changes=[longer], at=NOW)


class TestCompromise:
    """A rehearsal: a key was stolen; only what was logged before stays good."""

    @pytest.fixture
    def stolen(self, root: OfflineMachine, lot: Lot, zhao: User) -> dict[str, Label]:
        """A key, stolen an hour after NOW; found out an hour later."""
        before = packed(certified(lot, zhao), zhao)
        early = new_batch(certificate=certified(lot, zhao), by=zhao, count=1)
        after = packed(certified(lot, zhao, at=NOW + HOUR), zhao, at=NOW + HOUR)
        # Labels made after the theft under a certificate from before it.
        late = new_batch(certificate=early.certificate, by=zhao, count=1, at=NOW + HOUR)
        labels = operations.pack_label(code=late.first_code, at=NOW + HOUR, by=zhao)
        return {"before": before, "after": after, "labels": labels}

    def declare(self, root: OfflineMachine, *, since: datetime = NOW + HOUR) -> None:
        at = NOW + 2 * HOUR
        root.list_keys(*emergency(key_for("certificate"), since=since, at=at), at=at)

    def test_verdicts_follow_at_once(
        self, root: OfflineMachine, stolen: dict[str, Label], client: Client
    ) -> None:
        # Looked at before, so that they are kept: the list must reach kept ones too.
        assert {state(label) for label in stolen.values()} == {"genuine"}
        self.declare(root)
        assert state(stolen["before"]) == "genuine"
        for which in ("after", "labels"):
            assert state(stolen[which]) == "compromised"
            page = client.get(f"/T/{stolen[which].code}")
            assert page.status_code == 409
            words = page.content.decode()
            assert "Not to be trusted" in words
            for fact in ("王**", "永固村", "冰糖橙"):
                assert fact not in words

    def test_without_the_list_s_word_they_would_be_genuine(
        self,
        root: OfflineMachine,
        stolen: dict[str, Label],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.declare(root)
        monkeypatch.setattr(judging, "signed_by_a_thief", lambda *it: False)
        assert state(stolen["after"]) == "genuine"

    def test_certificate_pages_and_papers_follow(
        self,
        root: OfflineMachine,
        stolen: dict[str, Label],
        client: Client,
        zhao: User,
    ) -> None:
        self.declare(root)
        good = stolen["before"].batch.certificate.number
        bad = stolen["after"].batch.certificate.number
        assert client.get(f"/certificates/{good}/").status_code == 200
        page = client.get(f"/certificates/{bad}/")
        assert page.status_code == 409
        assert "somebody else may have had our key" in page.content.decode()
        assert client.get(f"/certificates/{bad}/certificate.pdf").status_code == 302
        assert client.get(f"/certificates/{good}/certificate.pdf").status_code == 200
        # Nor is the copy that goes with the goods printed.
        client.force_login(zhao, backend="django.contrib.auth.backends.ModelBackend")
        lot = stolen["after"].lot.number
        papers = f"/assistant/lots/{lot}/certificates"
        assert client.get(f"{papers}/{bad}/paper.pdf").status_code == 302
        assert client.get(f"{papers}/{good}/paper.pdf").status_code == 200

    def test_no_labels_are_made_or_packed_under_it(
        self, root: OfflineMachine, stolen: dict[str, Label], zhao: User
    ) -> None:
        self.declare(root)
        batch = stolen["after"].batch
        with pytest.raises(operations.UnableToMint, match="not trusted any more"):
            new_batch(certificate=batch.certificate, by=zhao, at=NOW + 3 * HOUR)
        with pytest.raises(operations.UnableToPack, match="not trusted any more"):
            operations.pack_label(code=batch.codes()[1], at=NOW + 3 * HOUR, by=zhao)

    def test_the_new_key_signs_on(
        self, root: OfflineMachine, stolen: dict[str, Label], lot: Lot, zhao: User
    ) -> None:
        self.declare(root)
        again = packed(certified(lot, zhao, at=NOW + 2 * HOUR), zhao, at=NOW + 2 * HOUR)
        assert state(again) == "genuine"
        assert (
            again.batch.certificate.key_id != stolen["after"].batch.certificate.key_id
        )

    def test_a_recall_is_told_first(
        self, root: OfflineMachine, stolen: dict[str, Label], zhao: User
    ) -> None:
        self.declare(root)
        operations.recall_lot(
            lot=stolen["after"].lot, reason="有虫", by=zhao, at=NOW + 3 * HOUR
        )
        assert state(stolen["after"]) == "recalled"

    def test_is_never_taken_back(
        self, root: OfflineMachine, stolen: dict[str, Label]
    ) -> None:
        key_id = key_for("certificate")
        self.declare(root)
        told = json.loads(listed().document)["keys"]
        for facts in (
            {"state": "active", "compromised_at": None, "trusted_lines": None},
            {"trusted_lines": 99},
        ):
            keys = [k | facts if k["key_id"] == key_id else k for k in told]
            with pytest.raises(KeyListRejected, match="was compromised"):
                operations.take_key_list(
                    text=resigned(root, keys=keys), at=NOW + 3 * HOUR
                )
        # It may turn out to have been earlier.
        earlier = theft(key_id, since=NOW - HOUR)
        root.forget()
        keys = [
            k | {"trusted_lines": earlier.lines} if k["key_id"] == key_id else k
            for k in told
        ]
        operations.take_key_list(text=resigned(root, keys=keys), at=NOW + 3 * HOUR)
        assert state(stolen["before"]) == "compromised"

    def test_a_thief_may_date_a_text_back_but_not_its_line(
        self, root: OfflineMachine, label: Label, lot: Lot, zhao: User
    ) -> None:
        self.declare(root)
        # With key and database in hand: dated a year ago, and a line to go with it.
        index = LogLeaf.objects.count()
        late = certified(lot, zhao, at=NOW + 2 * HOUR)
        thief = signing.signer("certificate")
        told = json.loads(late.document)
        told |= {"issued_at": "2025-11-19T09:00:00+08:00", "key_id": thief.key_id}
        document = canonical_json(told)
        facts = {
            "document": document,
            "sha256": keylists.sha256_hex(document),
            "signature": thief.sign_text(document),
        }
        change(
            Certificate.objects.filter(pk=late.pk),
            issued_at=datetime.fromisoformat(told["issued_at"]),
            key=thief.key_id,
            **facts,
        )
        leaf = json.loads(late.leaf.entry)
        leaf |= {name: facts[name] for name in ("sha256", "signature")}
        leaf |= {"key_id": thief.key_id, "at": "2025-11-19T09:00:00+08:00"}
        change(LogLeaf.objects.filter(pk=index), entry=canonical_json(leaf))
        found = Certificate.objects.get(pk=late.pk)
        # The text itself is well signed; where it stands in the log gives it away.
        signing.verify_text(
            text=found.document,
            signature=found.signature,
            algorithm=found.algorithm,
            public_key=found.key.public_key,
        )
        assert not queries.certificate_holds(found)
        with pytest.raises(operations.LogDiverged, match="dated before"):
            operations.publish_log(at=NOW + 3 * HOUR)


def another_root(root: OfflineMachine, tmp_path: Path) -> str:
    thief = OfflineMachine.new(tmp_path / "thief")
    return resigned(OfflineMachine(thief.folder))


def swapped_key(root: OfflineMachine, tmp_path: Path) -> str:
    """Another key under the id of ours."""
    keys = json.loads(listed().document)["keys"]
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    keys[0]["public_key"] = base64.b64encode(public).decode()
    return resigned(root, keys=keys)


def shortened(root: OfflineMachine, tmp_path: Path) -> str:
    return resigned(root, keys=json.loads(listed().document)["keys"][1:])


def back_dated(root: OfflineMachine, tmp_path: Path) -> str:
    return resigned(root, made_at="2020-01-01T00:00:00+08:00")


def older_number(root: OfflineMachine, tmp_path: Path) -> str:
    return resigned(root, number=1)


def left_out(root: OfflineMachine, tmp_path: Path) -> str:
    return resigned(root, number=9)


def other_history(root: OfflineMachine, tmp_path: Path) -> str:
    return resigned(root, previous="0" * 64)


def earlier_start(root: OfflineMachine, tmp_path: Path) -> str:
    keys = json.loads(listed().document)["keys"]
    keys[0]["valid_from"] = "2020-01-01T00:00:00+08:00"
    return resigned(root, keys=keys)


def other_purpose(root: OfflineMachine, tmp_path: Path) -> str:
    keys = json.loads(listed().document)["keys"]
    keys[0]["purpose"] = "certificate"
    return resigned(root, keys=keys)


def ends_in_the_past(root: OfflineMachine, tmp_path: Path) -> str:
    keys = json.loads(listed().document)["keys"]
    keys[0]["valid_until"] = "2026-11-19T09:00:01+08:00"
    return resigned(root, keys=keys, made_at="2026-11-19T10:00:00+08:00")


def changed_text(root: OfflineMachine, tmp_path: Path) -> str:
    return resigned(root).replace("active", "retired", 1)


def not_canonical(root: OfflineMachine, tmp_path: Path) -> str:
    signed = keylists.read_signed(resigned(root))
    document = signed.document.replace('"log"', ' "log"', 1)
    private = offline_root.serialization.load_pem_private_key(
        (root.folder / "root.pem").read_bytes(), password=None
    )
    ((key_id, algorithm, _signature),) = signed.signatures
    signature = base64.b64encode(private.sign(document.encode())).decode()
    return keylists.Signed(document, ((key_id, algorithm, signature),)).text


def nonsense(root: OfflineMachine, tmp_path: Path) -> str:
    return '{"document": [], "signatures": {}}'


def future(root: OfflineMachine, tmp_path: Path) -> str:
    return resigned(root, made_at="2036-01-01T00:00:00+08:00")


def other_log(root: OfflineMachine, tmp_path: Path) -> str:
    return resigned(root, log="xiangji.example/000000")


REFUSED: dict[Callable[[OfflineMachine, Path], str], str] = {
    another_root: "not signed by the root",
    swapped_key: "not the id of the key",
    shortened: "is missing",
    back_dated: "dated before",
    older_number: "not newer",
    left_out: "does not follow",
    other_history: "does not follow",
    earlier_start: "not what it was",
    other_purpose: "not what it was",
    ends_in_the_past: "ends at another time",
    changed_text: "signature is false",
    not_canonical: "canonical",
    nonsense: "not a signed key list",
    future: "dated in the future",
    other_log: "does not follow",
}


class TestTakeKeyList:
    @pytest.mark.parametrize("tampered", REFUSED, ids=lambda it: it.__name__)
    def test_refuses(self, root: OfflineMachine, tmp_path: Path, tampered: Any) -> None:
        before = LogLeaf.objects.count()
        with pytest.raises(
            (KeyListRejected, operations.UnableToListKeys), match=REFUSED[tampered]
        ):
            operations.take_key_list(text=tampered(root, tmp_path), at=NOW)
        assert (listed().number, LogLeaf.objects.count()) == (1, before)
        # The negative control: the same way, with nothing wrong, it is taken in.
        assert operations.take_key_list(text=resigned(root), at=NOW).number == 2

    def test_the_same_one_again_is_harmless(self, root: OfflineMachine) -> None:
        text = PublishedKeyList.objects.get().text
        assert operations.take_key_list(text=text, at=NOW).number == 1
        assert LogLeaf.objects.filter(kind="key_list").count() == 1

    def test_an_older_one_is_not_taken_in_again(self, root: OfflineMachine) -> None:
        first = PublishedKeyList.objects.get().text
        root.list_keys(Expire(key_id=key_for("log"), until=NOW + DAY))
        with pytest.raises(KeyListRejected, match="not newer"):
            operations.take_key_list(text=first, at=NOW)

    def test_a_countersignature_may_stand_beside(self, root: OfflineMachine) -> None:
        # SM2, say: whoever knows the algorithm checks it, and the root's must be there.
        signed = keylists.read_signed(resigned(root))
        other = ("0" * 16, "SM2", "AAAA")
        both = keylists.Signed(signed.document, (other, *signed.signatures))
        assert operations.take_key_list(text=both.text, at=NOW).number == 2
        alone = keylists.Signed(resigned(root), (other,))
        with pytest.raises(KeyListRejected, match="not signed by the root"):
            operations.take_key_list(text=alone.text, at=NOW)


class TestAlgorithms:
    def test_another_one_is_one_class(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Backwards:
            """Stands for SM2."""

            name = "Backwards"

            def signer(self, private: object) -> signing.Signer | None:
                return None

            def verify(
                self, *, public_key: bytes, signature: bytes, message: bytes
            ) -> None:
                if signature != message[::-1]:
                    raise ValueError("not backwards")

        def verify(text: str, signature: bytes) -> None:
            signing.verify_text(
                text=text,
                signature=base64.b64encode(signature).decode(),
                algorithm="Backwards",
                public_key="",
            )

        with pytest.raises(signing.SignatureRejected):
            verify("abc", b"cba")
        monkeypatch.setitem(signing.ALGORITHMS, "Backwards", Backwards())
        verify("abc", b"cba")
        with pytest.raises(signing.SignatureRejected):
            verify("abc", b"abc")


class TestStolenDatabase:
    """Rows alone, however they are changed, make nothing genuine."""

    def test_holds_no_code_and_no_private_key(
        self, root: OfflineMachine, label: Label
    ) -> None:
        secrets = [
            path.read_text("ascii").splitlines()[1]
            for purpose in ("certificate", "log", "box")
            for path in signing.key_files(purpose)
        ]
        secrets += [label.code, label.batch.codes()[1]]
        dump = (
            "".join(connection.connection.iterdump())
            if (connection.vendor == "sqlite")
            else "".join(self._rows())
        )
        assert label.batch.number in dump
        for secret in secrets:
            assert secret not in dump

    @staticmethod
    def _rows() -> list[str]:
        told = []
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                told += [str(row) for row in cursor.fetchall()]
        return told

    def test_a_thief_s_codes_are_refused(self, label: Label, settings: Any) -> None:
        number = label.batch.first_number + 1
        settings.LABEL_SECRET = "a thief does not know it"
        made = Label(number=number).code
        settings.LABEL_SECRET = "test-label-secret"
        assert queries.judge(text=made, device=None, now=NOW).state == "tampered"
        # The negative control: with the secret it is the label's.
        assert Label(number=number).code == label.batch.codes()[1]

    def own_certificate(self, label: Label, zhao: User) -> Ed25519PrivateKey:
        """All rows of a certificate that a key of the thief's signed, sums and all."""
        thief = Ed25519PrivateKey.generate()
        public = thief.public_key().public_bytes_raw()
        key = SigningKey.objects.create(
            key_id=signing.key_id_of(public),
            purpose="certificate",
            algorithm="Ed25519",
            public_key=base64.b64encode(public).decode(),
            registered_at=NOW,
        )
        certificate = label.batch.certificate
        told = json.loads(certificate.document) | {"key_id": key.key_id}
        document = canonical_json(told)
        signature = base64.b64encode(thief.sign(document.encode())).decode()
        change(
            Certificate.objects.filter(pk=certificate.pk),
            document=document,
            sha256=keylists.sha256_hex(document),
            signature=signature,
            key=key,
        )
        leaf = json.loads(certificate.leaf.entry) | {
            "sha256": keylists.sha256_hex(document),
            "signature": signature,
            "key_id": key.key_id,
        }
        change(
            LogLeaf.objects.filter(certificate=certificate), entry=canonical_json(leaf)
        )
        return thief

    def test_a_key_that_the_root_did_not_sign_is_nobody_s(
        self,
        label: Label,
        zhao: User,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.own_certificate(label, zhao)
        assert state(label) == "altered"
        # The negative control: only the root stands between this and "genuine".
        settings.ROOT_KEY_FILE = ""
        assert state(label) == "genuine"

    def test_nor_is_one_in_a_list_that_another_root_signed(
        self, root: OfflineMachine, label: Label, zhao: User, tmp_path: Path
    ) -> None:
        self.own_certificate(label, zhao)
        theirs = OfflineMachine.new(tmp_path / "thief")
        keys = json.loads(listed().document)["keys"]
        key = SigningKey.objects.exclude(pk__in=[key["key_id"] for key in keys]).get()
        keys[0] |= {"key_id": key.key_id, "public_key": key.public_key}
        change(
            PublishedKeyList.objects.all(),
            text=resigned(theirs, number=1, previous="", keys=keys),
        )
        assert state(label) == "altered"

    def test_labels_cannot_be_moved_under_a_batch_of_the_thief_s_own(
        self, label: Label, lot: Lot, zhao: User, settings: Any
    ) -> None:
        # They bought one box, so that they have a code; the rest are rows.
        dear = new_batch(
            certificate=certified(lot, zhao), by=zhao, product_name="有机冰糖橙"
        )
        mine = label.batch
        leaf = json.loads(mine.leaf.entry) | {"product": "有机冰糖橙", "pack_g": 100}
        change(
            type(mine).objects.filter(pk=mine.pk), product_name="有机冰糖橙", pack_g=100
        )
        change(LogLeaf.objects.filter(batch=mine), entry=canonical_json(leaf))
        assert state(label) == "altered"
        # A signature of ours, but of another batch.
        leaf["signature"] = json.loads(dear.leaf.entry)["signature"]
        change(LogLeaf.objects.filter(batch=mine), entry=canonical_json(leaf))
        assert state(label) == "altered"
        # Nor without one.
        for name in ("signature", "key_id", "algorithm"):
            del leaf[name]
        change(LogLeaf.objects.filter(batch=mine), entry=canonical_json(leaf))
        assert state(label) == "altered"
        # The negative control: without a root an unsigned batch would pass.
        settings.ROOT_KEY_FILE = ""
        assert state(label) == "genuine"

    def test_taking_the_newest_list_back_helps_nobody(
        self, root: OfflineMachine, lot: Lot, zhao: User, log_folder: Path
    ) -> None:
        after = packed(certified(lot, zhao, at=NOW + HOUR), zhao, at=NOW + HOUR)
        at = NOW + 2 * HOUR
        root.list_keys(
            *emergency(key_for("certificate"), since=NOW + HOUR, at=at), at=at
        )
        operations.publish_log(at=at)
        assert state(after) == "compromised"
        connection.check_constraints()
        with guards_lifted(connection):
            PublishedKeyList.objects.filter(number=2).delete()
            connection.check_constraints()
        # Files are outside the database, and the log's are published.
        assert state(after) == "altered"
        with pytest.raises(signing.MissingKey, match="List 2 is published"):
            certified(lot, zhao, at=at)
        # The negative control: without the file the older list would be believed.
        (log_folder / "key-list.json").unlink()
        assert state(after) == "genuine"

    def test_taking_back_what_was_published_as_withdrawn_helps_nobody(
        self, client: Client, label: Label, zhao: User, log_folder: Path
    ) -> None:
        certificate, lot = label.batch.certificate, label.batch.lot
        operations.recall_lot(lot=lot, reason="农残超标", by=zhao, at=NOW)
        operations.revoke_certificate(
            certificate=certificate, reason="写错了", by=zhao, at=NOW
        )
        operations.publish_log(at=NOW)
        was = listed_as_withdrawn(log_folder)
        for about in ("lot", "certificate"):
            change(
                StatusEvent.objects.filter(**{f"{about}__isnull": False}),
                status="activated",
            )
        assert state(label) == "recalled"
        assert "Recalled" in client.get(f"/T/{label.code}").content.decode()
        page = client.get(f"/certificates/{certificate.number}/")
        assert page.status_code == 409
        assert "Do not rely on this certificate" in page.content.decode()
        address = f"/certificates/{certificate.number}/"
        assert client.get(f"{address}proof.json").status_code == 404
        with pytest.raises(operations.UnableToPack, match="recalled"):
            operations.pack_label(code=label.batch.codes()[1], at=NOW, by=zhao)
        # Nor does the next list forget, nor its files of labels.
        operations.publish_log(at=NOW + DAY)
        now = listed_as_withdrawn(log_folder)
        assert now.number > was.number
        assert (now.lots, now.certificates, now.labels) == (
            was.lots,
            was.certificates,
            was.labels,
        )
        operations.void_label(
            label=label.batch.labels.exclude(pk=label.pk).get(),
            reason="破",
            by=zhao,
            at=NOW + DAY,
        )
        operations.publish_log(at=NOW + 2 * DAY)
        later = listed_as_withdrawn(log_folder)
        assert dict(was.labels).items() < dict(later.labels).items()
        # The negative control: the rows alone say that it stands.
        (log_folder / revocations.FILE).unlink()
        assert state(label) == "genuine"


def listed_as_withdrawn(folder: Path) -> revocations.Revocations:
    text = (folder / revocations.FILE).read_text(encoding="utf-8")
    return revocations.verified(text, keys=listed())


class TestOfflineProgram:
    """The program that goes to the other machine, run as people run it."""

    def run(self, *words: Any, answer: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", str(PROGRAM), *map(str, words)],
            input=answer,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )

    def test_imports_nothing_of_ours(self) -> None:
        source = PROGRAM.read_text(encoding="utf-8")
        for package in ("traceability", "partners", "shop", "django", "rfc8785"):
            assert f"import {package}" not in source
            assert f"from {package}" not in source

    def test_the_commands_from_the_root_to_the_list(
        self, settings: Any, tmp_path: Path, capsys: Any
    ) -> None:
        safe, draft, signed = (tmp_path / n for n in ("safe", "1.json", "1.signed"))
        made = self.run("make", safe, "--name", "x.example/root", "--no-passphrase")
        assert made.returncode == 0, made.stderr
        assert (safe / "root.pem").stat().st_mode & 0o077 == 0
        settings.ROOT_KEY_FILE = str(safe / "root.pub")
        settings.SIGNING_KEY_FILES = {
            purpose: str(tmp_path / f"{purpose}.pem")
            for purpose in ("certificate", "log", "box")
        }
        call_command("create_keys")
        call_command("draft_key_list", draft)
        words = ("sign", draft, "--root", safe, "--out", signed, "--no-passphrase")
        asked = self.run(*words, answer="7\n")
        assert asked.returncode == 1
        assert "not confirmed" in asked.stderr
        assert not signed.exists()
        done = self.run(*words, answer="1\n")
        assert "Key list 1 of xiangji.example/430722" in done.stdout
        call_command("take_key_list", signed)
        assert "Key list 1 stands." in capsys.readouterr().out
        assert listed().number == 1
        again = self.run("make", safe, "--name", "x.example/root", "--no-passphrase")
        assert "A root is made once" in again.stderr

    def test_the_commands_of_a_theft(
        self, root: OfflineMachine, label: Label, tmp_path: Path
    ) -> None:
        draft, signed = tmp_path / "2.json", tmp_path / "2.signed"
        key_id = key_for("certificate")
        with pytest.raises(CommandError, match="--since"):
            call_command("draft_key_list", draft, "--compromised", key_id)
        with pytest.raises(CommandError, match="There is no key"):
            call_command(
                "draft_key_list",
                draft,
                "--compromised",
                "0",
                "--since",
                NOW.isoformat(),
            )
        call_command(
            "draft_key_list",
            draft,
            "--compromised",
            key_id,
            "--since",
            NOW.isoformat(),
            "--rotate",
            "certificate",
        )
        signed.write_text(root.sign(draft.read_text(encoding="utf-8")))
        call_command("take_key_list", signed)
        assert state(label) == "compromised"
        with pytest.raises(CommandError, match="not a signed key list"):
            call_command("take_key_list", draft)

    def test_says_what_a_list_says(self, root: OfflineMachine, tmp_path: Path) -> None:
        path = tmp_path / "list.json"
        stolen = theft(key_for("certificate"), since=NOW)
        document = operations.draft_key_list(changes=[stolen], at=NOW)
        path.write_text(document, encoding="utf-8")
        told = self.run("show", path).stdout
        assert "follows " + listed().sha256 in told
        assert "only the first 0 lines of the log are believed" in told

    @pytest.mark.parametrize(
        ("tampered", "why"),
        [
            (swapped_key, "not the id of the key"),
            (shortened, "is missing"),
            (older_number, "is not the next"),
            (left_out, "is not the next"),
            (other_history, "does not follow"),
            (earlier_start, "not what it was: valid_from"),
            (other_purpose, "not what it was: purpose"),
            (ends_in_the_past, "would end before now"),
            (other_log, "another log's"),
        ],
    )
    def test_a_keeper_who_looks_signs_none_of_these(
        self, root: OfflineMachine, tmp_path: Path, tampered: Any, why: str
    ) -> None:
        kept = (root.folder / "last-signed.json").read_text(encoding="utf-8")
        document = keylists.read_signed(tampered(root, tmp_path)).document
        (root.folder / "last-signed.json").write_text(kept, encoding="utf-8")
        with pytest.raises(offline_root.Refused, match=why):
            root.sign(document)
        # The negative control: it is the memory of the last list that refuses.
        good = keylists.read_signed(resigned(root)).document
        (root.folder / "last-signed.json").write_text(kept, encoding="utf-8")
        assert root.sign(good)

    def test_the_passphrase_locks_the_root(self, tmp_path: Path) -> None:
        offline_root.make(tmp_path / "safe", "x.example/root", b"a long passphrase")
        document = canonical_json(
            {"type": "xiangji-key-list"}
            | {
                "log": "x",
                "number": 1,
                "previous": "",
                "keys": [],
                "made_at": "2026-11-19T09:00:00+08:00",
            }
        )
        for wrong in (None, b"another passphrase"):
            with pytest.raises((TypeError, ValueError)):
                offline_root.sign(document, tmp_path / "safe", wrong)
        assert offline_root.sign(document, tmp_path / "safe", b"a long passphrase")
