"""PostgreSQL is killed under load, twenty times: what was promised is there, once."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.schema import ROOT
from tools.services import postgresql
from tools.services.processes import Running, Server, begin, end, free_port, wait

pytestmark = pytest.mark.only_on(
    "postgresql", reason="kills a PostgreSQL of its own; run by make test-services"
)
DEATHS = 20
BETWEEN = 6
TRADERS = "abc"


class Database:
    """A durable PostgreSQL that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "postgresql.json"
        self.server: Server = postgresql.prepare(
            folder=folder / "postgresql", port=free_port(), durable=True
        )
        self.running: Running = self._up()

    def _up(self) -> Running:
        begun = begin(self.server, self.state)
        return wait(self.server, begun, self.state)

    def die(self) -> None:
        """Every process of it at once, without a word, and up again."""
        os.killpg(self.running.processes[0][0], signal.SIGKILL)
        end(self.running)
        self.running = self._up()

    def ask(self, *words: str, told: str = "") -> str:
        """Run the market's program to its end; what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.market", *words],
            input=told,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=self.environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        without = {"REDIS_URL", "CELERY_BROKER_URL", "ELASTICSEARCH_URL", "XIANGJI_VAR"}
        kept = {k: v for k, v in os.environ.items() if k not in without}
        return kept | postgresql.settings(self.server.url)


class Trader:
    """A process that trades, and what it said it did."""

    def __init__(self, database: Database, name: str) -> None:
        self.lines: list[str] = []
        self._more = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.market", "trade", name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=database.environment,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._more:
                self.lines.append(line)
                self._more.notify_all()

    def has_said(self, lines: int) -> bool:
        """Wait until it said so many lines; False where it ended before."""
        with self._more:
            return (
                self._more.wait_for(
                    lambda: len(self.lines) >= lines or self.process.poll() is not None,
                    timeout=120,
                )
                and len(self.lines) >= lines
            )

    def stop(self) -> str:
        self.process.kill()
        self._reader.join()
        assert self.process.stderr is not None
        return self.process.stderr.read()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="xiangji-faults-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@contextmanager
def trading(database: Database) -> Iterator[list[Trader]]:
    traders = [Trader(database, name) for name in TRADERS]
    try:
        yield traders
    finally:
        for trader in traders:
            trader.stop()


def test_nothing_that_was_acknowledged_is_lost_or_doubled(folder: Path) -> None:
    database = Database(folder)
    try:
        database.ask("prepare")
        with trading(database) as traders:
            for _death in range(DEATHS):
                for trader in traders:
                    enough = trader.has_said(len(trader.lines) + BETWEEN)
                    assert enough, trader.stop()[-3000:]
                database.die()
            for trader in traders:
                assert trader.has_said(len(trader.lines) + BETWEEN), (
                    "it never came back"
                )
        said = [line for trader in traders for line in trader.lines]
        assert len(said) >= DEATHS * BETWEEN * len(TRADERS)
        assert database.ask("check", told="".join(said)) == ""
        # The same check finds what is missing: a promise that nobody kept.
        invented = f"order {'f' * 32}\npaid {'f' * 32}\nposted {'f' * 32}\n"
        assert database.ask("check", told="".join(said) + invented).count("\n") == 3
    finally:
        end(database.running)
