"""The drill: a PostgreSQL is backed up, goes on, and comes back as of a moment.

Here the programs are real, each in a process of its own, as an operator runs them.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.utils.dateparse import parse_datetime

from shop.backups import manifest
from tools.services import postgresql, processes

from .county import EACH

pytestmark = pytest.mark.drill
if postgresql.find() is None:
    pytest.skip("PostgreSQL is not installed", allow_module_level=True)


@dataclass
class County:
    """A cluster that archives its log, and a shop on it, in a folder of their own."""

    folder: Path
    url: str

    @property
    def wal(self) -> Path:
        return self.folder / "wal"

    def run(
        self, *words: str, var: str = "var", fails: bool = False
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "shop.config.settings.local",
            "XIANGJI_VAR": str(self.folder / var),
            "DATABASE_URL": self.url,
        }
        done = subprocess.run(
            [sys.executable, *words],
            cwd=settings.ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done

    def live(self, turn: str) -> dict[str, Any]:
        """A round of its life; where it stands then."""
        return json.loads(self.run("-m", "tests.shop.backups.county", turn).stdout)

    def restore(
        self, backup: Path, new: str, *more: str, fails: bool = False
    ) -> subprocess.CompletedProcess[str]:
        data = str(self.folder / new / "data")
        words = ("manage.py", "restore", str(backup), "--data", data, *more)
        (self.folder / new).mkdir(exist_ok=True)
        return self.run(*words, var=f"{new}/var", fails=fails)

    def facts(self, new: str) -> dict[str, Any]:
        """What a restored cluster says, started as its owner would start it."""
        folder = self.folder / new
        password = self.url.split(":")[2].split("@")[0]
        port = processes.free_port()
        server = processes.Server(
            name="restored",
            command=[
                str(postgresql.find() / "postgres"),  # type: ignore[operator]
                *("-D", str(folder / "data"), "-k", str(folder)),
                *("-c", "listen_addresses=127.0.0.1", "-c", f"port={port}"),
                *("-c", "archive_mode=off"),
            ],
            folder=folder,
            url=f"postgresql://xiangji:{password}@127.0.0.1:{port}/xiangji",
            answers=lambda: _answers(server.url),
            ends_by=signal.SIGINT,
        )
        processes.give(folder)
        running = processes.begin(server, folder / "state")
        try:
            running = processes.wait(server, running, folder / "state")
            restored = County(self.folder, server.url)
            return json.loads(restored.run("-c", SAY, var=f"{new}/var").stdout)
        finally:
            processes.end(running)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


SAY = """
import django, json; django.setup()
from dataclasses import asdict
from shop.backups.facts import facts
print(json.dumps(asdict(facts())))
"""


@pytest.fixture(scope="module")
def county() -> Iterator[County]:
    folder = Path(tempfile.mkdtemp(prefix="xiangji-drill-"))
    folder.chmod(0o711)
    (folder / "wal").mkdir()
    processes.give(folder / "wal")
    script = shutil.copy(settings.ROOT / "ops" / "archive_wal.sh", folder)
    server = postgresql.prepare(
        folder=folder / "server",
        port=processes.free_port(),
        durable=True,
        more=(
            "archive_mode=on",
            f'archive_command=sh {script} "%p" "%f" {folder / "wal"}',
        ),
    )
    state = folder / "state"
    running = processes.begin(server, state)
    try:
        running = processes.wait(server, running, state)
        yield County(folder, server.url)
    finally:
        processes.end(running)
        shutil.rmtree(folder)


@dataclass
class Drill:
    """What happened: a backup, then three rounds of life."""

    county: County
    backup: Path
    first: dict[str, Any]
    second: dict[str, Any]
    third: dict[str, Any]


@pytest.fixture(scope="module")
def drill(county: County) -> Drill:
    county.run("manage.py", "migrate", "--verbosity", "0")
    first = county.live("first")
    county.run("manage.py", "backup", "--to", str(county.folder / "backups"))
    (backup,) = manifest.backups(county.folder / "backups")
    second = county.live("second")
    third = county.live("third")
    return Drill(county, backup, first, second, third)


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[name] == other[name] for name in ("seal", "log_size", "log_root"))


def test_to_a_moment_it_is_the_county_of_that_moment(drill: Drill):
    said = drill.county.restore(
        drill.backup,
        "moment",
        "--wal",
        str(drill.county.wal),
        "--at",
        drill.second["at"],
    )
    assert "Restored and verified" in said.stdout
    now = drill.county.facts("moment")
    assert same(now, drill.second)
    assert now["faults"] == []
    assert now["rows"]["ledger.Entry"] == 2 * EACH
    assert not same(now, drill.first) and not same(now, drill.third)


def test_to_the_archives_end_nothing_is_lost(drill: Drill):
    drill.county.restore(drill.backup, "latest", "--wal", str(drill.county.wal))
    assert same(drill.county.facts("latest"), drill.third)


def test_without_an_archive_it_is_the_backup(drill: Drill):
    drill.county.restore(drill.backup, "bare")
    assert same(drill.county.facts("bare"), drill.first)


class TestRefused:
    def said(self, drill: Drill, new: str, *more: str, backup: Path | None = None):
        done = drill.county.restore(backup or drill.backup, new, *more, fails=True)
        assert not (drill.county.folder / new / "data").exists()
        return done.stderr

    def wal(self, drill: Drill, folder: Path | None = None) -> tuple[str, ...]:
        return "--wal", str(folder or drill.county.wal)

    def test_a_moment_before_the_backup_was_complete(self, drill: Drill):
        at = ("--at", drill.first["at"])
        assert "an earlier one" in self.said(drill, "early", *self.wal(drill), *at)

    def test_a_moment_that_the_archive_does_not_reach(self, drill: Drill):
        later = parse_datetime(drill.third["at"]) + timedelta(hours=1)
        at = ("--at", later.isoformat())
        told = self.said(drill, "later", *self.wal(drill), *at)
        assert "before configured recovery target was reached" in told

    def test_an_archive_of_another_county(self, drill: Drill):
        empty = drill.county.folder / "empty"
        empty.mkdir()
        told = self.said(drill, "other", *self.wal(drill, empty))
        assert "where this backup begins" in told

    def test_a_damaged_segment_that_would_pass_for_the_archives_end(self, drill: Drill):
        wal = drill.county.folder / "damaged"
        shutil.copytree(drill.county.wal, wal)
        last = max(path for path in wal.glob("*.gz") if len(path.stem) == 24)
        last.write_bytes(last.read_bytes()[:-20])
        told = self.said(drill, "damaged", *self.wal(drill, wal))
        assert "exit code 255" in told

    def test_a_place_in_use(self, drill: Drill):
        folder = drill.county.folder / "used"
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "theirs").write_text("theirs")
        done = drill.county.restore(drill.backup, "used", fails=True)
        assert "used/data is not empty" in done.stderr
        assert (folder / "data" / "theirs").read_text() == "theirs"

    def test_an_altered_archive(self, drill: Drill):
        copy = drill.county.folder / "backups" / "copy"
        shutil.copytree(drill.backup, copy)
        base = copy / "postgresql" / "base.tar.gz"
        base.write_bytes(base.read_bytes()[:-1] + b"\0")
        told = self.said(drill, "altered", backup=copy)
        assert "postgresql/base.tar.gz was altered" in told

    def test_a_cluster_that_is_not_what_was_kept(self, drill: Drill):
        """Its hashes fit, and its ledger is another: only computing finds that."""
        copy = drill.county.folder / "backups" / "forged"
        shutil.copytree(drill.backup, copy)
        told = json.loads((copy / manifest.NAME).read_text())
        told["facts"]["seal"] = told["facts"]["seal"][:-1] + "x"
        told["facts"]["log_root"] = "0" * 64
        told["facts"]["rows"]["ledger.Entry"] += 1
        (copy / manifest.NAME).write_text(json.dumps(told))
        found = self.said(drill, "forged", backup=copy)
        assert "the chain does not pass through" in found
        assert "have another root" in found
        assert f"ledger.Entry has {EACH} rows, not {EACH + 1}" in found
