"""A Redis of one's own, to be frozen and killed."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.services import processes, redis, together


class OwnRedis:
    """A server that a test may do anything to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begin()

    def begin(self) -> None:
        """Start it, anew if it was ended: on another port, and empty."""
        self.urls = together.start(folder=self.folder, names=(redis.NAME,))

    @property
    def pid(self) -> int:
        running = processes.kept(self.folder / f"{redis.NAME}.json")
        assert running is not None
        return running.processes[0][0]

    def freeze(self) -> None:
        """It takes connections and never answers, as a machine that swaps does."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> None:
        together.stop(folder=self.folder)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    if redis.find() is None:
        pytest.skip("Redis is not installed")
    server = OwnRedis(tmp_path / "services")
    try:
        yield server
    finally:
        if (server.folder / f"{redis.NAME}.json").exists():
            server.thaw()
        server.end()
