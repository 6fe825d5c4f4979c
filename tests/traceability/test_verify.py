"""The program that needs only published files and the root's public key.

It runs in a process of its own, isolated from us: see test_log.py for what it finds
without a root.
"""

import base64
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.keys import (
    OfflineMachine,
    emergency,
    key_for,
    listed,
    rotation,
)
from tests.factories.traceability import NOW, new_certificate, new_label, new_lot
from tests.guards import guards_lifted
from tests.traceability.test_keys import (
    another_root,
    other_history,
    resigned,
    shortened,
    swapped_key,
)
from tests.traceability.test_log import fill, published, verify
from traceability import operations, signing, tlog
from traceability.models import Certificate, LogCheckpoint, LogLeaf

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HOUR = timedelta(hours=1)
NUMBER = "HS-2026-000001"


@pytest.fixture
def certificate(root: OfflineMachine, farmer_wang: Farmer, zhao: User) -> Certificate:
    lot = new_lot(farmer=farmer_wang, by=zhao)
    return new_certificate(lot=lot, by=zhao, quantity_g=100_000)


@pytest.fixture
def folder(
    certificate: Certificate, farmer_wang: Farmer, zhao: User, log_folder: Path
) -> Path:
    """A published log of several tiles, grown in steps."""
    operations.publish_log(at=NOW)
    new_label(farmer=farmer_wang, by=zhao)
    fill(600)
    operations.publish_log(at=NOW)
    return log_folder


def checked(folder: Path | str, root: OfflineMachine, *words: str) -> tuple[int, str]:
    done = verify(folder, *words, "--root", str(root.public_file))
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


