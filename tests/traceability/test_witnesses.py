"""Witnesses cosign what only grew; our own watch finds what did not."""

import base64
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from shop.backoffice.queries import today
from shop.users.models import User
from tests.factories import programs
from tests.factories.keys import OfflineMachine
from tests.factories.traceability import NOW
from tests.traceability.test_log import fill, published, verify
from traceability import cosignatures, merkle, operations, signing, tlog
from traceability.cosignatures import Witness, WitnessAway, WitnessRefuses
from traceability.models import Certificate, Cosignature, LogAlarm, LogCheckpoint
from traceability.operations.watching import raise_alarm

pytestmark = pytest.mark.django_db

PROGRAM = programs.OPS / "witness.py"
ORIGIN = "xiangji.example/430722"


program = programs.program("witness")


def log_key() -> str:
    return tlog.verifier_key(ORIGIN, signing.signer("log").public_key)


def checkpoint_of(size: int, root: bytes, key: Any = None) -> tlog.Checkpoint:
    """A checkpoint that the log's key, or another, signed."""
    private = key or signing.signer("log")
    public = private.public_key().public_bytes_raw() if key else private.public_key
    return tlog.signed_checkpoint(
        origin=ORIGIN, size=size, root=root, public_key=public, sign=private.sign
    )


@contextmanager
def served(handler: Any) -> Iterator[str]:
    """Answer over HTTP, and let go of the port afterwards."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def keeper(tmp_path: Path, certificate: Certificate) -> Any:
    """A witness that knows our log's key and has seen nothing yet."""
    operations.register_key(purpose="log", at=NOW)
    program.make(tmp_path / "w1", "witness.example/w1")
    return program.Witness(tmp_path / "w1", [log_key()])


@pytest.fixture
def witness(keeper: Any, settings: Any) -> Iterator[str]:
    """The same, asked over HTTP by us; its public key."""
    line: str = program.vkey(keeper.name, 4, keeper.public)
    with served(program.handler_of(keeper)) as url:
        settings.WITNESSES = [f"{line} {url}"]
        yield line


def body_of(old: int, proof: list[bytes], note: str) -> bytes:
    hashes = "".join(f"{base64.b64encode(item).decode()}\n" for item in proof)
    return f"old {old}\n{hashes}\n{note}".encode()


