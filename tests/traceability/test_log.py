"""The public log: append-only, published whole, checked by a program not ours."""

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from shop.users.models import User
from tests.factories.traceability import NOW, new_certificate
from tests.guards import guards_lifted
from traceability import merkle, operations, queries, signing, tlog
from traceability.canonical import canonical_json
from traceability.models import (
    Certificate,
    Label,
    LeafKind,
    LogCheckpoint,
    LogLeaf,
    SigningKey,
)
from traceability.operations import LogDiverged, publish_log
from traceability.operations.counters import take_numbers
from traceability.operations.log import append_leaf

pytestmark = pytest.mark.django_db

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verify" / "verify.py"


def verify(folder: Path | str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the independent verifier in a process of its own, isolated from us."""
    return subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(folder), *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )


def fill(lines: int) -> None:
    """Put lines of no meaning into the log: one as everybody does, then the rest."""
    if not lines:
        return
    body = {"of": "x", "id": "0"}
    with transaction.atomic():
        first = append_leaf(kind=LeafKind.STATUS, body=body, at=NOW)
        take_numbers(name="log", count=lines - 1)
        facts = json.loads(first.entry)
        LogLeaf.objects.bulk_create(
            LogLeaf(
                index=first.index + number,
                kind=LeafKind.STATUS,
                entry=canonical_json(facts | {"id": str(number)}),
                appended_at=first.appended_at,
            )
            for number in range(1, lines)
        )


def published(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != ".lock")


class TestTileFolder:
    @pytest.mark.parametrize(
        "steps", [[1], [256], [255, 1, 1], [300, 300], [1] * 5 + [700], [3_000]]
    )
    def test_says_the_same_tree_however_it_grew(
        self, tmp_path: Path, steps: list[int]
    ) -> None:
        folder, entries = tlog.TileFolder(tmp_path), []
        for step in steps:
            new = [str(len(entries) + i).encode() for i in range(step)]
            folder.extend(new, size=len(entries))
            entries += new
        leaves = [merkle.leaf_hash(entry) for entry in entries]
        size = len(leaves)
        node = folder.node(size)
        root = merkle.root_of(leaves)
        assert merkle.root(node, size) == root
        for index in {0, size // 2, size - 1}:
            proof = merkle.inclusion_proof(node, index=index, size=size)
            merkle.verify_inclusion(
                leaf=leaves[index], index=index, size=size, proof=proof, root=root
            )

    def test_has_the_files_of_the_specification(self, tmp_path: Path) -> None:
        folder = tlog.TileFolder(tmp_path)
        folder.extend([b"x"] * 70_000, size=0)
        names = {str(p.relative_to(tmp_path)) for p in published(tmp_path)}
        # The example of c2sp.org/tlog-tiles.
        assert "tile/0/272" in names
        assert "tile/0/273.p/112" in names
        assert "tile/1/000" in names
        assert "tile/1/001.p/17" in names
        assert "tile/2/000.p/1" in names
        assert len([n for n in names if n.startswith("tile/entries/")]) == 274

    @pytest.mark.parametrize(
        ("index", "width", "path"),
        [
            (0, 256, "tile/0/000"),
            (1_234_067, 256, "tile/0/x001/x234/067"),
            (999, 3, "tile/0/999.p/3"),
            (1_000, 256, "tile/0/x001/000"),
        ],
    )
    def test_names_tiles_as_the_specification(
        self, index: int, width: int, path: str
    ) -> None:
        assert tlog.tile_path(0, index, width) == path

    def test_knows_every_node_of_every_tile(self, tmp_path: Path) -> None:
        entries = [str(number).encode() for number in range(1_000)]
        folder = tlog.TileFolder(tmp_path)
        folder.extend(entries, size=0)
        there = folder.node(len(entries))
        own = merkle.node_in([merkle.leaf_hash(entry) for entry in entries])
        # Also from the top down: what lies below was not asked for before.
        for level in (9, *range(10)):
            for index in range(len(entries) >> level):
                assert there(level, index) == own(level, index)

    def test_refuses_an_entry_that_is_too_long(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"65,535"):
            tlog.TileFolder(tmp_path).extend([b"x" * 65_536], size=0)

    def test_misses_a_tile(self, tmp_path: Path) -> None:
        folder = tlog.TileFolder(tmp_path)
        folder.extend([b"x"] * 3, size=0)
        (tmp_path / "tile/0/000.p/3").unlink()
        with pytest.raises(tlog.LogDamaged):
            merkle.root(folder.node(3), 3)


class TestSignedNote:
    def test_names_keys_as_the_specification(self) -> None:
        # Worked by hand from c2sp.org/signed-note: SHA-256(name, newline, 1, key)[:4].
        key = bytes(range(32))
        by_hand = hashlib.sha256(b"example.com/log\n\x01" + key).digest()[:4]
        assert tlog.key_hash("example.com/log", key) == by_hand
        name, shown, encoded = tlog.verifier_key("example.com/log", key).split("+", 2)
        assert (name, shown) == ("example.com/log", by_hand.hex())
        assert base64.b64decode(encoded) == b"\x01" + key

    @pytest.mark.parametrize(
        "note", ["", "x", "a\nb\nc\n\nd\n", "origin\n5\nAAAA\nextension\n\nsig\n"]
    )
    def test_cannot_be_read(self, note: str) -> None:
        with pytest.raises(tlog.LogDamaged):
            tlog.read_checkpoint(note)


class TestPublishLog:
    def test_nothing_new_changes_nothing(
        self, certificate: Certificate, log_folder: Path
    ) -> None:
        first = publish_log(at=NOW)
        before = {p: p.stat().st_mtime_ns for p in published(log_folder)}
        assert publish_log(at=NOW) == first
        assert {p: p.stat().st_mtime_ns for p in published(log_folder)} == before

    def test_begins_again_where_it_was_stopped(
        self,
        certificate: Certificate,
        log_folder: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        publish_log(at=NOW)
        fill(300)
        write = tlog.TileFolder.write_all

        def stops(self: tlog.TileFolder, files: Any) -> None:
            def some() -> Iterator[tuple[str, bytes]]:
                for number, file in enumerate(files):
                    if number == 2:
                        raise OSError("power cut")
                    write(self, [file])
                    yield file

            list(some())

        monkeypatch.setattr(tlog.TileFolder, "write_all", stops)
        with pytest.raises(OSError, match="power cut"):
            publish_log(at=NOW)
        # What was signed before still holds.
        assert verify(log_folder, certificate.number).returncode == 0
        monkeypatch.setattr(tlog.TileFolder, "write_all", write)
        checkpoint = publish_log(at=NOW)
        assert checkpoint.size == LogLeaf.objects.count()
        assert verify(log_folder, certificate.number).returncode == 0

    def test_builds_a_lost_folder_anew(
        self, certificate: Certificate, log_folder: Path
    ) -> None:
        checkpoint = publish_log(at=NOW)
        for path in published(log_folder):
            path.unlink()
        assert publish_log(at=NOW).root == checkpoint.root
        assert verify(log_folder, certificate.number).returncode == 0

    def test_signs_nothing_over_a_changed_history(
        self, certificate: Certificate, log_folder: Path
    ) -> None:
        publish_log(at=NOW)
        for path in published(log_folder):
            path.unlink()
        connection.check_constraints()
        with guards_lifted(connection):
            LogLeaf.objects.filter(pk=0).update(entry='{"type":"key"}')
            connection.check_constraints()
        with pytest.raises(LogDiverged):
            publish_log(at=NOW)
        fill(1)
        with pytest.raises(LogDiverged):
            publish_log(at=NOW)
        assert not (log_folder / "checkpoint").exists()

    def test_signs_nothing_when_the_database_lost_lines(
        self, certificate: Certificate, log_folder: Path
    ) -> None:
        publish_log(at=NOW)
        signer = signing.signer("log")
        longer = tlog.signed_checkpoint(
            origin="xiangji.example/430722",
            size=99,
            root=b"\0" * 32,
            public_key=signer.public_key,
            sign=signer.sign,
        )
        (log_folder / "checkpoint").write_text(longer.note, encoding="utf-8")
        with pytest.raises(LogDiverged):
            publish_log(at=NOW)

    def test_grows_consistently(
        self, certificate: Certificate, log_folder: Path
    ) -> None:
        old = publish_log(at=NOW)
        fill(600)
        new = publish_log(at=NOW)
        node = tlog.TileFolder(log_folder).node(new.size)
        merkle.verify_consistency(
            old=old.size,
            new=new.size,
            old_root=old.root,
            new_root=new.root,
            proof=merkle.consistency_proof(node, old=old.size, new=new.size),
        )
        assert [c.size for c in LogCheckpoint.objects.all()] == [old.size, new.size]

    def test_the_command_publishes(self, certificate: Certificate, capsys: Any) -> None:
        call_command("publish_log")
        assert "xiangji.example/430722\n3\n" in capsys.readouterr().out


class TestProofOf:
    def test_leads_to_the_signed_root(
        self, certificate: Certificate, zhao: User
    ) -> None:
        fill(40)
        publish_log(at=NOW)
        proof = queries.proof_of(certificate.leaf)
        assert proof is not None
        merkle.verify_inclusion(
            leaf=merkle.leaf_hash(certificate.leaf.entry.encode()),
            index=proof.index,
            size=proof.checkpoint.size,
            proof=proof.hashes,
            root=proof.checkpoint.root,
        )

    def test_is_not_there_before_it_is_published(
        self, certificate: Certificate, zhao: User
    ) -> None:
        assert queries.proof_of(certificate.leaf) is None
        publish_log(at=NOW)
        later = new_certificate(lot=certificate.lot, by=zhao, quantity_g=1_000)
        assert queries.proof_of(later.leaf) is None


class TestIndependentVerifier:
    @pytest.fixture
    def folder(self, certificate: Certificate, label: Label, log_folder: Path) -> Path:
        """A published log of more than one tile with two certificates in it."""
        fill(300)
        publish_log(at=NOW)
        return log_folder

    def test_imports_nothing_of_ours(self) -> None:
        source = VERIFIER.read_text(encoding="utf-8")
        for package in ("traceability", "partners", "shop", "django", "rfc8785"):
            assert f"import {package}" not in source
            assert f"from {package}" not in source

    def test_is_content_with_what_we_publish(self, folder: Path) -> None:
        done = verify(folder, "HS-2026-000001", "HS-2026-000002")
        assert done.returncode == 0, done.stdout
        assert done.stdout.count("signature good") == 2
        assert done.stdout.count("stands") == 2

    def test_tells_what_became_of_a_certificate(
        self, folder: Path, certificate: Certificate, zhao: User
    ) -> None:
        operations.revoke_certificate(
            certificate=certificate, reason="写错了", by=zhao, at=NOW
        )
        publish_log(at=NOW)
        done = verify(folder, certificate.number)
        assert "since then: revoked 2026-11-19T09:00:00+08:00" in done.stdout
        assert "写错了" not in done.stdout

    @pytest.mark.parametrize(
        "name",
        [
            "checkpoint",
            "tile/0/000",
            "tile/entries/000",
            "tile/1/000.p/1",
            "certificates/HS-2026-000001.json",
        ],
    )
    def test_finds_one_changed_bit_in_any_file(self, folder: Path, name: str) -> None:
        path = folder / name
        data = bytearray(path.read_bytes())
        for place in {0, len(data) // 3, len(data) // 2, len(data) - 8}:
            changed = data.copy()
            changed[place] ^= 1
            path.write_bytes(changed)
            done = verify(folder, "HS-2026-000001")
            assert done.returncode == 1, (place, done.stdout)
            assert "Traceback" not in done.stderr
        # The negative control: put back, everything holds again.
        path.write_bytes(data)
        assert verify(folder, "HS-2026-000001").returncode == 0

    def rebuild(self, folder: Path) -> None:
        """Publish anew, over rows that were changed before: a log that a dishonest
        keeper of the key signs."""
        for path in published(folder):
            path.unlink()
        connection.check_constraints()
        with guards_lifted(connection):
            LogCheckpoint.objects.all().delete()
            connection.check_constraints()
        publish_log(at=NOW)

    def test_finds_a_key_under_an_id_that_is_not_its_own(self, folder: Path) -> None:
        # Whoever may choose ids could put a second key under the first one's.
        leaf = LogLeaf.objects.get(key__purpose="certificate")
        told = json.loads(leaf.entry)
        stolen = base64.b64encode(b"k" * 32).decode()
        connection.check_constraints()
        with guards_lifted(connection):
            entry = json.dumps(told | {"public_key": stolen})
            LogLeaf.objects.filter(pk=leaf.pk).update(entry=entry)
            connection.check_constraints()
        self.rebuild(folder)
        done = verify(folder)
        assert done.returncode == 1
        assert f"key {told['key_id']} is not the key" in done.stdout

    @pytest.mark.parametrize("kind", ["certificate", "batch", "key"])
    def test_finds_what_was_logged_twice(self, folder: Path, kind: str) -> None:
        leaf = LogLeaf.objects.filter(kind=kind).order_by("pk")[0]
        again = json.loads(leaf.entry) | {"sha256": "0" * 64}
        again = {key: again[key] for key in again if key not in ("type", "at")}
        with transaction.atomic():
            append_leaf(kind=LeafKind(kind), body=again, at=NOW)
        publish_log(at=NOW)
        # Whichever certificate is asked about, and if none is.
        for asked in ([], ["HS-2026-000002"]):
            done = verify(folder, *asked)
            assert done.returncode == 1
            assert f"{kind} {again.get('number', again.get('key_id'))}" in done.stdout
            assert "was logged twice" in done.stdout

    def test_finds_a_published_key_that_was_not_logged(self, folder: Path) -> None:
        path = folder / "keys.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        for key in told["keys"]:
            kept = dict(key)
            key["public_key"] = base64.b64encode(b"k" * 32).decode()
            path.write_text(json.dumps(told), encoding="utf-8")
            assert "is not what was logged" in verify(folder).stdout
            key.update(kept)
        path.write_text(json.dumps(told), encoding="utf-8")
        assert verify(folder).returncode == 0

    def test_wants_the_log_s_own_key_logged(self, folder: Path) -> None:
        leaf = LogLeaf.objects.get(key__purpose="log")
        told = json.loads(leaf.entry) | {"purpose": "certificate"}
        connection.check_constraints()
        with guards_lifted(connection):
            LogLeaf.objects.filter(pk=leaf.pk).update(entry=json.dumps(told))
            SigningKey.objects.filter(purpose="log").update(purpose="certificate")
            connection.check_constraints()
        self.rebuild(folder)
        assert "was not logged as such" in verify(folder).stdout

    def test_finds_a_certificate_that_was_swapped(self, folder: Path) -> None:
        one = folder / "certificates" / "HS-2026-000001.json"
        two = folder / "certificates" / "HS-2026-000002.json"
        two.write_bytes(one.read_bytes())
        assert verify(folder, "HS-2026-000002").returncode == 1

    def test_finds_a_text_signed_by_a_key_that_was_not_logged(
        self, folder: Path, settings: Any, tmp_path: Path
    ) -> None:
        settings.SIGNING_KEY_FILES = {"certificate": str(tmp_path / "thief.pem")}
        signing.create_key_file("certificate")
        path = folder / "certificates" / "HS-2026-000001.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        thief = signing.signer("certificate")
        told |= {
            "key_id": thief.key_id,
            "signature": thief.sign_text(told["document"]),
        }
        path.write_text(json.dumps(told), encoding="utf-8")
        assert verify(folder, "HS-2026-000001").returncode == 1

    def test_wants_the_key_that_was_noted_once(self, folder: Path) -> None:
        keys = json.loads((folder / "keys.json").read_text(encoding="utf-8"))
        assert verify(folder, "--key", keys["log"]).returncode == 0
        other = tlog.verifier_key("xiangji.example/430722", bytes(32))
        assert verify(folder, "--key", other).returncode == 1

    def test_remembers_an_earlier_checkpoint(
        self, folder: Path, tmp_path: Path
    ) -> None:
        kept = tmp_path / "kept"
        kept.write_bytes((folder / "checkpoint").read_bytes())
        fill(10)
        publish_log(at=NOW)
        done = verify(folder, "--seen", str(kept))
        assert "history: begins with your checkpoint" in done.stdout
        # A log that was made anew, with the same key, does not begin so.
        signer = signing.signer("log")
        lie = tlog.signed_checkpoint(
            origin="xiangji.example/430722",
            size=5,
            root=b"\1" * 32,
            public_key=signer.public_key,
            sign=signer.sign,
        )
        kept.write_text(lie.note, encoding="utf-8")
        done = verify(folder, "--seen", str(kept))
        assert done.returncode == 1
        assert "no longer begins" in done.stdout

    def test_says_what_is_missing(self, folder: Path) -> None:
        assert verify(folder, "HS-2026-999999").returncode == 1
        assert verify(folder / "nowhere").returncode == 1

    @pytest.mark.django_db(transaction=True)
    def test_reads_it_over_http(
        self, folder: Path, live_server: Any, settings: Any
    ) -> None:
        done = verify(f"{live_server.url}/log", "HS-2026-000001")
        assert done.returncode == 0, done.stdout


class TestLogPages:
    def test_serves_the_published_files(
        self, client: Client, certificate: Certificate, log_folder: Path
    ) -> None:
        publish_log(at=NOW)
        for path in published(log_folder):
            name = path.relative_to(log_folder)
            response = client.get(f"/log/{name}")
            assert b"".join(response.streaming_content) == path.read_bytes()
            assert not response.cookies
        assert "immutable" in client.get("/log/tile/0/000.p/3")["Cache-Control"]
        assert client.get("/log/checkpoint")["Cache-Control"] == "no-cache"

    @pytest.mark.parametrize(
        "name",
        [
            "../keys/log.pem",
            ".lock",
            "tile/0/../../../keys/log.pem",
            "tile/0/%2e%2e/log.pem",
            "certificates/../../keys/log.pem",
            "checkpoint/",
            "nothing",
            "tile/entries/999",
        ],
    )
    def test_serves_nothing_else(
        self, client: Client, certificate: Certificate, name: str
    ) -> None:
        publish_log(at=NOW)
        assert client.get(f"/log/{name}").status_code == 404

    def test_explains_itself(self, client: Client, certificate: Certificate) -> None:
        assert "Nothing is published yet" in client.get("/log/").content.decode()
        publish_log(at=NOW)
        page = client.get("/log/").content.decode()
        assert certificate.number in page
        assert "3 lines" in page
        verifier = client.get("/log/verify.py")
        assert b"".join(verifier.streaming_content) == VERIFIER.read_bytes()

    def test_says_nothing_personal(
        self, certificate: Certificate, label: Label, log_folder: Path
    ) -> None:
        publish_log(at=NOW)
        for path in published(log_folder):
            data = path.read_bytes()
            for secret in ("王示例", "王", "10000000009", label.code):
                assert secret.encode() not in data