class TestCertificate:
    def test_holds(self, folder: Path, root: OfflineMachine) -> None:
        code, told = checked(folder, root, NUMBER, "HS-2026-000002")
        assert code == 0, told
        assert "key list 1: signed by the root" in told
        assert told.count("signature good") == 2
        assert told.count("since then: stands") == 2

    def test_the_whole_log_too(self, folder: Path, root: OfflineMachine) -> None:
        code, told = checked(folder, root, NUMBER, "--whole")
        assert code == 0, told
        assert "tiles: every hash" in told

    def test_reads_only_what_it_needs(
        self, folder: Path, root: OfflineMachine, farmer_wang: Farmer, zhao: User
    ) -> None:
        fill(300)
        root.list_keys(at=NOW)
        late = new_label(farmer=farmer_wang, by=zhao).batch.certificate
        operations.publish_log(at=NOW)
        # Of what was long before, hashes are enough.
        (folder / "tile/entries/001").unlink()
        code, told = checked(folder, root, late.number)
        assert code == 0, told
        assert "lines 513 to" in told
        assert checked(folder, root, late.number, "--whole")[0] == 1

    @pytest.mark.parametrize(
        ("end", "word"),
        [
            (operations.revoke_certificate, "revoked"),
            (operations.supersede_certificate, "superseded"),
        ],
    )
    def test_tells_when_it_ended(
        self,
        certificate: Certificate,
        folder: Path,
        root: OfflineMachine,
        zhao: User,
        end: Callable[..., Any],
        word: str,
    ) -> None:
        end(certificate=certificate, reason="写错了", by=zhao, at=NOW + HOUR)
        operations.publish_log(at=NOW + HOUR)
        code, told = checked(folder, root, NUMBER)
        assert code == 2
        assert f"since then: {word} 2026-11-19T10:00:00+08:00" in told
        assert "END  " in told
        assert "写错了" not in told

    def test_tells_of_a_recall(
        self, certificate: Certificate, folder: Path, root: OfflineMachine, zhao: User
    ) -> None:
        operations.recall_lot(
            lot=certificate.lot, reason="有虫", by=zhao, at=NOW + HOUR
        )
        operations.publish_log(at=NOW + HOUR)
        code, told = checked(folder, root, NUMBER)
        assert (code, "recalled 2026-11-19T10:00:00+08:00" in told) == (2, True)

    @pytest.mark.parametrize(
        "name",
        [
            "checkpoint",
            "key-list.json",
            "key-lists/000001.json",
            f"certificates/{NUMBER}.json",
            "tile/0/000",
            "tile/entries/000",
            "tile/1/000.p/2",
        ],
    )
    def test_finds_one_changed_bit(
        self, folder: Path, root: OfflineMachine, name: str
    ) -> None:
        path = folder / name
        data = bytearray(path.read_bytes())
        words = [NUMBER, "--whole"]
        for place in {5, len(data) // 3, len(data) // 2, len(data) - 8}:
            changed = data.copy()
            changed[place] ^= 1
            path.write_bytes(changed)
            code, told = checked(folder, root, *words)
            # Blanks of a file's form, and who else signed it, are not what is signed.
            if json_says_the_same(name, bytes(changed), bytes(data)):
                continue
            assert code == 1, (place, told)
        path.write_bytes(data)
        assert checked(folder, root, *words)[0] == 0

    def test_reads_it_over_http(
        self, folder: Path, root: OfflineMachine, live_server: Any
    ) -> None:
        code, told = checked(f"{live_server.url}/log", root, NUMBER)
        assert code == 0, told

    test_reads_it_over_http = pytest.mark.django_db(transaction=True)(
        test_reads_it_over_http
    )


def json_says_the_same(name: str, one: bytes, other: bytes) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


class TestKeys:
    def test_a_rotation_and_what_was_signed_before_it(
        self, folder: Path, root: OfflineMachine, farmer_wang: Farmer, zhao: User
    ) -> None:
        for purpose in ("certificate", "log", "box"):
            root.list_keys(rotation(purpose, starts_at=NOW + HOUR))
        lot = new_lot(farmer=farmer_wang, by=zhao)
        late = new_certificate(lot=lot, by=zhao, at=NOW + HOUR)
        operations.publish_log(at=NOW + HOUR)
        code, told = checked(folder, root, NUMBER, late.number, "--whole")
        assert code == 0, told
        assert "key list 4" in told

    def test_a_theft_and_what_was_signed_after_it(
        self, folder: Path, root: OfflineMachine, farmer_wang: Farmer, zhao: User
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao)
        after = new_certificate(lot=lot, by=zhao, at=NOW + HOUR)
        operations.publish_log(at=NOW + HOUR)
        assert checked(folder, root, after.number)[0] == 0
        at = NOW + 2 * HOUR
        stolen = emergency(key_for("certificate"), since=NOW + HOUR, at=at)
        root.list_keys(*stolen, at=at)
        operations.publish_log(at=at)
        assert checked(folder, root, NUMBER)[0] == 0
        code, told = checked(folder, root, after.number)
        assert code == 1
        assert "its key was stolen 2026-11-19T10:00:00+08:00" in told

    @pytest.mark.parametrize(
        ("tampered", "why"),
        [
            (another_root, "not signed by this root"),
            (swapped_key, "is not the key beside it"),
            (shortened, "has lost key"),
            (other_history, "follows another list"),
        ],
    )
    def test_finds_a_list_that_should_not_be(
        self,
        folder: Path,
        root: OfflineMachine,
        tmp_path: Path,
        tampered: Callable[..., str],
        why: str,
    ) -> None:
        told = json.loads(tampered(root, tmp_path)) | {"index": 2}
        for name in ("key-list.json", "key-lists/000002.json"):
            (folder / name).write_text(json.dumps(told), encoding="utf-8")
        code, said = checked(folder, root, NUMBER)
        assert (code, why in said) == (1, True), said

    def test_finds_a_good_list_that_was_not_logged(
        self, folder: Path, root: OfflineMachine
    ) -> None:
        told = json.loads(resigned(root)) | {"index": 2}
        for name in ("key-list.json", "key-lists/000002.json"):
            (folder / name).write_text(json.dumps(told), encoding="utf-8")
        code, said = checked(folder, root, NUMBER)
        assert (code, "is not what was logged" in said) == (1, True), said

    def test_finds_an_older_list_shown_again(
        self, folder: Path, root: OfflineMachine
    ) -> None:
        first = (folder / "key-list.json").read_bytes()
        root.list_keys(rotation("certificate", starts_at=NOW + HOUR))
        operations.publish_log(at=NOW)
        assert checked(folder, root, NUMBER)[0] == 0
        (folder / "key-list.json").write_bytes(first)
        (folder / "key-lists/000002.json").unlink()
        code, told = checked(folder, root, NUMBER)
        assert (code, "knows key list 2, which is not shown" in told) == (1, True)

    def test_another_root_is_not_ours(
        self, folder: Path, root: OfflineMachine, tmp_path: Path
    ) -> None:
        other = OfflineMachine.new(tmp_path / "other")
        assert checked(folder, other, NUMBER)[0] == 1
        line = root.public_file.read_text(encoding="utf-8").strip()
        mistyped = line[:-2] + ("A" if line[-2] != "A" else "B") + line[-1]
        done = verify(folder, NUMBER, "--root", mistyped)
        assert (done.returncode, "do not belong together" in done.stdout) == (1, True)

    def test_swapping_every_key_and_signing_all_anew_helps_nobody(
        self, folder: Path, root: OfflineMachine, settings: Any, tmp_path: Path
    ) -> None:
        """A thief has the whole database and a server of their own, with new keys."""
        settings.SIGNING_KEY_FILES = {
            purpose: str(tmp_path / f"thief-{purpose}.pem")
            for purpose in ("certificate", "log", "box")
        }
        for purpose in settings.SIGNING_KEY_FILES:
            signing.create_key_file(purpose)
        thief = signing.signer("log")
        old = tlog.read_checkpoint((folder / "checkpoint").read_text(encoding="utf-8"))
        note = tlog.signed_checkpoint(
            origin=old.origin,
            size=old.size,
            root=old.root,
            public_key=thief.public_key,
            sign=thief.sign,
        ).note
        (folder / "checkpoint").write_text(note, encoding="utf-8")
        keys = json.loads((folder / "keys.json").read_text(encoding="utf-8"))
        keys["log"] = tlog.verifier_key(old.origin, thief.public_key)
        for key in keys["keys"]:
            if key["purpose"] == "log":
                key["public_key"] = base64.b64encode(thief.public_key).decode()
                key["key_id"] = thief.key_id
        (folder / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
        code, told = checked(folder, root, NUMBER)
        assert (code, "not signed by a key of the log" in told) == (1, True)
        # Nor with lists of their own.
        theirs = OfflineMachine.new(tmp_path / "thief")
        mine = json.loads(listed().document)["keys"]
        (logs,) = (key for key in mine if key["purpose"] == "log")
        logs |= {
            "key_id": thief.key_id,
            "public_key": base64.b64encode(thief.public_key).decode(),
        }
        forged = json.loads(resigned(theirs, number=1, previous="", keys=mine))
        for name in ("key-list.json", "key-lists/000001.json"):
            path = folder / name
            index = json.loads(path.read_text(encoding="utf-8"))["index"]
            path.write_text(json.dumps(forged | {"index": index}), encoding="utf-8")
        assert checked(folder, root, NUMBER)[0] == 1
        # The negative control: who believes the thief's root gets as far as the log,
        # in whose line the county's own list still stands.
        code, told = checked(folder, theirs, NUMBER)
        assert "signed by the log" in told
        assert (code, "is not what was logged" in told) == (1, True)

    def test_finds_a_certificate_dated_back(
        self, folder: Path, root: OfflineMachine
    ) -> None:
        """A line put before its time, in a log that its keeper signed anew."""
        last = LogLeaf.objects.order_by("-index")[0]
        told = json.loads(last.entry) | {"at": "2025-01-01T00:00:00+08:00"}
        connection.check_constraints()
        with guards_lifted(connection):
            LogLeaf.objects.filter(pk=last.pk).update(entry=json.dumps(told))
            LogCheckpoint.objects.all().delete()
            connection.check_constraints()
        for path in published(folder):
            path.unlink()
        with pytest.raises(operations.LogDiverged, match="dated before"):
            operations.publish_log(at=NOW)
        with pytest.MonkeyPatch.context() as patch:
            from traceability.operations import publishing

            patch.setattr(publishing, "_require_clock", lambda leaves, clock: clock)
            operations.publish_log(at=NOW)
        code, said = checked(folder, root, NUMBER)
        assert (code, "is dated before the one it follows" in said) == (1, True)


class TestHistory:
    def test_a_watcher_keeps_a_checkpoint_and_compares(
        self, folder: Path, root: OfflineMachine, tmp_path: Path
    ) -> None:
        kept = tmp_path / "kept"
        words = ("--seen", str(kept), "--keep", str(kept))
        assert checked(folder, root, *words)[0] == 0
        first = kept.read_text(encoding="utf-8")
        fill(700)
        operations.publish_log(at=NOW)
        code, told = checked(folder, root, *words)
        assert (code, "history: begins with your checkpoint" in told) == (0, True)
        assert kept.read_text(encoding="utf-8") != first

    def test_finds_that_the_log_shrank(
        self, folder: Path, root: OfflineMachine, tmp_path: Path
    ) -> None:
        kept = tmp_path / "kept"
        before = tmp_path / "before"
        shutil.copytree(folder, before)
        fill(700)
        operations.publish_log(at=NOW)
        assert checked(folder, root, "--keep", str(kept))[0] == 0
        now = kept.read_bytes()
        code, told = checked(before, root, "--seen", str(kept), "--keep", str(kept))
        assert (code, "is shorter" in told) == (1, True)
        # What was seen stays kept.
        assert kept.read_bytes() == now

    @pytest.mark.parametrize("size", [1, 4, 100, 256, 300])
    def test_finds_another_history(
        self, folder: Path, root: OfflineMachine, tmp_path: Path, size: int
    ) -> None:
        signer = signing.signer("log")
        kept = tmp_path / "kept"
        node = tlog.TileFolder(folder).node(LogLeaf.objects.count())
        for genuine in (True, False):
            from traceability import merkle

            lie = tlog.signed_checkpoint(
                origin="xiangji.example/430722",
                size=size,
                root=merkle.root(node, size) if genuine else b"\1" * 32,
                public_key=signer.public_key,
                sign=signer.sign,
            )
            kept.write_text(lie.note, encoding="utf-8")
            code, told = checked(folder, root, "--seen", str(kept))
            assert (code, "no longer begins" in told) == (int(not genuine), not genuine)


class TestProofFile:
    @pytest.fixture
    def proof(self, folder: Path, client: Client, tmp_path: Path) -> Path:
        answer = client.get(f"/certificates/{NUMBER}/proof.json")
        assert answer.status_code == 200
        path = tmp_path / "proof.json"
        path.write_bytes(answer.content)
        return path

    def test_needs_no_network_and_no_other_file(
        self, proof: Path, root: OfflineMachine, folder: Path
    ) -> None:
        shutil.rmtree(folder)
        code, told = checked(str(proof), root)
        assert code == 0, told
        assert "history: the log of" in told
        assert f"{NUMBER}: signature good" in told

    @pytest.mark.parametrize(
        "member", ["certificate", "line", "inclusion", "checkpoint", "consistency"]
    )
    def test_every_part_counts(
        self, proof: Path, root: OfflineMachine, member: str
    ) -> None:
        good = json.loads(proof.read_text(encoding="utf-8"))
        told = json.loads(proof.read_text(encoding="utf-8"))
        if member == "certificate":
            told[member]["document"] = told[member]["document"].replace("100000", "9")
        elif member == "line":
            told[member] = told[member].replace(NUMBER, "HS-2026-000009")
        elif member == "inclusion":
            told[member][0], told[member][1] = told[member][1], told[member][0]
        elif member == "checkpoint":
            told[member] = told[member].replace("\n6", "\n7", 1)
        else:
            told[member]["proof"].pop()
        assert told != good
        proof.write_text(json.dumps(told), encoding="utf-8")
        assert checked(str(proof), root)[0] == 1

    def test_the_list_in_it_must_be_the_root_s(
        self, proof: Path, root: OfflineMachine, tmp_path: Path
    ) -> None:
        told = json.loads(proof.read_text(encoding="utf-8"))
        thief = OfflineMachine.new(tmp_path / "thief")
        told["key_list"] = json.loads(resigned(thief, number=1, previous=""))
        proof.write_text(json.dumps(told), encoding="utf-8")
        assert checked(str(proof), root)[0] == 1
        assert checked(str(proof), thief)[0] == 0
        assert verify(str(proof)).returncode == 1

    def test_is_not_given_for_what_does_not_hold(
        self, folder: Path, client: Client, certificate: Certificate
    ) -> None:
        connection.check_constraints()
        with guards_lifted(connection):
            Certificate.objects.filter(pk=certificate.pk).update(quantity_g=1)
            connection.check_constraints()
        assert client.get(f"/certificates/{NUMBER}/proof.json").status_code == 404