class TestWitnessProgram:
    """Every answer that c2sp.org/tlog-witness asks for."""

    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(20)]

    def at(self, size: int) -> tlog.Checkpoint:
        return checkpoint_of(size, merkle.root_of(self.leaves[:size]))

    def proof(self, old: int, new: int) -> list[bytes]:
        return merkle.consistency_proof(merkle.node_in(self.leaves), old=old, new=new)

    def refused(self, keeper: Any, body: bytes) -> tuple[int, str]:
        before = keeper.last(ORIGIN)
        with pytest.raises(program.Refused) as no:
            keeper.add_checkpoint(body)
        # What is refused is not remembered.
        assert keeper.last(ORIGIN) == before
        return no.value.status, no.value.body

    def test_cosigns_while_the_log_grows(self, keeper: Any) -> None:
        old = 0
        for new in (3, 3, 8, 13, 20):
            proof = self.proof(old, new) if 0 < old < new else []
            line = keeper.add_checkpoint(body_of(old, proof, self.at(new).note))
            read = Witness(keeper.name, keeper.public, "https://x")
            seen = cosignatures.believed(
                [line.strip()], checkpoint=self.at(new), witness=read
            )
            assert seen is not None
            assert keeper.last(ORIGIN)[0] == new
            old = new

    def test_the_cosigned_text_is_that_of_the_specification(self, keeper: Any) -> None:
        note = self.at(3).note
        line = keeper.add_checkpoint(body_of(0, [], note))
        raw = base64.b64decode(line.split(" ")[2])
        assert (
            raw[:4]
            == program.hashlib.sha256(
                b"witness.example/w1\n\x04" + keeper.public
            ).digest()[:4]
        )
        (seconds,) = struct.unpack(">Q", raw[4:12])
        text = note.split("\n\n")[0] + "\n"
        signed = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        keeper.private.public_key().verify(raw[12:], signed)

    @pytest.mark.parametrize(
        "change",
        [
            lambda b: b.replace(b"old 0", b"old 00"),
            lambda b: b.replace(b"old 0", b"old -1"),
            lambda b: b.replace(b"old 0", b"size 0"),
            lambda b: b.replace(b"old 0\n", b"old 0\nnothing\n"),
            lambda b: b.replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n" + b"A\n"),
            lambda b: b.replace(b"\n3\n", b"\n03\n"),
            lambda b: b.replace(b"old 0", b"old 4"),
            lambda b: b"",
            lambda b: b"\xff\xfe",
            lambda b: b.replace(b"old 0\n", b"old 0\n" + (b"A" * 43 + b"=\n") * 64),
        ],
    )
    def test_nonsense_is_400(self, keeper: Any, change: Any) -> None:
        body = body_of(0, [], self.at(3).note)
        assert self.refused(keeper, change(body))[0] == 400
        assert keeper.add_checkpoint(body)

    def test_an_unknown_log_is_404(self, keeper: Any) -> None:
        note = self.at(3).note.replace(ORIGIN, "other.example/log")
        assert self.refused(keeper, body_of(0, [], note))[0] == 404

    def test_no_or_a_false_signature_is_403(self, keeper: Any) -> None:
        thief = checkpoint_of(
            3, merkle.root_of(self.leaves[:3]), Ed25519PrivateKey.generate()
        )
        assert self.refused(keeper, body_of(0, [], thief.note))[0] == 403
        changed = self.at(3).note.replace("\n3\n", "\n4\n")
        assert self.refused(keeper, body_of(0, [], changed))[0] == 403

    def test_another_size_than_known_is_409_with_it(self, keeper: Any) -> None:
        keeper.add_checkpoint(body_of(0, [], self.at(8).note))
        for old in (0, 3):
            proof = self.proof(old, 13) if old else []
            answer = self.refused(keeper, body_of(old, proof, self.at(13).note))
            assert answer == (409, "8\n")

    def test_another_history_is_422(self, keeper: Any) -> None:
        keeper.add_checkpoint(body_of(0, [], self.at(8).note))
        lie = checkpoint_of(13, b"\1" * 32)
        good = self.proof(8, 13)
        for proof, note in (
            (good, lie.note),
            ([], self.at(13).note),
            (good[:-1], self.at(13).note),
            ([*good, b"\0" * 32], self.at(13).note),
            ([], checkpoint_of(8, b"\1" * 32).note),
            ([b"\0" * 32], self.at(8).note),
        ):
            assert self.refused(keeper, body_of(8, proof, note))[0] == 422
        assert keeper.add_checkpoint(body_of(8, good, self.at(13).note))

    def test_an_empty_log_has_one_root(self, keeper: Any) -> None:
        bad = checkpoint_of(0, b"\1" * 32)
        assert self.refused(keeper, body_of(0, [], bad.note))[0] == 422
        good = checkpoint_of(0, merkle.EMPTY_ROOT)
        assert keeper.add_checkpoint(body_of(0, [], good.note))
        first = self.at(1)
        assert self.refused(keeper, body_of(0, [b"\0" * 32], first.note))[0] == 422

    def test_remembers_after_it_was_started_anew(
        self, keeper: Any, tmp_path: Path
    ) -> None:
        keeper.add_checkpoint(body_of(0, [], self.at(8).note))
        again = program.Witness(tmp_path / "w1", [log_key()])
        assert self.refused(again, body_of(0, [], self.at(13).note))[0] == 409

    def test_of_two_at_once_none_rolls_the_other_back(self, keeper: Any) -> None:
        keeper.add_checkpoint(body_of(0, [], self.at(3).note))
        bodies = [
            body_of(3, self.proof(3, size), self.at(size).note) for size in (8, 13)
        ]
        barrier, answers = threading.Barrier(2), []

        def send(body: bytes) -> None:
            barrier.wait()
            try:
                answers.append(keeper.add_checkpoint(body))
            except program.Refused as no:
                answers.append(no.status)

        threads = [threading.Thread(target=send, args=[body]) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers.count(409) == 1

    def test_runs_as_a_program_and_shows_what_it_saw(
        self, keeper: Any, witness: str, settings: Any
    ) -> None:
        import urllib3

        operations.publish_log(at=NOW)
        operations.gather_cosignatures(at=NOW)
        url = settings.WITNESSES[0].split(" ")[1]
        name = program.hashlib.sha256(ORIGIN.encode()).hexdigest()
        answer = urllib3.request("GET", f"{url}/{name}/checkpoint", retries=False)
        note = answer.data.decode()
        assert note.startswith(f"{ORIGIN}\n3\n")
        assert note.count("\u2014") == 2
        for path in ("/", f"/{'0' * 64}/checkpoint"):
            assert urllib3.request("GET", url + path, retries=False).status == 404
        done = subprocess.run(
            [sys.executable, "-I", str(PROGRAM), "make", "/dev/null/x", "--name", "w"],
            capture_output=True,
            check=False,
        )
        assert done.returncode != 0

    def test_imports_nothing_of_ours(self) -> None:
        source = PROGRAM.read_text(encoding="utf-8")
        for package in ("traceability", "partners", "shop", "django"):
            assert f"import {package}" not in source
            assert f"from {package}" not in source


class TestGathering:
    def test_stands_under_the_published_checkpoint(
        self, witness: str, log_folder: Path
    ) -> None:
        operations.publish_log(at=NOW)
        (cosigned,) = operations.gather_cosignatures(at=NOW)
        note = (log_folder / "checkpoint").read_text(encoding="utf-8")
        assert note.endswith(f"{cosigned.line}\n")
        # And whoever checks asks for it; one that only the log signed is not enough.
        done = verify(log_folder, "--witness", witness)
        assert (done.returncode, "witness.example/w1 saw it" in done.stdout) == (
            0,
            True,
        )
        fill(1)
        operations.publish_log(at=NOW)
        done = verify(log_folder, "--witness", witness)
        assert (done.returncode, "not cosigned" in done.stdout) == (1, True)

    def test_grows_with_the_log_from_what_the_witness_knows(self, witness: str) -> None:
        for lines in (0, 1, 300):
            fill(lines)
            operations.publish_log(at=NOW)
            assert len(operations.gather_cosignatures(at=NOW)) == 1
            # Again asks nobody.
            assert operations.gather_cosignatures(at=NOW) == []
        assert Cosignature.objects.count() == 3
        # A database that lost them asks from 0, is told the size, and goes on.
        from tests.guards import guards_lifted

        connection.check_constraints()
        with guards_lifted(connection):
            Cosignature.objects.all().delete()
            connection.check_constraints()
        fill(1)
        operations.publish_log(at=NOW)
        assert len(operations.gather_cosignatures(at=NOW)) == 1

    def test_a_witness_that_saw_another_history_raises_an_alarm(
        self, witness: str, keeper: Any
    ) -> None:
        operations.publish_log(at=NOW)
        other = checkpoint_of(2, b"\1" * 32)
        keeper.add_checkpoint(body_of(0, [], other.note))
        assert operations.gather_cosignatures(at=NOW) == []
        alarm = LogAlarm.objects.get()
        assert (alarm.found, "422" in alarm.detail) == ("witness", True)
        # Once, however often it is asked.
        operations.gather_cosignatures(at=NOW)
        assert LogAlarm.objects.count() == 1

    def test_one_that_knows_more_lines_than_we_do_too(
        self, witness: str, keeper: Any
    ) -> None:
        operations.publish_log(at=NOW)
        keeper.add_checkpoint(body_of(0, [], checkpoint_of(99, b"\1" * 32).note))
        operations.gather_cosignatures(at=NOW)
        assert "knows 99 lines" in LogAlarm.objects.get().detail

    def test_one_that_is_away_is_asked_next_time(
        self, witness: str, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        operations.publish_log(at=NOW)
        here = settings.WITNESSES
        settings.WITNESSES = [f"{witness} http://127.0.0.1:1"]
        assert operations.gather_cosignatures(at=NOW) == []
        assert "No cosignature: witness.example/w1" in caplog.text
        assert not LogAlarm.objects.exists()
        settings.WITNESSES = here
        assert len(operations.gather_cosignatures(at=NOW)) == 1

    @pytest.mark.parametrize("what", ["nobody's", "another's", "of another time", "x"])
    def test_believes_no_line_that_does_not_hold(
        self, keeper: Any, settings: Any, what: str
    ) -> None:
        operations.publish_log(at=NOW)
        note = LogCheckpoint.objects.get().note
        line = keeper.add_checkpoint(body_of(0, [], note))
        raw = bytearray(base64.b64decode(line.split(" ")[2]))
        if what == "of another time":
            raw[11] ^= 1
        good = f"\u2014 {keeper.name} {base64.b64encode(raw).decode()}\n"
        answer = {
            "nobody's": good.replace(keeper.name, "other.example/w"),
            "another's": program.Witness.cosign(
                type(
                    "Other",
                    (),
                    {
                        "name": keeper.name,
                        "public": keeper.public,
                        "private": Ed25519PrivateKey.generate(),
                    },
                )(),
                note,
            ),
            "of another time": good,
            "x": "x\n\u2014 y\n\u2014 a b\n",
        }[what]
        found = Witness(keeper.name, keeper.public, "http://x")
        newest = tlog.read_checkpoint(note)
        assert (
            cosignatures.believed(answer.splitlines(), checkpoint=newest, witness=found)
            is None
        )
        # The negative control.
        assert cosignatures.believed(
            [*answer.splitlines(), line.strip()], checkpoint=newest, witness=found
        )

    @pytest.mark.parametrize(
        ("status", "body", "error"),
        [
            (200, "", WitnessAway),
            (200, "\u2014 w x\n", WitnessAway),
            (500, "", WitnessAway),
            (404, "", WitnessAway),
            (302, "", WitnessAway),
            (409, "many\n", WitnessRefuses),
            (422, "", WitnessRefuses),
        ],
    )
    def test_other_answers(
        self, keeper: Any, status: int, body: str, error: type[Exception]
    ) -> None:
        class Answering(program.BaseHTTPRequestHandler):  # type: ignore[misc,name-defined]
            def do_POST(self) -> None:  # noqa: N802  http.server's name
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *words: Any) -> None:
                """Nothing to tell."""

        checkpoint = checkpoint_of(1, b"\1" * 32)
        with served(Answering) as url:
            asked = Witness(keeper.name, keeper.public, url)
            with pytest.raises(error):
                cosignatures.ask(asked, checkpoint=checkpoint, old=0, proof=[])

    @pytest.mark.parametrize(
        "line", ["", "w", "w+0+AAAA https://x", "w+00000000+BAAA https://x", "x y"]
    )
    def test_a_misspelled_witness_is_refused(self, line: str, keeper: Any) -> None:
        with pytest.raises(ValueError, match=r".+"):
            Witness.read(line)
        good = program.vkey(keeper.name, 4, keeper.public)
        assert Witness.read(f"{good} https://x/").url == "https://x"
        with pytest.raises(ValueError, match="not an address"):
            Witness.read(f"{good} file:///x")

    def test_is_append_only(self, witness: str) -> None:
        operations.publish_log(at=NOW)
        operations.gather_cosignatures(at=NOW)
        with connection.cursor() as cursor:
            for table in ("cosignature", "logalarm", "logalarmconclusion"):
                raise_alarm(found="shrank", detail=table, at=NOW)
                if table == "logalarmconclusion":
                    continue
                with pytest.raises(IntegrityError), transaction.atomic():
                    cursor.execute(f"DELETE FROM traceability_{table}")


class TestWatch:
    @pytest.fixture
    def watched(self, certificate: Certificate, log_folder: Path) -> Path:
        fill(5)
        operations.publish_log(at=NOW)
        assert operations.watch_log(at=NOW) is None
        return log_folder

    def test_nothing_published_is_nothing_wrong(self, log_folder: Path) -> None:
        assert operations.watch_log(at=NOW) is None

    def test_keeps_up_with_a_log_that_grows(self, watched: Path, settings: Any) -> None:
        for lines in (1, 300):
            fill(lines)
            operations.publish_log(at=NOW)
            assert operations.watch_log(at=NOW) is None
        kept = Path(settings.LOG_WATCH_FILE).read_bytes()
        assert kept == (watched / "checkpoint").read_bytes()
        call_command("watch_log")

    def lied(self, watched: Path, size: int, root: bytes) -> None:
        note = checkpoint_of(size, root).note
        (watched / "checkpoint").write_text(note, encoding="utf-8")

    def test_a_shorter_log(self, watched: Path) -> None:
        node = tlog.TileFolder(watched).node(8)
        self.lied(watched, 4, merkle.root(node, 4))
        alarm = operations.watch_log(at=NOW)
        assert alarm is not None
        assert (alarm.found, alarm.detail) == (
            "shrank",
            "8 lines were published, 4 are",
        )

    def test_no_log_at_all(self, watched: Path) -> None:
        (watched / "checkpoint").unlink()
        alarm = operations.watch_log(at=NOW)
        assert alarm is not None
        assert alarm.found == "shrank"

    def test_another_history_with_all_its_tiles(self, watched: Path) -> None:
        for path in published(watched):
            path.unlink()
        entries = [str(number).encode() for number in range(12)]
        folder = tlog.TileFolder(watched)
        folder.extend(entries, size=0)
        self.lied(watched, 12, merkle.root(folder.node(12), 12))
        alarm = operations.watch_log(at=NOW)
        assert alarm is not None
        assert alarm.found == "changed"
        # Both signed checkpoints are on record: that is the proof.
        assert alarm.kept.startswith(f"{ORIGIN}\n8\n")
        assert alarm.seen.startswith(f"{ORIGIN}\n12\n")

    def test_damaged_tiles_and_a_false_signature(self, watched: Path) -> None:
        path = watched / "checkpoint"
        good = path.read_text(encoding="utf-8")
        path.write_text(good.replace("\n8\n", "\n7\n"), encoding="utf-8")
        alarm = operations.watch_log(at=NOW)
        assert alarm is not None
        assert alarm.found == "unsigned"
        path.write_text(good, encoding="utf-8")
        (tile,) = (watched / "tile" / "0").rglob("8")
        data = tile.read_bytes()
        for damage in (b"\0" * len(data), data[:-1]):
            tile.write_bytes(damage)
            alarm = operations.watch_log(at=NOW)
            assert alarm is not None
            assert alarm.found == "damaged"
        # The negative control.
        tile.write_bytes(data)
        assert operations.watch_log(at=NOW) is None

    def test_rings_once_and_until_somebody_says_what_it_was(
        self, watched: Path, operator: User, zhao: User, settings: Any
    ) -> None:
        good = (watched / "checkpoint").read_bytes()
        self.lied(watched, 4, merkle.root(tlog.TileFolder(watched).node(8), 4))
        for _again in range(3):
            assert operations.watch_log(at=NOW) is not None
        alarm = LogAlarm.objects.get()
        with pytest.raises(CommandError, match="shrank: 8 lines"):
            call_command("watch_log")
        for by, note in ((zhao, "x"), (operator, " ")):
            with pytest.raises(operations.UnableToConcludeAlarm):
                operations.conclude_log_alarm(alarm=alarm, note=note, by=by, at=NOW)
        assert LogAlarm.objects.waiting().count() == 1
        operations.conclude_log_alarm(
            alarm=alarm, note="从备份恢复", by=operator, at=NOW
        )
        with pytest.raises(operations.UnableToConcludeAlarm, match=r".+"):
            operations.conclude_log_alarm(alarm=alarm, note="x", by=operator, at=NOW)
        # It begins anew with what is published.
        (watched / "checkpoint").write_bytes(good)
        call_command("watch_log")
        assert Path(settings.LOG_WATCH_FILE).exists()

    def test_is_on_the_day_s_page_and_in_the_figures(
        self, watched: Path, client: Client, operator: User
    ) -> None:
        (watched / "checkpoint").unlink()
        operations.watch_log(at=NOW)
        waiting = {str(todo.url): todo.count for todo in today(now=NOW)}
        assert waiting["/backoffice/log-alarms/"] == 1
        figures = client.get("/metrics").content.decode()
        assert re.search(r"^xiangji_log_alarms 1(\.0)?$", figures, re.MULTILINE)
        client.force_login(
            operator, backend="django.contrib.auth.backends.ModelBackend"
        )
        page = client.get("/backoffice/log-alarms/").content.decode()
        assert "It lost lines that were published" in page
        alarm = LogAlarm.objects.get()
        address = f"/backoffice/log-alarms/{alarm.pk}/"
        assert ORIGIN in client.get(address).content.decode()
        assert client.post(address, {"note": ""}).status_code == 422
        assert client.post(address, {"note": "从备份恢复"}).status_code == 302
        assert "从备份恢复" in client.get(address).content.decode()

    def test_a_stolen_log_key_s_checkpoints_are_no_longer_ours(
        self, root: OfflineMachine, log_folder: Path
    ) -> None:
        from tests.factories.keys import key_for, rotation, theft

        fill(5)
        operations.publish_log(at=NOW)
        assert operations.watch_log(at=NOW) is None
        stolen = theft(key_for("log"), since=NOW)
        root.list_keys(stolen, rotation("log", starts_at=NOW))
        alarm = operations.watch_log(at=NOW)
        assert alarm is not None
        assert alarm.found == "unsigned"
